//! Tasks: work for people, steps of components, scripts, decisions and messages to wait for.

use super::{common::Headers, event};
use crate::{
    context::{Context, is_feel, is_true},
    graph::{Approval, Binding, Decision, NodeKind, Step, TextOrExpression, UserTask},
    rule::Rule,
    xml,
};
use roxmltree::Node;

/// Attempts in all where a model says nothing.
const RETRIES: &str = "3";

pub(super) fn user<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> NodeKind {
    let mut task = UserTask::default();
    if let Some(assignment) = xml::extension(node, "assignmentDefinition") {
        task.assignee = attribute(context, assignment, "assignee");
        task.candidate_groups = attribute(context, assignment, "candidateGroups");
        task.candidate_people = attribute(context, assignment, "candidateUsers");
    }
    if let Some(schedule) = xml::extension(node, "taskSchedule") {
        task.due = attribute(context, schedule, "dueDate");
        task.follow_up = attribute(context, schedule, "followUpDate");
    }
    if let Some(priority) = xml::extension(node, "priorityDefinition") {
        task.priority = attribute(context, priority, "priority");
    }
    if let Some(form) = xml::extension(node, "formDefinition") {
        let id = form.attribute("formId").or_else(|| form.attribute("externalReference")).map(str::trim);
        match id.filter(|id| !id.is_empty()) {
            Some(id) => task.form = Some(id.to_owned()),
            None => {
                let message = "a form is named by formId or externalReference; a form inside the model is not read";
                context.error(form, Rule::UserTask, message);
            }
        }
    }
    task.approval = approval(context, node, headers);
    NodeKind::UserTask(Box::new(task))
}

/// The headers of an approval. They are taken out: what remains goes to components and tools.
fn approval<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> Option<Approval> {
    let [approvers, parameters, reminder, expiry] =
        ["approvers", "approval-parameters", "reminder", "expiry"].map(|key| headers.remove(key));
    let Some(rule) = headers.remove("approval") else {
        if approvers.is_some() || parameters.is_some() {
            let message = "it says who approves but not by which rule; add the header `approval`";
            context.error(node, Rule::Approval, message);
        }
        // Without an approval they are somebody else's headers.
        headers.extend(
            [("reminder", reminder), ("expiry", expiry)].into_iter().filter_map(|(key, v)| Some((key.to_owned(), v?))),
        );
        return None;
    };
    let Some(approvers) = approvers else {
        let message = "an approval needs the header `approvers`, for example `=request.approvers`";
        context.error(node, Rule::Approval, message);
        return None;
    };
    let approvers = context.text_or_expression(node, "header `approvers`", &approvers)?;
    let parameters = match parameters {
        Some(text) => Some(context.feel(node, "header `approval-parameters`", &text)?),
        None => None,
    };
    Some(Approval { rule: rule.trim().to_owned(), parameters, approvers, reminder, expiry })
}

pub(super) fn service<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> Option<NodeKind> {
    let step = optional_step(context, node, headers);
    if step.is_none() && xml::extension(node, "taskDefinition").is_none() {
        let message = "it names no component; add a taskDefinition with a type such as `asset/reserve@1`";
        context.error(node, Rule::StepType, message);
    }
    step.map(NodeKind::ServiceTask)
}

/// The step of a `zeebe:taskDefinition`, where there is one. Its headers are taken out.
pub(super) fn optional_step<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> Option<Box<Step>> {
    let definition = xml::extension(node, "taskDefinition")?;
    let kind = definition.attribute("type").map(str::trim).filter(|text| !text.is_empty());
    let Some(kind) = kind else {
        context.error(definition, Rule::StepType, "a taskDefinition needs a type such as `asset/reserve@1`");
        return None;
    };
    let task_type = context.text_or_expression(definition, "type", kind)?;
    let retries = definition.attribute("retries").filter(|text| !text.trim().is_empty()).unwrap_or(RETRIES);
    let retries = context.text_or_expression(definition, "retries", retries)?;
    let backoff = headers.remove("backoff").unwrap_or_default();
    let backoff = backoff.split(',').map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned).collect();
    let timeout = headers.remove("timeout").map(|text| text.trim().to_owned());
    let result_variable = headers.remove("resultVariable").map(|text| text.trim().to_owned());
    Some(Box::new(Step { task_type, retries, backoff, timeout, result_variable }))
}

pub(super) fn script<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> Option<NodeKind> {
    if let Some(step) = optional_step(context, node, headers) {
        return Some(NodeKind::ServiceTask(step));
    }
    let (expression, result_variable) = match (xml::extension(node, "script"), xml::child(node, "script")) {
        (Some(script), _) => {
            let text = script.attribute("expression").unwrap_or_default();
            let result = script.attribute("resultVariable").map(|name| name.trim().to_owned());
            (context.feel(script, "script", text)?, result.filter(|name| !name.is_empty()))
        }
        (None, Some(script)) => {
            let format = node.attribute("scriptFormat").unwrap_or_default();
            if !is_feel(format) {
                let message = format!("the script is in `{format}`; write it in FEEL, or let a component do it");
                context.error(node, Rule::Script, message);
                return None;
            }
            (context.feel(script, "script", &xml::text(script))?, None)
        }
        (None, None) => {
            context.error(node, Rule::Script, "it has no script; write one in FEEL, or name a component");
            return None;
        }
    };
    Some(NodeKind::ScriptTask { expression, result_variable })
}

pub(super) fn business_rule<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    headers: &mut Headers,
) -> Option<NodeKind> {
    if let Some(step) = optional_step(context, node, headers) {
        return Some(NodeKind::ServiceTask(step));
    }
    let Some(called) = xml::extension(node, "calledDecision") else {
        context.error(node, Rule::Decision, "it names no decision; add a calledDecision with a decisionId");
        return None;
    };
    let decision = attribute(context, called, "decisionId");
    let result_variable = called.attribute("resultVariable").map(str::trim).filter(|name| !name.is_empty());
    let (Some(decision), Some(result_variable)) = (decision, result_variable) else {
        context.error(called, Rule::Decision, "a calledDecision needs a decisionId and a resultVariable");
        return None;
    };
    let decision = Decision { decision, binding: binding(context, called)? };
    Some(NodeKind::BusinessRuleTask { decision, result_variable: result_variable.to_owned() })
}

pub(super) fn receive<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<NodeKind> {
    if is_true(node, "instantiate") {
        let message = "a receive task does not start a process; use a message start event";
        context.error(node, Rule::Unsupported, message);
    }
    event::message_catch(context, node).map(|message| NodeKind::ReceiveTask { message })
}

/// `bindingType` and `versionTag` of a called decision or process.
pub(super) fn binding<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<Binding> {
    let tag = node.attribute("versionTag").map(str::trim).filter(|tag| !tag.is_empty());
    match (node.attribute("bindingType").map_or("latest", str::trim), tag) {
        ("latest", _) => Some(Binding::Latest),
        ("deployment", _) => Some(Binding::Deployment),
        ("versionTag", Some(tag)) => Some(Binding::VersionTag(tag.to_owned())),
        ("versionTag", None) => {
            context.error(node, Rule::Reference, "a binding to a version tag needs the versionTag");
            None
        }
        (other, _) => {
            let message = format!("the binding `{other}` is not known; use latest, deployment or versionTag");
            context.error(node, Rule::Reference, message);
            None
        }
    }
}

/// An attribute that is a text or an expression; empty counts as absent.
pub(super) fn attribute<'a, 'x: 'a>(
    context: &mut Context<'_, 'a, 'x, '_>,
    node: Node<'a, 'x>,
    name: &str,
) -> Option<TextOrExpression> {
    let text = node.attribute(name).filter(|text| !text.trim().is_empty())?;
    context.text_or_expression(node, name, text)
}
