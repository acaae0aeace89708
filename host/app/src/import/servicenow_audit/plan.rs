//! What is new about an incident after an update, as effects. Names of fields and states are those of the kind `incident`.

use super::name::{group_id, person_id};
use super::row::Row;
use super::state::is_done;
use domain::effect::{Assign, CreateTicket, Imported, Patch, SetField, Transition};
use domain::{Effect, GroupId, KindId, PersonId, SpaceId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Said where a lifecycle asks for what the log does not have.
const NO_NOTES: &str = "Imported; the log has no resolution notes.";
const NO_CODE: &str = "unknown";

/// What the incidents become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub space: SpaceId,
    pub kind: KindId,
}

/// An incident as far as the log has been told, in our words.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedState {
    pub state: &'static str,
    pub requester: Option<PersonId>,
    pub group: Option<GroupId>,
    pub assignee: Option<PersonId>,
    /// Only those that have a value.
    pub fields: BTreeMap<&'static str, Value>,
}

impl ImportedState {
    #[must_use]
    pub fn of(row: &Row) -> Self {
        Self {
            state: row.state.state,
            requester: row.caller.as_deref().map(person_id),
            group: row.group.as_deref().map(group_id),
            assignee: row.assignee.as_deref().map(person_id),
            fields: fields(row),
        }
    }
}

fn fields(row: &Row) -> BTreeMap<&'static str, Value> {
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    let done = is_done(row.state.state);
    let or = |value: Option<Value>, otherwise: &str| done.then(|| value.unwrap_or_else(|| otherwise.into()));
    let all = [
        ("category", text(&row.category)),
        ("subcategory", text(&row.subcategory)),
        ("symptom", text(&row.symptom)),
        ("ci", text(&row.ci)),
        ("channel", row.contact_type.as_deref().map(channel)),
        ("location", text(&row.location)),
        ("impact", row.impact.map(Value::from)),
        ("urgency", row.urgency.map(Value::from)),
        ("problem", text(&row.problem)),
        ("change", text(&row.change)),
        ("vendor", text(&row.vendor)),
        ("caused-by", text(&row.caused_by)),
        ("pending-reason", row.state.pending_reason.map(Value::from)),
        ("reopen-count", (row.reopen_count > 0).then(|| row.reopen_count.into())),
        ("close-code", or(text(&row.close_code), NO_CODE)),
        ("close-notes", or(None, NO_NOTES)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn channel(word: &str) -> Value {
    let known = [("email", "mail"), ("self-service", "portal"), ("walk-in", "walk-up"), ("event", "monitoring")];
    let word = word.to_lowercase();
    known.iter().find(|(theirs, _)| *theirs == word).map_or(word.as_str(), |(_, ours)| ours).into()
}

/// The effects that lead from what was imported before to what the row says; none if it says nothing new. For the first
/// row of an incident, its creation in the state that it was in. Fields come before the transition that may need them.
#[must_use]
pub fn plan(target: &Target, previous: Option<&ImportedState>, row: &Row) -> Vec<Effect> {
    let now = ImportedState::of(row);
    match previous {
        None => vec![Effect::CreateTicket(Box::new(create(target, now, row)))],
        Some(before) => changes(before, &now),
    }
}

fn create(target: &Target, now: ImportedState, row: &Row) -> CreateTicket {
    CreateTicket {
        kind: target.kind.clone(),
        space: target.space.clone(),
        title: title(row),
        requester: now.requester,
        group: now.group,
        assignee: now.assignee,
        parent: None,
        restricted: false,
        fields: now.fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        imported: Some(Imported { number: row.number.clone(), state: now.state.to_owned(), opened_at: row.opened_at }),
    }
}

fn title(row: &Row) -> String {
    let place: Vec<_> = [&row.category, &row.subcategory].into_iter().flatten().map(String::as_str).collect();
    match (&row.symptom, place.is_empty()) {
        (Some(symptom), true) => symptom.clone(),
        (Some(symptom), false) => format!("{symptom} ({})", place.join(", ")),
        (None, false) => place.join(", "),
        (None, true) => format!("Incident {}", row.number),
    }
}

fn changes(before: &ImportedState, now: &ImportedState) -> Vec<Effect> {
    let set = |field: &str, value: Value| Effect::SetField(SetField { ticket: None, field: field.to_owned(), value });
    let mut effects = Vec::new();
    if before.requester != now.requester {
        effects.push(set("requester", now.requester.as_ref().map_or(Value::Null, |person| person.as_str().into())));
    }
    for (name, value) in &now.fields {
        if before.fields.get(name) != Some(value) {
            effects.push(set(name, value.clone()));
        }
    }
    let gone = before.fields.keys().filter(|name| !now.fields.contains_key(*name));
    effects.extend(gone.map(|name| set(name, Value::Null)));
    if before.group != now.group || before.assignee != now.assignee {
        let group = patch(before.group.as_ref(), now.group.as_ref());
        let assignee = patch(before.assignee.as_ref(), now.assignee.as_ref());
        effects.push(Effect::Assign(Assign { ticket: None, group, assignee }));
    }
    if before.state != now.state {
        effects.push(Effect::Transition(Transition { ticket: None, to: now.state.to_owned() }));
    }
    effects
}

fn patch<T: Clone + PartialEq>(before: Option<&T>, now: Option<&T>) -> Patch<T> {
    if before == now {
        return Patch::Keep;
    }
    now.map_or(Patch::Clear, |now| Patch::Set(now.clone()))
}
