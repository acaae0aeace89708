//! What an instance may know while it decides: names, calendars, people and pinned definitions, all from one snapshot.
//!
//! The engine is synchronous and the store is not. A question whose answer is not there yet is written down; the step is then decided
//! again from the same state with the answer at hand. So the engine stays pure, and only what is asked is loaded.

use super::library::Deployed;
use crate::app::App;
use crate::calendars::CalendarCache;
use crate::error::Result;
use crate::snapshot::ReadSet;
use bpmn::graph::{Binding, Process};
use domain::{GroupId, Person, PersonId, Ticket};
use engine::flow::{Decided, World};
use feel::Value;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use store::changeset::{Noun, QueryScope};
use store::{Expect, QueryRead};

const LOCK: &str = "nothing panics while it holds this lock";
/// Questions that one decision may ask.
const QUESTIONS_MAX: usize = 200;

/// Something about people that an expression asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Person(PersonId),
    Members(GroupId),
}

/// Answers that were loaded, and what they depended on.
#[derive(Debug, Default)]
pub(super) struct Facts {
    people: BTreeMap<PersonId, Option<Person>>,
    members: BTreeMap<GroupId, Vec<PersonId>>,
    wanted: Mutex<BTreeSet<Question>>,
    calendars: Mutex<BTreeSet<(String, u32)>>,
    pub(super) reads: ReadSet,
}

impl Facts {
    /// Load what was asked for since the last call. False when nothing was.
    pub(super) async fn answer(&mut self, app: &App) -> Result<bool> {
        let wanted = std::mem::take(&mut *self.wanted.lock().expect(LOCK));
        if wanted.is_empty() {
            return Ok(false);
        }
        for question in wanted.into_iter().take(QUESTIONS_MAX) {
            match question {
                Question::Person(id) => self.load_person(app, &id).await?,
                Question::Members(group) => {
                    let mut read = QueryRead { scope: QueryScope::Members(group.clone()), digest: String::new() };
                    read.digest = app.store.ticket_digest(app.org(), &read).await?;
                    self.reads.queries.push(read);
                    let members = app.store.members(app.org(), &group).await?;
                    self.members.insert(group, members.into_iter().map(|person| person.id).collect());
                }
            }
        }
        Ok(true)
    }

    pub(super) async fn load_person(&mut self, app: &App, id: &PersonId) -> Result<()> {
        if self.people.contains_key(id) {
            return Ok(());
        }
        let person = app.store.person_get(app.org(), id).await?;
        let version = person.as_ref().map_or(0, |person| person.version);
        self.reads.rows.insert(Expect { noun: Noun::Person, id: id.0.clone(), version });
        self.people.insert(id.clone(), person);
        Ok(())
    }

    /// What the whole decision depended on.
    pub(super) fn into_reads(self) -> ReadSet {
        let mut reads = self.reads;
        for (key, version) in self.calendars.into_inner().expect(LOCK) {
            reads.rows.insert(Expect { noun: Noun::Calendar, id: key, version });
        }
        reads
    }

    fn person(&self, id: &PersonId) -> Option<&Option<Person>> {
        let known = self.people.get(id);
        if known.is_none() {
            self.wanted.lock().expect(LOCK).insert(Question::Person(id.clone()));
        }
        known
    }

    pub(super) fn person_value(&self, id: &PersonId) -> Value {
        match self.people.get(id) {
            Some(Some(person)) => person_value(person),
            _ => Value::Null,
        }
    }
}

/// The world of one step.
pub(super) struct FlowWorld<'a> {
    pub(super) deployed: &'a Deployed,
    pub(super) names: BTreeMap<String, Value>,
    pub(super) environment: HostFunctions<'a>,
}

/// Time, zone and the functions of the host.
pub(super) struct HostFunctions<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) calendars: &'a CalendarCache,
    pub(super) facts: &'a Facts,
}

impl World for FlowWorld<'_> {
    fn now(&self) -> Timestamp {
        self.environment.now
    }

    fn zone(&self) -> &TimeZone {
        &self.environment.zone
    }

    fn environment(&self) -> &dyn feel::Environment {
        &self.environment
    }

    fn names(&self) -> &BTreeMap<String, Value> {
        &self.names
    }

    fn process(&self, id: &str, _binding: &Binding) -> Option<Arc<Process>> {
        self.deployed.process(id)
    }

    fn decide(
        &self,
        decision: &str,
        _binding: &Binding,
        inputs: &feel::Context,
        budget: &mut feel::Budget,
    ) -> Result<Decided, String> {
        self.deployed.decide(decision, inputs, &self.environment, budget)
    }
}

const FUNCTIONS: [&str; 4] = ["due", "members", "manager", "person"];

impl feel::Environment for HostFunctions<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn has_function(&self, name: &str) -> bool {
        FUNCTIONS.contains(&name)
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        match (name, arguments) {
            ("due", [start, duration, calendar]) => self.due(start, duration, calendar),
            ("members", [Value::String(group)]) => {
                let group = GroupId::from(&**group);
                match self.facts.members.get(&group) {
                    Some(members) => Ok(Value::from_json(&json!(members))),
                    None => {
                        self.facts.wanted.lock().expect(LOCK).insert(Question::Members(group));
                        Ok(Value::Null)
                    }
                }
            }
            ("manager", [Value::String(id)]) => {
                let person = self.facts.person(&PersonId::from(&**id)).and_then(Option::as_ref);
                let manager = person.and_then(|person| person.manager.as_ref());
                Ok(manager.map_or(Value::Null, |manager| Value::String(manager.as_str().into())))
            }
            ("person", [Value::String(id)]) => {
                let id = PersonId::from(&**id);
                self.facts.person(&id);
                Ok(self.facts.person_value(&id))
            }
            ("due", _) => {
                Err("`due` takes a start (date and time), a duration such as \"PT4H\" and the key of a calendar"
                    .to_owned())
            }
            ("members", [Value::Null]) | ("manager", [Value::Null]) | ("person", [Value::Null]) => Ok(Value::Null),
            ("members", _) => Err("`members` takes the id of a group".to_owned()),
            ("manager" | "person", _) => Err(format!("`{name}` takes the id of a person")),
            _ => Err(format!("the host has no function `{name}`; it has {}", FUNCTIONS.join(", "))),
        }
    }
}

impl HostFunctions<'_> {
    fn due(&self, start: &Value, duration: &Value, calendar: &Value) -> Result<Value, String> {
        let Value::String(key) = calendar else {
            return Err("the third argument of `due` is the key of a calendar".to_owned());
        };
        let (calendar, version) = self
            .calendars
            .get(key)
            .ok_or_else(|| format!("there is no calendar `{key}`; there is {}", self.calendars.keys().join(", ")))?;
        self.facts.calendars.lock().expect(LOCK).insert((key.to_string(), version));
        let start = instant(start)?;
        let seconds = seconds(duration)?;
        let due = calendar.add(start, seconds).map_err(|error| error.to_string())?;
        Ok(Value::from_json(&json!(due.to_string())))
    }
}

/// A FEEL date and time with a zone, or its text.
fn instant(value: &Value) -> Result<Timestamp, String> {
    let text = match value {
        Value::String(text) => text.to_string(),
        Value::DateTime(_) => match value.to_json() {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        },
        other => return Err(format!("the first argument of `due` is a date and time, not a {}", other.type_name())),
    };
    let zoned = text.parse::<jiff::Zoned>().map(|zoned| zoned.timestamp());
    zoned.or_else(|_| text.parse::<Timestamp>()).map_err(|error| format!("`{text}` is no instant with a zone: {error}"))
}

fn seconds(value: &Value) -> Result<i64, String> {
    let text = match value.to_json() {
        serde_json::Value::String(text) => text,
        other => return Err(format!("the second argument of `due` is a duration such as \"PT4H\", not `{other}`")),
    };
    let span: jiff::Span = text.parse().map_err(|error| format!("`{text}` is no duration: {error}"))?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    let duration = duration.map_err(|error| format!("`{text}` cannot be counted in working time: {error}"))?;
    Ok(duration.as_secs())
}

/// A person as expressions see them.
pub(super) fn person_value(person: &Person) -> Value {
    Value::from_json(&json!({
        "id": person.id, "name": person.name, "email": person.email, "manager": person.manager,
        "locale": person.locale, "zone": person.zone, "active": person.active, "attributes": person.attributes,
    }))
}

/// A ticket as expressions see it. Names have no hyphens, so that they can be written without quotes.
pub(super) fn ticket_value(ticket: &Ticket) -> Value {
    let mut value = json!({
        "id": ticket.id, "number": ticket.number, "kind": ticket.kind, "space": ticket.space, "state": ticket.state,
        "title": ticket.title, "requester": ticket.requester, "group": ticket.group, "assignee": ticket.assignee,
        "parent": ticket.parent, "opened_at": ticket.opened_at.to_string(), "fields": ticket.fields,
    });
    // A hyphen in a field's name would read as minus: the same fields again with an underscore.
    if let Some(fields) = value.get_mut("fields").and_then(serde_json::Value::as_object_mut) {
        let renamed: Vec<_> = fields
            .iter()
            .filter(|(name, _)| name.contains('-'))
            .map(|(name, value)| (name.replace('-', "_"), value.clone()))
            .collect();
        for (name, value) in renamed {
            fields.entry(name).or_insert(value);
        }
    }
    Value::from_json(&value)
}
