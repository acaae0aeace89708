//! A process as SVG: plain shapes, wrapped texts, and where its tokens are. Colours are CSS variables, so that a page sets light and dark.
//!
//! *Architecture Invariant:* every text of the model is escaped; the result has no script, no style of the model and no reference out.

use crate::{
    diagram::{Bounds, Diagram, Edge, Point},
    graph::{EventResult, Node, NodeKind, Process, Repeat, Trigger},
    rules,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// What happens at an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Completed,
    Active,
    Incident,
}

/// Characters of a line inside a task, and lines.
const LINE_CHARACTERS: usize = 17;
const LINES_MAX: usize = 4;
const LINE_HEIGHT: f64 = 14.0;
const MARGIN: f64 = 20.0;

const STYLE: &str = "\
.weft-flow{--flow-ink:#24292f;--flow-paper:#fff;--flow-line:#57606a;--flow-active:#0969da;--flow-active-fill:#ddf4ff;--flow-incident:#cf222e;\
--flow-incident-fill:#ffebe9;--flow-completed:#1a7f37;--flow-completed-fill:#dafbe1;background:var(--flow-paper);\
font-family:system-ui,sans-serif;font-size:12px}\
@media (prefers-color-scheme:dark){.weft-flow{--flow-ink:#e6edf3;--flow-paper:#0d1117;--flow-line:#8b949e;--flow-active:#58a6ff;\
--flow-active-fill:#0c2d6b;--flow-incident:#ff7b72;--flow-incident-fill:#67060c;--flow-completed:#56d364;--flow-completed-fill:#033a16}}\
.weft-flow text{fill:var(--flow-ink)}\
.weft-flow .shape{fill:var(--flow-paper);stroke:var(--flow-line);stroke-width:1.5}\
.weft-flow .edge{fill:none;stroke:var(--flow-line);stroke-width:1.5}\
.weft-flow .head{fill:var(--flow-line)}\
.weft-flow .dashed{stroke-dasharray:5 3}\
.weft-flow .thick{stroke-width:3.5}\
.weft-flow .active>.shape{fill:var(--flow-active-fill);stroke:var(--flow-active);stroke-width:3}\
.weft-flow .incident>.shape{fill:var(--flow-incident-fill);stroke:var(--flow-incident);stroke-width:3}\
.weft-flow .completed>.shape{fill:var(--flow-completed-fill);stroke:var(--flow-completed)}";

/// Draw a process. Elements without a place in the diagram make all of it laid out anew.
#[must_use]
pub fn draw(process: &Process, diagram: &Diagram, marks: &BTreeMap<String, Mark>) -> String {
    let laid_out;
    let diagram = if diagram.covers(process) {
        diagram
    } else {
        laid_out = Diagram::laid_out(process);
        &laid_out
    };
    let frame = frame(process, diagram);
    let title = if process.name.is_empty() { &process.id } else { &process.name };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"weft-flow\" role=\"img\" aria-label=\"{}\" viewBox=\"{} {} {} {}\">\
         <style>{STYLE}</style><defs><marker id=\"weft-flow-head\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto-start-reverse\"><path class=\"head\" d=\"M0 0L10 5L0 10z\"/></marker></defs>",
        escape(title),
        round(frame.x),
        round(frame.y),
        round(frame.width),
        round(frame.height)
    );
    // Sub-processes first, the outermost before the inner ones, so that nothing is covered.
    let depth =
        |index: usize| std::iter::successors(process.nodes[index].parent, |at| process.nodes[*at].parent).count();
    let mut order: Vec<usize> = (0..process.nodes.len()).collect();
    order.sort_by_cached_key(|index| {
        (matches!(process.nodes[*index].kind, NodeKind::BoundaryEvent { .. }), depth(*index))
    });
    let (scopes, others): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|index| is_scope(&process.nodes[*index].kind));
    for index in scopes {
        node(&mut out, &process.nodes[index], diagram, marks);
    }
    for flow in &process.flows {
        if let Some(drawn) = diagram.edges.get(&flow.id) {
            edge(&mut out, &flow.id, &flow.name, drawn);
        }
    }
    for index in others {
        node(&mut out, &process.nodes[index], diagram, marks);
    }
    out.push_str("</svg>");
    out
}

fn is_scope(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::SubProcess { .. } | NodeKind::EventSubProcess { .. } | NodeKind::AdHocSubProcess(_))
}

/// What the drawing takes, with a margin.
fn frame(process: &Process, diagram: &Diagram) -> Bounds {
    let shapes = process.nodes.iter().filter_map(|node| diagram.shapes.get(&node.id)).map(|shape| shape.bounds);
    let points =
        process.flows.iter().filter_map(|flow| diagram.edges.get(&flow.id)).flat_map(|edge| edge.points.iter());
    let corners = shapes
        .flat_map(|b| [Point { x: b.x, y: b.y }, Point { x: b.x + b.width, y: b.y + b.height + 2.0 * LINE_HEIGHT }]);
    let corners: Vec<Point> = corners.chain(points.copied()).collect();
    let least = |pick: fn(&Point) -> f64| corners.iter().map(pick).fold(f64::INFINITY, f64::min);
    let most = |pick: fn(&Point) -> f64| corners.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
    if corners.is_empty() {
        return Bounds { x: 0.0, y: 0.0, width: MARGIN, height: MARGIN };
    }
    let (x, y) = (least(|point| point.x) - MARGIN, least(|point| point.y) - MARGIN);
    Bounds { x, y, width: most(|point| point.x) + MARGIN - x, height: most(|point| point.y) + MARGIN - y }
}

fn node(out: &mut String, node: &Node, diagram: &Diagram, marks: &BTreeMap<String, Mark>) {
    let Some(shape) = diagram.shapes.get(&node.id) else { return };
    let b = shape.bounds;
    let mark = match marks.get(&node.id) {
        Some(Mark::Active) => " active",
        Some(Mark::Incident) => " incident",
        Some(Mark::Completed) => " completed",
        None => "",
    };
    let kind = rules::kind(&node.kind);
    push(
        out,
        format_args!(
            "<g class=\"node{mark}\" data-id=\"{}\"><title>{}: {}</title>",
            escape(&node.id),
            kind,
            escape(label(node))
        ),
    );
    let center = b.center();
    let radius = b.width.min(b.height) / 2.0;
    match &node.kind {
        NodeKind::ExclusiveGateway
        | NodeKind::ParallelGateway
        | NodeKind::InclusiveGateway
        | NodeKind::EventBasedGateway => {
            let points = [(center.x, b.y), (b.x + b.width, center.y), (center.x, b.y + b.height), (b.x, center.y)];
            let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", round(*x), round(*y))).collect();
            push(out, format_args!("<polygon class=\"shape\" points=\"{}\"/>", points.join(" ")));
            symbol(out, center, gateway_symbol(&node.kind), 20.0);
        }
        NodeKind::StartEvent { trigger, interrupting } => {
            event(out, center, radius, Ring::Single, !interrupting, trigger_symbol(trigger))
        }
        NodeKind::IntermediateCatchEvent { trigger } => {
            event(out, center, radius, Ring::Double, false, trigger_symbol(trigger))
        }
        NodeKind::BoundaryEvent { trigger, interrupting, .. } => {
            event(out, center, radius, Ring::Double, !interrupting, trigger_symbol(trigger));
        }
        NodeKind::IntermediateThrowEvent { result } => {
            event(out, center, radius, Ring::Double, false, result_symbol(result))
        }
        NodeKind::EndEvent { result } => event(out, center, radius, Ring::Thick, false, result_symbol(result)),
        kind => {
            let dashed = if matches!(kind, NodeKind::EventSubProcess { .. }) { " dashed" } else { "" };
            let thick = if matches!(kind, NodeKind::CallActivity { .. }) { " thick" } else { "" };
            push(
                out,
                format_args!(
                    "<rect class=\"shape{dashed}{thick}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
                    round(b.x),
                    round(b.y),
                    round(b.width),
                    round(b.height)
                ),
            );
            if let Some(repeat) = &node.repeat {
                symbol(out, Point { x: center.x, y: b.y + b.height - 10.0 }, repeat_symbol(repeat), 14.0);
            }
        }
    }
    texts(out, node, shape.label, b);
    out.push_str("</g>");
}

fn label(node: &Node) -> &str {
    if node.name.is_empty() { &node.id } else { &node.name }
}

/// Inside of tasks, at the top of sub-processes, below everything else.
fn texts(out: &mut String, node: &Node, place: Option<Bounds>, b: Bounds) {
    if node.name.is_empty() {
        return;
    }
    let lines = wrap(&node.name, LINE_CHARACTERS);
    let height = LINE_HEIGHT * f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let is_task = !is_scope(&node.kind) && b.width > 60.0;
    let (x, top) = match place {
        Some(place) if !is_task => (place.center().x, place.y),
        _ if is_scope(&node.kind) => (b.center().x, b.y + 4.0),
        _ if is_task => (b.center().x, b.center().y - height / 2.0),
        _ => (b.center().x, b.y + b.height + 2.0),
    };
    lines_at(out, &lines, x, top);
}

fn lines_at(out: &mut String, lines: &[String], x: f64, top: f64) {
    for (place, line) in (0_u32..).zip(lines) {
        let y = top + LINE_HEIGHT * (f64::from(place) + 0.8);
        push(
            out,
            format_args!("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", round(x), round(y), escape(line)),
        );
    }
}

fn edge(out: &mut String, id: &str, name: &str, edge: &Edge) {
    let points: Vec<String> =
        edge.points.iter().map(|point| format!("{},{}", round(point.x), round(point.y))).collect();
    push(
        out,
        format_args!(
            "<g data-id=\"{}\"><polyline class=\"edge\" points=\"{}\" marker-end=\"url(#weft-flow-head)\"/>",
            escape(id),
            points.join(" ")
        ),
    );
    if !name.trim().is_empty() && edge.points.len() > 1 {
        let half = edge.points.len() / 2;
        let (a, b) = (edge.points[half - 1], edge.points[half]);
        let (x, top) = match edge.label {
            Some(label) => (label.center().x, label.y),
            None => (f64::midpoint(a.x, b.x), f64::midpoint(a.y, b.y) - LINE_HEIGHT),
        };
        lines_at(out, &wrap(name, LINE_CHARACTERS), x, top);
    }
    out.push_str("</g>");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    Single,
    Double,
    Thick,
}

fn event(out: &mut String, center: Point, radius: f64, ring: Ring, is_dashed: bool, sign: &str) {
    let (x, y) = (round(center.x), round(center.y));
    let thick = if ring == Ring::Thick { " thick" } else { "" };
    let dashed = if is_dashed { " dashed" } else { "" };
    push(out, format_args!("<circle class=\"shape{thick}{dashed}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", round(radius)));
    if ring == Ring::Double {
        push(out, format_args!("<circle class=\"edge{dashed}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", round(radius - 3.0)));
    }
    symbol(out, center, sign, 16.0);
}

fn symbol(out: &mut String, at: Point, sign: &str, size: f64) {
    if !sign.is_empty() {
        push(
            out,
            format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{size}\" aria-hidden=\"true\">{sign}</text>",
                round(at.x),
                round(at.y + size * 0.36)
            ),
        );
    }
}

fn gateway_symbol(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::ExclusiveGateway => "×",
        NodeKind::ParallelGateway => "+",
        NodeKind::InclusiveGateway => "○",
        _ => "⬠",
    }
}

fn trigger_symbol(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::None => "",
        Trigger::Message(_) => "✉",
        Trigger::Timer(_) => "◷",
        Trigger::Signal { .. } => "△",
        Trigger::Error { .. } => "↯",
        Trigger::Escalation { .. } => "⇑",
        Trigger::Conditional { .. } => "≡",
        Trigger::Compensation => "◁",
        Trigger::Link { .. } => "⇨",
    }
}

fn result_symbol(result: &EventResult) -> &'static str {
    match result {
        EventResult::None => "",
        EventResult::Terminate => "●",
        EventResult::Error { .. } => "↯",
        EventResult::Escalation { .. } => "⇑",
        EventResult::Signal { .. } => "▲",
        EventResult::Message { .. } => "✉",
        EventResult::Compensation { .. } => "◀",
        EventResult::Link { .. } => "➨",
    }
}

fn repeat_symbol(repeat: &Repeat) -> &'static str {
    match repeat {
        Repeat::Loop { .. } => "↻",
        Repeat::MultiInstance { sequential: true, .. } => "≡",
        Repeat::MultiInstance { .. } => "⦀",
    }
}

/// Words in lines of a width; what does not fit ends in an ellipsis.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let part: String = rest.drain(..rest.len().min(width)).collect();
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + part.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&part);
                }
                _ => lines.push(part),
            }
            if lines.len() > LINES_MAX {
                lines.truncate(LINES_MAX);
                if let Some(last) = lines.last_mut() {
                    last.push('…');
                }
                return lines;
            }
        }
    }
    lines
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every write");
}

/// One digit after the point is finer than any screen.
fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Text and attribute content of XML. Characters that XML cannot have are left out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}
