//! Where each incident stands while the log is read. The log is usually grouped by incident; a file in any other order, for
//! example by time, works the same, because every incident is remembered until the end.

use super::name::{ImportedGroup, ImportedPerson, group_id, person_id};
use super::plan::{ImportedState, Target, plan};
use super::row::Row;
use domain::{Effect, GroupId, PersonId, Role};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Incidents of one file: about one kilobyte of memory each.
pub const INCIDENTS_MAX: usize = 500_000;
/// Rows of one file: sixteen bytes of memory each.
pub const ROWS_MAX: usize = 20_000_000;

/// What a row is, seen after the rows before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// To be sent as one command; never empty. The people and groups come first: they are new in the file.
    Apply { effects: Vec<Effect>, people: Vec<ImportedPerson>, groups: Vec<ImportedGroup> },
    /// The row says nothing that is not known: there is nothing to send.
    Unchanged,
    /// The very same row came before.
    Duplicate,
    /// More than [`INCIDENTS_MAX`] incidents or [`ROWS_MAX`] rows: split the file.
    TooMany,
}

/// Every incident of the file so far.
#[derive(Debug)]
pub struct Tracker {
    target: Target,
    incidents: HashMap<String, ImportedState>,
    /// Hashes of the rows seen, which are over their numbers too.
    rows: HashSet<u64>,
    people: BTreeMap<PersonId, (String, Role)>,
    groups: BTreeMap<GroupId, (String, BTreeSet<PersonId>)>,
}

impl Tracker {
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            incidents: HashMap::new(),
            rows: HashSet::new(),
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Takes the next row of the file.
    pub fn step(&mut self, row: &Row) -> Step {
        let hash = row_hash(row);
        if self.rows.contains(&hash) {
            return Step::Duplicate;
        }
        let known = self.incidents.get(&row.number);
        if (known.is_none() && self.incidents.len() >= INCIDENTS_MAX) || self.rows.len() >= ROWS_MAX {
            return Step::TooMany;
        }
        let effects = plan(&self.target, known, row);
        self.rows.insert(hash);
        self.incidents.insert(row.number.clone(), ImportedState::of(row));
        let (people, groups) = self.meet(row);
        if effects.is_empty() { Step::Unchanged } else { Step::Apply { effects, people, groups } }
    }

    /// The people and groups that are new with this row, or have become more.
    fn meet(&mut self, row: &Row) -> (Vec<ImportedPerson>, Vec<ImportedGroup>) {
        let mut people = Vec::new();
        for (name, role) in [(&row.caller, Role::Requester), (&row.assignee, Role::Agent)] {
            let Some(name) = name else { continue };
            let id = person_id(name);
            let known = self.people.get(&id).map(|(_, role)| *role);
            if known.is_none() || (known == Some(Role::Requester) && role == Role::Agent) {
                let (name, held) = self.people.entry(id.clone()).or_insert_with(|| (name.clone(), role));
                *held = role;
                people.push(imported_person(&id, name, role));
            }
        }
        let mut groups = Vec::new();
        if let Some(title) = &row.group {
            let id = group_id(title);
            let is_new = !self.groups.contains_key(&id);
            let (title, members) = self.groups.entry(id.clone()).or_insert_with(|| (title.clone(), BTreeSet::new()));
            let grew = row.assignee.as_deref().is_some_and(|assignee| members.insert(person_id(assignee)));
            if is_new || grew {
                let members = members.iter().cloned().collect();
                groups.push(ImportedGroup { id, title: title.clone(), members });
            }
        }
        (people, groups)
    }

    /// Everybody that the rows so far name as requester or assignee, by id.
    #[must_use]
    pub fn people(&self) -> Vec<ImportedPerson> {
        self.people.iter().map(|(id, (name, role))| imported_person(id, name, *role)).collect()
    }

    /// Every group of the rows so far, with those who worked in it, by id.
    #[must_use]
    pub fn groups(&self) -> Vec<ImportedGroup> {
        let group = |(id, (title, members)): (&GroupId, &(String, BTreeSet<PersonId>))| ImportedGroup {
            id: id.clone(),
            title: title.clone(),
            members: members.iter().cloned().collect(),
        };
        self.groups.iter().map(group).collect()
    }

    /// Where each incident must stand when all its rows are imported: number and state, in no order.
    pub fn finals(&self) -> impl Iterator<Item = (&str, &ImportedState)> {
        self.incidents.iter().map(|(number, state)| (number.as_str(), state))
    }
}

fn imported_person(id: &PersonId, name: &str, role: Role) -> ImportedPerson {
    ImportedPerson { id: id.clone(), login: id.0.clone(), name: name.to_owned(), role }
}

/// The key ends with the hash of the row, 16 hexadecimal digits.
fn row_hash(row: &Row) -> u64 {
    row.key.rsplit(':').next().and_then(|hash| u64::from_str_radix(hash, 16).ok()).unwrap_or_default()
}
