//! A FEEL context: named values in the order in which they were written.

use std::sync::Arc;

use crate::Value;

/// Up to here a look through the entries is faster than an index.
const SCANNED_MAX: usize = 12;

/// Ordered entries. A name occurs once.
#[derive(Debug, Clone, Default)]
pub struct Context {
    entries: Vec<(Arc<str>, Value)>,
    /// Positions ordered by name; empty while there are few.
    index: Vec<u32>,
}

impl Context {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|position| &self.entries[position].1)
    }

    /// Sets an entry; one of the same name keeps its place.
    ///
    /// # Panics
    /// Never: memory ends before there are more entries than the index can count.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: Value) {
        let name = name.into();
        if let Some(position) = self.position(&name) {
            self.entries[position].1 = value;
            return;
        }
        if self.entries.len() == SCANNED_MAX {
            self.index = (0..u32::try_from(SCANNED_MAX).expect("a small constant")).collect();
            self.index.sort_by(|&left, &right| self.entries[left as usize].0.cmp(&self.entries[right as usize].0));
        }
        if self.entries.len() >= SCANNED_MAX {
            let place = self.index.partition_point(|&at| self.entries[at as usize].0 < name);
            let position = u32::try_from(self.entries.len()).expect("memory ends before this many entries");
            self.index.insert(place, position);
        }
        self.entries.push((name, value));
    }

    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            return self.entries.iter().position(|(other, _)| **other == *name);
        }
        let found = self.index.binary_search_by(|&at| (*self.entries[at as usize].0).cmp(name)).ok()?;
        Some(self.index[found] as usize)
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, Value)> for Context {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(entries: I) -> Self {
        let mut context = Self::new();
        for (name, value) in entries {
            context.insert(name, value);
        }
        context
    }
}
