//! Conditions over tickets as SQL with bound values. The table is always called `t`.
//!
//! *Architecture Invariant:* no value of a caller becomes part of a statement's text.

use crate::value::Value;
use domain::Object;
use domain::filter::{Field, Filter, Set};
use store::digest;

/// PostgreSQL keeps no text with this character, so nothing that is looked for with it can be found.
const NUL: char = '\0';

/// A statement under construction: its text, and the values for `$1`, `$2` …
#[derive(Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// `column IN (values)`
    pub(crate) fn is_in(&mut self, column: &str, values: &[String]) -> &mut Self {
        let values: Vec<&String> = values.iter().filter(|value| !value.contains(NUL)).collect();
        match &values[..] {
            [] => self.push("FALSE"),
            [one] => self.push(column).push(" = ").bind(one.as_str()),
            // An array keeps the text of the statement the same for every number of values.
            many => {
                let many = Value::Texts(many.iter().map(|value| (*value).clone()).collect());
                self.push(column).push(" = ANY(").bind(many).push(")")
            }
        }
    }

    pub(crate) fn filter(&mut self, filter: &Filter) -> &mut Self {
        match filter {
            Filter::True => self.push("TRUE"),
            Filter::False => self.push("FALSE"),
            Filter::In(Field::Restricted, values) => self.restricted(values),
            Filter::In(field, values) => {
                // NULL must be false and not unknown, or a NOT around it would lose the row.
                let column = column(*field);
                if is_nullable(*field) {
                    self.push("(").push(column).push(" IS NOT NULL AND ").is_in(column, values).push(")")
                } else {
                    self.is_in(column, values)
                }
            }
            Filter::Empty(field) => self.push(column(*field)).push(" IS NULL"),
            Filter::Any(set, values) => self.any(*set, values),
            Filter::FieldEquals(name, value) => self.field_equals(name, value),
            Filter::Text(text) => self.words(text),
            Filter::Not(inner) => self.push("NOT (").filter(inner).push(")"),
            Filter::And(all) => self.joined(all, " AND ", "TRUE"),
            Filter::Or(any) => self.joined(any, " OR ", "FALSE"),
        }
    }

    fn joined(&mut self, filters: &[Filter], by: &str, empty: &str) -> &mut Self {
        if filters.is_empty() {
            return self.push(empty);
        }
        self.push("(");
        for (place, filter) in filters.iter().enumerate() {
            self.push(if place == 0 { "" } else { by }).filter(filter);
        }
        self.push(")")
    }

    fn restricted(&mut self, values: &[String]) -> &mut Self {
        let has = |word: &str| values.iter().any(|value| value == word);
        match (has("true"), has("false")) {
            (true, true) => self.push("TRUE"),
            (true, false) => self.push("t.restricted = 1"),
            (false, true) => self.push("t.restricted = 0"),
            (false, false) => self.push("FALSE"),
        }
    }

    fn any(&mut self, set: Set, values: &[String]) -> &mut Self {
        let (table, column) = match set {
            Set::Watchers => ("ticket_watcher", "s.person"),
            Set::AccessPeople => ("ticket_access_person", "s.person"),
            Set::AccessGroups => ("ticket_access_group", "s.group_id"),
            Set::Links => return self.linked(values),
        };
        self.push("EXISTS (SELECT 1 FROM ").push(table);
        self.push(" s WHERE s.org_id = t.org_id AND s.ticket = t.id AND ").is_in(column, values).push(")")
    }

    fn linked(&mut self, values: &[String]) -> &mut Self {
        self.push("(EXISTS (SELECT 1 FROM ticket_link s WHERE s.org_id = t.org_id AND s.from_id = t.id AND ");
        self.is_in("s.to_id", values);
        self.push(") OR EXISTS (SELECT 1 FROM ticket_link s WHERE s.org_id = t.org_id AND s.to_id = t.id AND s.from_id <> t.id AND ");
        self.is_in("s.from_id", values).push("))")
    }

    fn field_equals(&mut self, name: &str, value: &serde_json::Value) -> &mut Self {
        self.push("strpos(t.field_digests, ").bind(field_digest(name, value)).push(") > 0")
    }

    fn words(&mut self, text: &str) -> &mut Self {
        self.push("(TRUE").words_in("t.search", text).push(")")
    }

    /// ` AND …` for each word, which must occur in a column that is in lower case.
    pub(crate) fn words_in(&mut self, column: &str, text: &str) -> &mut Self {
        for word in text.to_lowercase().split_whitespace() {
            if word.contains(NUL) {
                self.push(" AND FALSE");
            } else {
                self.push(" AND strpos(").push(column).push(", ").bind(word).push(") > 0");
            }
        }
        self
    }
}

/// What words are looked for in: the same as `Filter::matches` looks at.
pub(crate) fn search_text(number: &str, title: &str) -> String {
    format!("{number} {title}").to_lowercase()
}

/// One for each field: JSON texts are compared, both as serde writes them, so that `1`, `1.0` and `"1"` stay different things.
pub(crate) fn field_digests(fields: &Object) -> String {
    let digests: Vec<String> = fields.iter().map(|(name, value)| field_digest(name, value)).collect();
    digests.join(" ")
}

fn field_digest(name: &str, value: &serde_json::Value) -> String {
    digest::of_parts(&[name, &value.to_string()])
}

pub(crate) fn column(field: Field) -> &'static str {
    match field {
        Field::Id => "t.id",
        Field::Number => "t.number",
        Field::Kind => "t.kind",
        Field::Space => "t.space",
        Field::State => "t.state",
        Field::Category => "t.category",
        Field::Requester => "t.requester",
        Field::OpenedBy => "t.opened_by",
        Field::Group => "t.group_id",
        Field::Assignee => "t.assignee",
        Field::Parent => "t.parent",
        Field::Restricted => "t.restricted",
    }
}

fn is_nullable(field: Field) -> bool {
    matches!(field, Field::Requester | Field::OpenedBy | Field::Group | Field::Assignee | Field::Parent)
}
