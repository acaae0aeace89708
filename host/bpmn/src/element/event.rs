//! Events: what starts or continues something, and what an element brings about.

use super::{common, task};
use crate::{
    context::{Context, is_false, is_true},
    graph::{EventResult, MessageCatch, NodeKind, TextOrExpression, Timer, Trigger},
    rule::Rule,
    source::Element,
    xml,
};
use roxmltree::Node;

pub(super) fn event<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    element: Element<'a, 'x>,
    headers: &mut common::Headers,
) -> Option<NodeKind> {
    let node = element.node;
    let definition = definition(context, node);
    let kind = match element.tag() {
        "startEvent" => NodeKind::StartEvent {
            trigger: trigger(context, node, definition)?,
            interrupting: !is_false(node, "isInterrupting"),
        },
        "intermediateCatchEvent" => NodeKind::IntermediateCatchEvent { trigger: trigger(context, node, definition)? },
        "boundaryEvent" => {
            let (attached_to, _) = context.element(node.attribute("attachedToRef")?)?;
            NodeKind::BoundaryEvent {
                attached_to,
                trigger: trigger(context, node, definition)?,
                interrupting: !is_false(node, "cancelActivity"),
            }
        }
        "endEvent" => NodeKind::EndEvent { result: result(context, node, definition, headers)? },
        _ => NodeKind::IntermediateThrowEvent { result: result(context, node, definition, headers)? },
    };
    Some(kind)
}

/// The one definition of an event, in place or referred to.
fn definition<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<Node<'a, 'x>> {
    let mut found: Vec<Node<'a, 'x>> = Vec::new();
    for child in node.children().filter(|child| child.tag_name().namespace() == Some(xml::BPMN)) {
        let tag = child.tag_name().name();
        if tag == "eventDefinitionRef" {
            found.extend(context.source.resolve(&xml::text(child)));
        } else if is_definition(tag) {
            found.push(child);
        }
    }
    if is_true(node, "parallelMultiple") {
        context.error(
            node,
            Rule::Unsupported,
            "a parallel multiple event is not executed; wait for each event by its own",
        );
    } else if found.len() > 1 {
        let message = format!("it has {} event definitions, an event has one; make an event of each", found.len());
        context.error(node, Rule::EventDefinition, message);
    }
    found.first().copied()
}

pub(crate) fn is_definition(tag: &str) -> bool {
    tag.ends_with("EventDefinition")
}

fn trigger<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    definition: Option<Node<'a, 'x>>,
) -> Option<Trigger> {
    let Some(definition) = definition else { return Some(Trigger::None) };
    match definition.tag_name().name() {
        "messageEventDefinition" => message_catch(context, definition).map(Trigger::Message),
        "timerEventDefinition" => timer(context, definition).map(Trigger::Timer),
        "signalEventDefinition" => signal(context, definition).map(|name| Trigger::Signal { name }),
        "errorEventDefinition" => {
            let code = caught_code(context, definition, "errorRef", "error", "errorCode")?;
            Some(Trigger::Error { code })
        }
        "escalationEventDefinition" => {
            let code = caught_code(context, definition, "escalationRef", "escalation", "escalationCode")?;
            Some(Trigger::Escalation { code })
        }
        "conditionalEventDefinition" => {
            let Some(condition) = xml::child(definition, "condition") else {
                context.error(definition, Rule::Condition, "a conditional event needs a condition; write one in FEEL");
                return None;
            };
            if let Some(filter) = xml::extension(definition, "conditionalFilter") {
                let message = "the filter on variables has no effect: the condition is looked at after every change";
                context.warning(filter, Rule::Ignored, message);
            }
            context.formal(condition, "condition").map(|condition| Trigger::Conditional { condition })
        }
        "compensateEventDefinition" => Some(Trigger::Compensation),
        "linkEventDefinition" => link_name(context, definition).map(|name| Trigger::Link { name }),
        "cancelEventDefinition" => {
            context.error(
                definition,
                Rule::Unsupported,
                "cancel events belong to transactions, which are not executed",
            );
            None
        }
        other => {
            let message = format!("`{other}` cannot be waited for here; an event that catches has another definition");
            context.error(node, Rule::EventDefinition, message);
            None
        }
    }
}

fn result<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    definition: Option<Node<'a, 'x>>,
    headers: &mut common::Headers,
) -> Option<EventResult> {
    let Some(definition) = definition else { return Some(EventResult::None) };
    match definition.tag_name().name() {
        "terminateEventDefinition" => Some(EventResult::Terminate),
        "messageEventDefinition" => message_throw(context, node, definition, headers),
        "signalEventDefinition" => signal(context, definition).map(|name| EventResult::Signal { name }),
        "errorEventDefinition" => {
            let code = thrown_code(context, definition, "errorRef", "error", "errorCode")?;
            Some(EventResult::Error { code })
        }
        "escalationEventDefinition" => {
            let code = thrown_code(context, definition, "escalationRef", "escalation", "escalationCode")?;
            Some(EventResult::Escalation { code })
        }
        "compensateEventDefinition" => {
            if is_false(definition, "waitForCompletion") {
                let message = "compensation is always waited for; remove waitForCompletion=\"false\"";
                context.error(definition, Rule::Unsupported, message);
            }
            let activity = definition.attribute("activityRef");
            let activity = activity.and_then(|reference| context.element(reference)).map(|(index, _)| index);
            Some(EventResult::Compensation { activity })
        }
        "linkEventDefinition" => link_target(context, node, definition),
        "cancelEventDefinition" => {
            context.error(
                definition,
                Rule::Unsupported,
                "cancel events belong to transactions, which are not executed",
            );
            None
        }
        other => {
            let message = format!("`{other}` cannot be thrown; an event that throws has another definition");
            context.error(node, Rule::EventDefinition, message);
            None
        }
    }
}

/// Name and correlation key of the message that `messageRef` names, on an event definition or a receive task.
pub(super) fn message_catch<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
) -> Option<MessageCatch> {
    let message = message(context, node)?;
    let name = message_name(context, message)?;
    Some(MessageCatch { name, correlation_key: correlation_key(context, message) })
}

fn message_throw<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    definition: Node<'a, 'x>,
    headers: &mut common::Headers,
) -> Option<EventResult> {
    let step = task::optional_step(context, node, headers);
    let (name, correlation_key) = match definition.attribute("messageRef") {
        // A component carries it out, so it needs no message of its own.
        None if step.is_some() => (TextOrExpression::Text(String::new()), None),
        _ => {
            let message = message(context, definition)?;
            (message_name(context, message)?, correlation_key(context, message))
        }
    };
    Some(EventResult::Message { name, correlation_key, step })
}

fn message<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<Node<'a, 'x>> {
    if !node.has_attribute("messageRef") {
        context.error(node, Rule::Message, "it names no message; set messageRef to a `message` of the model");
    }
    context.root(node, "messageRef", "message")
}

fn message_name<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, message: Node<'a, 'x>) -> Option<TextOrExpression> {
    let name = message.attribute("name").unwrap_or_default();
    if name.trim().is_empty() {
        context.error(message, Rule::Message, "a message that is sent or waited for needs a name");
        return None;
    }
    context.text_or_expression(message, "name of the message", name)
}

fn correlation_key<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    message: Node<'a, 'x>,
) -> Option<crate::expression::Expression> {
    let subscription = xml::extension(message, "subscription")?;
    let key = subscription.attribute("correlationKey")?;
    context.feel(subscription, "correlation key", key)
}

fn signal<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, definition: Node<'a, 'x>) -> Option<TextOrExpression> {
    if !definition.has_attribute("signalRef") {
        context.error(definition, Rule::Signal, "it names no signal; set signalRef to a `signal` of the model");
    }
    let signal = context.root(definition, "signalRef", "signal")?;
    let name = signal.attribute("name").unwrap_or_default();
    if name.trim().is_empty() {
        context.error(signal, Rule::Signal, "a signal needs a name");
        return None;
    }
    context.text_or_expression(signal, "name of the signal", name)
}

/// The code that is caught; none means every one.
#[expect(
    clippy::option_option,
    reason = "the outer one says that a problem was reported, the inner one that every code is meant"
)]
fn caught_code<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    definition: Node<'a, 'x>,
    reference: &str,
    tag: &str,
    attribute: &str,
) -> Option<Option<String>> {
    let Some(root) = context.root(definition, reference, tag) else { return Some(None) };
    let code = root.attribute(attribute).unwrap_or_default().trim();
    if code.starts_with('=') {
        let message = format!("the code that is caught is a fixed text, `{code}` is an expression");
        context.error(definition, Rule::ErrorCode, message);
        return None;
    }
    Some((!code.is_empty()).then(|| code.to_owned()))
}

fn thrown_code<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    definition: Node<'a, 'x>,
    reference: &str,
    tag: &str,
    attribute: &str,
) -> Option<TextOrExpression> {
    let root = context.root(definition, reference, tag);
    let code = root.and_then(|root| root.attribute(attribute)).unwrap_or_default().trim().to_owned();
    if code.is_empty() {
        // A reference that leads nowhere is told by the rule of references.
        if root.is_some() || !definition.has_attribute(reference) {
            let message = format!("what is thrown needs a code; set {reference} to an `{tag}` with an {attribute}");
            context.error(definition, Rule::ErrorCode, message);
        }
        return None;
    }
    context.text_or_expression(definition, attribute, &code)
}

fn timer<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, definition: Node<'a, 'x>) -> Option<Timer> {
    let kinds = ["timeDate", "timeDuration", "timeCycle"];
    let found: Vec<Node<'a, 'x>> = kinds.iter().flat_map(|kind| xml::children(definition, kind)).collect();
    let [moment] = found[..] else {
        let message = format!("a timer has exactly one of {}, this one has {}", kinds.join(", "), found.len());
        context.error(definition, Rule::Timer, message);
        return None;
    };
    context.language(moment, "timer");
    let text = xml::text(moment);
    if text.is_empty() {
        context.error(definition, Rule::Timer, "the timer is empty; write for example PT4H");
        return None;
    }
    let tag = moment.tag_name().name();
    let read = context.text_or_expression(moment, tag, &text)?;
    Some(match tag {
        "timeDate" => Timer::Date { at: read },
        "timeDuration" => Timer::Duration { after: read },
        _ => Timer::Cycle { every: read },
    })
}

fn link_name<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, definition: Node<'a, 'x>) -> Option<String> {
    let name = common::name(definition);
    if name.is_empty() {
        context.error(
            definition,
            Rule::Link,
            "a link needs a name, the same where it is thrown and where it is caught",
        );
        return None;
    }
    Some(name)
}

/// The catching link event of the same scope.
fn link_target<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    definition: Node<'a, 'x>,
) -> Option<EventResult> {
    let name = link_name(context, definition)?;
    let parent = context.process.elements.iter().find(|element| element.node == node)?.parent;
    let catches = |element: &Element<'_, '_>| {
        element.tag() == "intermediateCatchEvent"
            && element.parent == parent
            && xml::children(element.node, "linkEventDefinition").any(|link| common::name(link) == name)
    };
    let targets: Vec<usize> =
        (0..context.process.elements.len()).filter(|at| catches(&context.process.elements[*at])).collect();
    match targets[..] {
        [target] => Some(EventResult::Link { target }),
        [] => {
            let message = format!("no catching link event of the same scope has the name “{name}”; add one");
            context.error(node, Rule::Link, message);
            None
        }
        _ => {
            let message = format!("{} catching link events have the name “{name}”; keep one", targets.len());
            context.error(node, Rule::Link, message);
            None
        }
    }
}
