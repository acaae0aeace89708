//! Ids as types. Text on the outside (URL, WIT, JSON), never bare strings inside.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

id! {
    /// The organisation: the first part of every key in the store.
    OrgId,
    /// Short lower-case word of a department's area, for example `it`.
    SpaceId,
    PersonId,
    /// Short lower-case word of a group, unique in the organisation.
    GroupId,
    TicketId,
    RecordId,
    CiId,
    CommentId,
    AttachmentId,
    JobId,
    /// Something that shall leave the house.
    OutboxId,
    /// A run of a flow.
    InstanceId,
    /// Work for a person in a flow.
    TaskId,
    /// Id of a kind of ticket or record, for example `incident`.
    KindId,
    /// Id of a plugin, for example `incident` or `acme.hr`.
    PluginId,
    /// SHA-256 of a component, 64 hexadecimal digits.
    Digest,
}

/// A deterministic source of ids for one decision: the seed of the decision and a counter, so that a retry or a replay
/// names the same things.
#[derive(Debug, Clone)]
pub struct IdSource {
    seed: uuid::Uuid,
    next: u32,
}

impl IdSource {
    /// `seed` is what the context calls seed: 32 hexadecimal digits; any other text is hashed to one.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let seed = uuid::Uuid::try_parse(seed)
            .unwrap_or_else(|_| uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, seed.as_bytes()));
        Self { seed, next: 0 }
    }

    /// The next id of this decision, lower-case UUID text.
    pub fn next_id(&mut self) -> String {
        self.next += 1;
        uuid::Uuid::new_v5(&self.seed, &self.next.to_be_bytes()).to_string()
    }
}
