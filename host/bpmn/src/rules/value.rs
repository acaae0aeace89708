//! Texts of a graph that have to be of some form: durations, component names, numbers, names of variables.

use super::view::{View, trigger};
use crate::{
    graph::{Node, NodeKind, Step, TextOrExpression, Timer, Trigger, UserTask},
    moment::{self, Check, Reason},
    rule::Rule,
};

/// Attempts of a step at most.
const RETRIES_MAX: u32 = 100;
/// Waits between attempts at most.
const BACKOFF_MAX: usize = 20;
/// Bytes of a header.
const HEADER_MAX_BYTES: usize = 16 << 10;

pub(super) fn check(view: &mut View<'_, '_, '_>) {
    for (_, node) in view.nodes() {
        for mapping in node.inputs.iter().chain(&node.outputs) {
            if !mapping.target.split('.').all(is_name) {
                let message = format!("`{}` is not a name or a path of names such as request.item", mapping.target);
                view.error(Rule::Mapping, node, message);
            }
        }
        for (key, value) in &node.headers {
            if key.len() + value.len() > HEADER_MAX_BYTES {
                view.error(Rule::Header, node, format!("the header `{key}` has more than {HEADER_MAX_BYTES} bytes"));
            }
        }
        match &node.kind {
            NodeKind::ServiceTask(step) => self::step(view, node, step),
            NodeKind::IntermediateThrowEvent { result } | NodeKind::EndEvent { result } => {
                if let crate::graph::EventResult::Message { step: Some(step), .. } = result {
                    self::step(view, node, step);
                }
            }
            NodeKind::UserTask(task) => user_task(view, node, task),
            NodeKind::ScriptTask { result_variable: Some(name), .. } => variable(view, node, Rule::Script, name),
            NodeKind::BusinessRuleTask { result_variable, .. } => variable(view, node, Rule::Decision, result_variable),
            _ => {}
        }
        if let Some(crate::graph::Repeat::MultiInstance { element_variable, output_collection, .. }) = &node.repeat {
            for name in element_variable.iter().chain(output_collection) {
                variable(view, node, Rule::MultiInstance, name);
            }
        }
        if let Some(Trigger::Timer(timer)) = trigger(&node.kind) {
            self::timer(view, node, timer);
        }
    }
}

fn timer(view: &mut View<'_, '_, '_>, node: &Node, timer: &Timer) {
    let (text, rule, check): (_, _, Check) = match timer {
        Timer::Date { at } => (at, Rule::Date, moment::check_date),
        Timer::Duration { after } => (after, Rule::Duration, moment::check_duration),
        Timer::Cycle { every } => (every, Rule::Cycle, moment::check_cycle),
    };
    fixed(view, node, rule, "timer", text, check);
}

/// A fixed text has to be readable; what an expression gives is known when it is evaluated.
fn fixed(view: &mut View<'_, '_, '_>, node: &Node, rule: Rule, what: &str, text: &TextOrExpression, check: Check) {
    if let TextOrExpression::Text(text) = text
        && let Err(reason) = check(text)
    {
        view.error(rule, node, format!("{what}: {reason}"));
    }
}

fn step(view: &mut View<'_, '_, '_>, node: &Node, step: &Step) {
    fixed(view, node, Rule::StepType, "type", &step.task_type, check_step_type);
    fixed(view, node, Rule::Retries, "retries", &step.retries, |text| number(text, 1, RETRIES_MAX));
    if step.backoff.len() > BACKOFF_MAX {
        view.error(
            Rule::Retries,
            node,
            format!("backoff has {} waits, the limit is {BACKOFF_MAX}", step.backoff.len()),
        );
    }
    for (what, text) in
        step.backoff.iter().map(|text| ("backoff", text)).chain(step.timeout.iter().map(|text| ("timeout", text)))
    {
        if let Err(reason) = moment::check_duration(text) {
            view.error(Rule::Duration, node, format!("{what}: {reason}"));
        }
    }
    if let Some(name) = &step.result_variable {
        variable(view, node, Rule::StepType, name);
    }
}

/// `plugin/step` or `plugin/step@major`; a plugin of a third party is `publisher.plugin`.
fn check_step_type(text: &str) -> Result<(), Reason> {
    let wrong = || format!("`{text}` names no step of a component; write plugin/step or plugin/step@major");
    let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
    let (plugin, step) = name.split_once('/').ok_or_else(wrong)?;
    let fits = plugin.split('.').all(is_word) && is_word(step) && version.is_none_or(is_major);
    if fits { Ok(()) } else { Err(wrong()) }
}

/// `plugin` or `plugin@major`.
fn check_rule(text: &str) -> Result<(), Reason> {
    let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
    let fits = name.split('.').all(is_word) && version.is_none_or(is_major);
    if fits { Ok(()) } else { Err(format!("`{text}` names no approval rule; write plugin or plugin@major")) }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

fn is_major(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.chars().all(|c| c.is_ascii_digit())
}

fn number(text: &str, minimum: u32, maximum: u32) -> Result<(), Reason> {
    match text.parse::<u32>() {
        Ok(number) if (minimum..=maximum).contains(&number) => Ok(()),
        _ => Err(format!("`{text}` is not a number from {minimum} to {maximum}")),
    }
}

fn user_task(view: &mut View<'_, '_, '_>, node: &Node, task: &UserTask) {
    for (what, date) in [("dueDate", &task.due), ("followUpDate", &task.follow_up)] {
        if let Some(date) = date {
            fixed(view, node, Rule::Date, what, date, moment::check_date);
        }
    }
    if let Some(priority) = &task.priority {
        fixed(view, node, Rule::UserTask, "priority", priority, |text| number(text, 0, 100));
    }
    if let Some(approval) = &task.approval {
        if let Err(reason) = check_rule(&approval.rule) {
            view.error(Rule::Approval, node, reason);
        }
        for (what, text) in [("reminder", &approval.reminder), ("expiry", &approval.expiry)] {
            if let Some(Err(reason)) = text.as_deref().map(moment::check_duration) {
                view.error(Rule::Duration, node, format!("{what}: {reason}"));
            }
        }
    }
}

fn variable(view: &mut View<'_, '_, '_>, node: &Node, rule: Rule, name: &str) {
    if !is_name(name) {
        view.error(rule, node, format!("`{name}` is not the name of a variable; use letters, digits and _"));
    }
}

/// A name that FEEL reads without help.
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_type_is_plugin_slash_step() {
        for right in ["asset/reserve", "asset/reserve@1", "acme.asset/reserve-laptop@12"] {
            assert_eq!(check_step_type(right), Ok(()));
        }
        for wrong in [
            "",
            "asset",
            "asset/",
            "/reserve",
            "asset/reserve@",
            "asset/reserve@1.2",
            "asset/a/b",
            "Asset/reserve",
            "a b/c",
        ] {
            assert!(check_step_type(wrong).is_err(), "{wrong}");
        }
    }
}
