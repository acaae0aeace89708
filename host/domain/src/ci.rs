//! Configuration items, their classes and their relations.

use crate::{CiId, Object, SpaceId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ci {
    pub id: CiId,
    pub name: String,
    pub class: String,
    pub space: SpaceId,
    pub attributes: Object,
    pub version: u32,
}

/// The attribute in which the host keeps that an item is retired, why, and which one took its place.
pub const RETIRED: &str = "_retired";

/// The attribute that says how many of the items that an item depends on it needs to live: a number, or a part of them as `60%`. An item
/// without it needs each of them.
pub const NEEDS: &str = "needs";

/// How many of the items that an item depends on it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    Count(u32),
    /// Of all, from 1 to 100.
    Percent(u8),
}

impl Needs {
    /// A number from one on, or a percentage; anything else says nothing.
    ///
    /// ```
    /// use weft_domain::ci::Needs;
    ///
    /// assert_eq!(Needs::parse("2"), Some(Needs::Count(2)));
    /// assert_eq!(Needs::parse("60%").map(|needs| needs.among(4)), Some(3), "rounded up");
    /// assert_eq!(Needs::parse("0"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().strip_suffix('%') {
            Some(percent) => {
                percent.trim().parse().ok().filter(|percent| (1..=100).contains(percent)).map(Self::Percent)
            }
            None => text.trim().parse().ok().filter(|count| *count > 0).map(Self::Count),
        }
    }

    /// How many these are where there are so many.
    #[must_use]
    pub fn among(self, all: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (all * u32::from(percent)).div_ceil(100).max(1),
        }
    }
}

/// Where a CI is, and what it needs: what a graph of impact knows of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CiPlace {
    pub id: CiId,
    pub space: SpaceId,
    pub needs: Option<Needs>,
}

impl Ci {
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.attributes.contains_key(RETIRED)
    }

    #[must_use]
    pub fn needs(&self) -> Option<Needs> {
        match self.attributes.get(NEEDS)? {
            serde_json::Value::String(text) => Needs::parse(text),
            number => Needs::parse(&number.to_string()),
        }
    }

    #[must_use]
    pub fn place(&self) -> CiPlace {
        CiPlace { id: self.id.clone(), space: self.space.clone(), needs: self.needs() }
    }
}

/// A class of CIs. Attributes are inherited from the parent; an abstract class has no CIs of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CiClass {
    pub id: String,
    pub title: String,
    pub parent: Option<String>,
    #[serde(default, rename = "abstract")]
    pub is_abstract: bool,
    /// JSON Schema properties of the attributes that this class adds.
    #[serde(default)]
    pub attributes: Object,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(default)]
    pub version: u32,
}

/// A typed, directed relation. `from` depends on `to` when the type says that failure of `to` impacts `from`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CiRelation {
    pub from: CiId,
    #[serde(rename = "type")]
    pub relation_type: String,
    pub to: CiId,
}

/// What a relation type means for impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// When `to` fails, `from` is impacted (`depends-on`, `runs-on`, `uses`).
    ToImpactsFrom,
    /// When `from` fails, `to` is impacted (`provides`, `hosts`).
    FromImpactsTo,
    None,
}

/// Direction of an impact question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// What can make it fail.
    Up,
    /// What fails with it.
    Down,
}

/// The relation types every installation has, and their meaning.
pub const RELATION_TYPES: [(&str, Impact); 7] = [
    ("depends-on", Impact::ToImpactsFrom),
    ("runs-on", Impact::ToImpactsFrom),
    ("uses", Impact::ToImpactsFrom),
    ("member-of", Impact::FromImpactsTo),
    ("hosts", Impact::FromImpactsTo),
    ("provides", Impact::FromImpactsTo),
    ("connected-to", Impact::None),
];

impl CiRelation {
    /// Towards what fails with an item, or towards what can make it fail; where a type means neither, down is from `from` to `to`.
    #[must_use]
    pub fn direction_from(&self, item: &CiId) -> Direction {
        let is_from = self.from == *item;
        match (impact_of(&self.relation_type), is_from) {
            (Some(Impact::ToImpactsFrom), true) | (Some(Impact::FromImpactsTo | Impact::None) | None, false) => {
                Direction::Up
            }
            _ => Direction::Down,
        }
    }
}

/// The meaning of a relation type; `None` for a type that does not exist.
#[must_use]
pub fn impact_of(relation_type: &str) -> Option<Impact> {
    RELATION_TYPES.iter().find(|(name, _)| *name == relation_type).map(|(_, impact)| *impact)
}
