//! Events: which trigger may stand where, messages, links, compensation.

use super::view::{View, is_activity, trigger, trigger_name};
use crate::{
    graph::{EventResult, MessageCatch, Node, NodeIndex, NodeKind, TextOrExpression, Timer, Trigger},
    rule::Rule,
};
use std::collections::HashMap;

pub(super) fn check(view: &mut View<'_, '_, '_>) {
    for (index, node) in view.nodes() {
        match &node.kind {
            NodeKind::StartEvent { trigger, interrupting } => start(view, node, trigger, *interrupting),
            NodeKind::IntermediateCatchEvent { trigger } => intermediate(view, node, trigger),
            NodeKind::IntermediateThrowEvent { result } => throw(view, index, node, result),
            NodeKind::EndEvent { result } => end(view, index, node, result),
            NodeKind::BoundaryEvent { attached_to, trigger, interrupting } => {
                boundary(view, node, *attached_to, trigger, *interrupting);
            }
            NodeKind::ReceiveTask { message } => key(view, node, message),
            NodeKind::EventBasedGateway => event_gateway(view, node),
            _ => {}
        }
        if node.is_for_compensation {
            handler(view, index, node);
        }
    }
    same_messages(view);
}

fn start(view: &mut View<'_, '_, '_>, node: &Node, trigger: &Trigger, interrupting: bool) {
    let place = node.parent.map(|parent| &view.node(parent).kind);
    let name = trigger_name(trigger);
    match place {
        Some(NodeKind::EventSubProcess { .. }) => match trigger {
            Trigger::None => view.error(
                Rule::EventSubProcess,
                node,
                "the start event of an event sub-process needs a trigger, for example a timer or an error",
            ),
            Trigger::Link { .. } => {
                view.error(Rule::StartTrigger, node, "a link starts nothing; it joins two ends of one path")
            }
            Trigger::Error { .. } if !interrupting => {
                let message = "an error always interrupts; remove isInterrupting=\"false\"";
                view.error(Rule::Interrupting, node, message);
            }
            Trigger::Message(message) => key(view, node, message),
            Trigger::Timer(Timer::Cycle { .. }) if interrupting => only_once(view, node),
            Trigger::Compensation if view.node(node.parent.unwrap_or_default()).parent.is_none() => {
                let message =
                    "a compensation event sub-process stands inside a sub-process, which is what is compensated";
                view.error(Rule::Compensation, node, message);
            }
            _ => {}
        },
        Some(_) => {
            if !matches!(trigger, Trigger::None) {
                let message = format!(
                    "the start event of a sub-process has no trigger, this one has {name}; use an event sub-process"
                );
                view.error(Rule::SubProcess, node, message);
            }
        }
        None => {
            if matches!(
                trigger,
                Trigger::Error { .. } | Trigger::Escalation { .. } | Trigger::Compensation | Trigger::Link { .. }
            ) {
                let message =
                    format!("{name} does not start a process; use none, a message, a timer, a signal or a condition");
                view.error(Rule::StartTrigger, node, message);
            }
            if let Trigger::Message(MessageCatch { name: TextOrExpression::Expression { .. }, .. }) = trigger {
                let message =
                    "the name of a message that starts a process is fixed; there is no instance yet to compute it";
                view.error(Rule::Message, node, message);
            }
        }
    }
}

fn only_once(view: &mut View<'_, '_, '_>, node: &Node) {
    let message = "it interrupts, so its cycle fires once; make it non-interrupting or use a duration";
    view.warning(Rule::Timer, node, message);
}

fn intermediate(view: &mut View<'_, '_, '_>, node: &Node, trigger: &Trigger) {
    match trigger {
        Trigger::Message(message) => key(view, node, message),
        Trigger::Timer(Timer::Cycle { .. }) => {
            view.warning(
                Rule::Timer,
                node,
                "it waits once, so only the first time of its cycle counts; use a duration or a date",
            );
        }
        Trigger::Timer(_) | Trigger::Signal { .. } | Trigger::Conditional { .. } => {}
        Trigger::Link { name } => {
            let thrown = view.children(node.parent).any(|(_, other)| {
                matches!(&other.kind, NodeKind::IntermediateThrowEvent { result: EventResult::Link { target } }
                    if view.node(*target).id == node.id)
            });
            if !thrown {
                view.error(
                    Rule::Link,
                    node,
                    format!("nothing in its scope throws the link “{name}”; add a throwing link event"),
                );
            }
        }
        Trigger::None => view.error(
            Rule::EventDefinition,
            node,
            "it waits for nothing; add a message, a timer, a signal, a condition or a link",
        ),
        Trigger::Error { .. } | Trigger::Escalation { .. } | Trigger::Compensation => {
            let message =
                format!("{} is not caught in the middle of a path; attach it to an activity", trigger_name(trigger));
            view.error(Rule::EventDefinition, node, message);
        }
    }
}

fn boundary(view: &mut View<'_, '_, '_>, node: &Node, attached_to: NodeIndex, trigger: &Trigger, interrupting: bool) {
    let host = view.node(attached_to);
    if !is_activity(&host.kind) {
        view.error(Rule::Boundary, node, format!("it is attached to `{}`, which is not an activity", host.id));
    } else if host.parent != node.parent {
        view.error(
            Rule::Boundary,
            node,
            format!("it stands in another sub-process than `{}`, to which it is attached", host.id),
        );
    }
    match trigger {
        Trigger::None => view.error(Rule::EventDefinition, node, "it waits for nothing; say what it catches"),
        Trigger::Link { .. } => view.error(Rule::EventDefinition, node, "a link is not caught at an activity"),
        Trigger::Error { .. } if !interrupting => {
            let message =
                "an error always interrupts the activity; remove cancelActivity=\"false\", or use an escalation";
            view.error(Rule::Interrupting, node, message);
        }
        Trigger::Message(message) => key(view, node, message),
        Trigger::Timer(Timer::Cycle { .. }) if interrupting => only_once(view, node),
        Trigger::Compensation if host.compensation.is_none() => {
            view.error(Rule::Compensation, node, "it has no handler; bind one by an association");
        }
        Trigger::Compensation if host.is_for_compensation => {
            view.error(Rule::Compensation, node, "what compensates is not compensated itself");
        }
        _ => {}
    }
}

fn throw(view: &mut View<'_, '_, '_>, index: NodeIndex, node: &Node, result: &EventResult) {
    match result {
        EventResult::Terminate | EventResult::Error { .. } => {
            let message = "nothing goes on after it, so it is an end event";
            view.error(Rule::EventDefinition, node, message);
        }
        EventResult::Link { target } => {
            let fits =
                matches!(view.node(*target).kind, NodeKind::IntermediateCatchEvent { trigger: Trigger::Link { .. } });
            if !fits || view.node(*target).parent != node.parent {
                view.error(Rule::Link, node, "it leads to no catching link event of the same scope");
            }
        }
        _ => thrown(view, index, node, result),
    }
}

fn end(view: &mut View<'_, '_, '_>, index: NodeIndex, node: &Node, result: &EventResult) {
    if let EventResult::Link { .. } = result {
        view.error(Rule::EventDefinition, node, "a link does not end a path; use an intermediate throw event");
    } else {
        thrown(view, index, node, result);
    }
}

fn thrown(view: &mut View<'_, '_, '_>, index: NodeIndex, node: &Node, result: &EventResult) {
    match result {
        EventResult::Message { correlation_key: None, step: None, .. } => {
            let message = "nobody would get the message: give it a correlation key (zeebe:subscription), or name a component that sends it";
            view.error(Rule::Message, node, message);
        }
        EventResult::Compensation { activity: Some(activity) } => compensated(view, index, node, *activity),
        _ => {}
    }
}

/// What is compensated by name has a handler, and stands where the event can see it: in the scope of the event, or in the one that an
/// event sub-process belongs to.
fn compensated(view: &mut View<'_, '_, '_>, _index: NodeIndex, node: &Node, activity: NodeIndex) {
    let target = view.node(activity);
    let can = target.compensation.is_some() || matches!(target.kind, NodeKind::SubProcess { .. });
    if !can {
        let message = format!("`{}` has no compensation; attach a compensation event with a handler to it", target.id);
        view.error(Rule::Compensation, node, message);
    }
    let mut scope = node.parent;
    let mut visible = target.parent == scope;
    while let Some(parent) =
        scope.filter(|parent| !visible && matches!(view.node(*parent).kind, NodeKind::EventSubProcess { .. }))
    {
        scope = view.node(parent).parent;
        visible = target.parent == scope;
    }
    if !visible {
        view.error(
            Rule::Compensation,
            node,
            format!("`{}` stands in another scope and cannot be compensated from here", target.id),
        );
    }
}

fn handler(view: &mut View<'_, '_, '_>, index: NodeIndex, node: &Node) {
    if !is_activity(&node.kind) {
        view.error(Rule::Compensation, node, "only an activity can compensate another");
    }
    if !view.nodes().any(|(_, other)| other.compensation == Some(index)) {
        let message =
            "it is only run to compensate, but no compensation event is bound to it; draw an association from one";
        view.error(Rule::Compensation, node, message);
    }
    if !node.boundary.is_empty() {
        view.error(Rule::Compensation, node, "what compensates has no boundary events");
    }
}

fn key(view: &mut View<'_, '_, '_>, node: &Node, message: &MessageCatch) {
    if message.correlation_key.is_none() {
        let message = "an instance waits for the message, so it needs a correlation key that tells which one; add a zeebe:subscription \
                       with a correlationKey to the message";
        view.error(Rule::Message, node, message);
    }
}

fn event_gateway(view: &mut View<'_, '_, '_>, node: &Node) {
    if node.outgoing.len() < 2 {
        let message = format!("it leads to two or more events to wait for, this one to {}", node.outgoing.len());
        view.error(Rule::EventGateway, node, message);
    }
    let targets: Vec<&Node> = node.outgoing.iter().map(|flow| view.node(view.process.flows[*flow].target)).collect();
    let receives = targets.iter().any(|target| matches!(target.kind, NodeKind::ReceiveTask { .. }));
    for target in targets {
        let fits = match &target.kind {
            NodeKind::ReceiveTask { .. } => true,
            NodeKind::IntermediateCatchEvent { trigger } => {
                matches!(
                    trigger,
                    Trigger::Message(_) | Trigger::Timer(_) | Trigger::Signal { .. } | Trigger::Conditional { .. }
                )
            }
            _ => false,
        };
        if !fits {
            let message = format!(
                "it leads to `{}`; only message, timer, signal and conditional catch events and receive tasks may follow",
                target.id
            );
            view.findings.error(Rule::EventGateway, &super::view::subject(node), message);
            continue;
        }
        let message_event = matches!(trigger(&target.kind), Some(Trigger::Message(_)));
        if receives && message_event {
            let message =
                format!("it leads to receive tasks and to the message event `{}`; use one of the two", target.id);
            view.findings.error(Rule::EventGateway, &super::view::subject(node), message);
        }
        if target.incoming.len() > 1 {
            let message =
                format!("`{}` is waited for by it and also reached otherwise; give it one incoming flow", target.id);
            view.findings.error(Rule::EventGateway, &super::view::subject(node), message);
        }
        if !target.boundary.is_empty() {
            let message = format!(
                "the receive task `{}` after it has boundary events; lead the gateway to those events",
                target.id
            );
            view.findings.error(Rule::EventGateway, &super::view::subject(node), message);
        }
    }
}

/// Of elements that wait at the same time each has a message of its own, otherwise which one gets it is open.
fn same_messages(view: &mut View<'_, '_, '_>) {
    let mut seen: HashMap<(String, String), NodeIndex> = HashMap::new();
    for (index, node) in view.nodes() {
        let group = match &node.kind {
            NodeKind::StartEvent { .. } => match node.parent {
                None => "process".to_owned(),
                // Event sub-processes of the same scope wait together.
                Some(parent) => format!("scope {:?}", view.node(parent).parent),
            },
            NodeKind::BoundaryEvent { attached_to, .. } => format!("at {attached_to}"),
            NodeKind::IntermediateCatchEvent { .. } => {
                let gateway = node.incoming.iter().map(|flow| view.process.flows[*flow].source);
                match gateway.into_iter().find(|at| matches!(view.node(*at).kind, NodeKind::EventBasedGateway)) {
                    Some(gateway) => format!("after {gateway}"),
                    None => continue,
                }
            }
            _ => continue,
        };
        let Some(Trigger::Message(MessageCatch { name: TextOrExpression::Text(name), .. })) = trigger(&node.kind)
        else {
            continue;
        };
        if let Some(first) = seen.insert((group, name.clone()), index) {
            let message = format!(
                "`{}` waits for the message “{name}” at the same time; give each a message of its own",
                view.node(first).id
            );
            view.error(Rule::MessageTwice, node, message);
        }
    }
}
