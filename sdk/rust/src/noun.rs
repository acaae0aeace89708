//! What else a plugin may read: people, CIs, records and clocks.

use crate::{Instant, Object, UpsertRecord, Value};

/// A configuration item.
#[derive(Debug, Clone, PartialEq)]
pub struct Ci {
    pub id: String,
    pub name: String,
    pub class: String,
    pub space: String,
    pub version: u32,
    pub attributes: Object,
}

/// Towards what fails with a CI (down), or towards what it depends on (up).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Up,
    Down,
}

/// A relation of a CI, seen from that CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub other: String,
    pub kind: String,
    pub direction: Direction,
}

/// The types of relations that the host knows.
pub const RELATION_TYPES: [&str; 7] =
    ["depends-on", "runs-on", "uses", "member-of", "hosts", "provides", "connected-to"];

/// Which of the ends of such a relation stands in need of the other.
fn is_needing(kind: &str) -> bool {
    matches!(kind, "depends-on" | "runs-on" | "uses")
}

impl Relation {
    /// As an item sees it that the relation begins at, or ends at.
    #[must_use]
    pub fn seen_from(begin: bool, kind: &str, other: &str) -> Self {
        let direction = if begin == is_needing(kind) { Direction::Up } else { Direction::Down };
        Self { other: other.to_owned(), kind: kind.to_owned(), direction }
    }

    /// It begins at the item that sees it, and ends at the other.
    #[must_use]
    pub fn is_outgoing(&self) -> bool {
        (self.direction == Direction::Up) == is_needing(&self.kind)
    }
}

/// A practice's own document with a lifecycle that is not work.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: String,
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub title: String,
    pub version: u32,
    pub fields: Object,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub name: String,
    pub email: String,
    pub manager: Option<String>,
    pub locale: String,
    pub zone: String,
    pub active: bool,
    pub attributes: Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    Running,
    Paused,
    Stopped,
    Cancelled,
}

/// A time measurement on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    pub name: String,
    pub title: String,
    pub state: ClockState,
    pub started_at: Instant,
    /// Absent while paused.
    pub due_at: Option<Instant>,
    pub stopped_at: Option<Instant>,
    /// When the due time passed while the clock ran.
    pub breached_at: Option<Instant>,
    /// Why the due time is what it is, for people.
    pub reason: String,
    /// What the plugin that owns the clock keeps with it.
    pub data: Value,
}

impl Clock {
    /// Running or paused: the measurement is not over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, ClockState::Running | ClockState::Paused)
    }
}

impl Ci {
    /// For tests.
    #[must_use]
    pub fn new(id: &str, class: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            class: class.to_owned(),
            space: "it".to_owned(),
            version: 1,
            attributes: Object::new(),
        }
    }

    /// The same with an attribute.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }
}

impl Record {
    /// For tests; its number is `#` and its id.
    #[must_use]
    pub fn new(id: &str, kind: &str, state: &str) -> Self {
        Self {
            id: id.to_owned(),
            number: format!("#{id}"),
            kind: kind.to_owned(),
            space: "it".to_owned(),
            state: state.to_owned(),
            title: format!("{kind} {id}"),
            version: 1,
            fields: Object::new(),
        }
    }

    /// The same with a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// A field; `null` when it has no value.
    #[must_use]
    pub fn field(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&Value::Null)
    }

    /// Text that is not empty.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.field(field).as_str().filter(|text| !text.trim().is_empty())
    }

    #[must_use]
    pub fn integer(&self, field: &str) -> Option<i64> {
        self.field(field).as_i64()
    }

    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        self.field(field).as_bool().unwrap_or(false)
    }

    #[must_use]
    pub fn instant(&self, field: &str) -> Option<Instant> {
        self.field(field).as_str()?.parse().ok()
    }

    /// The strings of a list; none when it is absent.
    pub fn list(&self, field: &str) -> impl Iterator<Item = &str> {
        self.field(field).as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// A change of this record that keeps what it does not name.
    ///
    /// ```
    /// use weft_sdk::{Effects, Record};
    ///
    /// let laptop = Record::new("A1", "asset", "in-stock");
    /// let effects = Effects::new().upsert_record(laptop.change().state("in-use").field("user", "erin"));
    /// assert_eq!(effects.iter().next().unwrap().text("record"), Some("A1"));
    /// ```
    #[must_use]
    pub fn change(&self) -> UpsertRecord {
        UpsertRecord::new(&self.kind, &self.space, &self.title).record(&self.id)
    }
}

impl Person {
    /// For tests: an active person whose login and name are the id.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            login: id.to_owned(),
            name: id.to_owned(),
            email: format!("{id}@example.com"),
            manager: None,
            locale: "en".to_owned(),
            zone: "UTC".to_owned(),
            active: true,
            attributes: Object::new(),
        }
    }

    /// The same, not employed any more.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    #[must_use]
    pub fn managed_by(mut self, manager: &str) -> Self {
        self.manager = Some(manager.to_owned());
        self
    }
}

impl Clock {
    /// For tests: a running clock.
    #[must_use]
    pub fn new(name: &str, started_at: Instant, due_at: Instant) -> Self {
        Self {
            name: name.to_owned(),
            title: name.to_owned(),
            state: ClockState::Running,
            started_at,
            due_at: Some(due_at),
            stopped_at: None,
            breached_at: None,
            reason: String::new(),
            data: Value::Null,
        }
    }
}
