//! What guests are called with: a sample ticket, a sample context, and a snapshot that answers by grants.

use app::port::plugins::{Call, CiCriteria, Context, Fault, LogLevel, RelatedCi, SnapshotReader};
use async_trait::async_trait;
use domain::filter::{Field, Filter};
use domain::kind::StateCategory;
use domain::{
    Ci, CiId, Clock, ClockState, Digest, GroupId, KindId, Object, Person, PersonId, PluginId, Problem, Record,
    RecordId, Ticket, TicketId, ci,
};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// A ticket of 1.2 kB: eight custom fields, four tags.
#[must_use]
pub fn sample_ticket() -> Ticket {
    let at: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
    let fields = json!({
        "impact": "medium", "urgency": "high", "priority": 2,
        "service": "01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c10",
        "symptom": "The screen stays black after the lid was closed for the night, with the lamp of the power button on. It happens every other day.",
        "workaround": "Hold the power button for ten seconds, wait, then start the machine with the charger connected to the wall.",
        "location": "Building 7, floor 3, room 12, the desk at the window, next to the printer",
        "asset": "LT-2041-00817, given out in spring, last seen by the inventory on the day before",
        "tags": ["laptop", "display", "standby", "hardware"],
    });
    let serde_json::Value::Object(fields) = fields else { unreachable!("it is an object") };
    Ticket {
        id: TicketId::new("01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c01"),
        number: "INC0001234".to_owned(),
        kind: KindId::new("incident"),
        space: "it".into(),
        state: "in-progress".to_owned(),
        category: StateCategory::Active,
        title: "Laptop does not wake up".to_owned(),
        requester: Some(PersonId::new("01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c02")),
        opened_by: Some(PersonId::new("01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c02")),
        group: Some(GroupId::new("service-desk")),
        assignee: Some(PersonId::new("01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c03")),
        parent: None,
        restricted: false,
        version: 7,
        opened_at: at,
        updated_at: at,
        resolved_at: None,
        closed_at: None,
        due_at: Some(at),
        fields,
    }
}

/// What an agent of the service desk does.
#[must_use]
pub fn sample_context() -> Context {
    Context {
        now: "2026-03-02T09:00:00Z".parse().expect("an instant"),
        seed: "0123456789abcdef0123456789abcdef".to_owned(),
        actor: "01890d3c-5f6e-7c1a-9a55-0f4f3f5a1c03".to_owned(),
        actor_kind: "person".to_owned(),
        roles: vec!["agent".to_owned(), "requester".to_owned()],
        locale: "en".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        space: "it".to_owned(),
        depth: 0,
        dry_run: false,
        origin: "person".to_owned(),
        correlation: "01890d3c-5f6e-7c1a-9a55-0f4f3f5a1cff".to_owned(),
        extra: std::collections::BTreeMap::new(),
    }
}

/// A call of the plugin with the sample context, without settings.
#[must_use]
pub fn sample_call(plugin: &PluginId, digest: &Digest, snapshot: &Arc<FakeSnapshot>) -> Call {
    Call {
        plugin: plugin.clone(),
        digest: digest.clone(),
        context: sample_context(),
        settings: Arc::new(Object::new()),
        reader: Arc::<FakeSnapshot>::clone(snapshot),
    }
}

/// A snapshot of a very small company: one of each thing, its id `1`. It answers what was granted and denies the rest; what has
/// another id does not exist, or may not be seen, which is the same.
#[derive(Debug, Default)]
pub struct FakeSnapshot {
    /// Nouns that may be read.
    pub grants: BTreeSet<&'static str>,
    /// What guests logged.
    pub lines: Mutex<Vec<(LogLevel, String)>>,
    /// Never answer a question about this ticket.
    pub stuck: Option<TicketId>,
    /// Panic instead of answering.
    pub panics: bool,
}

impl FakeSnapshot {
    /// One that grants reading `ticket`, `record`, `ci`, `person` or `calendar`.
    #[must_use]
    pub fn granting(grants: &[&'static str]) -> Self {
        Self { grants: grants.iter().copied().collect(), ..Self::default() }
    }

    fn check(&self, noun: &'static str) -> Result<(), Fault> {
        assert!(!self.panics, "the snapshot panics, as the test wants");
        if self.grants.contains(noun) { Ok(()) } else { Err(Fault::Denied(format!("no grant to read {noun}"))) }
    }

    fn found<T>(&self, noun: &'static str, id: &str, make: impl FnOnce() -> T) -> Result<Option<T>, Fault> {
        self.check(noun)?;
        Ok((id == "1").then(make))
    }

    fn list<T>(&self, noun: &'static str, id: &str, make: impl FnOnce() -> T) -> Result<Vec<T>, Fault> {
        Ok(self.found(noun, id, make)?.into_iter().collect())
    }
}

#[async_trait]
impl SnapshotReader for FakeSnapshot {
    async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, Fault> {
        if self.stuck.as_ref() == Some(id) {
            std::future::pending::<()>().await;
        }
        self.found("ticket", &id.0, sample_ticket)
    }

    async fn tickets(&self, filter: &Filter, limit: u32) -> Result<Vec<Ticket>, Fault> {
        self.check("ticket")?;
        let visible = mentions(filter, Field::Kind, "incident");
        let title = format!("{limit} of {filter:?}");
        Ok(visible.then(|| Ticket { id: TicketId(title), ..sample_ticket() }).into_iter().collect())
    }

    async fn ticket_count(&self, filter: &Filter) -> Result<u32, Fault> {
        self.check("ticket")?;
        Ok(if mentions(filter, Field::Kind, "incident") { 3 } else { 0 })
    }

    async fn clocks(&self, ticket: &TicketId) -> Result<Vec<Clock>, Fault> {
        self.list("ticket", &ticket.0, || sample_clock(ticket))
    }

    async fn ci(&self, id: &CiId) -> Result<Option<Ci>, Fault> {
        self.found("ci", &id.0, sample_ci)
    }

    async fn related(&self, id: &CiId) -> Result<Vec<RelatedCi>, Fault> {
        self.list("ci", &id.0, || RelatedCi {
            other: CiId::new("2"),
            relation_type: "runs-on".to_owned(),
            direction: ci::Direction::Up,
        })
    }

    async fn impact(&self, id: &CiId, direction: ci::Direction) -> Result<Vec<Ci>, Fault> {
        self.list("ci", &id.0, || Ci { id: CiId(format!("{direction:?}")), ..sample_ci() })
    }

    async fn find_cis(&self, criteria: &CiCriteria, limit: u32) -> Result<Vec<Ci>, Fault> {
        self.check("ci")?;
        let id = CiId(format!("{limit} of {criteria:?}"));
        let found = criteria.class.as_deref() == Some("server");
        Ok(found.then(|| Ci { id, ..sample_ci() }).into_iter().collect())
    }

    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault> {
        self.check("ci")?;
        Ok(if class == "1" { vec![class.to_owned(), "hardware".to_owned()] } else { Vec::new() })
    }

    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Problem>, Fault> {
        self.check("ci")?;
        let problem = || Problem::new(format!("/{class}"), "invalid-value", "it has no such attribute");
        Ok(attributes.keys().map(|_| problem()).collect())
    }

    async fn record(&self, id: &RecordId) -> Result<Option<Record>, Fault> {
        self.found("record", &id.0, sample_record)
    }

    async fn records(&self, kind: &KindId, state: Option<&str>) -> Result<Vec<Record>, Fault> {
        self.check("record")?;
        let id = RecordId(format!("{kind} {}", state.unwrap_or("any")));
        Ok((kind.0 == "article").then(|| Record { id, ..sample_record() }).into_iter().collect())
    }

    async fn person(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.found("person", &id.0, sample_person)
    }

    async fn manager(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.found("person", &id.0, || Person { id: PersonId::new("boss"), ..sample_person() })
    }

    async fn members(&self, group: &GroupId) -> Result<Vec<Person>, Fault> {
        self.list("person", &group.0, sample_person)
    }

    async fn is_member(&self, person: &PersonId, group: &GroupId) -> Result<bool, Fault> {
        self.check("person")?;
        Ok(person.0 == "1" && group.0 == "1")
    }

    async fn calendar_add(&self, _: &str, start: Timestamp, seconds: u32, _: Option<&str>) -> Result<Timestamp, Fault> {
        self.check("calendar")?;
        Ok(start + jiff::SignedDuration::from_secs(i64::from(seconds)))
    }

    async fn calendar_between(&self, _: &str, start: Timestamp, end: Timestamp, _: Option<&str>) -> Result<u32, Fault> {
        self.check("calendar")?;
        Ok(u32::try_from(end.duration_since(start).as_secs()).unwrap_or(0))
    }

    async fn calendar_is_open(&self, _: &str, _: Timestamp, zone: Option<&str>) -> Result<bool, Fault> {
        self.check("calendar")?;
        Ok(zone == Some("Europe/Berlin"))
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.lines.lock().expect("no test panics while it logs").push((level, message.to_owned()));
    }
}

fn mentions(filter: &Filter, column: Field, value: &str) -> bool {
    match filter {
        Filter::In(field, values) => *field == column && values.iter().any(|other| other == value),
        Filter::And(all) => all.iter().any(|filter| mentions(filter, column, value)),
        _ => false,
    }
}

fn sample_clock(ticket: &TicketId) -> Clock {
    Clock {
        ticket: ticket.clone(),
        name: "resolve".to_owned(),
        plugin: PluginId::new("sla"),
        title: "Resolve".to_owned(),
        state: ClockState::Running,
        started_at: sample_context().now,
        due_at: Some(sample_context().now),
        stopped_at: None,
        breached_at: None,
        reason: "gold".to_owned(),
        data: json!({}),
    }
}

fn sample_ci() -> Ci {
    let attributes = Object::new();
    Ci {
        id: CiId::new("1"),
        name: "mail-1".to_owned(),
        class: "server".to_owned(),
        space: "it".into(),
        attributes,
        version: 1,
    }
}

fn sample_record() -> Record {
    Record {
        id: RecordId::new("1"),
        number: "KB0001".to_owned(),
        kind: KindId::new("article"),
        space: "it".into(),
        state: "published".to_owned(),
        category: StateCategory::Active,
        title: "How to restart".to_owned(),
        version: 1,
        updated_at: sample_context().now,
        fields: Object::new(),
    }
}

fn sample_person() -> Person {
    Person {
        id: PersonId::new("1"),
        login: "ana".to_owned(),
        name: "Ana".to_owned(),
        email: "ana@example.com".to_owned(),
        manager: None,
        locale: "en".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        active: true,
        attributes: Object::new(),
        version: 1,
    }
}
