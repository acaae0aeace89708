//! From a file to a graph: read, say everything that is wrong, and only then hand the graph out.

use crate::{
    context::{Context, is_true},
    diagram::Diagram,
    element,
    graph::{self, FlowIndex, Graph, NodeIndex, NodeKind, Trigger},
    report::{Findings, Report, Subject},
    rule::Rule,
    rules,
    source::{self, ProcessSource, Source},
    xml,
};
use domain::Problem;
use std::collections::HashMap;

/// A model that may be deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    pub graph: Graph,
    /// As the file has it; empty when it has none, as the JSON form.
    pub diagram: Diagram,
    pub warnings: Vec<Problem>,
}

/// Compile BPMN 2.0 XML. `file` is its name in the problems.
///
/// # Errors
/// Everything that is wrong with the model, and the warnings beside it.
pub fn compile(file: &str, text: &str) -> Result<Compiled, Report> {
    let document = xml::open(file, text).map_err(Report::refused)?;
    let mut findings = Findings::new(file);
    let root = document.root_element();
    if !root.has_tag_name((xml::BPMN, "definitions")) {
        let subject = Subject { line: Some(1), ..Subject::default() };
        let message = format!("the root is `{}`, not `definitions` of {}", root.tag_name().name(), xml::BPMN);
        findings.error(Rule::NotBpmn, &subject, message);
        return Err(findings.finish());
    }
    let source = Source::new(&document);
    findings.lines = source.ids.iter().map(|(id, node)| ((*id).to_owned(), source.lines.of(*node))).collect();
    if let Some(node) = source.too_many {
        let message =
            format!("this is element {}; a model has at most {}", source::ELEMENTS_MAX + 1, source::ELEMENTS_MAX);
        findings.error(Rule::TooLarge, &source.subject(node), format!("{message}; split it with call activities"));
        return Err(findings.finish());
    }
    rules::of_source(&source, &mut findings);
    let processes = source.processes.iter().map(|process| process_of(&source, process, &mut findings)).collect();
    let graph = Graph { format: graph::FORMAT, processes };
    rules::of_graph(&graph, &mut findings);
    finish(graph, Diagram::read(root), findings)
}

/// Everything that is to be said about a model, whether it may be deployed or not.
#[must_use]
pub fn validate(file: &str, text: &str) -> Report {
    match compile(file, text) {
        Ok(compiled) => Report { errors: Vec::new(), warnings: compiled.warnings },
        Err(report) => report,
    }
}

pub(crate) fn finish(graph: Graph, diagram: Diagram, findings: Findings<'_>) -> Result<Compiled, Report> {
    let refused = findings.refuses();
    let report = findings.finish();
    if refused { Err(report) } else { Ok(Compiled { graph, diagram, warnings: report.warnings }) }
}

fn process_of(source: &Source<'_, '_>, process: &ProcessSource<'_, '_>, findings: &mut Findings<'_>) -> graph::Process {
    let mut context = Context { source, process, findings };
    let mut nodes: Vec<graph::Node> =
        (0..process.elements.len()).map(|index| element::node(&mut context, index)).collect();
    for (index, node) in nodes.iter().enumerate() {
        let tag = process.elements[index].tag();
        if matches!(node.kind, NodeKind::PassThrough) && tag != "task" && tag != "manualTask" {
            context.findings.placeholders.insert(node.id.clone());
        }
    }
    let (flows, places) = flows(&mut context);
    for (place, flow) in flows.iter().enumerate() {
        nodes[flow.source].outgoing.push(place);
        nodes[flow.target].incoming.push(place);
    }
    for index in 0..nodes.len() {
        nodes[index].default = default_flow(&mut context, index, &nodes[index].outgoing, &places);
        if let NodeKind::BoundaryEvent { attached_to, .. } = nodes[index].kind {
            nodes[attached_to].boundary.push(index);
        }
    }
    compensation_handlers(&mut context, &mut nodes);
    ad_hoc_activities(&mut nodes);
    let starts = (0..nodes.len())
        .filter(|index| nodes[*index].parent.is_none() && process.elements[*index].tag() == "startEvent")
        .collect();
    graph::Process {
        id: process.node.attribute("id").unwrap_or_default().to_owned(),
        name: process.node.attribute("name").unwrap_or_default().to_owned(),
        version_tag: xml::extension(process.node, "versionTag")
            .and_then(|tag| Some(tag.attribute("value")?.to_owned())),
        documentation: element::documentation(process.node),
        event_sub_processes: element::event_sub_processes(&context, None),
        nodes,
        flows,
        starts,
    }
}

/// The flows whose two ends exist, and where each id went.
fn flows(context: &mut Context<'_, '_, '_, '_>) -> (Vec<graph::SequenceFlow>, HashMap<String, FlowIndex>) {
    let mut flows = Vec::with_capacity(context.process.flows.len());
    let mut places = HashMap::new();
    for flow in &context.process.flows {
        let end = |attribute: &str| flow.node.attribute(attribute).and_then(|reference| context.element(reference));
        let (Some((source, from)), Some((target, to))) = (end("sourceRef"), end("targetRef")) else { continue };
        if from.parent != to.parent {
            let message = format!(
                "it leads from `{}` to `{}`, which stand in different sub-processes; leave a sub-process through its end",
                from.id, to.id
            );
            context.error(flow.node, Rule::Scope, message);
            continue;
        }
        let condition = xml::child(flow.node, "conditionExpression");
        let has_condition = condition.is_some();
        let condition = condition.and_then(|condition| context.formal(condition, "condition"));
        if has_condition && condition.is_none() {
            context.findings.placeholders.insert(flow.id.to_owned());
        }
        places.entry(flow.id.to_owned()).or_insert(flows.len());
        flows.push(graph::SequenceFlow {
            id: flow.id.to_owned(),
            name: flow.node.attribute("name").unwrap_or_default().to_owned(),
            source,
            target,
            condition,
        });
    }
    (flows, places)
}

fn default_flow(
    context: &mut Context<'_, '_, '_, '_>,
    index: NodeIndex,
    outgoing: &[FlowIndex],
    places: &HashMap<String, FlowIndex>,
) -> Option<FlowIndex> {
    let node = context.process.elements[index].node;
    let default = node.attribute("default").map(str::trim).filter(|default| !default.is_empty())?;
    let place = places.get(default).or_else(|| places.get(default.rsplit_once(':')?.1)).copied()?;
    if !outgoing.contains(&place) {
        context.error(node, Rule::Default, format!("its default flow `{default}` leaves another element"));
        return None;
    }
    Some(place)
}

/// Associations bind a compensation event to its handler.
fn compensation_handlers(context: &mut Context<'_, '_, '_, '_>, nodes: &mut [graph::Node]) {
    for index in 0..nodes.len() {
        let NodeKind::BoundaryEvent { attached_to, trigger: Trigger::Compensation, .. } = nodes[index].kind else {
            continue;
        };
        let element = context.process.elements[index];
        let handlers: Vec<NodeIndex> = context
            .process
            .associations
            .iter()
            .filter(|association| association.attribute("sourceRef") == Some(element.id))
            .filter_map(|association| Some(context.element(association.attribute("targetRef")?)?.0))
            .collect();
        let [handler] = handlers[..] else {
            let message = format!(
                "a compensation event is bound to one handler by an association, this one to {}; draw one to an activity that is marked \
                 as compensation",
                handlers.len()
            );
            context.error(element.node, Rule::Compensation, message);
            continue;
        };
        let handler_element = context.process.elements[handler];
        if !is_true(handler_element.node, "isForCompensation") {
            let message = format!("its handler `{}` is not marked with isForCompensation=\"true\"", handler_element.id);
            context.error(element.node, Rule::Compensation, message);
        }
        if let Some(first) = nodes[attached_to].compensation.replace(handler).filter(|first| *first != handler) {
            let message = format!("its activity has another handler already, `{}`; keep one", nodes[first].id);
            context.error(element.node, Rule::Compensation, message);
        }
    }
}

/// Activities of ad-hoc sub-processes that nothing leads into.
fn ad_hoc_activities(nodes: &mut [graph::Node]) {
    for index in 0..nodes.len() {
        if !matches!(nodes[index].kind, NodeKind::AdHocSubProcess(_)) {
            continue;
        }
        let startable: Vec<NodeIndex> = (0..nodes.len())
            .filter(|at| nodes[*at].parent == Some(index) && rules::is_startable(&nodes[*at]))
            .collect();
        if let NodeKind::AdHocSubProcess(ad_hoc) = &mut nodes[index].kind {
            ad_hoc.activities = startable;
        }
    }
}
