//! The names that an expression may use, so that `loan amount` and `a-b` are read as one name each.

use std::collections::BTreeMap;

use crate::Type;

/// Names in scope, with the names of their members where they are known.
#[derive(Debug, Clone, Default)]
pub struct Names {
    entries: BTreeMap<String, Names>,
    types: BTreeMap<String, Type>,
}

impl Names {
    #[must_use]
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let entries = names.into_iter().map(|name| (normal(&name.into()), Self::default())).collect();
        Self { entries, types: BTreeMap::new() }
    }

    /// A name of which no members are known.
    pub fn add(&mut self, name: impl Into<String>) -> &mut Self {
        self.entries.entry(normal(&name.into())).or_default();
        self
    }

    /// A name with members: those of a context, or of the contexts in a list.
    pub fn add_with_members(&mut self, name: impl Into<String>, members: Self) -> &mut Self {
        let entry = self.entries.entry(normal(&name.into())).or_default();
        for (name, members) in members.entries {
            entry.add_with_members(name, members);
        }
        self
    }

    /// A type by name, as an item definition gives it.
    pub fn add_type(&mut self, name: impl Into<String>, kind: Type) -> &mut Self {
        self.types.insert(normal(&name.into()), kind);
        self
    }

    pub(crate) fn type_named(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    pub(crate) fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Names)> {
        self.entries.iter().map(|(name, members)| (name.as_str(), members))
    }
}

/// Spaces at the ends do not count, and several are one.
pub(crate) fn normal(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
