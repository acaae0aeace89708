//! `[guard]`, `[react]`, `[revisit]`, `[approval]`, `[[setting]]` and `[[step]]`.

use super::kind::{DESCRIPTION_CHARS_MAX, KindFile, TITLE_CHARS_MAX};
use super::source::{Node, Place, Reader, Table};
use super::words::quoted;
use super::{near, schema, words};
use crate::kind::Noun;
use crate::manifest::{ApprovalRule, Grant, GuardRule, ReactRule, RevisitRule, Setting, Step};

const LIST_MAX: usize = 100;
/// Events of the host; a plugin may name others, but not one that is nearly one of these.
const EVENTS: [&str; 10] = [
    "ticket.created",
    "ticket.changed",
    "comment.added",
    "clock.started",
    "clock.due",
    "timer.fired",
    "record.created",
    "record.changed",
    "ci.created",
    "ci.changed",
];

/// What the rest of the manifest says about kinds.
pub(super) struct Kinds<'k> {
    pub(super) files: &'k [KindFile],
    pub(super) grants: &'k [Grant],
}

pub(super) fn guard(table: &mut Table<'_>, kinds: &Kinds<'_>, reader: &mut Reader<'_>) -> Option<GuardRule> {
    let mut table = table.get("guard")?.table(reader, "`[guard]`")?;
    let names = kind_names(&mut table, "guard", kinds, reader);
    let order = table.get("order").map(|node| node.integer(reader, -1000, 1000));
    let definitions = table.get("definitions").map(|node| node.boolean(reader));
    table.finish(reader);
    let order = i32::try_from(order.unwrap_or(Some(0))?).ok()?;
    Some(GuardRule { kinds: names?, order, definitions: definitions.unwrap_or(Some(false))? })
}

pub(super) fn react(table: &mut Table<'_>, kinds: &Kinds<'_>, reader: &mut Reader<'_>) -> Option<ReactRule> {
    let mut table = table.get("react")?.table(reader, "`[react]`")?;
    let names = kind_names(&mut table, "react", kinds, reader);
    let events = table.need("events").map(|node| {
        let listed = node.list(reader, LIST_MAX);
        if listed.is_empty() {
            reader.add(
                &node.place,
                "empty-list",
                "`events` is empty; name events such as `ticket.changed`, or `*` for all",
            );
        }
        listed.iter().filter_map(|entry| event(entry, reader)).collect()
    });
    let history = table.get("history").map(|node| node.boolean(reader));
    table.finish(reader);
    Some(ReactRule { events: events?, kinds: names?, history: history.unwrap_or(Some(false))? })
}

/// `[revisit]`: what a guard depends on besides the ticket that it is asked about.
pub(super) fn revisit(
    table: &mut Table<'_>,
    kinds: &Kinds<'_>,
    has_guard: bool,
    reader: &mut Reader<'_>,
) -> Option<RevisitRule> {
    let mut table = table.get("revisit")?.table(reader, "`[revisit]`")?;
    let place = table.place.clone();
    let listed = table.get("records").map(|node| node.list(reader, LIST_MAX)).unwrap_or_default();
    let calendars = table.get("calendars").map(|node| node.boolean(reader));
    table.finish(reader);
    let calendars = calendars.unwrap_or(Some(false))?;
    if !has_guard && !reader.reported("missing-key") {
        reader.add(&place, "no-guard", "`[revisit]` has a guard asked again, and there is none; add `[guard]`");
    }
    if listed.is_empty() && !calendars {
        let message = "`[revisit]` names nothing; name kinds of `records`, or say `calendars = true`";
        reader.add(&place, "empty-list", message);
    }
    let mut records = Vec::new();
    for entry in listed {
        let Some(name) = entry.shaped(reader, "bad-id", words::id) else { continue };
        let own = kinds.files.iter().find(|file| file.id.as_deref() == Some(name)).and_then(|file| file.noun);
        if own == Some(Noun::Ticket) {
            let message = format!("`{name}` is a kind of tickets; a change of a ticket is delivered to `[react]`");
            reader.add(&entry.place, "not-a-record", message);
            continue;
        }
        let target = format!("record:{name}");
        let covered = kinds.grants.iter().any(|grant| grant.permission.allows_read(&target));
        if !covered && !reader.reported("bad-target") {
            let message = format!(
                "`[revisit]` depends on `{name}` but no grant asks to read it; add a `[[grant]]` with `read = \"{target}\"` and a reason"
            );
            reader.add(&entry.place, "no-read-grant", message);
        }
        records.push(name.to_owned());
    }
    Some(RevisitRule { records, calendars })
}

pub(super) fn approval(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Option<ApprovalRule> {
    let mut table = table.get("approval")?.table(reader, "`[approval]`")?;
    let parameters = schema::read_object(table.get("parameters").as_ref(), reader);
    table.finish(reader);
    Some(ApprovalRule { parameters: parameters? })
}

fn event(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let text = node.text(reader, words::WORD_CHARS_MAX)?;
    if text == "*" || EVENTS.contains(&text) {
        return Some(text.to_owned());
    }
    let well_formed =
        text.split_once('.').is_some_and(|(noun, verb)| words::word(noun).is_ok() && words::word(verb).is_ok());
    let near = near::nearest(text, EVENTS);
    if well_formed && near.is_none() {
        return Some(text.to_owned());
    }
    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let message = format!("`{}` is not an event, a word pair such as `ticket.changed`{hint}", quoted(text));
    reader.add(&node.place, "unknown-event", message);
    None
}

/// The `kinds` of a rule, each of which the plugin must also ask to read: it is handed the ticket.
fn kind_names(
    table: &mut Table<'_>,
    rule: &'static str,
    kinds: &Kinds<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<String>> {
    let node = table.need("kinds")?;
    let listed = node.list(reader, LIST_MAX);
    if listed.is_empty() {
        reader.add(&node.place, "empty-list", "`kinds` is empty; name kinds, or `*` for all");
    }
    let mut names: Vec<String> = Vec::new();
    for entry in listed {
        let Some(name) = entry.text(reader, words::WORD_CHARS_MAX) else { continue };
        if name != "*"
            && let Err(why) = words::id(name)
        {
            reader.add(&entry.place, "bad-id", format!("`kinds`: {why}"));
            continue;
        }
        if names.iter().any(|known| known == name) {
            reader.add(&entry.place, "duplicate-kind", format!("`{name}` is in the list twice; remove one"));
            continue;
        }
        names.push(name.to_owned());
        check_covered(rule, name, &entry.place, kinds, reader);
    }
    Some(names)
}

fn check_covered(rule: &str, name: &str, place: &Place, kinds: &Kinds<'_>, reader: &mut Reader<'_>) {
    let own = kinds.files.iter().find(|file| file.id.as_deref() == Some(name)).and_then(|file| file.noun);
    // A kind of another plugin may be either; what it is shows only when both are installed.
    let nouns: &[&str] = match own {
        Some(Noun::Record) => &["record"],
        None if name != "*" => &["ticket", "record"],
        _ => &["ticket"],
    };
    let covered = |noun: &&str| {
        let target = format!("{noun}:{name}");
        kinds.grants.iter().any(|grant| grant.permission.allows_read(&target))
    };
    // A target that was not understood may have been meant to cover it.
    if !nouns.iter().any(covered) && !reader.reported("bad-target") {
        let message = format!(
            "`[{rule}]` is handed `{name}` but no grant asks to read it; add a `[[grant]]` with `read = \"{}:{name}\"` and a reason",
            nouns[0]
        );
        reader.add(place, "no-read-grant", message);
    }
}

pub(super) fn settings(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut keys: Vec<(&str, u32)> = Vec::new();
    for mut entry in table.tables(reader, "setting", LIST_MAX, "a setting") {
        let place = entry.place.clone();
        let key = entry.need("key").and_then(|node| node.shaped(reader, "bad-id", words::id));
        let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
        let description = entry.get("description").map(|node| node.text(reader, DESCRIPTION_CHARS_MAX));
        let node = entry.need("schema");
        let schema = node.as_ref().and_then(|node| schema::read(node, reader));
        let default = entry.get("default").map(|node| (node.json(reader), node));
        let value = match (&schema, default) {
            (Some(schema), Some((Some(value), node))) => {
                schema::check_default(schema, &value, &node, reader);
                Some(value)
            }
            // TOML has no null: a setting without default is one that may stay unset.
            (Some(schema), None) if schema.validator.is_valid(&serde_json::Value::Null) => {
                Some(serde_json::Value::Null)
            }
            (Some(_), None) => {
                let message =
                    "a setting needs the key `default`; add it, or let the schema allow `null` to leave it unset";
                reader.add(&place, "missing-key", message);
                None
            }
            _ => None,
        };
        entry.finish(reader);
        unique("setting", key, &place, &mut keys, reader);
        let setting = || {
            Some(Setting {
                key: key?.to_owned(),
                title: title?.to_owned(),
                description: description.map_or(Some(""), |text| text)?.to_owned(),
                schema: schema?.value,
                default: value?,
            })
        };
        settings.extend(setting());
    }
    settings
}

pub(super) fn steps(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut ids: Vec<(&str, u32)> = Vec::new();
    for mut entry in table.tables(reader, "step", LIST_MAX, "a step") {
        let place = entry.place.clone();
        let id = entry.need("id").and_then(|node| node.shaped(reader, "bad-id", words::word));
        let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
        let description = entry.get("description").map(|node| node.text(reader, DESCRIPTION_CHARS_MAX));
        let inputs = schema::read_object(entry.get("inputs").as_ref(), reader);
        let outputs = schema::read_object(entry.get("outputs").as_ref(), reader);
        entry.finish(reader);
        unique("step", id, &place, &mut ids, reader);
        let step = || {
            Some(Step {
                id: id?.to_owned(),
                title: title?.to_owned(),
                description: description.map_or(Some(""), |text| text)?.to_owned(),
                inputs: inputs?,
                outputs: outputs?,
            })
        };
        steps.extend(step());
    }
    steps
}

fn unique<'t>(
    what: &str,
    name: Option<&'t str>,
    place: &Place,
    seen: &mut Vec<(&'t str, u32)>,
    reader: &mut Reader<'_>,
) {
    let Some(name) = name else { return };
    if let Some((_, line)) = seen.iter().find(|(known, _)| *known == name) {
        let message = format!("the {what} `{name}` is already in line {line}; rename or remove one");
        reader.add(place, &format!("duplicate-{what}"), message);
    } else {
        seen.push((name, reader.line(place.at)));
    }
}
