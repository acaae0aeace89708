//! Who acts, and with what roles.

use crate::{GroupId, PersonId, PluginId, SpaceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A role held in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Requester,
    Agent,
    Approver,
    Manager,
    /// Runs the platform (in the space `*`) or configures a space; reading confidential tickets is not part of it.
    Administrator,
    Auditor,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Requester, Self::Agent, Self::Approver, Self::Manager, Self::Administrator, Self::Auditor];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Agent => "agent",
            Self::Approver => "approver",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    Person,
    Plugin,
    /// The host itself: timers that fire, imports that an administrator started.
    System,
}

/// Whoever a decision is made for, with everything that authorization needs to know of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// Person id, plugin id, or `system`.
    pub id: String,
    pub name: String,
    /// Roles by space; the space `*` stands for all spaces.
    pub roles: BTreeMap<SpaceId, BTreeSet<Role>>,
    pub groups: BTreeSet<GroupId>,
    pub locale: String,
    pub zone: String,
}

impl Actor {
    /// The space that stands for the whole platform.
    pub const PLATFORM: &str = "*";

    #[must_use]
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: "system".to_owned(),
            name: "Weft".to_owned(),
            roles: BTreeMap::new(),
            groups: BTreeSet::new(),
            locale: "en".to_owned(),
            zone: "UTC".to_owned(),
        }
    }

    /// A plugin acting for nobody but itself, as in a reaction or a timer. Its rights are its grants.
    #[must_use]
    pub fn plugin(id: &PluginId) -> Self {
        Self { kind: ActorKind::Plugin, id: id.0.clone(), name: id.0.clone(), ..Self::system() }
    }

    #[must_use]
    pub fn person_id(&self) -> Option<PersonId> {
        (self.kind == ActorKind::Person).then(|| PersonId(self.id.clone()))
    }

    /// Roles that count in `space`: those held there and those held everywhere.
    #[must_use]
    pub fn roles_in(&self, space: &SpaceId) -> BTreeSet<Role> {
        let everywhere = self.roles.get(&SpaceId::from(Self::PLATFORM));
        self.roles.get(space).into_iter().chain(everywhere).flatten().copied().collect()
    }

    #[must_use]
    pub fn has_role(&self, space: &SpaceId, role: Role) -> bool {
        self.roles_in(space).contains(&role)
    }
}
