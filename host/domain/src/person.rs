//! People, groups and spaces.

use crate::{GroupId, Object, PersonId, Role, SpaceId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// Unique, lower-case; what one signs in with.
    pub login: String,
    pub name: String,
    pub email: String,
    pub manager: Option<PersonId>,
    /// BCP 47 language tag.
    pub locale: String,
    /// IANA time zone name.
    pub zone: String,
    pub active: bool,
    /// Free attributes such as `title`, `department`, `location`.
    #[serde(default)]
    pub attributes: Object,
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub title: String,
    pub space: SpaceId,
    pub members: Vec<PersonId>,
    pub active: bool,
    pub version: u32,
}

/// A department's area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    pub id: SpaceId,
    pub title: String,
    /// True if every ticket in it may be seen only by the people involved and the space's own agents.
    pub confidential: bool,
    /// Key of the calendar used when nothing else names one.
    pub calendar: Option<String>,
    pub version: u32,
}

/// A role that a person holds in a space; the space `*` stands for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    pub person: PersonId,
    pub space: SpaceId,
    pub role: Role,
}
