//! Which policy a ticket falls under (SLM-07).

use serde::{Deserialize, Serialize};

use super::{Change, Condition, Target};

/// How wide a policy reaches, the narrowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One space or one client.
    #[serde(alias = "space", alias = "client")]
    Workspace,
    /// Everybody.
    #[default]
    Global,
    /// Only when nothing else matched.
    Default,
}

/// A named set of targets and the tickets it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Stable name.
    pub key: String,
    /// What people read.
    #[serde(default)]
    pub title: String,
    /// How wide it reaches.
    #[serde(default)]
    pub scope: Scope,
    /// The tickets it is for.
    pub applies: Condition,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// How the policy of a ticket is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyOrder {
    /// Workspace, then global, then default; in each the first that matches as listed.
    #[default]
    NarrowestFirst,
    /// The first that matches as listed, whatever its scope.
    AsListed,
}

/// The policy in force for a ticket, if any.
pub fn choose_policy<'a>(policies: &'a [Policy], ticket: &Change, order: PolicyOrder) -> Option<&'a Policy> {
    let mut matching = policies.iter().filter(|policy| policy.applies.holds(ticket));
    match order {
        PolicyOrder::AsListed => matching.next(),
        // `min_by_key` keeps the first of equals.
        PolicyOrder::NarrowestFirst => matching.min_by_key(|policy| policy.scope),
    }
}
