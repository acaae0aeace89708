//! What a kind says to the screens beyond its fields: which of them are a time in a calendar, what a board reads before it decides, and
//! when one gets a room of its own. It must not know how any of it is drawn.

use super::When;
use serde::{Deserialize, Serialize};

/// `[screen.…]` of a kind file. Without one, a kind has lists and its own page, as every kind has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Screens {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarScreen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agenda: Option<AgendaScreen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomScreen>,
}

impl Screens {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Each one is an entry from one field to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarScreen {
    /// Fields that are instants.
    pub from: String,
    pub to: String,
    /// A field whose value says of what sort an entry is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// A field with a list of objects, each with a `reason` and a `source`: what the entry collides with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<String>,
    /// A field with the key of a business calendar: the entry recurs whenever that one is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring: Option<String>,
    /// Kinds, of this plugin or others, that lie behind the entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<String>,
}

/// What is read of one before it is decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgendaScreen {
    pub show: Vec<String>,
}

/// A page with everything that those who work on one together need at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomScreen {
    /// Those that get one; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Fields with ids of configuration items whose impact is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cis: Vec<String>,
}
