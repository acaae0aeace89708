//! A rule as its record says it: read with everything that is wrong at once, and with the place of each.

use crate::condition::{self, Condition};
use weft_sdk::{Event, Issue, Object, Record, Ticket, Value};

/// A year, in minutes: further from a date nobody means it.
const MINUTES_MAX: i64 = 366 * 24 * 60;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum On {
    Created,
    Changed,
    Comment,
    /// So many minutes after a field of the ticket; before it when negative.
    Time {
        field: String,
        minutes: i64,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Set { field: String, to: Value },
    MoveTo(String),
    AssignGroup(String),
    AssignPerson(String),
    Comment(String),
    Note(String),
    Notify { people: Vec<String>, groups: Vec<String>, subject: String, body: String },
    Create { kind: String, title: String, group: Option<String>, fields: Object },
    StartFlow { process: String, variables: Object },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) space: String,
    pub(crate) kind: String,
    pub(crate) on: On,
    pub(crate) condition: Condition,
    pub(crate) actions: Vec<Action>,
    pub(crate) order: i64,
    pub(crate) stop: bool,
    pub(crate) version: i64,
}

impl Rule {
    /// # Errors
    /// Everything that is wrong with how it is written.
    pub(crate) fn read(record: &Record) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        let on = on(record.field("event"), &mut issues);
        let condition = match record.field("condition") {
            Value::Null => Condition::All(Vec::new()),
            Value::Object(none) if none.is_empty() => Condition::All(Vec::new()),
            value => condition::read(value, "/fields/condition", &mut issues),
        };
        let list = record.field("actions").as_array().cloned().unwrap_or_default();
        let actions: Vec<Action> = list
            .iter()
            .enumerate()
            .filter_map(|(n, it)| action(it, &format!("/fields/actions/{n}"), &mut issues))
            .collect();
        let rule = on.map(|on| Self {
            id: record.id.clone(),
            number: record.number.clone(),
            title: record.title.clone(),
            space: record.space.clone(),
            kind: record.text("ticket_kind").unwrap_or_default().to_owned(),
            on,
            condition,
            actions,
            order: record.integer("order").unwrap_or(100),
            stop: record.flag("stop"),
            version: record.integer("version").unwrap_or(1),
        });
        rule.filter(|_| issues.is_empty()).ok_or(issues)
    }

    pub(crate) fn is_for(&self, ticket: &Ticket) -> bool {
        self.kind == ticket.kind && self.space == ticket.space
    }

    pub(crate) fn is_woken_by(&self, event: &Event) -> bool {
        match self.on {
            On::Created => event.kind == "ticket.created",
            On::Changed => event.kind == "ticket.changed",
            On::Comment => event.kind == "comment.added",
            On::Time { .. } => false,
        }
    }
}

fn on(value: &Value, issues: &mut Vec<Issue>) -> Option<On> {
    let mut object = Members::of(value, "/fields/event", issues)?;
    let on = match object.text("on")?.as_str() {
        "created" => On::Created,
        "changed" => On::Changed,
        "comment" => On::Comment,
        "time" => {
            let field = object.text("field");
            let minutes = object.take("minutes").unwrap_or_else(|| 0.into());
            let known = minutes.as_i64().filter(|minutes| minutes.abs() <= MINUTES_MAX);
            if known.is_none() {
                let message =
                    format!("a whole number from -{MINUTES_MAX} to {MINUTES_MAX}; before the field when negative");
                object.wrong("minutes", "invalid-value", message);
            }
            object.finish();
            return Some(On::Time { field: field?, minutes: known? });
        }
        other => {
            let message = format!("`{other}` is not known; say created, changed, comment or time");
            object.wrong("on", "unknown-event", message);
            return None;
        }
    };
    object.finish();
    Some(on)
}

fn action(value: &Value, pointer: &str, issues: &mut Vec<Issue>) -> Option<Action> {
    let mut it = Members::of(value, pointer, issues)?;
    let known =
        ["set", "move-to", "assign-group", "assign-person", "comment", "note", "notify", "create", "start-flow"];
    let named: Vec<&str> = known.into_iter().filter(|word| it.object.contains_key(*word)).collect();
    let [word] = named.as_slice() else {
        it.wrong("", "unknown-action", format!("an action has exactly one of {}", known.join(", ")));
        return None;
    };
    let action = match *word {
        "set" => {
            let field = it.text("set");
            let to = it.take("to");
            if to.is_none() {
                it.wrong("to", "required", "say the value, or null for none".to_owned());
            }
            Action::Set { field: field?, to: to? }
        }
        "move-to" => Action::MoveTo(it.text("move-to")?),
        "assign-group" => Action::AssignGroup(it.text("assign-group")?),
        "assign-person" => Action::AssignPerson(it.text("assign-person")?),
        "comment" => Action::Comment(it.text("comment")?),
        "note" => Action::Note(it.text("note")?),
        "start-flow" => {
            let process = it.text("start-flow");
            let variables = it.object("variables");
            Action::StartFlow { process: process?, variables }
        }
        nested => {
            let inner = it.take(nested).unwrap_or_default();
            it.finish();
            let mut it = Members::of(&inner, &format!("{pointer}/{nested}"), issues)?;
            let read = if nested == "notify" {
                let (people, groups) = (it.list("people"), it.list("groups"));
                if people.is_empty() && groups.is_empty() {
                    it.wrong(
                        "people",
                        "required",
                        "say which people or groups; @requester and @assignee are known".to_owned(),
                    );
                }
                let (subject, body) = (it.text("subject"), it.text("body"));
                Action::Notify { people, groups, subject: subject?, body: body? }
            } else {
                let (kind, title) = (it.text("kind"), it.text("title"));
                let group = it.object.contains_key("group").then(|| it.text("group")).flatten();
                let fields = it.object("fields");
                Action::Create { kind: kind?, title: title?, group, fields }
            };
            it.finish();
            return Some(read);
        }
    };
    it.finish();
    Some(action)
}

/// The members of an object, taken one by one; what nobody took is not known.
struct Members<'i> {
    object: Object,
    pointer: String,
    issues: &'i mut Vec<Issue>,
}

impl<'i> Members<'i> {
    fn of(value: &Value, pointer: &str, issues: &'i mut Vec<Issue>) -> Option<Self> {
        let Some(object) = value.as_object() else {
            issues.push(Issue::new(pointer, "not-an-object", "this is an object with named parts"));
            return None;
        };
        Some(Self { object: object.clone(), pointer: pointer.to_owned(), issues })
    }

    fn wrong(&mut self, name: &str, code: &str, message: String) {
        let pointer = if name.is_empty() { self.pointer.clone() } else { format!("{}/{name}", self.pointer) };
        self.issues.push(Issue::new(pointer, code, message));
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name).and_then(|value| value.as_str().map(str::to_owned));
        let text = text.filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(name, "required", format!("`{name}` is text and not empty"));
        }
        text
    }

    fn object(&mut self, name: &str) -> Object {
        match self.take(name) {
            None | Some(Value::Null) => Object::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.wrong(name, "invalid-value", format!("`{name}` is an object"));
                Object::new()
            }
        }
    }

    fn list(&mut self, name: &str) -> Vec<String> {
        let value = self.take(name).unwrap_or_else(|| Value::Array(Vec::new()));
        let list: Option<Vec<String>> =
            value.as_array().and_then(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect());
        if list.is_none() {
            self.wrong(name, "invalid-value", format!("`{name}` is a list of ids"));
        }
        list.unwrap_or_default()
    }

    fn finish(mut self) {
        let left: Vec<String> = self.object.keys().cloned().collect();
        for name in left {
            self.wrong(&name, "unknown-word", format!("`{name}` is not known here"));
        }
    }
}
