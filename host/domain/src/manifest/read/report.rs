//! `[[report]]`: questions about tickets, checked as far as the plugin itself knows.

use super::kind::{DESCRIPTION_CHARS_MAX, KindFile, TITLE_CHARS_MAX};
use super::source::{Node, Reader, Table};
use super::words::quoted;
use super::{near, words};
use crate::filter::Field;
use crate::kind::{Kind, Noun};
use crate::report::{By, Condition, Group, Measure, On, Report};

const REPORTS_MAX: usize = 50;
const CONDITIONS_MAX: usize = 10;
const VALUES_MAX: usize = 50;
const DAYS_MAX: i64 = 3660;
const COLUMNS: [(&str, Field); 6] = [
    ("state", Field::State),
    ("category", Field::Category),
    ("space", Field::Space),
    ("group", Field::Group),
    ("assignee", Field::Assignee),
    ("kind", Field::Kind),
];
const MEASURES: [&str; 7] =
    ["count", "share", "time-to-resolve", "time-to-close", "time-on-clock", "average", "targets-met"];

pub(super) fn read(table: &mut Table<'_>, files: &[KindFile], reader: &mut Reader<'_>) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for mut entry in table.tables(reader, "report", REPORTS_MAX, "a report") {
        let place = entry.place.clone();
        let id = entry.need("id").and_then(|node| node.shaped(reader, "bad-id", words::word));
        let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
        let description = entry.get("description").map(|node| node.text(reader, DESCRIPTION_CHARS_MAX));
        let (kind_name, kind) = kind(&mut entry, files, reader);
        let conditions = conditions(&mut entry, "where", kind, reader);
        let measure = measure(&mut entry, kind, reader);
        let group = entry.get("group").map(|node| group(&node, kind, reader));
        let days = entry.get("days").map(|node| node.integer(reader, 1, DAYS_MAX));
        let by = entry.get("by").map(|node| by(&node, reader));
        entry.finish(reader);
        if id.is_some_and(|id| reports.iter().any(|known| known.id == id)) {
            let message = format!("the report `{}` is there already; rename or remove one", id.unwrap_or_default());
            reader.add(&place, "duplicate-report", message);
            continue;
        }
        let report = || {
            let measure = measure?;
            let usual = match measure {
                Measure::TimeToResolve => By::Resolved,
                Measure::TimeToClose => By::Closed,
                _ => By::Opened,
            };
            Some(Report {
                id: id?.to_owned(),
                title: title?.to_owned(),
                description: description.map_or(Some(""), |text| text)?.to_owned(),
                kind: kind_name?.to_owned(),
                conditions: conditions?,
                measure,
                group: group.map_or(Some(None), |group| group.map(Some))?,
                days: days.map_or(Some(None), |days| u32::try_from(days?).ok().map(Some))?,
                by: by.map_or(Some(usual), |by| by)?,
            })
        };
        reports.extend(report());
    }
    reports
}

/// The kind that it asks about: its name, and what is known of it when it is the plugin's own.
fn kind<'t, 'f>(
    entry: &mut Table<'t>,
    files: &'f [KindFile],
    reader: &mut Reader<'_>,
) -> (Option<&'t str>, Option<&'f Kind>) {
    let Some(node) = entry.need("kind") else { return (None, None) };
    let Some(name) = node.text(reader, words::WORD_CHARS_MAX) else { return (None, None) };
    if name == "*" {
        return (Some(name), None);
    }
    if let Err(why) = words::id(name) {
        reader.add(&node.place, "bad-id", format!("`kind`: {why}"));
        return (None, None);
    }
    let own = files.iter().find(|file| file.id.as_deref() == Some(name));
    if own.is_some_and(|file| file.noun == Some(Noun::Record)) {
        let message = format!("`{name}` is a record; reports are about tickets, so name a kind of tickets");
        reader.add(&node.place, "bad-target", message);
        return (None, None);
    }
    (Some(name), own.and_then(|file| file.kind.as_ref()))
}

fn measure(entry: &mut Table<'_>, kind: Option<&Kind>, reader: &mut Reader<'_>) -> Option<Measure> {
    let node = entry.need("measure");
    let of = entry.is_given("of").then(|| conditions(entry, "of", kind, reader));
    let field = entry.get("field").map(|node| (field(&node, kind, reader), node));
    let clock = entry.get("clock").map(|node| node.text(reader, TITLE_CHARS_MAX));
    let node = node?;
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    let needs = |reader: &mut Reader<'_>, key: &str| {
        let message = format!("the measure `{name}` needs the key `{key}`; add it");
        reader.add(&node.place, "missing-key", message);
    };
    match name {
        "count" => Some(Measure::Count),
        "share" => match of {
            Some(of) => Some(Measure::Share { of: of? }),
            None => {
                needs(reader, "of");
                None
            }
        },
        "time-to-resolve" => Some(Measure::TimeToResolve),
        "time-to-close" => Some(Measure::TimeToClose),
        "time-on-clock" => match clock {
            Some(clock) => Some(Measure::TimeOnClock { clock: clock?.to_owned() }),
            None => {
                needs(reader, "clock");
                None
            }
        },
        "average" => match field {
            Some((field, _)) => Some(Measure::Average { field: field? }),
            None => {
                needs(reader, "field");
                None
            }
        },
        "targets-met" => Some(Measure::TargetsMet {
            clock: clock.map_or(Some(None), |text| text.map(|text| Some(text.to_owned())))?,
        }),
        other => {
            let hint = near::hint(other, MEASURES);
            reader.add(&node.place, "unknown-measure", format!("there is no measure `{}`{hint}", quoted(other)));
            None
        }
    }
}

fn conditions(
    entry: &mut Table<'_>,
    key: &'static str,
    kind: Option<&Kind>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Condition>> {
    let Some(node) = entry.get(key) else { return Some(Vec::new()) };
    node.list(reader, CONDITIONS_MAX)
        .iter()
        .map(|node| {
            let mut table = node.table(reader, "a condition")?;
            let on = table.need("on").and_then(|node| on(&node, kind, reader));
            let is = table.get("is").map(|node| values(&node, reader));
            let not = table.get("not").map(|node| values(&node, reader));
            let place = table.place.clone();
            table.finish(reader);
            let (values, negated) = match (is, not) {
                (Some(values), None) => (values?, false),
                (None, Some(values)) => (values?, true),
                _ => {
                    let message = "a condition has either `is` or `not`, with the values that it is about";
                    reader.add(&place, "missing-key", message);
                    return None;
                }
            };
            let on = on?;
            if values.is_empty() && !matches!(on, On::Column(Field::Group | Field::Assignee)) {
                let message = "only `group` and `assignee` can be empty; name at least one value";
                reader.add(&place, "empty-list", message);
                return None;
            }
            Some(Condition { on, values, negated })
        })
        .collect()
}

fn values(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Vec<serde_json::Value>> {
    match node.json(reader)? {
        serde_json::Value::Array(values) if values.len() <= VALUES_MAX => Some(values),
        serde_json::Value::Array(values) => {
            let message = format!("there are {} values; at most {VALUES_MAX} are allowed", values.len());
            reader.add(&node.place, "too-many", message);
            None
        }
        one => Some(vec![one]),
    }
}

/// A column, or `field.<name>`.
fn on(node: &Node<'_>, kind: Option<&Kind>, reader: &mut Reader<'_>) -> Option<On> {
    let text = node.text(reader, words::WORD_CHARS_MAX + 6)?;
    if let Some(name) = text.strip_prefix("field.") {
        return known_field(name, node, kind, reader).map(On::Field);
    }
    if let Some((_, column)) = COLUMNS.iter().find(|(name, _)| *name == text) {
        return Some(On::Column(*column));
    }
    let hint = near::hint(text, COLUMNS.map(|(name, _)| name));
    let message = format!("there is no column `{}`{hint}; a field of the kind is written `field.<name>`", quoted(text));
    reader.add(&node.place, "unknown-column", message);
    None
}

fn group(node: &Node<'_>, kind: Option<&Kind>, reader: &mut Reader<'_>) -> Option<Group> {
    match node.text(reader, words::WORD_CHARS_MAX + 6)? {
        "age" => Some(Group::Age),
        "clock" => Some(Group::Clock),
        "day" => Some(Group::Day),
        "week" => Some(Group::Week),
        _ => match on(node, kind, reader)? {
            On::Column(column) => Some(Group::Column(column)),
            On::Field(name) => Some(Group::Field(name)),
        },
    }
}

fn by(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<By> {
    match node.text(reader, words::WORD_CHARS_MAX)? {
        "opened" => Some(By::Opened),
        "resolved" => Some(By::Resolved),
        "closed" => Some(By::Closed),
        other => {
            let message = format!("`by` is `{}`; it must be opened, resolved or closed", quoted(other));
            reader.add(&node.place, "unknown-time", message);
            None
        }
    }
}

fn field(node: &Node<'_>, kind: Option<&Kind>, reader: &mut Reader<'_>) -> Option<String> {
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    known_field(name, node, kind, reader)
}

/// A field that everybody who sees a ticket sees: a report would tell the others what is in it.
fn known_field(name: &str, node: &Node<'_>, kind: Option<&Kind>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(kind) = kind else {
        if let Err(why) = words::field(name) {
            reader.add(&node.place, "bad-id", format!("a field: {why}"));
            return None;
        }
        return Some(name.to_owned());
    };
    let Some(rule) = kind.field(name) else {
        let hint = near::hint(name, kind.fields.iter().map(|(name, _)| name.as_str()));
        reader.add(&node.place, "unknown-field", format!("the kind has no field `{}`{hint}", quoted(name)));
        return None;
    };
    if !rule.read.is_empty() {
        let message = format!("not everybody may read `{name}`, and a report would show it; leave it out");
        reader.add(&node.place, "hidden-field", message);
        return None;
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::manifest::read::read;
    use std::collections::BTreeMap;

    const HEAD: &str = "id = \"desk\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Desk\"\nsummary = \"A desk.\"\n[[kind]]\nfile = \"kind.toml\"\n";
    const KIND: &str = "id = \"case\"\ntype = \"ticket\"\ntitle = \"Case\"\nplural = \"Cases\"\nprefix = \"CAS\"\ndigits = 4\ncreate = [\"agent\"]\n\
        [[state]]\nid = \"new\"\ntitle = \"New\"\ncategory = \"new\"\n[[state]]\nid = \"done\"\ntitle = \"Done\"\ncategory = \"closed\"\n\
        [[transition]]\nfrom = [\"new\"]\nto = \"done\"\ntitle = \"Close\"\nroles = [\"agent\"]\n\
        [field.score]\ntitle = \"Score\"\nschema = { type = \"integer\" }\n\
        [field.secret]\ntitle = \"Secret\"\nschema = { type = \"string\" }\nread = [\"agent\"]\n\
        [field.detail]\ntitle = \"Detail\"\nschema = { type = \"string\" }\nwhen = { field = \"score\", is = [1, 2] }\n\
        [portal]\nspaces = [\"hr\"]\nsummary = \"Ask.\"\n";

    fn problems(report: &str) -> Vec<String> {
        let assets = BTreeMap::from([("kind.toml".to_owned(), KIND.as_bytes().to_vec())]);
        let text = format!("{HEAD}[[report]]\nid = \"r\"\ntitle = \"R\"\nkind = \"case\"\n{report}");
        match read(&text, &assets) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.into_iter().map(|problem| problem.code).collect(),
        }
    }

    #[test]
    fn a_report_says_what_it_means() {
        for good in [
            "measure = \"count\"",
            "measure = \"count\"\ngroup = \"age\"\nwhere = [{ on = \"category\", is = [\"new\"] }]",
            "measure = \"share\"\nof = [{ on = \"field.score\", not = [0] }]\ndays = 30\nby = \"closed\"",
            "measure = \"average\"\nfield = \"score\"\ngroup = \"field.detail\"",
            "measure = \"targets-met\"\ngroup = \"clock\"",
        ] {
            assert_eq!(problems(good), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        for (bad, code) in [
            ("measure = \"cuont\"", "unknown-measure"),
            ("measure = \"share\"", "missing-key"),
            ("measure = \"average\"\nfield = \"scroe\"", "unknown-field"),
            ("measure = \"count\"\ngroup = \"field.secret\"", "hidden-field"),
            ("measure = \"count\"\nwhere = [{ on = \"field.secret\", is = [\"x\"] }]", "hidden-field"),
            ("measure = \"count\"\nwhere = [{ on = \"stat\", is = [\"new\"] }]", "unknown-column"),
            ("measure = \"count\"\nwhere = [{ on = \"state\" }]", "missing-key"),
            ("measure = \"count\"\nwhere = [{ on = \"state\", is = [] }]", "empty-list"),
            ("measure = \"count\"\ndays = 0", "out-of-range"),
            ("measure = \"count\"\ncolour = \"red\"", "unknown-key"),
        ] {
            assert_eq!(problems(bad), [code], "{bad}");
        }
    }

    #[test]
    fn what_the_portal_and_conditions_name_must_be_there() {
        let check = |kind: String, code: &str| {
            let assets = BTreeMap::from([("kind.toml".to_owned(), kind.into_bytes())]);
            let codes: Vec<String> =
                read(HEAD, &assets).expect_err(code).into_iter().map(|problem| problem.code).collect();
            assert_eq!(codes, [code]);
        };
        check(KIND.replace("field = \"score\"", "field = \"scroe\""), "bad-condition");
        check(KIND.replace("field = \"score\"", "field = \"detail\""), "bad-condition");
        check(KIND.replace("summary = \"Ask.\"", "rating = \"score\""), "bad-rating");
        check(KIND.replace("spaces = [\"hr\"]", "spaces = [\"H R\"]"), "bad-id");
    }
}
