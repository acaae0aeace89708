//! What a plugin may ask while it decides. Every answer comes from the snapshot of the decision and becomes part of what the
//! commit checks.

use crate::{Ci, Clock, Direction, Fault, Instant, Issue, Object, Person, Record, Relation, Ticket, Value};
use serde::de::DeserializeOwned;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// Which tickets; all given conditions must hold, and an empty filter is refused.
///
/// ```
/// use weft_sdk::TicketFilter;
///
/// let open_work_of_ana = TicketFilter::new().assignee("ana").kind("incident").open();
/// assert!(open_work_of_ana.open_only);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    pub kind: Option<String>,
    pub group: Option<String>,
    pub assignee: Option<String>,
    pub requester: Option<String>,
    pub parent: Option<String>,
    /// Not resolved, closed or cancelled.
    pub open_only: bool,
    /// A ticket with a link of any type to or from this ticket.
    pub linked_to: Option<String>,
}

macro_rules! conditions {
    ($($name:ident),*) => {$(
        #[must_use]
        pub fn $name(mut self, id: &str) -> Self {
            self.$name = Some(id.to_owned());
            self
        }
    )*};
}

impl TicketFilter {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    conditions!(kind, group, assignee, requester, parent, linked_to);

    #[must_use]
    pub fn open(mut self) -> Self {
        self.open_only = true;
        self
    }
}

/// Tickets of one kind by what the kind defines.
///
/// ```
/// use weft_sdk::prelude::*;
///
/// let host = FakeHost::new().with_ticket(Ticket::new("T1", "incident").with("ci", "db-1"));
/// let about_it = Search::of("incident").field("ci", "db-1").open();
/// assert_eq!(host.find(&about_it, 10).unwrap().len(), 1);
/// assert_eq!(host.find_count(&Search::of("incident").field("ci", "db-2")), Ok(0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub kind: String,
    /// Any of these; any state at all when empty.
    pub states: Vec<String>,
    /// Not resolved, closed or cancelled.
    pub open_only: bool,
    /// Fields and the text, number or flag that each must have.
    pub fields: Vec<(String, Value)>,
}

impl Search {
    #[must_use]
    pub fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), states: Vec::new(), open_only: false, fields: Vec::new() }
    }

    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn states(mut self, states: &[&str]) -> Self {
        self.states = states.iter().map(|&state| state.to_owned()).collect();
        self
    }

    #[must_use]
    pub fn open(mut self) -> Self {
        self.open_only = true;
        self
    }
}

/// Configuration items by what they are.
///
/// ```
/// use weft_sdk::prelude::*;
/// use weft_sdk::{Ci, CiSearch};
///
/// let host = FakeHost::new().with_ci(Ci::new("C1", "server").with("serial", "S1"));
/// let known = CiSearch::new().class("server").attribute("serial", "S1");
/// assert_eq!(host.find_cis(&known, 10).unwrap().len(), 1);
/// assert_eq!(host.find_cis(&known.attribute("memory", 8), 10), Ok(vec![]));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CiSearch {
    /// Of this class and of those below it.
    pub class: Option<String>,
    pub space: Option<String>,
    pub name: Option<String>,
    /// Attributes and the text, number or flag that each must have.
    pub attributes: Vec<(String, Value)>,
    /// Id of the last item of the page before.
    pub after: Option<String>,
}

impl CiSearch {
    /// Every item.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    conditions!(class, space, name, after);

    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }
}

/// The questions. On the platform [`crate::Imports`] asks the server, in a test [`crate::fake::FakeHost`] answers from memory;
/// a decision takes `&impl Host` and does not know which.
///
/// What may not be seen is `None`, the same as what does not exist.
///
/// # Errors
/// [`Fault::Denied`] for what was not granted to the plugin.
pub trait Host {
    fn ticket(&self, id: &str) -> Result<Option<Ticket>, Fault>;
    /// Newest first, at most `limit` and never more than 200.
    fn tickets(&self, filter: &TicketFilter, limit: u32) -> Result<Vec<Ticket>, Fault>;
    fn ticket_count(&self, filter: &TicketFilter) -> Result<u32, Fault>;
    /// Newest first, at most `limit` and never more than 200.
    fn find(&self, search: &Search, limit: u32) -> Result<Vec<Ticket>, Fault>;
    fn find_count(&self, search: &Search) -> Result<u32, Fault>;
    /// In order of their start.
    fn clocks(&self, ticket: &str) -> Result<Vec<Clock>, Fault>;
    fn ci(&self, id: &str) -> Result<Option<Ci>, Fault>;
    /// By id, at most `limit` and never more than 200; the next page begins after the last one.
    fn find_cis(&self, search: &CiSearch, limit: u32) -> Result<Vec<Ci>, Fault>;
    /// A class and what it inherits from, nearest first; empty when there is no such class.
    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault>;
    /// What is wrong with attributes for an item of the class.
    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Issue>, Fault>;
    fn related(&self, ci: &str) -> Result<Vec<Relation>, Fault>;
    /// What fails with a CI (down) or can make it fail (up), nearest first, at most 1000.
    fn impact(&self, ci: &str, direction: Direction) -> Result<Vec<Ci>, Fault>;
    fn record(&self, id: &str) -> Result<Option<Record>, Fault>;
    /// Records of a kind, in one state or in all, by number, never more than 500.
    fn records(&self, kind: &str, state: Option<&str>) -> Result<Vec<Record>, Fault>;
    fn person(&self, id: &str) -> Result<Option<Person>, Fault>;
    fn manager(&self, person: &str) -> Result<Option<Person>, Fault>;
    /// Active members of a group, by id.
    fn members(&self, group: &str) -> Result<Vec<Person>, Fault>;
    fn is_member(&self, person: &str, group: &str) -> Result<bool, Fault>;
    /// The instant at which `seconds` of working time have passed; `zone` replaces the calendar's own.
    fn calendar_add(&self, calendar: &str, start: Instant, seconds: u32, zone: Option<&str>) -> Result<Instant, Fault>;
    /// Working seconds between two instants; 0 when the second is not later.
    fn calendar_between(&self, calendar: &str, start: Instant, end: Instant, zone: Option<&str>) -> Result<u32, Fault>;
    fn calendar_is_open(&self, calendar: &str, at: Instant, zone: Option<&str>) -> Result<bool, Fault>;
    /// JSON text of one of the plugin's own settings.
    fn setting_text(&self, key: &str) -> Option<String>;
    /// A line in the plugin's log; 64 lines of 2 kB are kept for each call.
    fn log(&self, level: LogLevel, message: &str);

    /// One of the plugin's own settings; its default when an administrator set none.
    ///
    /// ```
    /// use weft_sdk::prelude::*;
    ///
    /// let host = FakeHost::new().with_setting("auto-close-days", 7);
    /// assert_eq!(host.setting::<u32>("auto-close-days"), Ok(7));
    /// assert!(host.setting::<u32>("no-such").is_err());
    /// ```
    ///
    /// # Errors
    /// The manifest has no such setting, or its value is of another shape.
    fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<T, Fault> {
        let text = self.setting_text(key).ok_or_else(|| Fault::Permanent(format!("there is no setting `{key}`")))?;
        serde_json::from_str(&text).map_err(|error| Fault::Permanent(format!("setting `{key}`: {error}")))
    }
}
