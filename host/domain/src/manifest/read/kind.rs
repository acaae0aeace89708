//! A kind file: states, transitions and fields of one type of ticket or record.

use super::source::{Node, Place, Reader, Table};
use super::words::quoted;
use super::{lifecycle, near, reading, schema, screen, words};
use crate::kind::{FieldRule, HoldRule, Kind, Noun, Portal, State, StateCategory, TransitionRule, When};
use crate::{KindId, PluginId, Problem, Role};

pub(super) const STATES_MAX: usize = 200;
pub(super) const FIELDS_MAX: usize = 200;
const TRANSITIONS_MAX: usize = 1000;
const SPACES_MAX: usize = 100;
/// A hundred years.
const KEEP_DAYS_MAX: i64 = 36_600;
pub(super) const TITLE_CHARS_MAX: usize = 100;
pub(super) const DESCRIPTION_CHARS_MAX: usize = 2000;
/// Fields of every ticket that `set-field` sets: a kind cannot have its own by these names.
const ENVELOPE: [&str; 3] = ["title", "requester", "restricted"];

/// What a manifest needs to know of a kind even if something else about it is wrong.
pub(super) struct KindFile {
    pub(super) id: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) noun: Option<Noun>,
    pub(super) kind: Option<Kind>,
}

pub(super) struct Known<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// Reads one kind file and reports everything that is wrong with it.
pub(super) fn read(file: &str, text: &str, plugin: &PluginId, problems: &mut Vec<Problem>) -> KindFile {
    let before = problems.len();
    let (mut reader, tree) = Reader::open(file, text, problems);
    let Some(tree) = &tree else { return KindFile { id: None, prefix: None, noun: None, kind: None } };
    let reader = &mut reader;
    let mut table = Table::new(tree.get_ref(), Place::default(), "a kind");

    let id = table.need("id").and_then(|node| node.shaped(reader, "bad-id", words::id));
    let noun = table.need("type").and_then(|node| {
        let text = node.text(reader, TITLE_CHARS_MAX)?;
        let noun = match text {
            "ticket" => Some(Noun::Ticket),
            "record" => Some(Noun::Record),
            _ => None,
        };
        if noun.is_none() {
            let message = format!("`type` is `{}`; it must be `ticket` (work) or `record` (a document)", quoted(text));
            reader.add(&node.place, "unknown-type", message);
        }
        noun
    });
    let title = table.need_text(reader, "title", TITLE_CHARS_MAX);
    let plural = table.need_text(reader, "plural", TITLE_CHARS_MAX);
    let prefix = table.need("prefix").and_then(|node| node.shaped(reader, "bad-prefix", words::prefix));
    let digits = table.need("digits").and_then(|node| node.integer(reader, 1, 12)).and_then(|n| u8::try_from(n).ok());
    let create = roles(&mut table, "create", reader);
    let states = states(&mut table, reader);
    let fields = fields(&mut table, reader);
    check_conditions(&fields, reader);
    let portal = portal(&mut table, &fields, reader);
    let readers = reading::readers(&mut table, noun, &states, &fields, reader);
    let with_schemas: Vec<screen::Known<'_>> =
        fields.iter().map(|(name, rule)| (name.value.as_str(), rule.as_ref().map(|rule| &rule.schema))).collect();
    let screen = screen::read(&mut table, &with_schemas, when, reader);
    let keep_days = table.get("keep_days").and_then(|node| node.integer(reader, 0, KEEP_DAYS_MAX));
    let hold = hold(&mut table, noun, &states, &fields, reader);
    let transitions = transitions(&mut table, &states, &fields, reader);
    check_lifecycle(noun, &states, &transitions, reader);
    table.finish(reader);

    let kind = (problems.len() == before).then_some(()).and_then(|()| {
        Some(Kind {
            id: KindId::from(id?),
            noun: noun?,
            plugin: plugin.clone(),
            title: title?.to_owned(),
            plural: plural?.to_owned(),
            prefix: prefix?.to_owned(),
            digits: digits?,
            states: states.into_iter().map(|state| state.value.state).collect::<Option<_>>()?,
            transitions: transitions.into_iter().map(|rule| rule.value).collect(),
            fields: fields.into_iter().map(|(name, rule)| Some((name.value, rule?))).collect::<Option<_>>()?,
            create,
            portal,
            readers,
            screen,
            keep_days: keep_days.and_then(|days| u32::try_from(days).ok()),
            hold,
        })
    });
    KindFile { id: id.map(str::to_owned), prefix: prefix.map(str::to_owned), noun, kind }
}

/// A list of roles; absent means nobody but the practice itself.
pub(super) fn roles(table: &mut Table<'_>, key: &'static str, reader: &mut Reader<'_>) -> Vec<Role> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let mut roles = Vec::new();
    for entry in node.list(reader, Role::ALL.len()) {
        let Some(text) = entry.text(reader, TITLE_CHARS_MAX) else { continue };
        match Role::parse(text) {
            Some(role) if roles.contains(&role) => {
                reader.add(
                    &entry.place,
                    "duplicate-role",
                    format!("the role `{text}` is in `{key}` twice; remove one"),
                );
            }
            Some(role) => roles.push(role),
            None => {
                let hint = near::hint(text, Role::ALL.map(Role::as_str));
                reader.add(&entry.place, "unknown-role", format!("`{key}`: there is no role `{}`{hint}", quoted(text)));
            }
        }
    }
    roles
}

/// The id of a state counts even if the rest of it is wrong, so that one slip does not make its transitions wrong too.
pub(super) struct StateEntry {
    pub(super) id: String,
    category: Option<StateCategory>,
    state: Option<State>,
}

fn states(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Vec<Known<StateEntry>> {
    let mut states: Vec<Known<StateEntry>> = Vec::new();
    if !table.is_given("state") {
        let message = "a kind needs at least one `[[state]]`; the first is where every one starts";
        reader.add(&table.place, "missing-key", message);
    }
    for mut entry in table.tables(reader, "state", STATES_MAX, "a state") {
        let id = entry.need("id").and_then(|node| node.shaped(reader, "bad-id", words::word));
        let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
        let category = entry.need("category").and_then(|node| {
            let text = node.text(reader, TITLE_CHARS_MAX)?;
            let category = StateCategory::parse(text);
            if category.is_none() {
                let all = StateCategory::ALL.map(StateCategory::as_str);
                let near = near::nearest(text, all).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                let message = format!("there is no category `{}`, only {}{near}", quoted(text), near::list(&all));
                reader.add(&node.place, "unknown-category", message);
            }
            category
        });
        let place = entry.place.clone();
        entry.finish(reader);
        let Some(id) = id else { continue };
        if let Some(first) = states.iter().find(|state| state.value.id == id) {
            let message =
                format!("the state `{id}` is already in line {}; rename or remove one", reader.line(first.place.at));
            reader.add(&place, "duplicate-state", message);
            continue;
        }
        let state =
            title.zip(category).map(|(title, category)| State { id: id.to_owned(), title: title.to_owned(), category });
        states.push(Known { value: StateEntry { id: id.to_owned(), category, state }, place });
    }
    states
}

fn fields(table: &mut Table<'_>, reader: &mut Reader<'_>) -> Vec<(Known<String>, Option<FieldRule>)> {
    let Some(all) = table.get("field").and_then(|node| node.table(reader, "`field`")) else { return Vec::new() };
    let named = all.named();
    if named.len() > FIELDS_MAX {
        let message = format!("the kind has {} fields; at most {FIELDS_MAX} are allowed", named.len());
        reader.add(&all.place, "too-many", message);
    }
    let mut fields = Vec::new();
    for (name, node) in named.into_iter().take(FIELDS_MAX) {
        if let Err(why) = words::field(name) {
            reader.add(&node.place, "bad-id", format!("field: {why}"));
        } else if ENVELOPE.contains(&name) {
            let message = format!("every ticket already has `{name}`; leave it out or choose another name");
            reader.add(&node.place, "reserved-field", message);
        }
        let place = node.place.clone();
        let rule = node.table(reader, "a field").and_then(|entry| field(entry, reader));
        fields.push((Known { value: name.to_owned(), place }, rule));
    }
    fields
}

fn field(mut entry: Table<'_>, reader: &mut Reader<'_>) -> Option<FieldRule> {
    let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
    let description = entry.get("description").map(|node| node.text(reader, DESCRIPTION_CHARS_MAX));
    let node = entry.need("schema");
    let schema = node.as_ref().and_then(|node| schema::read(node, reader));
    if let (Some(node), Some(schema)) = (&node, &schema)
        && let Some(default) = schema.value.get("default")
    {
        schema::check_default(schema, default, node, reader);
    }
    let required = entry.get("required").map(|node| node.boolean(reader));
    let write = roles(&mut entry, "write", reader);
    let read = roles(&mut entry, "read", reader);
    let when = entry.get("when").map(|node| when(&node, reader));
    entry.finish(reader);
    Some(FieldRule {
        title: title?.to_owned(),
        description: description.map_or(Some(""), |text| text)?.to_owned(),
        schema: schema?.value,
        required: required.unwrap_or(Some(false))?,
        write,
        read,
        when: when.map_or(Some(None), |when| when.map(Some))?,
    })
}

pub(super) fn when(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<When> {
    let mut table = node.table(reader, "`when`")?;
    let field = table.need("field").and_then(|node| node.shaped(reader, "bad-id", words::field));
    let is = table.need("is").and_then(|node| match node.json(reader)? {
        serde_json::Value::Array(values) if values.is_empty() => {
            reader.add(&node.place, "empty-list", "`is` is empty; name the values that it is asked for");
            None
        }
        serde_json::Value::Array(values) => Some(values),
        one => Some(vec![one]),
    });
    table.finish(reader);
    Some(When { field: field?.to_owned(), is: is? })
}

/// A condition is about another field, and about one that is always asked: chains would hide more than anybody sees.
fn check_conditions(fields: &[(Known<String>, Option<FieldRule>)], reader: &mut Reader<'_>) {
    for (name, rule) in fields {
        let Some(when) = rule.as_ref().and_then(|rule| rule.when.as_ref()) else { continue };
        let on = fields.iter().find(|(other, _)| other.value == when.field);
        let message = match on {
            None => {
                let hint = near::hint(&when.field, fields.iter().map(|(name, _)| name.value.as_str()));
                format!("`when` is about `{}`, which the kind does not have{hint}", quoted(&when.field))
            }
            Some((other, _)) if other.value == name.value => {
                "`when` is about the field itself; name another".to_owned()
            }
            Some((_, Some(FieldRule { when: Some(_), .. }))) => {
                format!("`{}` has a condition of its own; name a field that is always asked", when.field)
            }
            Some(_) => continue,
        };
        reader.add(&name.place, "bad-condition", message);
    }
}

fn portal(
    table: &mut Table<'_>,
    fields: &[(Known<String>, Option<FieldRule>)],
    reader: &mut Reader<'_>,
) -> Option<Portal> {
    let mut table = table.get("portal")?.table(reader, "`[portal]`")?;
    let spaces = table.get("spaces").map_or(Vec::new(), |node| {
        let listed = node.list(reader, SPACES_MAX);
        listed.iter().filter_map(|node| Some(node.shaped(reader, "bad-id", words::word)?.to_owned())).collect()
    });
    let summary = table.get("summary").and_then(|node| node.text(reader, DESCRIPTION_CHARS_MAX)).unwrap_or_default();
    let rating = table.get("rating").and_then(|node| {
        let name = node.text(reader, words::WORD_CHARS_MAX)?;
        let rule = fields.iter().find(|(field, _)| field.value == name).and_then(|(_, rule)| rule.as_ref());
        let fits = rule.is_some_and(|rule| {
            rule.schema["type"] == "integer"
                && rule.schema["minimum"] == 1
                && rule.schema["maximum"] == 5
                && rule.write.contains(&Role::Requester)
        });
        if !fits {
            let message = format!(
                "`rating` is `{}`; it must name a field of type integer from 1 to 5 that the requester may write",
                quoted(name)
            );
            reader.add(&node.place, "bad-rating", message);
        }
        fits.then(|| name.to_owned())
    });
    let hidden = table.get("hidden").and_then(|node| node.boolean(reader)).unwrap_or_default();
    let text = reading::text(&mut table, fields, reader);
    let feedback = reading::feedback(&mut table, reader);
    table.finish(reader);
    Some(Portal { spaces, summary: summary.to_owned(), rating, hidden, text, feedback })
}

/// Records that keep other things from going: in which states, and which fields name what is kept.
fn hold(
    table: &mut Table<'_>,
    noun: Option<Noun>,
    states: &[Known<StateEntry>],
    fields: &[(Known<String>, Option<FieldRule>)],
    reader: &mut Reader<'_>,
) -> Option<HoldRule> {
    let node = table.get("hold")?;
    let place = node.place.clone();
    let mut table = node.table(reader, "`[hold]`")?;
    let names: Vec<&str> = states.iter().map(|state| state.value.id.as_str()).collect();
    let held = table.need("states").map_or(Vec::new(), |node| {
        let listed = node.list(reader, STATES_MAX);
        listed.iter().filter_map(|node| known(node, &names, "state", reader)).collect()
    });
    let lists = ["people", "tickets", "spaces"].map(|key| named_list(&table.get(key)?, fields, reader));
    table.finish(reader);
    if noun == Some(Noun::Ticket) {
        reader.add(&place, "bad-hold", "`[hold]` is for records: work ends, and what it held would go");
    } else if lists.iter().all(Option::is_none) {
        reader.add(&place, "bad-hold", "`[hold]` names no field; say which holds `people`, `tickets` or `spaces`");
    }
    let [people, tickets, spaces] = lists;
    Some(HoldRule { states: held, people, tickets, spaces })
}

/// The name of a field that is a list of texts.
fn named_list(
    node: &Node<'_>,
    fields: &[(Known<String>, Option<FieldRule>)],
    reader: &mut Reader<'_>,
) -> Option<String> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.value.as_str()).collect();
    let name = known(node, &names, "field", reader)?;
    let rule = fields.iter().find(|(field, _)| field.value == name).and_then(|(_, rule)| rule.as_ref())?;
    if rule.schema["type"] == "array" && rule.schema["items"]["type"] == "string" {
        return Some(name);
    }
    reader.add(
        &node.place,
        "bad-hold",
        format!("the field `{name}` must be an array of strings: the ids of what is held"),
    );
    None
}

fn transitions(
    table: &mut Table<'_>,
    states: &[Known<StateEntry>],
    fields: &[(Known<String>, Option<FieldRule>)],
    reader: &mut Reader<'_>,
) -> Vec<Known<TransitionRule>> {
    let state_names: Vec<&str> = states.iter().map(|state| state.value.id.as_str()).collect();
    let field_names: Vec<&str> = fields.iter().map(|(name, _)| name.value.as_str()).collect();
    let mut rules: Vec<Known<TransitionRule>> = Vec::new();
    for mut entry in table.tables(reader, "transition", TRANSITIONS_MAX, "a transition") {
        let from = entry.need("from").map(|node| {
            let listed = node.list(reader, STATES_MAX);
            if listed.is_empty() {
                reader.add(&node.place, "empty-list", "`from` is empty; name the states that it leads from");
            }
            listed.iter().filter_map(|node| known(node, &state_names, "state", reader)).collect::<Vec<_>>()
        });
        let to = entry.need("to").and_then(|node| known(&node, &state_names, "state", reader));
        let title = entry.need_text(reader, "title", TITLE_CHARS_MAX);
        let roles = roles(&mut entry, "roles", reader);
        let required: Vec<_> = entry.get("required").map_or(Vec::new(), |node| {
            let listed = node.list(reader, FIELDS_MAX);
            listed.iter().filter_map(|node| known(node, &field_names, "field", reader)).collect()
        });
        let comment = entry.get("comment").and_then(|node| node.boolean(reader)).unwrap_or_default();
        let place = entry.place.clone();
        entry.finish(reader);
        let (Some(from), Some(to)) = (from, to) else { continue };
        for state in &from {
            let twice = rules.iter().find(|rule| rule.value.to == to && rule.value.from.contains(state));
            if let Some(first) = twice {
                let line = reader.line(first.place.at);
                let message = format!("the transition from `{state}` to `{to}` is already in line {line}; remove one");
                reader.add(&place, "duplicate-transition", message);
            }
        }
        let title = title.unwrap_or_default().to_owned();
        rules.push(Known { value: TransitionRule { from, to, title, roles, required, comment }, place });
    }
    rules
}

/// A word that must be in a list, as `from`, `to` and `required` are.
pub(super) fn known(
    node: &super::source::Node<'_>,
    names: &[&str],
    what: &str,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let text = node.text(reader, words::WORD_CHARS_MAX)?;
    if names.contains(&text) {
        return Some(text.to_owned());
    }
    let hint = near::hint(text, names.iter().copied());
    reader.add(&node.place, &format!("unknown-{what}"), format!("the kind has no {what} `{}`{hint}", quoted(text)));
    None
}

fn check_lifecycle(
    noun: Option<Noun>,
    states: &[Known<StateEntry>],
    rules: &[Known<TransitionRule>],
    reader: &mut Reader<'_>,
) {
    let Some(categories) = states.iter().map(|state| state.value.category).collect::<Option<Vec<_>>>() else { return };
    let position = |id: &str| states.iter().position(|state| state.value.id == id);
    let edges: Vec<(usize, usize)> = rules
        .iter()
        .flat_map(|rule| rule.value.from.iter().map(|from| (from.as_str(), rule.value.to.as_str())))
        .filter_map(|(from, to)| Some((position(from)?, position(to)?)))
        .collect();
    let Some(first) = states.first() else { return };
    if reader.reported("unknown-state") {
        return;
    }
    let is_work = noun != Some(Noun::Record);
    if is_work && !categories[0].is_open() {
        let message = format!(
            "every ticket starts in `{}`, where work is already over; put a state of category new or active first",
            first.value.id
        );
        reader.add(&first.place, "dead-end", message);
    }
    // A record is no work: it may stay as it is for good, alone in its one state.
    let may_rest = !is_work && states.len() == 1;
    for flaw in lifecycle::flaws(&categories, &edges) {
        let (code, at, why) = match flaw {
            lifecycle::Flaw::Unreachable(at) => {
                let why = format!("cannot be reached from `{}`; add a transition to it or remove it", first.value.id);
                ("unreachable-state", at, why)
            }
            lifecycle::Flaw::DeadEnd(at) if !may_rest => {
                let why = "has no transition out of it, and its category is not closed or cancelled; add one or change the category";
                ("dead-end", at, why.to_owned())
            }
            lifecycle::Flaw::NoWayOut(at) if is_work => {
                ("dead-end", at, "never leads to a state of category closed or cancelled; add a way there".to_owned())
            }
            lifecycle::Flaw::DeadEnd(_) | lifecycle::Flaw::NoWayOut(_) => continue,
        };
        reader.add(&states[at].place, code, format!("the state `{}` {why}", states[at].value.id));
    }
}
