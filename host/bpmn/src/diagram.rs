//! Where the elements of a model are drawn: bounds of shapes and points of edges, from the file or laid out here when it has none.
//!
//! *Architecture Invariant:* nothing of a diagram changes what a model does; it is not part of the digest.

use crate::{graph::Process, xml};
use roxmltree::Node;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Points of one edge; more is a scribble.
const POINTS_MAX: usize = 100;
/// No drawing is larger; coordinates past this are cut.
const COORDINATE_MAX: f64 = 100_000.0;

/// One diagram, for all processes of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagram {
    /// By id of the element.
    pub shapes: BTreeMap<String, Shape>,
    /// By id of the sequence flow or association.
    pub edges: BTreeMap<String, Edge>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    pub bounds: Bounds,
    /// Where the text stands, when not inside or below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Bounds>,
    /// A sub-process that shows what is inside.
    #[serde(default)]
    pub is_expanded: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    pub points: Vec<Point>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Bounds>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Bounds {
    pub(crate) fn center(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }
}

impl Diagram {
    /// The diagram interchange of a file. Shapes of what the file does not have are left out.
    pub(crate) fn read(root: Node<'_, '_>) -> Self {
        let mut diagram = Self::default();
        for node in root.descendants().filter(|node| node.tag_name().namespace() == Some(xml::BPMN_DIAGRAM)) {
            let Some(element) = node.attribute("bpmnElement") else { continue };
            let element = element.rsplit_once(':').map_or(element, |(_, local)| local).to_owned();
            let label =
                node.children().find(|child| child.has_tag_name((xml::BPMN_DIAGRAM, "BPMNLabel"))).and_then(bounds);
            match node.tag_name().name() {
                "BPMNShape" => {
                    if let Some(bounds) = bounds(node) {
                        let is_expanded = node.attribute("isExpanded") == Some("true");
                        diagram.shapes.entry(element).or_insert(Shape { bounds, label, is_expanded });
                    }
                }
                "BPMNEdge" => {
                    let points =
                        node.children().filter(|child| child.has_tag_name((xml::DIAGRAM_INTERCHANGE, "waypoint")));
                    let points: Vec<Point> = points
                        .filter_map(|point| Some(Point { x: number(point, "x")?, y: number(point, "y")? }))
                        .take(POINTS_MAX)
                        .collect();
                    if points.len() > 1 {
                        diagram.edges.entry(element).or_insert(Edge { points, label });
                    }
                }
                _ => {}
            }
        }
        diagram
    }

    /// Whether every element of a process has a place.
    #[must_use]
    pub fn covers(&self, process: &Process) -> bool {
        process.nodes.iter().all(|node| self.shapes.contains_key(&node.id))
    }
}

fn bounds(node: Node<'_, '_>) -> Option<Bounds> {
    let bounds = node.children().find(|child| child.has_tag_name((xml::DIAGRAM_COMMON, "Bounds")))?;
    let size = |name| number(bounds, name).map(|size| size.max(0.0));
    Some(Bounds { x: number(bounds, "x")?, y: number(bounds, "y")?, width: size("width")?, height: size("height")? })
}

fn number(node: Node<'_, '_>, attribute: &str) -> Option<f64> {
    let number: f64 = node.attribute(attribute)?.trim().parse().ok()?;
    number.is_finite().then(|| number.clamp(-COORDINATE_MAX, COORDINATE_MAX))
}
