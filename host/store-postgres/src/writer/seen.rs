//! What the checks of a batch look at: read once for the whole batch, then kept up to date by its own writes.

use std::collections::HashMap;
use store::{Noun, StoredAnswer};

#[derive(Debug, Clone, Default)]
pub(crate) struct SeenRow {
    pub(crate) version: i64,
    /// Login or number.
    pub(crate) unique: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// By organisation, noun and id; an absent row has no entry.
    rows: HashMap<(String, Noun, String), SeenRow>,
    /// Owner by organisation, noun and unique value.
    owners: HashMap<(String, Noun, String), String>,
    pub(crate) answers: HashMap<(String, String, String), StoredAnswer>,
    /// Fence of claimed jobs, and their unique key.
    jobs: HashMap<(String, String), (i64, Option<String>)>,
    jobs_by_unique: HashMap<(String, String), String>,
}

impl Seen {
    pub(crate) fn row(&self, org: &str, noun: Noun, id: &str) -> Option<&SeenRow> {
        self.rows.get(&(org.to_owned(), noun, id.to_owned()))
    }

    pub(crate) fn version(&self, org: &str, noun: Noun, id: &str) -> i64 {
        self.row(org, noun, id).map_or(0, |row| row.version)
    }

    pub(crate) fn put(&mut self, org: &str, noun: Noun, id: &str, row: SeenRow) {
        let key = (org.to_owned(), noun, id.to_owned());
        let unique = row.unique.clone();
        let before = self.rows.insert(key, row).and_then(|row| row.unique);
        if before != unique {
            if let Some(value) = before {
                self.owners.remove(&(org.to_owned(), noun, value));
            }
            if let Some(value) = unique {
                self.own(org, noun, value, id);
            }
        }
    }

    pub(crate) fn remove(&mut self, org: &str, noun: Noun, id: &str) {
        self.rows.remove(&(org.to_owned(), noun, id.to_owned()));
    }

    pub(crate) fn own(&mut self, org: &str, noun: Noun, value: String, id: &str) {
        self.owners.insert((org.to_owned(), noun, value), id.to_owned());
    }

    pub(crate) fn owner(&self, org: &str, noun: Noun, value: &str) -> Option<&str> {
        self.owners.get(&(org.to_owned(), noun, value.to_owned())).map(String::as_str)
    }

    pub(crate) fn claim(&mut self, org: String, id: String, fence: i64, unique_key: Option<String>) {
        if let Some(unique_key) = &unique_key {
            self.jobs_by_unique.insert((org.clone(), unique_key.clone()), id.clone());
        }
        self.jobs.insert((org, id), (fence, unique_key));
    }

    pub(crate) fn fence(&self, org: &str, id: &str) -> Option<i64> {
        self.jobs.get(&(org.to_owned(), id.to_owned())).map(|(fence, _)| *fence)
    }

    pub(crate) fn remove_job(&mut self, org: &str, id: &str) {
        self.jobs.remove(&(org.to_owned(), id.to_owned()));
    }

    pub(crate) fn remove_unique_job(&mut self, org: &str, unique_key: &str) {
        if let Some(id) = self.jobs_by_unique.remove(&(org.to_owned(), unique_key.to_owned())) {
            self.remove_job(org, &id);
        }
    }
}
