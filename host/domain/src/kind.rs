//! Kinds: the definition of a ticket or record type as data. A plugin brings them; the host enforces them.

pub mod schema;
pub mod screen;

use crate::{KindId, Object, PluginId, Problem, Role};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noun {
    Ticket,
    Record,
}

/// What a state means for everybody who does not know the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateCategory {
    New,
    Active,
    Paused,
    Resolved,
    Closed,
    Cancelled,
}

impl StateCategory {
    pub const ALL: [Self; 6] = [Self::New, Self::Active, Self::Paused, Self::Resolved, Self::Closed, Self::Cancelled];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }

    /// Work is still to be done.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Active | Self::Paused)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub id: String,
    pub title: String,
    pub category: StateCategory,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransitionRule {
    pub from: Vec<String>,
    pub to: String,
    /// What the button says.
    pub title: String,
    /// Roles that may take it; empty means only the practice itself.
    pub roles: Vec<Role>,
    /// Fields that must have a value when it is taken.
    #[serde(default)]
    pub required: Vec<String>,
    /// A comment must come with it.
    #[serde(default)]
    pub comment: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldRule {
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// JSON Schema (draft 2020-12) of the value.
    pub schema: serde_json::Value,
    /// Must have a value from the start.
    #[serde(default)]
    pub required: bool,
    /// Roles that may set it; empty means that only the practice sets it.
    #[serde(default)]
    pub write: Vec<Role>,
    /// Roles that see it; empty means everyone who sees the ticket.
    #[serde(default)]
    pub read: Vec<Role>,
    /// Only asked for, and only needed, when another field has one of some values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// A condition on another field of the same kind: the same rule in the browser and on the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct When {
    pub field: String,
    pub is: Vec<serde_json::Value>,
}

impl When {
    #[must_use]
    pub fn holds(&self, fields: &Object) -> bool {
        fields.get(&self.field).is_some_and(|value| self.is.contains(value))
    }
}

impl FieldRule {
    /// Whether somebody with these roles sees it.
    #[must_use]
    pub fn is_shown_to(&self, roles: &BTreeSet<Role>) -> bool {
        self.read.is_empty() || self.read.iter().any(|role| roles.contains(role))
    }

    /// Whether the field is asked for, given what the other fields say.
    #[must_use]
    pub fn applies(&self, fields: &Object) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(fields))
    }
}

/// Who reads records of a kind besides those who look around in their space: which of them, and what of each. Without it nobody does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readers {
    /// Roles in the space of the record.
    pub roles: Vec<Role>,
    pub states: Vec<String>,
    /// All of these must hold.
    pub when: Vec<When>,
    /// The fields that they see; number, state and title they always see.
    pub fields: Vec<String>,
}

/// How the portal offers a kind to those who may create it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Departments that offer it; every space where one may create it when empty.
    #[serde(default)]
    pub spaces: Vec<String>,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub summary: String,
    /// A field that is a whole number from 1 to 5, set by the requester when it is over.
    #[serde(default)]
    pub rating: Option<String>,
    /// Not offered in the portal.
    #[serde(default)]
    pub hidden: bool,
    /// The field of a record that is read as a page, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How those who read a record say whether it helped them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// What a reader says about a record: a ticket of a kind of the same plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub kind: KindId,
    /// Its field for the id of the record.
    pub about: String,
    /// Its whole number: the least of it is no, the most of it is yes.
    pub rating: String,
    /// Its field for words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// What a record keeps from going while it is in certain states: its fields name what that is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRule {
    pub states: Vec<String>,
    /// Field with ids of people: they, and every ticket that they have a part in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<String>,
    /// Field with ids or numbers of tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<String>,
    /// Field with ids of spaces: every ticket there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spaces: Option<String>,
}

/// The definition of a ticket or record type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    pub id: KindId,
    pub noun: Noun,
    /// The plugin that defines it.
    pub plugin: PluginId,
    pub title: String,
    pub plural: String,
    /// Letters before the number, for example INC.
    pub prefix: String,
    /// Digits of the number, with leading zeros.
    pub digits: u8,
    /// The first is where every ticket starts.
    pub states: Vec<State>,
    pub transitions: Vec<TransitionRule>,
    /// By name, in the order of the file.
    pub fields: Vec<(String, FieldRule)>,
    /// Roles that may create one.
    pub create: Vec<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<Portal>,
    /// Only for records; who sees a ticket is not for its kind to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Readers>,
    #[serde(default, skip_serializing_if = "screen::Screens::is_empty")]
    pub screen: screen::Screens,
    /// Days that closed tickets of this kind stay before they are archived, 0 for ever; as the installation says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// Records of this kind keep other things from being purged and erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldRule>,
}

impl Kind {
    #[must_use]
    pub fn initial(&self) -> &State {
        self.states.first().expect("a kind is validated to have a state")
    }

    #[must_use]
    pub fn state(&self, id: &str) -> Option<&State> {
        self.states.iter().find(|state| state.id == id)
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldRule> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, rule)| rule)
    }

    /// Whether somebody with these roles sees what goes by a field's name; what is no field of the kind hides nothing.
    #[must_use]
    pub fn shows(&self, name: &str, roles: &BTreeSet<Role>) -> bool {
        self.field(name).is_none_or(|rule| rule.is_shown_to(roles))
    }

    #[must_use]
    pub fn transition(&self, from: &str, to: &str) -> Option<&TransitionRule> {
        self.transitions.iter().find(|rule| rule.to == to && rule.from.iter().any(|state| state == from))
    }

    /// The states that can be reached from `from` in one step.
    #[must_use]
    pub fn legal_from(&self, from: &str) -> Vec<&TransitionRule> {
        self.transitions.iter().filter(|rule| rule.from.iter().any(|state| state == from)).collect()
    }

    /// The human number of the `n`th one.
    #[must_use]
    pub fn number(&self, n: i64) -> String {
        format!("{}{n:0width$}", self.prefix, width = usize::from(self.digits))
    }

    /// The fields that a new one has before anybody sets any: the defaults of the schemas.
    #[must_use]
    pub fn defaults(&self) -> Object {
        self.fields
            .iter()
            .filter_map(|(name, rule)| Some((name.clone(), rule.schema.get("default")?.clone())))
            .collect()
    }
}

/// The kinds of all enabled plugins, with their schemas compiled.
#[derive(Debug, Default)]
pub struct Kinds {
    kinds: BTreeMap<KindId, CompiledKind>,
}

#[derive(Debug)]
struct CompiledKind {
    kind: Kind,
    validators: BTreeMap<String, jsonschema::Validator>,
}

impl Kinds {
    /// # Errors
    /// A schema that is not a JSON Schema, or two kinds with one id.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut all = BTreeMap::new();
        for kind in kinds {
            let mut validators = BTreeMap::new();
            for (name, rule) in &kind.fields {
                match schema::compile(&rule.schema) {
                    Ok(validator) => {
                        validators.insert(name.clone(), validator);
                    }
                    Err(error) => problems.push(Problem::new(
                        format!("/field/{name}/schema"),
                        "bad-schema",
                        format!("field `{name}` of kind `{}`: {error}", kind.id),
                    )),
                }
            }
            let (id, plugin) = (kind.id.clone(), kind.plugin.clone());
            if let Some(other) = all.insert(id.clone(), CompiledKind { kind, validators }) {
                problems.push(Problem::new(
                    "",
                    "duplicate-kind",
                    format!("kind `{id}` is defined by `{plugin}` and by `{}`", other.kind.plugin),
                ));
            }
        }
        if problems.is_empty() { Ok(Self { kinds: all }) } else { Err(problems) }
    }

    #[must_use]
    pub fn get(&self, id: &KindId) -> Option<&Kind> {
        self.kinds.get(id).map(|compiled| &compiled.kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values().map(|compiled| &compiled.kind)
    }

    /// Everything that is wrong with one value of a field, with pointers below `pointer`.
    #[must_use]
    pub fn check_field(&self, kind: &KindId, field: &str, value: &serde_json::Value, pointer: &str) -> Vec<Problem> {
        let Some(compiled) = self.kinds.get(kind) else {
            return vec![Problem::new(pointer, "unknown-kind", format!("there is no kind `{kind}`"))];
        };
        let Some(validator) = compiled.validators.get(field) else {
            let names: Vec<_> = compiled.kind.fields.iter().map(|(name, _)| name.as_str()).collect();
            return vec![Problem::new(
                pointer,
                "unknown-field",
                format!("kind `{kind}` has no field `{field}`; it has {}", names.join(", ")),
            )];
        };
        validator
            .iter_errors(value)
            .map(|error| {
                Problem::new(
                    format!("{pointer}{}", error.instance_path()),
                    "invalid-value",
                    format!("{field}: {error}"),
                )
            })
            .collect()
    }
}

/// A compiled JSON Schema.
pub type Validator = jsonschema::Validator;

/// Compile a JSON Schema (draft 2020-12). References to anything outside the schema are refused: nothing is ever fetched.
///
/// # Errors
/// What is wrong with the schema, as a sentence.
pub fn compile_schema(schema: &serde_json::Value) -> Result<Validator, String> {
    jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
}
