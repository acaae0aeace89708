//! A configuration item as an effect writes it.

use super::object;
use crate::{Object, Value};
use serde_json::json;

/// A CI to create or to change.
#[derive(Debug, Clone, PartialEq)]
pub struct UpsertCi(pub(super) Object);

impl UpsertCi {
    /// Creates one, unless [`UpsertCi::ci`] names it.
    #[must_use]
    pub fn new(name: &str, class: &str, space: &str) -> Self {
        Self(object(json!({"name": name, "class": class, "space": space, "attributes": {}})))
    }

    #[must_use]
    pub fn ci(mut self, id: &str) -> Self {
        self.0.insert("ci".to_owned(), id.into());
        self
    }

    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["attributes"][name] = value.into();
        self
    }

    /// What relations of later effects of the list call a new item: `@` and the handle.
    #[must_use]
    pub fn handle(mut self, handle: &str) -> Self {
        self.0.insert("handle".to_owned(), handle.into());
        self
    }

    /// It is not in use any more: lists and searches leave it out, and its history stays. `into` takes its place.
    #[must_use]
    pub fn retire(mut self, why: &str, into: Option<&str>) -> Self {
        let mut retire = object(json!({"why": why}));
        retire.extend(into.map(|into| ("into".to_owned(), into.into())));
        self.0.insert("retire".to_owned(), Value::Object(retire));
        self
    }

    /// A retired item is in use again.
    #[must_use]
    pub fn revive(mut self) -> Self {
        self.0.insert("revive".to_owned(), true.into());
        self
    }
}
