//! A plain layout from left to right for processes that bring no diagram: columns by distance from a start, rows in the order of the
//! file, sub-processes around what is inside.

use crate::{
    diagram::{Bounds, Diagram, Edge, Point, Shape},
    graph::{EventResult, NodeIndex, NodeKind, Process},
};
use std::collections::BTreeMap;

const COLUMN_GAP: f64 = 50.0;
const ROW_GAP: f64 = 40.0;
const PADDING: f64 = 30.0;
const EVENT: f64 = 36.0;
const GATEWAY: f64 = 50.0;
const TASK: (f64, f64) = (120.0, 80.0);

impl Diagram {
    /// Lay out a process.
    #[must_use]
    pub fn laid_out(process: &Process) -> Self {
        let mut layout = Layout { process, sizes: vec![(0.0, 0.0); process.nodes.len()], places: BTreeMap::new() };
        let order = innermost_first(process);
        for index in order {
            layout.sizes[index] = layout.size(index);
        }
        let mut open = vec![(None, Point { x: PADDING, y: PADDING })];
        while let Some((parent, origin)) = open.pop() {
            for (index, at) in layout.arrange(parent).0 {
                let (width, height) = layout.sizes[index];
                layout.places.insert(index, Bounds { x: origin.x + at.x, y: origin.y + at.y, width, height });
                if is_scope(&process.nodes[index].kind) {
                    open.push((Some(index), Point { x: origin.x + at.x + PADDING, y: origin.y + at.y + PADDING }));
                }
            }
        }
        layout.finish()
    }
}

struct Layout<'g> {
    process: &'g Process,
    sizes: Vec<(f64, f64)>,
    places: BTreeMap<NodeIndex, Bounds>,
}

fn is_scope(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::SubProcess { .. } | NodeKind::EventSubProcess { .. } | NodeKind::AdHocSubProcess(_))
}

/// Children before their sub-process, so that its size is known.
fn innermost_first(process: &Process) -> Vec<NodeIndex> {
    let depth =
        |index: NodeIndex| std::iter::successors(process.nodes[index].parent, |at| process.nodes[*at].parent).count();
    let mut order: Vec<NodeIndex> = (0..process.nodes.len()).collect();
    order.sort_by_cached_key(|index| std::cmp::Reverse(depth(*index)));
    order
}

impl Layout<'_> {
    fn size(&self, index: NodeIndex) -> (f64, f64) {
        match &self.process.nodes[index].kind {
            kind if is_scope(kind) => {
                let (_, (width, height)) = self.arrange(Some(index));
                (width + 2.0 * PADDING, height + 2.0 * PADDING)
            }
            NodeKind::StartEvent { .. }
            | NodeKind::EndEvent { .. }
            | NodeKind::BoundaryEvent { .. }
            | NodeKind::IntermediateCatchEvent { .. }
            | NodeKind::IntermediateThrowEvent { .. } => (EVENT, EVENT),
            NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::InclusiveGateway
            | NodeKind::EventBasedGateway => (GATEWAY, GATEWAY),
            _ => TASK,
        }
    }

    /// Places of the children of a scope and the size that they take.
    fn arrange(&self, parent: Option<NodeIndex>) -> (Vec<(NodeIndex, Point)>, (f64, f64)) {
        let nodes = &self.process.nodes;
        let children: Vec<NodeIndex> = (0..nodes.len())
            .filter(|at| nodes[*at].parent == parent && !matches!(nodes[*at].kind, NodeKind::BoundaryEvent { .. }))
            .collect();
        let columns = self.columns(&children);
        let mut placed = Vec::with_capacity(children.len());
        let (mut x, mut bottom) = (0.0, 0.0_f64);
        for column in columns {
            let width = column.iter().map(|index| self.sizes[*index].0).fold(0.0, f64::max);
            let mut y = 0.0;
            for index in column {
                let (own_width, own_height) = self.sizes[index];
                let row = own_height.max(TASK.1);
                placed.push((index, Point { x: x + (width - own_width) / 2.0, y: y + (row - own_height) / 2.0 }));
                y += row + ROW_GAP;
            }
            bottom = bottom.max(y - ROW_GAP);
            x += width + COLUMN_GAP;
        }
        (placed, ((x - COLUMN_GAP).max(0.0), bottom.max(0.0)))
    }

    /// Elements by their distance from what starts the scope; loops keep the place that they got first.
    fn columns(&self, children: &[NodeIndex]) -> Vec<Vec<NodeIndex>> {
        let nodes = &self.process.nodes;
        let mut column: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        let mut open: std::collections::VecDeque<NodeIndex> =
            children.iter().copied().filter(|index| nodes[*index].incoming.is_empty()).collect();
        if open.is_empty() {
            open.extend(children.first());
        }
        for index in &open {
            column.insert(*index, 0);
        }
        let mut rest = children.iter().copied();
        loop {
            while let Some(index) = open.pop_front() {
                let at = column[&index];
                let boundary = nodes[index].boundary.iter().flat_map(|boundary| &nodes[*boundary].outgoing);
                let flows = nodes[index].outgoing.iter().chain(boundary).map(|flow| self.process.flows[*flow].target);
                let link = match nodes[index].kind {
                    NodeKind::IntermediateThrowEvent { result: EventResult::Link { target } } => Some(target),
                    _ => None,
                };
                for target in flows.chain(link).collect::<Vec<_>>() {
                    column.entry(target).or_insert_with(|| {
                        open.push_back(target);
                        at + 1
                    });
                }
            }
            // What nothing leads to from here, for example a loop of its own.
            match rest.find(|index| !column.contains_key(index)) {
                Some(index) => {
                    column.insert(index, 0);
                    open.push_back(index);
                }
                None => break,
            }
        }
        let mut columns = vec![Vec::new(); column.values().max().map_or(0, |last| last + 1)];
        for index in children {
            columns[column[index]].push(*index);
        }
        columns
    }

    fn finish(mut self) -> Diagram {
        let nodes = &self.process.nodes;
        for (index, node) in nodes.iter().enumerate() {
            let Some(host) = self.places.get(&index).copied() else { continue };
            for (place, boundary) in (0_u32..).zip(&node.boundary) {
                let x = host.x + host.width - EVENT * 1.2 * f64::from(place + 1);
                let y = host.y + host.height - EVENT / 2.0;
                self.places.insert(*boundary, Bounds { x, y, width: EVENT, height: EVENT });
            }
        }
        let mut diagram = Diagram::default();
        for (index, bounds) in &self.places {
            let node = &nodes[*index];
            let shape = Shape { bounds: *bounds, label: None, is_expanded: is_scope(&node.kind) };
            diagram.shapes.insert(node.id.clone(), shape);
        }
        for flow in &self.process.flows {
            let (Some(from), Some(to)) = (self.places.get(&flow.source), self.places.get(&flow.target)) else {
                continue;
            };
            let is_boundary = matches!(nodes[flow.source].kind, NodeKind::BoundaryEvent { .. });
            diagram.edges.insert(flow.id.clone(), Edge { points: route(*from, *to, is_boundary), label: None });
        }
        diagram
    }
}

/// Right angles: out at the right, in at the left; backwards below both.
fn route(from: Bounds, to: Bounds, downwards: bool) -> Vec<Point> {
    let (start, end) = (from.center(), to.center());
    let (left, right) = (Point { x: to.x, y: end.y }, Point { x: from.x + from.width, y: start.y });
    if downwards {
        let below = Point { x: start.x, y: from.y + from.height };
        return vec![
            below,
            Point { x: start.x, y: end.y.max(below.y + ROW_GAP / 2.0) },
            Point { x: to.x, y: end.y.max(below.y + ROW_GAP / 2.0) },
        ];
    }
    if left.x <= right.x {
        let y = (from.y + from.height).max(to.y + to.height) + ROW_GAP / 2.0;
        let below = |bounds: Bounds| Point { x: bounds.center().x, y: bounds.y + bounds.height };
        return vec![below(from), Point { x: start.x, y }, Point { x: end.x, y }, below(to)];
    }
    if (left.y - right.y).abs() < 1.0 {
        return vec![right, left];
    }
    let middle = left.x - COLUMN_GAP / 2.0;
    vec![right, Point { x: middle, y: right.y }, Point { x: middle, y: left.y }, left]
}
