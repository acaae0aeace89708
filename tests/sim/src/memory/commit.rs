//! The one write: every check against what is there, then everything at once.

use super::{Data, MemoryStore, Rows, read_set};
use crate::memory::data::JobRow;
use async_trait::async_trait;
use domain::event::Event;
use domain::job::{JobState, Work};
use domain::ticket::AccessList;
use domain::{CiRelation, Link, OrgId};
use std::collections::BTreeMap;
use store::{Changeset, CommitError, Commits, Committed, NewJob, Noun, Result, StoreError, StoredAnswer, Write};

/// A job's first fence is its ordinal, shifted: a later job with the same id never repeats the fence of an earlier one.
const FENCE_SHIFT: u32 = 20;

#[async_trait]
impl Commits for MemoryStore {
    async fn commit(&self, changeset: Changeset) -> Result<Committed, CommitError> {
        self.check_open()?;
        let committed = {
            let mut rows = self.database.rows();
            commit(&mut rows, &changeset)?
        };
        if !committed.events.is_empty() {
            self.database.news.notify_waiters();
        }
        Ok(committed)
    }

    async fn answer_get(&self, org: &OrgId, scope: &str, key: &str) -> Result<Option<StoredAnswer>> {
        self.look(org, |data| data.answers.get(&(scope.to_owned(), key.to_owned())).cloned())
    }

    async fn number_lease(&self, org: &OrgId, sequence: &str, count: u32) -> Result<i64> {
        self.change(org, |data| {
            let first = data.sequences.get(sequence).copied().unwrap_or(1);
            data.sequences.put(sequence.to_owned(), first + i64::from(count.max(1)));
            first
        })
    }

    async fn number_floor(&self, org: &OrgId, sequence: &str, floor: i64) -> Result<()> {
        self.change(org, |data| {
            let next = data.sequences.get(sequence).copied().unwrap_or(0).max(floor.max(0) + 1);
            data.sequences.put(sequence.to_owned(), next);
        })
    }
}

/// All or nothing.
pub(crate) fn commit(rows: &mut Rows, changeset: &Changeset) -> Result<Committed, CommitError> {
    let empty = Data::default();
    let data = rows.orgs.get(&changeset.org).unwrap_or(&empty);
    check(data, changeset)?;
    refuse(rows, changeset)?;
    Ok(write(rows, changeset, usize::MAX))
}

/// The first so many writes of a changeset that would be committed, and nothing else of it: a write that was torn.
pub(crate) fn tear(rows: &mut Rows, changeset: &Changeset, writes: usize) {
    write(rows, changeset, writes);
}

fn check(data: &Data, changeset: &Changeset) -> Result<(), CommitError> {
    if let Some((key, _)) = &changeset.answer
        && let Some(stored) = data.answers.get(&(key.scope.clone(), key.key.clone()))
    {
        return Err(CommitError::Answered(Box::new(stored.clone())));
    }
    if let Some(done) = &changeset.job_done {
        let job = data.jobs.get(done.id.as_str());
        if job.is_none_or(|job| job.lease.is_none() || job.fence != done.fence) {
            return Err(CommitError::Fenced(done.id.0.clone()));
        }
    }
    for expect in &changeset.expects {
        if data.version(expect.noun, &expect.id) != expect.version {
            return Err(CommitError::Conflict { what: format!("{} `{}`", noun_name(expect.noun), expect.id) });
        }
    }
    for read in &changeset.reads {
        if read_set::digest(data, &read.scope)? != read.digest {
            return Err(CommitError::Conflict { what: read_set::name(&read.scope) });
        }
    }
    check_unique(data, changeset)
}

fn check_unique(data: &Data, changeset: &Changeset) -> Result<(), CommitError> {
    let mut own: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for write in &changeset.writes {
        let (what, value, id, table) = match write {
            Write::Ticket(ticket) => ("ticket number", &ticket.number, ticket.id.as_str(), &data.ticket_numbers),
            Write::Record(record) => ("record number", &record.number, record.id.as_str(), &data.record_numbers),
            Write::Person(person) => ("login", &person.login, person.id.as_str(), &data.logins),
            _ => continue,
        };
        let owner = own.insert((what, value), id).or_else(|| table.get(value).map(String::as_str));
        if owner.is_some_and(|owner| owner != id) {
            return Err(CommitError::Taken { what: what.to_owned(), value: value.clone() });
        }
    }
    Ok(())
}

/// What only the database itself refuses.
fn refuse(rows: &Rows, changeset: &Changeset) -> Result<(), CommitError> {
    for write in &changeset.writes {
        let refused = match write {
            Write::Ticket(ticket) => rows.poisoned.contains(&ticket.title),
            Write::Definition(one) => rows.orgs.get(&changeset.org).is_some_and(|data| {
                data.definitions.get(&(one.definition_type, one.key.clone(), one.version)).is_some()
            }),
            _ => false,
        };
        if refused {
            return Err(CommitError::Store(StoreError::Database("the database refuses this row".into())));
        }
    }
    Ok(())
}

fn write(rows: &mut Rows, changeset: &Changeset, writes: usize) -> Committed {
    let ordinal = &mut rows.ordinal;
    let data = rows.orgs.entry(changeset.org.clone()).or_default();
    if let Some(done) = &changeset.job_done {
        data.jobs.remove(done.id.as_str());
    }
    for write in changeset.writes.iter().take(writes) {
        write_one(data, write);
    }
    if writes < changeset.writes.len() {
        return Committed { events: Vec::new() };
    }
    let events: Vec<Event> = changeset.events.iter().map(|draft| super::journal::append(data, draft)).collect();
    for job in &changeset.jobs {
        write_job(data, ordinal, job, &events);
    }
    if let Some((key, answer)) = &changeset.answer {
        let stored = StoredAnswer { fingerprint: key.fingerprint.clone(), answer: answer.clone(), at: changeset.at };
        data.answers.put((key.scope.clone(), key.key.clone()), stored);
    }
    Committed { events }
}

fn write_one(data: &mut Data, write: &Write) {
    match write {
        Write::Ticket(ticket) => data.put_ticket(ticket),
        Write::Comment(one) => drop(data.comments.put(one.id.0.clone(), one.clone())),
        Write::Attachment(one) => drop(data.attachments.put(one.id.0.clone(), one.clone())),
        Write::Link(link) => {
            let (from, to) = link_keys(link);
            data.links.put(from, link.clone());
            data.links_to.put(to, link.clone());
        }
        Write::Unlink(link) => {
            let (from, to) = link_keys(link);
            data.links.remove(&from);
            data.links_to.remove(&to);
        }
        Write::Watch { ticket, person } => drop(data.watchers.put((ticket.0.clone(), person.0.clone()), ())),
        Write::Unwatch { ticket, person } => drop(data.watchers.remove(&(ticket.0.clone(), person.0.clone()))),
        Write::Access { ticket, access } => {
            let access = AccessList { people: last_of_each(&access.people), groups: last_of_each(&access.groups) };
            data.access.put(ticket.0.clone(), access);
        }
        Write::Clock(clock) => {
            data.clocks.put((clock.ticket.0.clone(), clock.name.clone()), (**clock).clone());
        }
        Write::Record(record) => {
            if let Some(before) = data.records.put(record.id.0.clone(), (**record).clone()) {
                data.record_numbers.remove(&before.number);
            }
            data.record_numbers.put(record.number.clone(), record.id.0.clone());
        }
        Write::Ci(item) => drop(data.cis.put(item.id.0.clone(), (**item).clone())),
        Write::CiClass(class) => drop(data.ci_classes.put(class.id.clone(), class.clone())),
        Write::RelateCis(relation) => {
            data.relations.put(relation_key(relation), relation.clone());
            bump_relations(data, relation);
        }
        Write::UnrelateCis(relation) => {
            data.relations.remove(&relation_key(relation));
            bump_relations(data, relation);
        }
        Write::Person(person) => {
            if let Some(before) = data.people.put(person.id.0.clone(), (**person).clone()) {
                data.logins.remove(&before.login);
            }
            data.logins.put(person.login.clone(), person.id.0.clone());
        }
        Write::Password { person, phc: Some(phc) } => drop(data.passwords.put(person.0.clone(), phc.clone())),
        Write::Password { person, phc: None } => drop(data.passwords.remove(person.as_str())),
        Write::Group(group) => {
            let group = domain::Group { members: last_of_each(&group.members), ..group.clone() };
            data.groups.put(group.id.0.clone(), group);
        }
        Write::Space(space) => drop(data.spaces.put(space.id.0.clone(), space.clone())),
        Write::Roles { person, roles } => {
            data.roles.retain(|key, _| key.0 != person.0);
            for role in roles {
                let key = (person.0.clone(), role.space.0.clone(), role.role.as_str().to_owned());
                data.roles.put(key, domain::person::RoleAssignment { person: person.clone(), ..role.clone() });
            }
        }
        other => write_platform(data, other),
    }
}

/// Calendars, saved queries, plugins, flows, messages and jobs.
fn write_platform(data: &mut Data, write: &Write) {
    match write {
        Write::Calendar { key, definition, version } => {
            data.calendars.put(key.clone(), (definition.clone(), *version));
        }
        Write::SavedQuery { id, query, version } => {
            data.saved_queries.put(id.clone(), ((**query).clone(), *version));
        }
        Write::RemoveSavedQuery(id) => drop(data.saved_queries.remove(id)),
        Write::Plugin(plugin) => drop(data.plugins.put(plugin.id.0.clone(), (**plugin).clone())),
        Write::RemovePlugin(plugin) => drop(data.plugins.remove(plugin.as_str())),
        Write::Component { digest, wasm } => {
            if data.components.get(digest.as_str()).is_none() {
                data.components.put(digest.0.clone(), wasm.to_vec());
            }
        }
        Write::Definition(one) => {
            data.definitions.put((one.definition_type, one.key.clone(), one.version), (**one).clone());
        }
        Write::FlowInstance(one) => drop(data.instances.put(one.id.0.clone(), (**one).clone())),
        Write::Task(one) => drop(data.tasks.put(one.id.0.clone(), (**one).clone())),
        Write::Subscribe(one) => drop(data.subscriptions.put(one.id.clone(), one.clone())),
        Write::Unsubscribe { id } => drop(data.subscriptions.remove(id)),
        Write::BufferMessage(one) => drop(data.messages.put(one.id.clone(), one.clone())),
        Write::TakeMessage { id } => drop(data.messages.remove(id)),
        Write::Outbox { item, content } => {
            data.outbox.put(item.id.0.clone(), (**item).clone());
            match content {
                Some(content) => drop(data.outbox_contents.put(item.id.0.clone(), (**content).clone())),
                None if item.state.is_open() => {}
                None => drop(data.outbox_contents.remove(item.id.as_str())),
            }
        }
        Write::Notification(one) => drop(data.notifications.put(one.id.clone(), one.clone())),
        Write::NotificationRead { id, person } => {
            if data.notifications.get(id).is_some_and(|one| one.person == *person) {
                data.notifications.update(id, |one| one.read = true);
            }
        }
        Write::CancelJob { unique_key } => cancel_job(data, unique_key),
        _ => unreachable!("the other writes are about tickets, CIs and people"),
    }
}

fn write_job(data: &mut Data, ordinal: &mut i64, job: &NewJob, events: &[Event]) {
    if let Some(unique_key) = &job.unique_key {
        cancel_job(data, unique_key);
    }
    *ordinal += 1;
    let mut work = job.work.clone();
    if let (Work::React { seq, .. }, Some(event)) = (&mut work, job.event.and_then(|index| events.get(index))) {
        *seq = event.seq;
    }
    let row = JobRow {
        id: job.id.clone(),
        work: Some(work),
        order_key: job.order_key.clone(),
        order_at: job.order_at(),
        ordinal: *ordinal,
        unique_key: job.unique_key.clone(),
        due_at: job.due_at,
        state: JobState::Ready,
        attempts: 0,
        last_error: None,
        lease: None,
        fence: *ordinal << FENCE_SHIFT,
    };
    data.jobs.put(job.id.0.clone(), row);
}

fn cancel_job(data: &mut Data, unique_key: &str) {
    data.jobs.retain(|_, job| job.unique_key.as_deref() != Some(unique_key));
}

/// In order; one that is named twice is kept at its last place.
fn last_of_each<T: PartialEq + Clone>(items: &[T]) -> Vec<T> {
    let last = |place: usize| !items[place + 1..].contains(&items[place]);
    (0..items.len()).filter(|place| last(*place)).map(|place| items[place].clone()).collect()
}

type Three = (String, String, String);

fn link_keys(link: &Link) -> (Three, Three) {
    let (from, kind, to) = (&link.from.0, &link.link_type, &link.to.0);
    ((from.clone(), kind.clone(), to.clone()), (to.clone(), from.clone(), kind.clone()))
}

fn relation_key(relation: &CiRelation) -> Three {
    (relation.from.0.clone(), relation.relation_type.clone(), relation.to.0.clone())
}

fn bump_relations(data: &mut Data, relation: &CiRelation) {
    let mut ends = vec![&relation.from];
    if relation.to != relation.from {
        ends.push(&relation.to);
    }
    for id in ends {
        let version = data.relation_versions.get(id.as_str()).copied().unwrap_or(0);
        data.relation_versions.put(id.0.clone(), version + 1);
    }
}

fn noun_name(noun: Noun) -> &'static str {
    match noun {
        Noun::Ticket => "ticket",
        Noun::Record => "record",
        Noun::Ci => "CI",
        Noun::Person => "person",
        Noun::Group => "group",
        Noun::Space => "space",
        Noun::Calendar => "calendar",
        Noun::SavedQuery => "saved query",
        Noun::CiClass => "CI class",
        Noun::Plugin => "plugin",
        Noun::CiRelations => "relations of CI",
        Noun::Definition => "definition",
        Noun::FlowInstance => "flow instance",
        Noun::Task => "task",
        Noun::Outbox => "outbox item",
    }
}
