//! What the cases are about: small, valid things with readable ids.

use crate::{Changeset, Commits, Committed, NewJob, Write};
use domain::event::{Cause, EventDraft, Origin};
use domain::job::Work;
use domain::kind::StateCategory;
use domain::{JobId, Object, OrgId, Person, PersonId, PluginId, Record, Ticket, TicketId};
use jiff::Timestamp;

#[must_use]
pub fn org() -> OrgId {
    OrgId::from("acme")
}

/// So many microseconds after the beginning of the case.
#[must_use]
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + micros).expect("within range")
}

#[must_use]
pub fn changes() -> Changeset {
    Changeset::new(org(), at(0))
}

#[must_use]
pub fn object(json: serde_json::Value) -> Object {
    match json {
        serde_json::Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

#[must_use]
pub fn ticket(id: &str) -> Ticket {
    Ticket {
        id: id.into(),
        number: format!("INC-{id}"),
        kind: "incident".into(),
        space: "it".into(),
        state: "new".to_owned(),
        category: StateCategory::New,
        title: format!("Ticket {id}"),
        requester: None,
        opened_by: None,
        group: None,
        assignee: None,
        parent: None,
        restricted: false,
        version: 1,
        opened_at: at(0),
        updated_at: at(0),
        resolved_at: None,
        closed_at: None,
        due_at: None,
        fields: Object::new(),
    }
}

#[must_use]
pub fn person(id: &str) -> Person {
    Person {
        id: id.into(),
        login: format!("{id}.login"),
        name: format!("Name {id}"),
        email: format!("{id}@example.com"),
        manager: None,
        locale: "en".to_owned(),
        zone: "Europe/Vienna".to_owned(),
        active: true,
        attributes: Object::new(),
        version: 1,
    }
}

#[must_use]
pub fn record(id: &str) -> Record {
    Record {
        id: id.into(),
        number: format!("KB-{id}"),
        kind: "article".into(),
        space: "it".into(),
        state: "draft".to_owned(),
        category: StateCategory::New,
        title: format!("Record {id}"),
        version: 1,
        updated_at: at(0),
        fields: Object::new(),
    }
}

#[must_use]
pub fn cause() -> Cause {
    Cause { command: "c".to_owned(), correlation: "c".to_owned(), depth: 0, origin: Origin::Person, chain: Vec::new() }
}

#[must_use]
pub fn event(subject: &str, kind: &str) -> EventDraft {
    EventDraft {
        subject_kind: "ticket".to_owned(),
        subject: subject.to_owned(),
        space: "it".to_owned(),
        at: at(0),
        actor: "ana".to_owned(),
        kind: kind.to_owned(),
        data: serde_json::json!({ "text": "größer \u{1f980}", "number": 1.5, "list": [1, null, true] }),
        cause: cause(),
    }
}

#[must_use]
pub fn job(id: &str, order_key: &str, due: i64) -> NewJob {
    NewJob {
        id: JobId::from(id),
        work: Work::Timer {
            plugin: PluginId::from("incident"),
            ticket: TicketId::from("t1"),
            key: "k".to_owned(),
            data: serde_json::json!({ "n": 1 }),
            cause: cause(),
        },
        order_key: order_key.to_owned(),
        due_at: at(due),
        unique_key: None,
        event: None,
    }
}

/// The delivery of an event of the same changeset.
#[must_use]
pub fn delivery(id: &str, order_key: &str, due: i64, event: usize) -> NewJob {
    let work = Work::React { plugin: PluginId::from("incident"), seq: 7 };
    NewJob { work, event: Some(event), ..job(id, order_key, due) }
}

pub async fn commit(store: &(impl Commits + ?Sized), changeset: Changeset) -> Committed {
    store.commit(changeset).await.unwrap()
}

/// Commit writes alone.
pub async fn write(store: &(impl Commits + ?Sized), writes: impl IntoIterator<Item = Write>) {
    commit(store, Changeset { writes: writes.into_iter().collect(), ..changes() }).await;
}

pub async fn put_ticket(store: &(impl Commits + ?Sized), ticket: Ticket) {
    write(store, [Write::Ticket(Box::new(ticket))]).await;
}

#[must_use]
pub fn watch(ticket: &str, person: &str) -> Write {
    Write::Watch { ticket: TicketId::from(ticket), person: PersonId::from(person) }
}

/// Random numbers from a seed that a failing case prints (splitmix64).
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % (bound.max(1) as u64)).unwrap_or(0)
    }

    pub fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
