//! `[[report]]`: questions, checked as far as the plugin itself knows; and the ones that people keep, which are written the same and are
//! held against everything that is installed.

use super::kind::{DESCRIPTION_CHARS_MAX, KindFile, TITLE_CHARS_MAX};
use super::source::{Node, Place, Reader, Table};
use super::words::quoted;
use super::{near, words};
use crate::Problem;
use crate::filter::Field;
use crate::kind::{Kind, Noun};
use crate::report::{self, By, Condition, Group, Measure, On, Report};
use serde_json::Value;

const REPORTS_MAX: usize = 50;
const CONDITIONS_MAX: usize = 10;
const VALUES_MAX: usize = 50;
const DAYS_MAX: i64 = 3660;
const PERCENTILES_MAX: usize = 5;
const COLUMNS: [(&str, Field); 6] = [
    ("state", Field::State),
    ("category", Field::Category),
    ("space", Field::Space),
    ("group", Field::Group),
    ("assignee", Field::Assignee),
    ("kind", Field::Kind),
];
/// Columns that records have.
const RECORD_COLUMNS: [&str; 4] = ["state", "category", "space", "kind"];
const CI_COLUMNS: [&str; 1] = ["space"];
const MEASURES: [&str; 9] =
    ["count", "share", "time-to-resolve", "time-to-close", "time-on-clock", "average", "sum", "spread", "targets-met"];

/// What is asked about, as far as it is known.
#[derive(Clone, Copy)]
enum About<'k> {
    Kind(&'k Kind),
    /// All tickets, or those of a kind that somebody else brings along.
    Others,
    Cis,
}

impl<'k> About<'k> {
    fn kind(self) -> Option<&'k Kind> {
        match self {
            Self::Kind(kind) => Some(kind),
            Self::Others | Self::Cis => None,
        }
    }

    fn has_tickets(self) -> bool {
        !matches!(self, Self::Cis) && self.kind().is_none_or(|kind| kind.noun == Noun::Ticket)
    }

    fn has_column(self, name: &str) -> bool {
        match self {
            Self::Cis => CI_COLUMNS.contains(&name),
            about => about.has_tickets() || RECORD_COLUMNS.contains(&name),
        }
    }
}

/// Finds a kind by its name: nothing when there may be one elsewhere, a reason when there is none.
type Kinds<'f, 'k> = &'f dyn Fn(&str) -> Result<Option<&'k Kind>, String>;

pub(super) fn read(table: &mut Table<'_>, files: &[KindFile], reader: &mut Reader<'_>) -> Vec<Report> {
    let own = |name: &str| {
        let file = files.iter().find(|file| file.id.as_deref() == Some(name));
        Ok(file.and_then(|file| file.kind.as_ref()))
    };
    let mut reports: Vec<Report> = Vec::new();
    for mut entry in table.tables(reader, "report", REPORTS_MAX, "a report") {
        let place = entry.place.clone();
        let id = entry.need("id").and_then(|node| node.shaped(reader, "bad-id", words::word));
        let question = question(&mut entry, &own, reader);
        entry.finish(reader);
        if id.is_some_and(|id| reports.iter().any(|known| known.id == id)) {
            let message = format!("the report `{}` is there already; rename or remove one", id.unwrap_or_default());
            reader.add(&place, "duplicate-report", message);
            continue;
        }
        reports.extend(id.zip(question).map(|(id, question)| Report { id: id.to_owned(), ..question }));
    }
    reports
}

/// Reads a question that is kept by itself: the keys of a `[[report]]` without its id. `kinds` are all that are installed.
///
/// # Errors
/// Everything that is wrong, each with the JSON pointer of where it stands.
pub fn read_question(id: &str, question: &Value, kinds: &crate::kind::Kinds) -> Result<Report, Vec<Problem>> {
    let installed = |name: &str| match kinds.get(&name.into()) {
        Some(kind) => Ok(Some(kind)),
        None => Err(near::hint(name, kinds.iter().map(|kind| kind.id.as_str()))),
    };
    let Value::Object(object) = question else {
        return Err(vec![Problem::new("", "wrong-type", "a question is an object with `title`, `kind` and `measure`")]);
    };
    let object = without_nulls(object);
    let text = toml::to_string(&object).map_err(|error| {
        vec![Problem::new(
            "",
            "bad-value",
            format!("the question cannot be read: {error}; use texts, numbers and lists"),
        )]
    })?;
    let mut problems = Vec::new();
    let read = {
        let (mut reader, tree) = Reader::open("question", &text, &mut problems);
        tree.and_then(|tree| {
            let mut table = Table::new(tree.get_ref(), Place::default(), "a question");
            let read = self::question(&mut table, &installed, &mut reader);
            table.finish(&mut reader);
            read
        })
    };
    // It was given as JSON: the lines are those of nobody's file.
    for problem in &mut problems {
        (problem.file, problem.line) = (None, None);
    }
    match read {
        Some(report) if problems.is_empty() => Ok(Report { id: id.to_owned(), ..report }),
        _ => Err(problems),
    }
}

fn without_nulls(object: &crate::Object) -> crate::Object {
    object.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Everything of a report but its id.
fn question<'k>(entry: &mut Table<'_>, kinds: Kinds<'_, 'k>, reader: &mut Reader<'_>) -> Option<Report> {
    let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
    let description = entry.get("description").map(|node| node.text(reader, DESCRIPTION_CHARS_MAX));
    let (kind, about) = kind(entry, kinds, reader);
    let conditions = conditions(entry, "where", about, reader);
    let measure = measure(entry, about, reader);
    let group = entry.get("group").map(|node| (node.place.clone(), group(&node, about, reader)));
    let days = entry.get("days").map(|node| node.integer(reader, 1, DAYS_MAX));
    let by = entry.get("by").map(|node| (node.place.clone(), by(&node, reader)));
    let percentiles = entry.get("percentiles").map(|node| percentiles(&node, reader));
    if !about.has_tickets() {
        if let Some((place, Some(By::Resolved | By::Closed))) = &by {
            let message = "only tickets are resolved and closed; leave `by` out";
            reader.add(place, "not-a-ticket", message);
        }
        if let Some((place, Some(Group::Clock))) = &group {
            reader.add(place, "not-a-ticket", "only tickets have clocks; group by something else");
        }
    }
    let measure = measure?;
    let usual = match measure {
        Measure::TimeToResolve => By::Resolved,
        Measure::TimeToClose => By::Closed,
        _ => By::Opened,
    };
    Some(Report {
        id: String::new(),
        title: title?.to_owned(),
        description: description.map_or(Some(""), |text| text)?.to_owned(),
        kind: kind?.to_owned(),
        conditions: conditions?,
        measure,
        group: group.map_or(Some(None), |(_, group)| group.map(Some))?,
        days: days.map_or(Some(None), |days| u32::try_from(days?).ok().map(Some))?,
        by: by.map_or(Some(usual), |(_, by)| by)?,
        percentiles: percentiles.map_or(Some(Vec::new()), |percentiles| percentiles)?,
    })
}

fn percentiles(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    // Each is looked at, also after one that is wrong.
    let read: Vec<Option<u8>> = node
        .list(reader, PERCENTILES_MAX)
        .iter()
        .map(|node| node.integer(reader, 1, 99).and_then(|number| u8::try_from(number).ok()))
        .collect();
    let mut numbers = read.into_iter().collect::<Option<Vec<u8>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// What it asks about: the name, and what is known of it.
fn kind<'t, 'k>(entry: &mut Table<'t>, kinds: Kinds<'_, 'k>, reader: &mut Reader<'_>) -> (Option<&'t str>, About<'k>) {
    const UNKNOWN: (Option<&str>, About<'_>) = (None, About::Others);
    let Some(node) = entry.need("kind") else { return UNKNOWN };
    let Some(name) = node.text(reader, words::WORD_CHARS_MAX) else { return UNKNOWN };
    match name {
        "*" => return (Some(name), About::Others),
        report::CI => return (Some(name), About::Cis),
        _ => {}
    }
    if let Err(why) = words::id(name) {
        reader.add(&node.place, "bad-id", format!("`kind`: {why}"));
        return UNKNOWN;
    }
    match kinds(name) {
        Ok(Some(kind)) => (Some(name), About::Kind(kind)),
        Ok(None) => (Some(name), About::Others),
        Err(hint) => {
            let message = format!("there is no kind `{name}`{hint}; `*` is all tickets, `ci` all configuration items");
            reader.add(&node.place, "unknown-kind", message);
            UNKNOWN
        }
    }
}

fn measure(entry: &mut Table<'_>, about: About<'_>, reader: &mut Reader<'_>) -> Option<Measure> {
    let node = entry.need("measure");
    let of = entry.is_given("of").then(|| conditions(entry, "of", about, reader));
    let number = entry.get("field").map(|node| field(&node, about, reader));
    let clock = entry.get("clock").map(|node| node.text(reader, TITLE_CHARS_MAX));
    let node = node?;
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    let needs = |reader: &mut Reader<'_>, key: &str| {
        let message = format!("the measure `{name}` needs the key `{key}`; add it");
        reader.add(&node.place, "missing-key", message);
    };
    let numbers: Option<fn(String) -> Measure> = match name {
        "average" => Some(|field| Measure::Average { field }),
        "sum" => Some(|field| Measure::Sum { field }),
        "spread" => Some(|field| Measure::Spread { field }),
        _ => None,
    };
    let measure = match (name, numbers) {
        (_, Some(measure)) => {
            let Some(field) = number else {
                needs(reader, "field");
                return None;
            };
            measure(field?)
        }
        ("count", _) => Measure::Count,
        ("share", _) => {
            let Some(of) = of else {
                needs(reader, "of");
                return None;
            };
            Measure::Share { of: of? }
        }
        ("time-to-resolve", _) => Measure::TimeToResolve,
        ("time-to-close", _) => Measure::TimeToClose,
        ("time-on-clock", _) => {
            let Some(clock) = clock else {
                needs(reader, "clock");
                return None;
            };
            Measure::TimeOnClock { clock: clock?.to_owned() }
        }
        ("targets-met", _) => {
            let clock = clock.map_or(Some(None), |text| text.map(|text| Some(text.to_owned())))?;
            Measure::TargetsMet { clock }
        }
        (other, _) => {
            let hint = near::hint(other, MEASURES);
            reader.add(&node.place, "unknown-measure", format!("there is no measure `{}`{hint}", quoted(other)));
            return None;
        }
    };
    if measure.is_of_tickets() && !about.has_tickets() {
        let message = format!("`{name}` is about tickets; this report is not, so count, add up or compare instead");
        reader.add(&node.place, "not-a-ticket", message);
        return None;
    }
    Some(measure)
}

fn conditions(
    entry: &mut Table<'_>,
    key: &'static str,
    about: About<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Condition>> {
    let Some(node) = entry.get(key) else { return Some(Vec::new()) };
    // Each is looked at, also after one that is wrong.
    let read: Vec<Option<Condition>> = node
        .list(reader, CONDITIONS_MAX)
        .iter()
        .map(|node| {
            let mut table = node.table(reader, "a condition")?;
            let on = table.need("on").and_then(|node| on(&node, about, reader));
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
        .collect();
    read.into_iter().collect()
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
fn on(node: &Node<'_>, about: About<'_>, reader: &mut Reader<'_>) -> Option<On> {
    let text = node.text(reader, words::WORD_CHARS_MAX + 6)?;
    if let Some(name) = text.strip_prefix("field.") {
        return known_field(name, node, about, reader).map(On::Field);
    }
    if let (report::CLASS, About::Cis) = (text, about) {
        return Some(On::Field(text.to_owned()));
    }
    let columns = || COLUMNS.iter().filter(|(name, _)| about.has_column(name));
    if let Some((_, column)) = columns().find(|(name, _)| *name == text) {
        return Some(On::Column(*column));
    }
    let hint = near::hint(text, columns().map(|(name, _)| *name));
    let message = format!("there is no column `{}`{hint}; a field of the kind is written `field.<name>`", quoted(text));
    reader.add(&node.place, "unknown-column", message);
    None
}

fn group(node: &Node<'_>, about: About<'_>, reader: &mut Reader<'_>) -> Option<Group> {
    match node.text(reader, words::WORD_CHARS_MAX + 6)? {
        "age" => Some(Group::Age),
        "clock" => Some(Group::Clock),
        "day" => Some(Group::Day),
        "week" => Some(Group::Week),
        "month" => Some(Group::Month),
        _ => match on(node, about, reader)? {
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

fn field(node: &Node<'_>, about: About<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = node.text(reader, words::WORD_CHARS_MAX)?;
    known_field(name, node, about, reader)
}

/// A field that everybody who sees a ticket sees: a report would tell the others what is in it.
fn known_field(name: &str, node: &Node<'_>, about: About<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(kind) = about.kind() else {
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
