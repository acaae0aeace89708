//! Constants are computed once, while the text is parsed.

use crate::{
    Budget, FixedEnvironment, Scope, Value, builtin,
    machine::Machine,
    node::{Arguments, Node, Step},
};

/// A constant must be small; what is larger is computed when it is needed.
const STEPS_MAX: u64 = 2_000;
const MEMORY_BYTES_MAX: u64 = 64 << 10;

/// The node, or the constant that it always is. What would be null stays as it is, so that its note is written each time.
pub(crate) fn folded(node: Node) -> Node {
    let is_constant = match &node {
        Node::Chain { first, rest } => is_plain(first) && rest.iter().all(|operation| is_plain(&operation.right)),
        Node::Negate(inner, _) => is_plain(inner),
        Node::List(items) => items.iter().all(is_constant),
        Node::Range { ends, .. } => ends.iter().all(is_constant),
        Node::Call { function, arguments: Arguments::Positional(nodes), .. } => {
            builtin::is_conversion(function) && nodes.iter().all(is_plain)
        }
        _ => false,
    };
    if !is_constant {
        return node;
    }
    let mut budget = Budget { steps: STEPS_MAX, memory_bytes: MEMORY_BYTES_MAX, depth: 16 };
    let environment = FixedEnvironment::default();
    let value = Machine::new(&Scope::new(), &environment, &mut budget, 0).evaluate(&node);
    match value {
        Ok(value) if !value.is_null() => Node::Constant(value),
        _ => node,
    }
}

/// An operand with the steps behind it, if there are any.
pub(crate) fn postfix(base: Node, steps: Vec<Step>) -> Node {
    if steps.is_empty() { base } else { Node::Postfix { base: Box::new(base), steps } }
}

fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}

/// Numbers, texts and dates; arithmetic on anything else is rare and its null has to be explained.
fn is_plain(node: &Node) -> bool {
    matches!(node, Node::Constant(value) if !matches!(value, Value::Null))
}
