//! Call activities: another process, run as a part of this one.

use super::task;
use crate::{
    context::{Context, is_false},
    graph::{Binding, NodeKind, TextOrExpression},
    rule::Rule,
    xml,
};
use roxmltree::Node;

pub(super) fn call_activity<'a, 'x: 'a>(context: &mut Context<'_, 'a, 'x, '_>, node: Node<'a, 'x>) -> Option<NodeKind> {
    if let Some(called) = xml::extension(node, "calledElement") {
        let Some(process) = task::attribute(context, called, "processId") else {
            context.error(called, Rule::CallActivity, "a calledElement needs a processId");
            return None;
        };
        return Some(NodeKind::CallActivity {
            process,
            binding: task::binding(context, called)?,
            propagate_all_parent: !is_false(called, "propagateAllParentVariables"),
            propagate_all_child: !is_false(called, "propagateAllChildVariables"),
        });
    }
    let Some(called) = node.attribute("calledElement").map(str::trim).filter(|called| !called.is_empty()) else {
        context.error(node, Rule::CallActivity, "it calls nothing; name a process with calledElement");
        return None;
    };
    let found = context.source.resolve(called);
    if let Some(found) = found.filter(|found| !found.has_tag_name((xml::BPMN, "process"))) {
        let tag = found.tag_name().name();
        let message = match tag.starts_with("global") {
            true => format!("`{called}` is a global task ({tag}), which is not executed; call a process"),
            false => format!("`{called}` is a {}, not a process", crate::source::words(tag)),
        };
        let rule = if tag.starts_with("global") { Rule::Unsupported } else { Rule::CallActivity };
        context.error(node, rule, message);
        return None;
    }
    // The standard writes a qualified name. The prefix is dropped where it is one of the file.
    let name = match called.split_once(':') {
        Some((prefix, local)) if node.lookup_namespace_uri(Some(prefix)).is_some() => local,
        _ => called,
    };
    // A process of the same file belongs to the same deployment.
    let binding = if found.is_some() { Binding::Deployment } else { Binding::Latest };
    Some(NodeKind::CallActivity {
        process: TextOrExpression::Text(name.to_owned()),
        binding,
        propagate_all_parent: true,
        propagate_all_child: true,
    })
}
