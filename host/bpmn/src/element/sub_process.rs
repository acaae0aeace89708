//! Sub-processes: embedded ones, those that an event starts, and ad-hoc ones whose activities people start.

use crate::{
    context::{Context, is_false, is_true},
    graph::{AdHoc, NodeIndex, NodeKind},
    rule::Rule,
    source::Element,
    xml,
};

pub(super) fn sub_process(context: &mut Context<'_, '_, '_, '_>, index: NodeIndex) -> Option<NodeKind> {
    let element = context.process.elements[index];
    let triggered = is_true(element.node, "triggeredByEvent");
    let starts = children(context, index, |child| child.tag() == "startEvent");
    let event_sub_processes = event_sub_processes(context, Some(index));
    let [start] = starts[..] else {
        let (rule, what) = match triggered {
            true => (Rule::EventSubProcess, "an event sub-process has exactly one start event, with a trigger"),
            false => (Rule::SubProcess, "a sub-process has exactly one start event, without a trigger"),
        };
        context.error(element.node, rule, format!("{what}; this one has {}", starts.len()));
        return None;
    };
    Some(match triggered {
        true => NodeKind::EventSubProcess { start, event_sub_processes },
        false => NodeKind::SubProcess { start, event_sub_processes },
    })
}

pub(super) fn ad_hoc(context: &mut Context<'_, '_, '_, '_>, index: NodeIndex) -> NodeKind {
    let element = context.process.elements[index];
    if element.node.attribute("ordering").is_some_and(|ordering| ordering.trim() == "Sequential") {
        let message = "the activities of an ad-hoc sub-process are not put in order; remove ordering=\"Sequential\"";
        context.error(element.node, Rule::Unsupported, message);
    }
    let active = xml::extension(element.node, "adHoc")
        .and_then(|ad_hoc| Some((ad_hoc, ad_hoc.attribute("activeElementsCollection")?)))
        .and_then(|(ad_hoc, text)| context.feel(ad_hoc, "activeElementsCollection", text));
    let completion = xml::child(element.node, "completionCondition")
        .and_then(|condition| context.formal(condition, "completion condition"));
    // The activities that can be started are known once the flows are; the compiler fills them in.
    NodeKind::AdHocSubProcess(Box::new(AdHoc {
        activities: Vec::new(),
        active,
        completion,
        cancel_remaining: !is_false(element.node, "cancelRemainingInstances"),
        event_sub_processes: event_sub_processes(context, Some(index)),
    }))
}

/// Event sub-processes directly in a scope.
pub(crate) fn event_sub_processes(context: &Context<'_, '_, '_, '_>, parent: Option<NodeIndex>) -> Vec<NodeIndex> {
    let elements = &context.process.elements;
    let fits = |element: &Element<'_, '_>| element.parent == parent && is_event_sub_process(element);
    (0..elements.len()).filter(|index| fits(&elements[*index])).collect()
}

pub(crate) fn is_event_sub_process(element: &Element<'_, '_>) -> bool {
    element.tag() == "subProcess" && is_true(element.node, "triggeredByEvent")
}

fn children(
    context: &Context<'_, '_, '_, '_>,
    parent: NodeIndex,
    fits: impl Fn(&Element<'_, '_>) -> bool,
) -> Vec<NodeIndex> {
    let elements = &context.process.elements;
    (0..elements.len()).filter(|index| elements[*index].parent == Some(parent) && fits(&elements[*index])).collect()
}
