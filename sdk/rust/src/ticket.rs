//! A ticket as a plugin sees it: the fixed envelope, and the fields of its kind.

use crate::{Instant, Issue, Object, Value};
use serde::de::DeserializeOwned;

/// A unit of work with a lifecycle.
///
/// ```
/// use weft_sdk::{Ticket, json};
///
/// let ticket = Ticket::new("T1", "incident").with("impact", 1).with("close-notes", "").with("major", true);
/// assert_eq!(ticket.integer("impact"), Some(1));
/// assert_eq!(ticket.text("close-notes"), None, "empty text is no text");
/// assert!(ticket.flag("major") && !ticket.flag("unknown"));
/// assert_eq!(ticket.read::<Vec<String>>("impact").unwrap_err().pointer, "/fields/impact");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: String,
    /// Empty in a guard that runs before the number is known.
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub title: String,
    /// Person it is for.
    pub requester: Option<String>,
    pub opened_by: Option<String>,
    pub group: Option<String>,
    pub assignee: Option<String>,
    pub parent: Option<String>,
    pub restricted: bool,
    pub version: u32,
    pub opened_at: Instant,
    pub updated_at: Instant,
    pub resolved_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    /// What its kind defines.
    pub fields: Object,
}

impl Ticket {
    /// For tests; its number is `#` and its id.
    #[must_use]
    pub fn new(id: &str, kind: &str) -> Self {
        Self {
            id: id.to_owned(),
            number: format!("#{id}"),
            kind: kind.to_owned(),
            space: "it".to_owned(),
            state: "new".to_owned(),
            title: format!("{kind} {id}"),
            requester: None,
            opened_by: None,
            group: None,
            assignee: None,
            parent: None,
            restricted: false,
            version: 1,
            opened_at: Instant::default(),
            updated_at: Instant::default(),
            resolved_at: None,
            closed_at: None,
            fields: Object::new(),
        }
    }

    /// The same with a field set; `null` removes it.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => self.fields.remove(field),
            value => self.fields.insert(field.to_owned(), value),
        };
        self
    }

    #[must_use]
    pub fn in_state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.state);
        self
    }

    #[must_use]
    pub fn for_requester(mut self, person: &str) -> Self {
        self.requester = Some(person.to_owned());
        self
    }

    #[must_use]
    pub fn assigned(mut self, group: &str, assignee: Option<&str>) -> Self {
        self.group = Some(group.to_owned());
        self.assignee = assignee.map(str::to_owned);
        self
    }

    #[must_use]
    pub fn child_of(mut self, parent: &str) -> Self {
        self.parent = Some(parent.to_owned());
        self
    }

    /// # Panics
    /// If `at` is not RFC 3339: meant for tests.
    #[must_use]
    pub fn resolved(mut self, at: &str) -> Self {
        self.resolved_at = Some(at.parse().expect("an RFC 3339 instant"));
        self.in_state("resolved")
    }

    /// What people call it; its title before it has a number.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.number.is_empty() { &self.title } else { &self.number }
    }

    /// A field of the kind; `null` when it has no value.
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

    /// True if the field is `true`; absent is false.
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

    /// A field as any type, `None` when it has no value.
    ///
    /// # Errors
    /// The value is of another shape: an issue that points at the field.
    pub fn read<T: DeserializeOwned>(&self, field: &str) -> Result<Option<T>, Issue> {
        match self.field(field) {
            Value::Null => Ok(None),
            value => T::deserialize(value).map(Some).map_err(|error| {
                Issue::new(
                    format!("/fields/{field}"),
                    "invalid-value",
                    format!("`{field}` of {}: {error}", self.label()),
                )
            }),
        }
    }

    /// Text that must be there.
    ///
    /// # Errors
    /// It is not: an issue that points at the field.
    pub fn require_text(&self, field: &str) -> Result<&str, Issue> {
        self.text(field).ok_or_else(|| {
            Issue::new(format!("/fields/{field}"), "required", format!("{} needs `{field}`", self.label()))
        })
    }

    /// A value by name: one of the envelope (`state`, `title`, `group`, `assignee`, `requester`, `parent`, `restricted`), else a
    /// field of the kind.
    #[must_use]
    pub fn value(&self, name: &str) -> Value {
        match name {
            "state" => self.state.as_str().into(),
            "title" => self.title.as_str().into(),
            "group" => self.group.as_deref().into(),
            "assignee" => self.assignee.as_deref().into(),
            "requester" => self.requester.as_deref().into(),
            "parent" => self.parent.as_deref().into(),
            "restricted" => self.restricted.into(),
            field => self.field(field).clone(),
        }
    }
}
