//! A plugin's manifest: everything about it that is data. Reading and checking it is in [`read`].

pub mod diff;
pub mod read;

use crate::{Kind, KindId, PluginId, Report};
use serde::{Deserialize, Serialize};

/// Sections of the component that carry the manifest and the assets.
pub const MANIFEST_SECTION: &str = "weft:manifest";
pub const ASSET_SECTION: &str = "weft:asset";
/// Name of the manifest next to a plugin's source; problems in it carry this as their file.
pub const MANIFEST_FILE: &str = "plugin.toml";
/// The version of the WIT packages that this host speaks.
pub const WIT_VERSION: &str = "0.1";

/// The effects that a plugin can be granted, with the noun that each is carried out on.
pub const EFFECTS: [(&str, &str); 26] = [
    ("set-field", "ticket"),
    ("transition", "ticket"),
    ("assign", "ticket"),
    ("comment", "ticket"),
    ("create-ticket", "ticket"),
    ("link", "ticket"),
    ("unlink", "ticket"),
    ("set-parent", "ticket"),
    ("watch", "ticket"),
    ("set-access", "ticket"),
    ("change-access", "ticket"),
    ("attach", "ticket"),
    ("start-clock", "ticket"),
    ("pause-clock", "ticket"),
    ("stop-clock", "ticket"),
    ("schedule", "ticket"),
    ("unschedule", "ticket"),
    ("notify", "ticket"),
    ("call", "ticket"),
    ("mail", "ticket"),
    ("start-flow", "ticket"),
    ("send-message", "ticket"),
    ("upsert-record", "record"),
    ("upsert-ci", "ci"),
    ("relate-cis", "ci"),
    ("unrelate-cis", "ci"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub id: PluginId,
    /// Semantic version.
    pub version: String,
    pub wit: String,
    pub title: String,
    pub summary: String,
    pub kinds: Vec<Kind>,
    pub grants: Vec<Grant>,
    pub guard: Option<GuardRule>,
    pub react: Option<ReactRule>,
    #[serde(default)]
    pub revisit: Option<RevisitRule>,
    #[serde(default)]
    pub approval: Option<ApprovalRule>,
    pub settings: Vec<Setting>,
    pub steps: Vec<Step>,
    #[serde(default)]
    pub reports: Vec<Report>,
}

/// The changes a plugin wants a say in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardRule {
    /// Kinds of tickets and records; `*` means all tickets.
    pub kinds: Vec<String>,
    /// Guards run by this number, then by plugin id; the practice that owns the kind always runs first.
    pub order: i32,
    /// A record is shown to it together with what the ticket kinds that it may read are: for documents that speak of kinds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub definitions: bool,
}

/// The events a plugin wants delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReactRule {
    /// Event kinds such as `ticket.created`; `*` means all.
    pub events: Vec<String>,
    /// Kinds of tickets; `*` means all.
    pub kinds: Vec<String>,
    /// Also events that an import brought in: history that happened elsewhere.
    pub history: bool,
}

/// What the guard of a plugin depends on besides the ticket: when that changes, it is asked about every open ticket again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevisitRule {
    /// Kinds of records.
    pub records: Vec<String>,
    /// Any calendar.
    pub calendars: bool,
}

/// What an approval task says to the rule that judges its votes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// JSON Schema of the parameters, an object.
    pub parameters: serde_json::Value,
}

/// A permission that a plugin asks for, with the reason that an administrator reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    #[serde(flatten)]
    pub permission: Permission,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// `ticket:<kind>`, `record:<kind>`, `ci`, `person`, `calendar`; `*` as the kind means all.
    Read(String),
    /// Effects it may return.
    Effect {
        names: Vec<String>,
        /// `ticket:<kind>`, `record:<kind>`, `ci`.
        on: String,
    },
    /// Requests it may ask the host to make.
    Http { host: String, methods: Vec<String>, path: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub key: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the value.
    pub schema: serde_json::Value,
    pub default: serde_json::Value,
}

/// A step that the plugin offers to workflows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the inputs and outputs.
    pub inputs: serde_json::Value,
    pub outputs: serde_json::Value,
}

impl Manifest {
    /// What it asks for, as an administrator reads it: the sentence and the plugin's reason.
    pub fn requested(&self) -> impl Iterator<Item = (String, &str)> {
        self.grants.iter().map(|grant| (grant.permission.sentence(), grant.reason.as_str()))
    }
}

impl Permission {
    /// What an administrator reads before consenting.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Read(target) => format!("May read {}", noun(target)),
            Self::Effect { names, on } => {
                let deeds: Vec<_> = names.iter().map(|name| deed(name)).collect();
                format!("May do this to {}: {}", noun(on), enumerated(&deeds))
            }
            Self::Http { host, methods, path } => {
                format!("May ask for {} requests to {host}{path}", methods.join(", "))
            }
        }
    }

    /// Whether reading `target` (`ticket:incident`, `ci`, …) is covered.
    #[must_use]
    pub fn allows_read(&self, target: &str) -> bool {
        matches!(self, Self::Read(granted) if covers(granted, target))
    }

    /// Whether an effect on `target` is covered.
    #[must_use]
    pub fn allows_effect(&self, name: &str, target: &str) -> bool {
        matches!(self, Self::Effect { names, on } if covers(on, target) && names.iter().any(|n| n == name))
    }
}

/// What a grant is about, as people say it.
fn noun(target: &str) -> String {
    match target.split_once(':') {
        Some((noun, "*")) => format!("{noun}s of every kind"),
        Some((noun, kind)) => format!("{kind} {noun}s"),
        None if target == "person" => "people and the members of groups".to_owned(),
        None if target == "ci" => "configuration items".to_owned(),
        None => format!("{target}s"),
    }
}

/// What an effect does, as people say it.
fn deed(effect: &str) -> &str {
    match effect {
        "set-field" => "set fields",
        "transition" => "change the state",
        "assign" => "assign them",
        "comment" => "comment",
        "create-ticket" => "create new ones",
        "link" | "unlink" => "change links",
        "set-parent" => "change the parent",
        "watch" => "change who watches",
        "set-access" | "change-access" => "say who may see restricted ones",
        "attach" => "attach files",
        "start-clock" => "start clocks",
        "pause-clock" => "pause clocks",
        "stop-clock" => "stop clocks",
        "schedule" => "set timers",
        "unschedule" => "cancel timers",
        "notify" => "notify people",
        "start-flow" => "start flows",
        "send-message" => "send messages to flows",
        "upsert-record" | "upsert-ci" => "create and change them",
        "relate-cis" | "unrelate-cis" => "change relations",
        other => other,
    }
}

fn enumerated(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn covers(granted: &str, target: &str) -> bool {
    granted == target
        || granted
            .strip_suffix(":*")
            .is_some_and(|noun| target.split_once(':').is_some_and(|(target_noun, _)| target_noun == noun))
}

impl GuardRule {
    #[must_use]
    pub fn covers(&self, kind: &KindId) -> bool {
        self.kinds.iter().any(|k| k == "*" || *k == kind.0)
    }

    /// Whether the kind is named. Only so a guard is asked about records: `*` means all tickets.
    #[must_use]
    pub fn names(&self, kind: &KindId) -> bool {
        self.kinds.contains(&kind.0)
    }
}

impl ReactRule {
    #[must_use]
    pub fn covers(&self, event: &str, kind: Option<&KindId>) -> bool {
        let kind_ok = self.kinds.iter().any(|k| k == "*" || kind.is_some_and(|kind| *k == kind.0));
        kind_ok && self.events.iter().any(|e| e == "*" || e == event)
    }
}
