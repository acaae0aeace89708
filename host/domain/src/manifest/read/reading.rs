//! `[[readers]]`, and what `[portal]` says about a record that people read: its text, and how they say whether it helped.

use super::kind::{self, FIELDS_MAX, KindFile, Known, STATES_MAX, StateEntry};
use super::source::{Place, Reader, Table};
use super::words;
use super::words::quoted;
use crate::kind::{Feedback, FieldRule, Kind, Noun, Readers, When};
use crate::{KindId, Role};

const READERS_MAX: usize = 20;
const CONDITIONS_MAX: usize = 20;

type Fields = [(Known<String>, Option<FieldRule>)];

pub(super) fn readers(
    table: &mut Table<'_>,
    noun: Option<Noun>,
    states: &[Known<StateEntry>],
    fields: &Fields,
    reader: &mut Reader<'_>,
) -> Vec<Readers> {
    let state_names: Vec<&str> = states.iter().map(|state| state.value.id.as_str()).collect();
    let field_names: Vec<&str> = fields.iter().map(|(name, _)| name.value.as_str()).collect();
    let mut all = Vec::new();
    for mut entry in table.tables(reader, "readers", READERS_MAX, "readers") {
        if noun == Some(Noun::Ticket) {
            let message = "only records have readers: who sees a ticket is said by its people, its space and its access; remove it";
            reader.add(&entry.place, "bad-readers", message);
        }
        let given = entry.need("roles").map(|node| node.place.clone());
        let roles = kind::roles(&mut entry, "roles", reader);
        if let Some(place) = given.filter(|_| roles.is_empty() && !reader.reported("unknown-role")) {
            reader.add(
                &place,
                "empty-list",
                "`roles` is empty; name the roles in the space of the record that read it",
            );
        }
        let states = names(&mut entry, "states", (&state_names[..], STATES_MAX, "state"), reader);
        let shown_at = entry.place.clone();
        let shown = names(&mut entry, "fields", (&field_names[..], FIELDS_MAX, "field"), reader);
        let when = conditions(&mut entry, &field_names, reader);
        entry.finish(reader);
        check_shown(&roles, shown.as_deref().unwrap_or_default(), fields, &shown_at, reader);
        if let (Some(states), Some(fields), Some(when)) = (states, shown, when) {
            all.push(Readers { roles, states, when, fields });
        }
    }
    all
}

/// A list of words that the kind knows; it must not be empty, because that would show nothing to anybody.
fn names(
    table: &mut Table<'_>,
    key: &'static str,
    (known, count_max, what): (&[&str], usize, &str),
    reader: &mut Reader<'_>,
) -> Option<Vec<String>> {
    let node = table.need(key)?;
    let listed = node.list(reader, count_max);
    if listed.is_empty() && !reader.reported("wrong-type") {
        reader.add(&node.place, "empty-list", format!("`{key}` is empty; name at least one {what} that is shown"));
    }
    listed.iter().map(|node| kind::known(node, known, what, reader)).collect()
}

fn conditions(table: &mut Table<'_>, fields: &[&str], reader: &mut Reader<'_>) -> Option<Vec<When>> {
    let Some(node) = table.get("when") else { return Some(Vec::new()) };
    let condition = |node, reader: &mut Reader<'_>| {
        let when: When = kind::when(&node, reader)?;
        if fields.contains(&when.field.as_str()) {
            return Some(when);
        }
        let message = format!("`when` is about `{}`, which the kind does not have; name one of its fields", when.field);
        reader.add(&node.place, "bad-condition", message);
        None
    };
    node.list(reader, CONDITIONS_MAX).into_iter().map(|node| condition(node, reader)).collect()
}

/// What not everybody may read is not shown to those who may not.
fn check_shown(roles: &[Role], shown: &[String], fields: &Fields, place: &Place, reader: &mut Reader<'_>) {
    let rule =
        |name: &String| fields.iter().find(|(field, _)| field.value == *name).and_then(|(_, rule)| rule.as_ref());
    for name in shown {
        let Some(rule) = rule(name) else { continue };
        if !rule.read.is_empty() && roles.iter().any(|role| !rule.read.contains(role)) {
            let message = format!(
                "the readers would see `{name}`, which says with `read` that not all of them may; leave one of the two out"
            );
            reader.add(place, "bad-readers", message);
        }
    }
}

/// The field that is read as a page.
pub(super) fn text(table: &mut Table<'_>, fields: &Fields, reader: &mut Reader<'_>) -> Option<String> {
    let node = table.get("text")?;
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    let rule = fields.iter().find(|(field, _)| field.value == name).and_then(|(_, rule)| rule.as_ref());
    if rule.is_some_and(|rule| rule.schema["type"] == "string") {
        return Some(name.to_owned());
    }
    let message = format!("`text` is `{}`; it must name a field of type string", quoted(name));
    reader.add(&node.place, "bad-text", message);
    None
}

pub(super) fn feedback(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Option<Feedback> {
    let mut table = table.get("feedback")?.table(reader, "`feedback`")?;
    let kind = table.need("kind").and_then(|node| node.shaped(reader, "bad-id", words::id));
    let about = table.need("about").and_then(|node| node.shaped(reader, "bad-id", words::field));
    let rating = table.need("rating").and_then(|node| node.shaped(reader, "bad-id", words::field));
    let remark = table.get("remark").and_then(|node| node.shaped(reader, "bad-id", words::field));
    table.finish(reader);
    Some(Feedback {
        kind: KindId::from(kind?),
        about: about?.to_owned(),
        rating: rating?.to_owned(),
        remark: remark.map(str::to_owned),
    })
}

/// What readers say is a ticket of another kind of the same plugin: whether that one can take it.
pub(super) fn check_feedback(files: &[(KindFile, Place)], reader: &mut Reader<'_>) {
    for (file, place) in files {
        let Some(kind) = &file.kind else { continue };
        let Some(feedback) = kind.portal.as_ref().and_then(|portal| portal.feedback.as_ref()) else { continue };
        let told = files.iter().find(|(other, _)| other.id.as_deref() == Some(feedback.kind.as_str()));
        let wrong = match told.map(|(other, _)| other.kind.as_ref()) {
            None => Some("the plugin has no such kind; name one of its own"),
            // What is wrong with that file is said there.
            Some(None) => None,
            Some(Some(other)) => unfit(feedback, other),
        };
        if let Some(why) = wrong {
            let message = format!("`feedback` of the kind `{}` names `{}`: {why}", kind.id, feedback.kind);
            reader.add(place, "bad-feedback", message);
        }
    }
}

fn unfit(feedback: &Feedback, kind: &Kind) -> Option<&'static str> {
    let written = |name: &str| kind.field(name).filter(|rule| rule.write.contains(&Role::Requester));
    let is_text = |name: &str| written(name).is_some_and(|rule| rule.schema["type"] == "string");
    let rating = written(&feedback.rating).map(|rule| &rule.schema);
    if kind.noun != Noun::Ticket || !kind.create.contains(&Role::Requester) {
        Some("it must be a kind of ticket that a requester may create")
    } else if !is_text(&feedback.about) {
        Some("`about` must be a text field of it that a requester may write")
    } else if !rating.is_some_and(|schema| schema["minimum"].is_i64() && schema["maximum"].is_i64()) {
        Some("`rating` must be a whole number of it, with minimum and maximum, that a requester may write")
    } else if feedback.remark.as_deref().is_some_and(|remark| !is_text(remark)) {
        Some("`remark` must be a text field of it that a requester may write")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::Manifest;
    use serde_json::json;
    use std::collections::BTreeMap;

    const MANIFEST: &str = r#"
id = "guide"
version = "1.0.0"
wit = "0.1"
title = "Guide"
summary = "What people read."
[[kind]]
file = "page.toml"
[[kind]]
file = "said.toml"
"#;
    const PAGE: &str = r#"
id = "page"
type = "record"
title = "Page"
plural = "Pages"
prefix = "PG"
digits = 4
create = ["agent"]
[[state]]
id = "open"
title = "Open"
category = "active"
[[readers]]
roles = ["requester"]
states = ["open"]
when = [{ field = "audience", is = ["all"] }]
fields = ["body"]
[portal]
text = "body"
feedback = { kind = "said", about = "page", rating = "score", remark = "words" }
[field.body]
title = "Text"
schema = { type = "string" }
[field.audience]
title = "Audience"
schema = { enum = ["all", "staff"] }
[field.secret]
title = "Secret"
schema = { type = "string" }
read = ["agent"]
"#;
    const SAID: &str = r#"
id = "said"
type = "ticket"
title = "Opinion"
plural = "Opinions"
prefix = "OP"
digits = 4
create = ["requester"]
[[state]]
id = "new"
title = "New"
category = "new"
[[state]]
id = "done"
title = "Done"
category = "closed"
[[transition]]
from = ["new"]
to = "done"
title = "Done"
[field.page]
title = "Page"
schema = { type = "string" }
write = ["requester"]
[field.score]
title = "Score"
schema = { type = "integer", minimum = 1, maximum = 5 }
write = ["requester"]
[field.words]
title = "Words"
schema = { type = "string" }
write = ["requester"]
"#;

    fn read(page: &str, said: &str) -> Result<Manifest, Vec<String>> {
        let assets: BTreeMap<String, Vec<u8>> =
            [("page.toml", page), ("said.toml", said)].map(|(file, text)| (file.to_owned(), text.into())).into();
        super::super::read(MANIFEST, &assets)
            .map_err(|problems| problems.into_iter().map(|problem| problem.code).collect())
    }

    #[test]
    fn readers_and_feedback_are_read() {
        let manifest = read(PAGE, SAID).expect("nothing is wrong with it");
        let page = serde_json::to_value(&manifest.kinds[0]).expect("a kind is JSON");
        assert_eq!(
            page["readers"],
            json!([{ "roles": ["requester"], "states": ["open"], "when": [{ "field": "audience", "is": ["all"] }], "fields": ["body"] }])
        );
        assert_eq!(
            page["portal"]["feedback"],
            json!({ "kind": "said", "about": "page", "rating": "score", "remark": "words" })
        );
        assert_eq!(page["portal"]["text"], "body");
    }

    #[track_caller]
    fn check(page: (&str, &str), said: (&str, &str), code: &str) {
        let changed = |text: &str, (from, to): (&str, &str)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        let problems = read(&changed(PAGE, page), &changed(SAID, said)).expect_err("something is wrong with it");
        assert_eq!(problems, [code], "{page:?} {said:?}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let same = ("", "");
        check(("roles = [\"requester\"]\nstates", "roles = []\nstates"), same, "empty-list");
        check(("states = [\"open\"]", "states = [\"shut\"]"), same, "unknown-state");
        check(("states = [\"open\"]", "states = []"), same, "empty-list");
        check(("fields = [\"body\"]", "fields = [\"bodi\"]"), same, "unknown-field");
        check(("fields = [\"body\"]", "fields = [\"body\", \"secret\"]"), same, "bad-readers");
        check(("field = \"audience\", is", "field = \"people\", is"), same, "bad-condition");
        check(("text = \"body\"", "text = \"audience\""), same, "bad-text");
        check(("kind = \"said\"", "kind = \"told\""), same, "bad-feedback");
        check(same, ("minimum = 1, ", ""), "bad-feedback");
        check(same, ("create = [\"requester\"]", "create = [\"agent\"]"), "bad-feedback");
        check(
            same,
            (
                "category = \"closed\"",
                "category = \"closed\"\n[[readers]]\nroles = [\"agent\"]\nstates = [\"new\"]\nfields = [\"page\"]",
            ),
            "bad-readers",
        );
    }
}
