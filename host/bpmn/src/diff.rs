//! What changed between two models, element by element, as lines that people read before they deploy.

use crate::{
    graph::{Graph, Node, Process, SequenceFlow},
    rules,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Change {
    Added {
        id: String,
        what: String,
    },
    Removed {
        id: String,
        what: String,
    },
    /// `from` or `to` is absent where the attribute came or went.
    Changed {
        id: String,
        what: String,
        attribute: String,
        from: Option<String>,
        to: Option<String>,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { what, .. } => write!(formatter, "added {what}"),
            Self::Removed { what, .. } => write!(formatter, "removed {what}"),
            Self::Changed { what, attribute, from: Some(from), to: Some(to), .. } => {
                write!(formatter, "{what}: {attribute} from {from} to {to}")
            }
            Self::Changed { what, attribute, from: None, to: Some(to), .. } => {
                write!(formatter, "{what}: {attribute} is now {to}")
            }
            Self::Changed { what, attribute, from, .. } => {
                write!(formatter, "{what}: {attribute} {} is gone", from.as_deref().unwrap_or_default())
            }
        }
    }
}

/// All differences that matter to execution, in the order of ids. Positions in the file and in the drawing do not.
#[must_use]
pub fn diff(old: &Graph, new: &Graph) -> Vec<Change> {
    let (old, new) = (elements(old), elements(new));
    let mut changes = Vec::new();
    for (id, (what, _)) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        changes.push(Change::Removed { id: id.clone(), what: what.clone() });
    }
    for (id, (what, attributes)) in &new {
        let Some((_, before)) = old.get(id) else {
            changes.push(Change::Added { id: id.clone(), what: what.clone() });
            continue;
        };
        let mut names: Vec<&String> = before.keys().chain(attributes.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names.into_iter().filter(|name| before.get(*name) != attributes.get(*name)) {
            let text = |attributes: &BTreeMap<String, String>| attributes.get(name).cloned();
            changes.push(Change::Changed {
                id: id.clone(),
                what: what.clone(),
                attribute: name.clone(),
                from: text(before),
                to: text(attributes),
            });
        }
    }
    changes
}

type Elements = BTreeMap<String, (String, BTreeMap<String, String>)>;

fn elements(graph: &Graph) -> Elements {
    let mut elements = Elements::new();
    for process in &graph.processes {
        let mut attributes = BTreeMap::new();
        for (name, value) in [
            ("name", Some(&process.name)),
            ("version tag", process.version_tag.as_ref()),
            ("documentation", Some(&process.documentation)),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                attributes.insert(name.to_owned(), format!("“{value}”"));
            }
        }
        elements.insert(process.id.clone(), (what("process", &process.id, &process.name), attributes));
        for node in &process.nodes {
            elements.insert(
                node.id.clone(),
                (what(rules::kind(&node.kind), &node.id, &node.name), node_attributes(process, node)),
            );
        }
        for flow in &process.flows {
            elements
                .insert(flow.id.clone(), (what("sequence flow", &flow.id, &flow.name), flow_attributes(process, flow)));
        }
    }
    elements
}

fn what(kind: &str, id: &str, name: &str) -> String {
    if name.is_empty() { format!("{kind} `{id}`") } else { format!("{kind} “{name}” (`{id}`)") }
}

fn flow_attributes(process: &Process, flow: &SequenceFlow) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([
        ("source".to_owned(), process.nodes[flow.source].id.clone()),
        ("target".to_owned(), process.nodes[flow.target].id.clone()),
    ]);
    if let Some(condition) = &flow.condition {
        attributes.insert("condition".to_owned(), condition.text().to_owned());
    }
    if !flow.name.is_empty() {
        attributes.insert("name".to_owned(), format!("“{}”", flow.name));
    }
    attributes
}

/// Everything that a node says itself, as paths to texts. Places in the vectors are turned into ids, since they shift.
fn node_attributes(process: &Process, node: &Node) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    let Ok(Value::Object(mut fields)) = serde_json::to_value(node) else { return attributes };
    for derived in ["id", "incoming", "outgoing", "boundary"] {
        fields.remove(derived);
    }
    let id = |value: &Value| {
        value.as_u64().and_then(|at| usize::try_from(at).ok()).and_then(|at| Some(process.nodes.get(at)?.id.clone()))
    };
    for field in ["parent", "compensation"] {
        if let Some(found) = fields.get(field).and_then(id) {
            fields.insert(field.to_owned(), Value::String(found));
        }
    }
    if let Some(default) = node.default {
        fields.insert("default".to_owned(), Value::String(process.flows[default].id.clone()));
    }
    if let Some(Value::Object(kind)) = fields.get_mut("kind") {
        name_places(kind, &id);
    }
    flatten("", &Value::Object(fields), &mut attributes);
    attributes
}

fn name_places(kind: &mut Map<String, Value>, id: &impl Fn(&Value) -> Option<String>) {
    for derived in ["start", "event_sub_processes", "activities"] {
        kind.remove(derived);
    }
    if let Some(found) = kind.get("attached_to").and_then(id) {
        kind.insert("attached_to".to_owned(), Value::String(found));
    }
    if let Some(Value::Object(result)) = kind.get_mut("result") {
        for field in ["activity", "target"] {
            if let Some(found) = result.get(field).and_then(id) {
                result.insert(field.to_owned(), Value::String(found));
            }
        }
    }
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| flatten(&join(name), value, out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&join(&(at + 1).to_string()), value, out))
        }
        Value::String(text) => {
            out.insert(path.to_owned(), format!("“{text}”"));
        }
        other => {
            out.insert(path.to_owned(), other.to_string());
        }
    }
}
