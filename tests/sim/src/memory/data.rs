//! The rows of one organisation. Cloning is a snapshot: what the disk held at one moment.

use super::table::Table;
use domain::flow::{BufferedMessage, Definition, DefinitionType, InstanceStatus, Subscription};
use domain::job::{JobState, Work};
use domain::outbox::{Content, OutboxItem};
use domain::person::RoleAssignment;
use domain::ticket::{AccessList, TicketBundle};
use domain::{
    Attachment, Ci, CiClass, CiRelation, Clock, Comment, Event, FlowInstance, Group, Job, JobId, Link, Person, Record,
    Space, Task, Ticket, TicketId,
};
use jiff::Timestamp;
use store::{InstalledPlugin, Node, Notification, Noun, Session, StoredAnswer};

type Three = (String, String, String);

#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    pub(crate) tickets: Table<String, Ticket>,
    /// Id by number; the same for records, and by login for people.
    pub(crate) ticket_numbers: Table<String, String>,
    pub(crate) comments: Table<String, Comment>,
    pub(crate) attachments: Table<String, Attachment>,
    /// From, type, to.
    pub(crate) links: Table<Three, Link>,
    /// To, from, type.
    pub(crate) links_to: Table<Three, Link>,
    /// Ticket, person.
    pub(crate) watchers: Table<(String, String), ()>,
    pub(crate) access: Table<String, AccessList>,
    /// Ticket, name.
    pub(crate) clocks: Table<(String, String), Clock>,
    pub(crate) records: Table<String, Record>,
    pub(crate) record_numbers: Table<String, String>,
    pub(crate) cis: Table<String, Ci>,
    pub(crate) ci_classes: Table<String, CiClass>,
    pub(crate) relations: Table<Three, CiRelation>,
    pub(crate) relation_versions: Table<String, u32>,
    pub(crate) people: Table<String, Person>,
    pub(crate) logins: Table<String, String>,
    pub(crate) passwords: Table<String, String>,
    pub(crate) groups: Table<String, Group>,
    pub(crate) spaces: Table<String, Space>,
    /// Person, space, role.
    pub(crate) roles: Table<Three, RoleAssignment>,
    pub(crate) calendars: Table<String, (serde_json::Value, u32)>,
    pub(crate) saved_queries: Table<String, (domain::report::SavedQuery, u32)>,
    pub(crate) plugins: Table<String, InstalledPlugin>,
    pub(crate) components: Table<String, Vec<u8>>,
    pub(crate) notifications: Table<String, Notification>,
    pub(crate) events: Table<i64, Event>,
    /// Place in the journal by subject kind, subject and place in its chain.
    pub(crate) chains: Table<(String, String, i64), i64>,
    pub(crate) head: i64,
    /// Scope, key.
    pub(crate) answers: Table<(String, String), StoredAnswer>,
    pub(crate) jobs: Table<String, JobRow>,
    pub(crate) definitions: Table<(DefinitionType, String, u32), Definition>,
    pub(crate) instances: Table<String, FlowInstance>,
    pub(crate) tasks: Table<String, Task>,
    pub(crate) subscriptions: Table<String, Subscription>,
    pub(crate) messages: Table<String, BufferedMessage>,
    pub(crate) outbox: Table<String, OutboxItem>,
    pub(crate) outbox_contents: Table<String, Content>,
    pub(crate) blobs: Table<String, Vec<u8>>,
    pub(crate) sessions: Table<String, Session>,
    pub(crate) nodes: Table<String, Node>,
    pub(crate) sequences: Table<String, i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) id: JobId,
    /// Absent when somebody wrote what nobody can read.
    pub(crate) work: Option<Work>,
    pub(crate) order_key: String,
    pub(crate) order_at: Timestamp,
    pub(crate) ordinal: i64,
    pub(crate) unique_key: Option<String>,
    pub(crate) due_at: Timestamp,
    pub(crate) state: JobState,
    pub(crate) attempts: u32,
    pub(crate) last_error: Option<String>,
    pub(crate) lease: Option<(String, Timestamp)>,
    pub(crate) fence: i64,
}

impl JobRow {
    pub(crate) fn decode(&self) -> Option<Job> {
        Some(Job {
            id: self.id.clone(),
            work: self.work.clone()?,
            order_key: self.order_key.clone(),
            due_at: self.due_at,
            attempts: self.attempts,
            state: self.state,
            last_error: self.last_error.clone(),
        })
    }

    /// Its place among the jobs with its order key.
    pub(crate) fn place(&self) -> (Timestamp, i64) {
        (self.order_at, self.ordinal)
    }
}

impl Data {
    /// 0 for a row that is not there.
    pub(crate) fn version(&self, noun: Noun, id: &str) -> u32 {
        let version = match noun {
            Noun::Ticket => self.tickets.get(id).map(|row| row.version),
            Noun::Record => self.records.get(id).map(|row| row.version),
            Noun::Ci => self.cis.get(id).map(|row| row.version),
            Noun::Person => self.people.get(id).map(|row| row.version),
            Noun::Group => self.groups.get(id).map(|row| row.version),
            Noun::Space => self.spaces.get(id).map(|row| row.version),
            Noun::Calendar => self.calendars.get(id).map(|row| row.1),
            Noun::SavedQuery => self.saved_queries.get(id).map(|row| row.1),
            Noun::CiClass => self.ci_classes.get(id).map(|row| row.version),
            Noun::Plugin => self.plugins.get(id).map(|row| row.row_version),
            Noun::FlowInstance => self.instances.get(id).map(|row| row.version),
            Noun::Outbox => self.outbox.get(id).map(|row| row.version),
            Noun::Task => self.tasks.get(id).map(|row| row.version),
            Noun::CiRelations => self.relation_versions.get(id).copied(),
            Noun::Definition => self.newest_definition(id),
        };
        version.unwrap_or(0)
    }

    /// By `type/key`.
    fn newest_definition(&self, id: &str) -> Option<u32> {
        let (definition_type, key) = id.split_once('/')?;
        let mut rows = self.definitions.rows();
        let fits = |row: &&Definition| super::word(&row.definition_type) == definition_type && row.key == key;
        rows.by_ref().filter(fits).map(|row| row.version).max()
    }

    pub(crate) fn ticket_id<'a>(&'a self, id_or_number: &'a str) -> Option<&'a str> {
        if self.tickets.get(id_or_number).is_some() {
            return Some(id_or_number);
        }
        self.ticket_numbers.get(id_or_number).map(String::as_str)
    }

    pub(crate) fn bundle(&self, ticket: &Ticket) -> TicketBundle {
        let id = ticket.id.as_str();
        let two = |from: &str| (from.to_owned(), String::new());
        let three = |from: &str| (from.to_owned(), String::new(), String::new());
        let clocks = self.clocks.range(two(id)..).take_while(|(key, _)| key.0 == id);
        let watchers = self.watchers.range(two(id)..).take_while(|(key, _)| key.0 == id);
        let from = self.links.range(three(id)..).take_while(|(key, _)| key.0 == id);
        let to = self.links_to.range(three(id)..).take_while(|(key, _)| key.0 == id);
        let mut links: Vec<Link> = from.chain(to).map(|(_, link)| (**link).clone()).collect();
        links.sort();
        links.dedup();
        let runs =
            |flow: &&FlowInstance| flow.status == InstanceStatus::Running && flow.ticket.as_ref() == Some(&ticket.id);
        TicketBundle {
            ticket: ticket.clone(),
            clocks: clocks.map(|(_, clock)| (**clock).clone()).collect(),
            watchers: watchers.map(|(key, _)| key.1.as_str().into()).collect(),
            access: self.access.get(id).cloned().unwrap_or_default(),
            links,
            flows: self.instances.rows().filter(runs).map(|flow| flow.id.clone()).collect(),
        }
    }

    pub(crate) fn put_ticket(&mut self, ticket: &Ticket) {
        if let Some(before) = self.tickets.put(ticket.id.0.clone(), ticket.clone()) {
            self.ticket_numbers.remove(&before.number);
        }
        self.ticket_numbers.put(ticket.number.clone(), ticket.id.0.clone());
    }

    pub(crate) fn members(&self, group: &str) -> Vec<&Person> {
        let members = self.groups.get(group).map(|group| group.members.as_slice()).unwrap_or_default();
        let mut people: Vec<&Person> =
            members.iter().filter_map(|id| self.people.get(id.as_str())).filter(|person| person.active).collect();
        people.sort_by(|left, right| left.id.cmp(&right.id));
        people
    }

    pub(crate) fn of_ticket<'a, T>(
        rows: impl Iterator<Item = &'a T>,
        ticket: &TicketId,
        of: impl Fn(&T) -> &TicketId,
        place: impl Fn(&T) -> (Timestamp, String),
    ) -> Vec<T>
    where
        T: Clone + 'a,
    {
        let mut found: Vec<T> = rows.filter(|row| of(row) == ticket).cloned().collect();
        found.sort_by_key(place);
        found
    }
}
