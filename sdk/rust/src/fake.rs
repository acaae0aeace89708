//! A host in memory, so that a plugin is tested without a server.

use crate::host::{CiSearch, Host, LogLevel, Search, TicketFilter};
use crate::{Ci, Clock, Direction, Fault, Instant, Issue, Object, Person, Record, Relation, Ticket, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// Answers what it was told, and keeps the log.
///
/// ```
/// use weft_sdk::prelude::*;
///
/// let host = FakeHost::new()
///     .with_ticket(Ticket::new("T1", "incident").assigned("network", Some("ana")))
///     .with_members("network", &["ana", "bo"])
///     .with_setting("explain", true);
/// assert_eq!(host.ticket_count(&TicketFilter::new().assignee("ana").open()), Ok(1));
/// assert_eq!(host.members("network").unwrap().len(), 2);
///
/// let refusing = host.denying("tickets");
/// assert!(matches!(refusing.ticket("T1"), Err(Fault::Denied(_))));
/// ```
#[derive(Debug, Default)]
pub struct FakeHost {
    tickets: BTreeMap<String, Ticket>,
    /// States in which no work is left, by default `resolved`, `closed`, `cancelled`.
    done_states: BTreeSet<String>,
    links: Vec<(String, String)>,
    clocks: BTreeMap<String, Vec<Clock>>,
    cis: BTreeMap<String, Ci>,
    ci_parents: BTreeMap<String, String>,
    ci_attributes: BTreeMap<String, BTreeSet<String>>,
    relations: Vec<(String, String, String)>,
    records: BTreeMap<String, Record>,
    people: BTreeMap<String, Person>,
    groups: BTreeMap<String, BTreeSet<String>>,
    calendars: BTreeMap<String, FakeCalendar>,
    settings: BTreeMap<String, Value>,
    denied: BTreeSet<String>,
    log: RefCell<Vec<(LogLevel, String)>>,
}

/// A file of `kinds/`, as tests ask about it.
///
/// ```
/// use weft_sdk::fake::KindFile;
///
/// let kind = KindFile::read("[[state]]\nid = \"new\"\n[[transition]]\nfrom = [\"new\"]\nto = \"closed\"\n");
/// assert_eq!((kind.states(), kind.legal("new")), (vec!["new"], vec!["closed"]));
/// ```
#[derive(Debug)]
pub struct KindFile(Value);

impl KindFile {
    /// # Panics
    /// If the text is not TOML.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(toml::from_str(text).expect("a kind is TOML"))
    }

    /// Ids, in their order.
    #[must_use]
    pub fn states(&self) -> Vec<&str> {
        self.0["state"].as_array().into_iter().flatten().filter_map(|state| state["id"].as_str()).collect()
    }

    /// The states that a state leads to, in the order of the file.
    #[must_use]
    pub fn legal(&self, from: &str) -> Vec<&str> {
        let leaves = |rule: &&Value| rule["from"].as_array().is_some_and(|states| states.iter().any(|one| one == from));
        let rules = self.0["transition"].as_array().into_iter().flatten().filter(leaves);
        rules.filter_map(|rule| rule["to"].as_str()).collect()
    }

    /// What must be filled in to come into a state, by the first transition that leads there.
    #[must_use]
    pub fn required(&self, to: &str) -> Vec<&str> {
        let rule = self.0["transition"].as_array().into_iter().flatten().find(|rule| rule["to"] == to);
        rule.and_then(|rule| rule["required"].as_array()).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// A calendar that is open when a function of the instant says so, decided minute by minute.
pub struct FakeCalendar(Box<dyn Fn(Instant) -> bool>);

impl FakeCalendar {
    /// ```
    /// use weft_sdk::fake::{FakeCalendar, FakeHost};
    /// use weft_sdk::Host;
    ///
    /// let office = FakeCalendar::new(|at| at.weekday() < 5 && (9 * 3600..17 * 3600).contains(&at.second_of_day()));
    /// let host = FakeHost::new().with_calendar("office", office);
    /// let friday = "2026-11-20T16:00:00Z".parse().unwrap();
    /// let due = host.calendar_add("office", friday, 2 * 3600, None).unwrap();
    /// assert_eq!(due.to_string(), "2026-11-23T10:00:00Z");
    /// ```
    #[must_use]
    pub fn new(is_open: impl Fn(Instant) -> bool + 'static) -> Self {
        Self(Box::new(is_open))
    }
}

impl fmt::Debug for FakeCalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeCalendar")
    }
}

/// A calendar that is never open ends after this many minutes: two years.
const MINUTES_MAX: u32 = 2 * 366 * 1440;

impl FakeHost {
    #[must_use]
    pub fn new() -> Self {
        let done_states = ["resolved", "closed", "cancelled"].map(str::to_owned).into();
        Self { done_states, ..Self::default() }
    }

    /// A host whose settings have the defaults of a manifest.
    ///
    /// ```
    /// use weft_sdk::{Host, fake::FakeHost};
    ///
    /// let host = FakeHost::of_manifest("[[setting]]\nkey = \"explain\"\ndefault = false\n");
    /// assert_eq!(host.setting::<bool>("explain"), Ok(false));
    /// ```
    ///
    /// # Panics
    /// If the text is not TOML or a setting has no key.
    #[must_use]
    pub fn of_manifest(manifest: &str) -> Self {
        let manifest: Value = toml::from_str(manifest).expect("plugin.toml is TOML");
        let settings = manifest["setting"].as_array().into_iter().flatten().map(|setting| {
            let key = setting["key"].as_str().expect("a setting has a key");
            // TOML has no null: a setting without a default is one that may stay unset, which the host checks at install.
            (key.to_owned(), setting.get("default").cloned().unwrap_or_default())
        });
        Self { settings: settings.collect(), ..Self::new() }
    }

    #[must_use]
    pub fn with_ticket(mut self, ticket: Ticket) -> Self {
        self.tickets.insert(ticket.id.clone(), ticket);
        self
    }

    /// States that count as done besides `resolved`, `closed` and `cancelled`.
    #[must_use]
    pub fn with_done_state(mut self, state: &str) -> Self {
        self.done_states.insert(state.to_owned());
        self
    }

    #[must_use]
    pub fn with_link(mut self, from: &str, to: &str) -> Self {
        self.links.push((from.to_owned(), to.to_owned()));
        self
    }

    #[must_use]
    pub fn with_clock(mut self, ticket: &str, clock: Clock) -> Self {
        self.clocks.entry(ticket.to_owned()).or_default().push(clock);
        self
    }

    #[must_use]
    pub fn with_ci(mut self, ci: Ci) -> Self {
        self.cis.insert(ci.id.clone(), ci);
        self
    }

    /// A class below another; every other name is a class without a parent.
    #[must_use]
    pub fn with_ci_class(mut self, class: &str, parent: &str) -> Self {
        self.ci_parents.insert(class.to_owned(), parent.to_owned());
        self
    }

    /// A class that has these attributes and no others; every other class has all.
    #[must_use]
    pub fn with_ci_attributes(mut self, class: &str, attributes: &[&str]) -> Self {
        self.ci_attributes.insert(class.to_owned(), attributes.iter().map(|&name| name.to_owned()).collect());
        self
    }

    /// Which of the two needs the other is said by the kind of the relation, as in the host.
    #[must_use]
    pub fn with_relation(mut self, from: &str, kind: &str, to: &str) -> Self {
        self.relations.push((from.to_owned(), kind.to_owned(), to.to_owned()));
        self
    }

    #[must_use]
    pub fn without_relation(mut self, from: &str, kind: &str, to: &str) -> Self {
        self.relations.retain(|one| (one.0.as_str(), one.1.as_str(), one.2.as_str()) != (from, kind, to));
        self
    }

    #[must_use]
    pub fn with_record(mut self, record: Record) -> Self {
        self.records.insert(record.id.clone(), record);
        self
    }

    #[must_use]
    pub fn with_person(mut self, person: Person) -> Self {
        self.people.insert(person.id.clone(), person);
        self
    }

    /// A group of people; those who are not there yet are made.
    #[must_use]
    pub fn with_members(mut self, group: &str, people: &[&str]) -> Self {
        for &person in people {
            self.people.entry(person.to_owned()).or_insert_with(|| Person::new(person));
            self.groups.entry(group.to_owned()).or_default().insert(person.to_owned());
        }
        self
    }

    /// A calendar by name; every other name is open day and night.
    #[must_use]
    pub fn with_calendar(mut self, name: &str, calendar: FakeCalendar) -> Self {
        self.calendars.insert(name.to_owned(), calendar);
        self
    }

    #[must_use]
    pub fn with_setting(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }

    /// Refuse one interface: `tickets`, `clocks`, `cis`, `records`, `people` or `calendars`.
    #[must_use]
    pub fn denying(mut self, interface: &str) -> Self {
        self.denied.insert(interface.to_owned());
        self
    }

    /// What the plugin wrote to its log.
    #[must_use]
    pub fn logged(&self) -> Vec<(LogLevel, String)> {
        self.log.borrow().clone()
    }

    fn allow(&self, interface: &str) -> Result<(), Fault> {
        if self.denied.contains(interface) {
            return Err(Fault::Denied(format!("`{interface}` was not granted")));
        }
        Ok(())
    }

    fn line(&self, class: &str) -> Vec<String> {
        let mut line = vec![class.to_owned()];
        while let Some(parent) = line.last().and_then(|last| self.ci_parents.get(last)).filter(|it| !line.contains(it))
        {
            line.push(parent.clone());
        }
        line
    }

    fn is_open(&self, calendar: &str, at: Instant) -> bool {
        self.calendars.get(calendar).is_none_or(|FakeCalendar(is_open)| is_open(at))
    }

    fn matches(&self, filter: &TicketFilter, ticket: &Ticket) -> bool {
        let is = |wanted: &Option<String>, value: Option<&str>| wanted.is_none() || wanted.as_deref() == value;
        let linked = |other: &String| {
            let pair = |a: &String, b: &String| (a == other && *b == ticket.id) || (b == other && *a == ticket.id);
            self.links.iter().any(|(from, to)| pair(from, to))
        };
        is(&filter.kind, Some(&ticket.kind))
            && is(&filter.group, ticket.group.as_deref())
            && is(&filter.assignee, ticket.assignee.as_deref())
            && is(&filter.requester, ticket.requester.as_deref())
            && is(&filter.parent, ticket.parent.as_deref())
            && (!filter.open_only || !self.done_states.contains(&ticket.state))
            && filter.linked_to.as_ref().is_none_or(linked)
    }

    fn found(&self, filter: &TicketFilter) -> Result<Vec<Ticket>, Fault> {
        self.allow("tickets")?;
        if *filter == TicketFilter::new() {
            return Err(Fault::Permanent("an empty filter is refused".to_owned()));
        }
        let mut found: Vec<_> = self.tickets.values().filter(|ticket| self.matches(filter, ticket)).cloned().collect();
        found.sort_by(|a, b| (b.opened_at, &b.id).cmp(&(a.opened_at, &a.id)));
        Ok(found)
    }

    /// What a search finds when nothing limits it, newest first.
    fn all(&self, search: &Search) -> Result<Vec<Ticket>, Fault> {
        let mut found =
            self.found(&TicketFilter { open_only: search.open_only, ..TicketFilter::new().kind(&search.kind) })?;
        found.retain(|ticket| {
            (search.states.is_empty() || search.states.contains(&ticket.state))
                && search.fields.iter().all(|(name, value)| ticket.field(name) == value)
        });
        Ok(found)
    }
}

impl Host for FakeHost {
    fn ticket(&self, id: &str) -> Result<Option<Ticket>, Fault> {
        self.allow("tickets")?;
        Ok(self.tickets.get(id).cloned())
    }

    fn tickets(&self, filter: &TicketFilter, limit: u32) -> Result<Vec<Ticket>, Fault> {
        let mut found = self.found(filter)?;
        found.truncate(limit.min(200) as usize);
        Ok(found)
    }

    fn ticket_count(&self, filter: &TicketFilter) -> Result<u32, Fault> {
        Ok(self.found(filter)?.len() as u32)
    }

    fn find(&self, search: &Search, limit: u32) -> Result<Vec<Ticket>, Fault> {
        let mut found = self.all(search)?;
        found.truncate(limit.min(200) as usize);
        Ok(found)
    }

    fn find_count(&self, search: &Search) -> Result<u32, Fault> {
        Ok(u32::try_from(self.all(search)?.len()).unwrap_or(u32::MAX))
    }

    fn clocks(&self, ticket: &str) -> Result<Vec<Clock>, Fault> {
        self.allow("clocks")?;
        Ok(self.clocks.get(ticket).cloned().unwrap_or_default())
    }

    fn ci(&self, id: &str) -> Result<Option<Ci>, Fault> {
        self.allow("cis")?;
        Ok(self.cis.get(id).cloned())
    }

    fn find_cis(&self, search: &CiSearch, limit: u32) -> Result<Vec<Ci>, Fault> {
        self.allow("cis")?;
        let fits = |ci: &&Ci| {
            search.class.as_ref().is_none_or(|class| self.line(&ci.class).contains(class))
                && search.space.as_ref().is_none_or(|space| ci.space == *space)
                && search.name.as_ref().is_none_or(|name| ci.name == *name)
                && search.after.as_ref().is_none_or(|after| ci.id > *after)
                && !ci.attributes.contains_key("_retired")
                && search.attributes.iter().all(|(name, value)| ci.attributes.get(name) == Some(value))
        };
        Ok(self.cis.values().filter(fits).take(limit.min(200) as usize).cloned().collect())
    }

    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault> {
        self.allow("cis")?;
        Ok(self.line(class))
    }

    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Issue>, Fault> {
        self.allow("cis")?;
        let wrong = |(name, value): (&String, &Value)| {
            let known = self.ci_attributes.get(class)?;
            let message = format!("`{class}` has no attribute `{name}`");
            (!known.contains(name) && !value.is_null())
                .then(|| Issue::new(format!("/attributes/{name}"), "invalid-value", message))
        };
        Ok(attributes.iter().filter_map(wrong).collect())
    }

    fn related(&self, ci: &str) -> Result<Vec<Relation>, Fault> {
        self.allow("cis")?;
        let seen = |(from, kind, to): &(String, String, String)| {
            if from == ci {
                Some(Relation::seen_from(true, kind, to))
            } else {
                (to == ci).then(|| Relation::seen_from(false, kind, from))
            }
        };
        Ok(self.relations.iter().filter_map(seen).collect())
    }

    fn impact(&self, ci: &str, direction: Direction) -> Result<Vec<Ci>, Fault> {
        let (mut reached, mut queue) = (Vec::new(), VecDeque::from([ci.to_owned()]));
        let mut seen = BTreeSet::from([ci.to_owned()]);
        while let Some(next) = queue.pop_front() {
            for relation in self.related(&next)?.into_iter().filter(|relation| relation.direction == direction) {
                if seen.insert(relation.other.clone()) {
                    reached.extend(self.cis.get(&relation.other).cloned());
                    queue.push_back(relation.other);
                }
            }
        }
        reached.truncate(1000);
        Ok(reached)
    }

    fn record(&self, id: &str) -> Result<Option<Record>, Fault> {
        self.allow("records")?;
        Ok(self.records.get(id).cloned())
    }

    fn records(&self, kind: &str, state: Option<&str>) -> Result<Vec<Record>, Fault> {
        self.allow("records")?;
        let wanted = |record: &&Record| record.kind == kind && state.is_none_or(|state| record.state == state);
        let mut found: Vec<_> = self.records.values().filter(wanted).cloned().collect();
        found.sort_by(|a, b| a.number.cmp(&b.number));
        found.truncate(500);
        Ok(found)
    }

    fn person(&self, id: &str) -> Result<Option<Person>, Fault> {
        self.allow("people")?;
        Ok(self.people.get(id).cloned())
    }

    fn manager(&self, person: &str) -> Result<Option<Person>, Fault> {
        let manager = self.person(person)?.and_then(|person| person.manager);
        manager.map_or(Ok(None), |manager| self.person(&manager))
    }

    fn members(&self, group: &str) -> Result<Vec<Person>, Fault> {
        self.allow("people")?;
        let members = self.groups.get(group).into_iter().flatten().filter_map(|id| self.people.get(id));
        Ok(members.filter(|person| person.active).cloned().collect())
    }

    fn is_member(&self, person: &str, group: &str) -> Result<bool, Fault> {
        self.allow("people")?;
        Ok(self.groups.get(group).is_some_and(|members| members.contains(person)))
    }

    fn calendar_add(
        &self,
        calendar: &str,
        start: Instant,
        seconds: u32,
        _zone: Option<&str>,
    ) -> Result<Instant, Fault> {
        self.allow("calendars")?;
        if !self.calendars.contains_key(calendar) {
            return Ok(start.plus_seconds(seconds.into()));
        }
        let (mut at, mut left) = (start, seconds);
        for _ in 0..MINUTES_MAX {
            if self.is_open(calendar, at) {
                if left <= 60 {
                    return Ok(at.plus_seconds(left.into()));
                }
                left -= 60;
            }
            at = at.plus_minutes(1);
        }
        Err(Fault::Permanent(format!("calendar `{calendar}` is not open for {seconds} s in two years")))
    }

    fn calendar_between(
        &self,
        calendar: &str,
        start: Instant,
        end: Instant,
        _zone: Option<&str>,
    ) -> Result<u32, Fault> {
        self.allow("calendars")?;
        let total = u32::try_from(end.seconds_since(start)).unwrap_or(0);
        let minute = |from: u32| {
            if self.is_open(calendar, start.plus_seconds(from.into())) { (total - from).min(60) } else { 0 }
        };
        Ok((0..total).step_by(60).map(minute).sum())
    }

    fn calendar_is_open(&self, calendar: &str, at: Instant, _zone: Option<&str>) -> Result<bool, Fault> {
        self.allow("calendars")?;
        Ok(self.is_open(calendar, at))
    }

    fn setting_text(&self, key: &str) -> Option<String> {
        self.settings.get(key).map(Value::to_string)
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
}
