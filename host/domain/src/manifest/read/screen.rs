//! `[screen.…]` of a kind file: calendar, agenda and room, checked against the fields of the kind.

use super::source::{Node, Reader, Table};
use super::words::quoted;
use super::{near, words};
use crate::kind::When;
use crate::kind::screen::{AgendaScreen, CalendarScreen, RoomScreen, Screens};
use serde_json::Value;

const BANDS_MAX: usize = 10;
const SHOW_MAX: usize = 12;
const CIS_MAX: usize = 5;

/// A field of the kind with its schema; without one when something else about the field is wrong.
pub(super) type Known<'a> = (&'a str, Option<&'a Value>);

pub(super) fn read(
    table: &mut Table<'_>,
    fields: &[Known<'_>],
    when: fn(&Node<'_>, &mut Reader<'_>) -> Option<When>,
    reader: &mut Reader<'_>,
) -> Screens {
    let Some(mut screens) = table.get("screen").and_then(|node| node.table(reader, "`[screen]`")) else {
        return Screens::default();
    };
    let calendar = screens.get("calendar").and_then(|node| calendar(&node, fields, reader));
    let agenda = screens.get("agenda").and_then(|node| {
        let mut entry = node.table(reader, "`[screen.agenda]`")?;
        let show = entry.need("show").map(|node| list(&node, SHOW_MAX, fields, reader));
        entry.finish(reader);
        Some(AgendaScreen { show: show? })
    });
    let room = screens.get("room").and_then(|node| {
        let mut entry = node.table(reader, "`[screen.room]`")?;
        let condition = entry.get("when").and_then(|node| {
            let condition = when(&node, reader)?;
            check(&node, &condition.field, fields, reader).then_some(condition)
        });
        let cis = entry.get("cis").map_or(Vec::new(), |node| list(&node, CIS_MAX, fields, reader));
        entry.finish(reader);
        Some(RoomScreen { when: condition, cis })
    });
    screens.finish(reader);
    Screens { calendar, agenda, room }
}

fn calendar(node: &Node<'_>, fields: &[Known<'_>], reader: &mut Reader<'_>) -> Option<CalendarScreen> {
    let mut entry = node.table(reader, "`[screen.calendar]`")?;
    let from = entry.need("from").and_then(|node| instant(&node, fields, reader));
    let to = entry.need("to").and_then(|node| instant(&node, fields, reader));
    let sort = entry.get("sort").and_then(|node| field(&node, fields, reader));
    let conflicts = entry.get("conflicts").and_then(|node| field(&node, fields, reader));
    let recurring = entry.get("recurring").and_then(|node| field(&node, fields, reader));
    let bands = entry.get("bands").map_or(Vec::new(), |node| {
        let listed = node.list(reader, BANDS_MAX);
        listed.iter().filter_map(|node| Some(node.shaped(reader, "bad-id", words::id)?.to_owned())).collect()
    });
    entry.finish(reader);
    Some(CalendarScreen { from: from?, to: to?, sort, conflicts, recurring, bands })
}

fn instant(node: &Node<'_>, fields: &[Known<'_>], reader: &mut Reader<'_>) -> Option<String> {
    let name = field(node, fields, reader)?;
    let schema = fields.iter().find(|(known, _)| *known == name).and_then(|(_, schema)| *schema);
    if schema.is_some_and(|schema| schema["format"] != "date-time") {
        let message = format!("`{name}` is no instant; name a field whose schema has the format `date-time`");
        reader.add(&node.place, "bad-screen", message);
        return None;
    }
    Some(name)
}

fn list(node: &Node<'_>, count_max: usize, fields: &[Known<'_>], reader: &mut Reader<'_>) -> Vec<String> {
    let listed = node.list(reader, count_max);
    listed.iter().filter_map(|node| field(node, fields, reader)).collect()
}

fn field(node: &Node<'_>, fields: &[Known<'_>], reader: &mut Reader<'_>) -> Option<String> {
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    check(node, name, fields, reader).then(|| name.to_owned())
}

fn check(node: &Node<'_>, name: &str, fields: &[Known<'_>], reader: &mut Reader<'_>) -> bool {
    let found = fields.iter().any(|(known, _)| *known == name);
    if !found {
        let hint = near::hint(name, fields.iter().map(|(known, _)| *known));
        reader.add(&node.place, "unknown-field", format!("the kind has no field `{}`{hint}", quoted(name)));
    }
    found
}
