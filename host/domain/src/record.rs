//! Records: a practice's own documents with a lifecycle that is not work.

use crate::kind::{StateCategory, When};
use crate::{KindId, Object, RecordId, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    pub number: String,
    pub kind: KindId,
    pub space: SpaceId,
    pub state: String,
    pub category: StateCategory,
    pub title: String,
    pub version: u32,
    pub updated_at: Timestamp,
    pub fields: Object,
}

/// Exactly the records that somebody may see, and what of them. A store puts it into its query, so nothing is ever taken away
/// afterwards; `allows` is the same meaning in memory and the oracle of the tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordScope {
    /// Spaces in which they see every record with all its fields; every space when absent.
    pub spaces: Option<Vec<String>>,
    /// What else they see, because its kind has readers.
    pub shown: Vec<ShownRecords>,
}

/// Records that a kind shows to readers.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRecords {
    pub kind: KindId,
    pub spaces: Vec<String>,
    pub states: Vec<String>,
    /// All of these must hold.
    pub when: Vec<When>,
    /// The fields that are seen.
    pub fields: Vec<String>,
}

impl RecordScope {
    /// For the host itself, which sees everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn allows(&self, record: &Record) -> bool {
        self.whole(record) || self.shown.iter().any(|part| part.allows(record))
    }

    /// The record as they see it; nothing when they do not.
    #[must_use]
    pub fn view(&self, mut record: Record) -> Option<Record> {
        if self.whole(&record) {
            return Some(record);
        }
        let parts: Vec<&ShownRecords> = self.shown.iter().filter(|part| part.allows(&record)).collect();
        record.fields.retain(|name, _| parts.iter().any(|part| part.fields.contains(name)));
        (!parts.is_empty()).then_some(record)
    }

    fn whole(&self, record: &Record) -> bool {
        self.spaces.as_ref().is_none_or(|spaces| spaces.contains(&record.space.0))
    }
}

impl ShownRecords {
    fn allows(&self, record: &Record) -> bool {
        self.kind == record.kind
            && self.spaces.contains(&record.space.0)
            && self.states.contains(&record.state)
            && self.when.iter().all(|when| when.holds(&record.fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn article(space: &str, state: &str, audience: &str) -> Record {
        let fields = json!({ "body": "Click.", "owner": "ada", "audience": audience });
        Record {
            id: RecordId::from("r1"),
            number: "KB1".to_owned(),
            kind: KindId::from("article"),
            space: SpaceId::from(space),
            state: state.to_owned(),
            category: StateCategory::Active,
            title: "VPN".to_owned(),
            version: 1,
            updated_at: Timestamp::UNIX_EPOCH,
            fields: fields.as_object().cloned().expect("it is an object"),
        }
    }

    fn readers() -> RecordScope {
        let shown = ShownRecords {
            kind: KindId::from("article"),
            spaces: vec!["it".to_owned()],
            states: vec!["published".to_owned()],
            when: vec![When { field: "audience".to_owned(), is: vec![json!("public")] }],
            fields: vec!["body".to_owned()],
        };
        RecordScope { spaces: Some(vec!["hr".to_owned()]), shown: vec![shown] }
    }

    /// The fields that are seen, or nothing.
    fn seen(scope: &RecordScope, record: Record) -> Option<Vec<String>> {
        let allowed = scope.allows(&record);
        let view = scope.view(record);
        assert_eq!(allowed, view.is_some());
        view.map(|record| record.fields.keys().cloned().collect())
    }

    #[test]
    fn a_reader_sees_what_is_shown_and_those_of_the_space_see_everything() {
        let scope = readers();
        assert_eq!(seen(&scope, article("it", "published", "public")), Some(vec!["body".to_owned()]));
        for hidden in [
            article("it", "draft", "public"),
            article("it", "published", "internal"),
            article("legal", "published", "public"),
            Record { kind: KindId::from("contract"), ..article("it", "published", "public") },
        ] {
            assert_eq!(seen(&scope, hidden.clone()), None, "{hidden:?}");
        }
        assert_eq!(seen(&scope, article("hr", "draft", "internal")).map(|fields| fields.len()), Some(3));
        assert_eq!(seen(&RecordScope::everything(), article("it", "draft", "internal")).map(|f| f.len()), Some(3));
    }
}
