//! Why an expression has its value, in one line that a person can read.
//!
//! Only what decided is said: the part of an `and` that is false, the part of an `or` that is true.

use std::fmt::Write;

use crate::{
    Budget, Environment, Exceeded, Expression, Scope, Value,
    machine::Machine,
    node::{Arguments, Node, Operation, Step, Test},
};

/// Parts of the explanation, and bytes of each name or value in it.
const PARTS_MAX: usize = 12;
const PART_BYTES_MAX: usize = 60;
const DEPTH_MAX: u32 = 6;

/// Explains the value of an expression: `amount 12000 > 10000 is true`.
///
/// # Errors
/// [`Exceeded`] when the budget is used up.
pub fn explain(
    expression: &Expression,
    scope: &Scope,
    environment: &dyn Environment,
    budget: &mut Budget,
) -> Result<String, Exceeded> {
    let machine = Machine::new(scope, environment, budget, expression.program.slots);
    let mut explainer = Explainer { machine, parts: Vec::new() };
    explainer.explain(&expression.program.root, 0)?;
    let mut text = explainer.parts.join("; ");
    if explainer.parts.len() >= PARTS_MAX {
        text.push_str("; …");
    }
    Ok(text)
}

struct Explainer<'a> {
    machine: Machine<'a>,
    parts: Vec<String>,
}

impl Explainer<'_> {
    /// Adds what decided the value of a node, and gives the value.
    fn explain(&mut self, node: &Node, depth: u32) -> Result<Value, Exceeded> {
        let value = self.machine.evaluate(node)?;
        if self.parts.len() >= PARTS_MAX {
            return Ok(value);
        }
        match node {
            Node::And(parts) if depth < DEPTH_MAX => self.explain_junction(parts, &value, false, depth)?,
            Node::Or(parts) if depth < DEPTH_MAX => self.explain_junction(parts, &value, true, depth)?,
            Node::If { parts, .. } if depth < DEPTH_MAX => {
                let condition = self.explain(&parts[0], depth + 1)?;
                let branch = if matches!(condition, Value::Boolean(true)) { "then" } else { "else" };
                self.say(&format!("so the value is that after \"{branch}\", {}", short(&value)));
            }
            Node::Call { function, arguments: Arguments::Positional(nodes), .. }
                if function.name == "not" && nodes.len() == 1 && depth < DEPTH_MAX =>
            {
                self.explain(&nodes[0], depth + 1)?;
                self.say(&format!("so not(…) is {value}"));
            }
            Node::Compare { comparison, sides, .. } => {
                let left = self.operand(&sides[0])?;
                let right = self.operand(&sides[1])?;
                self.say(&format!("{left} {} {right} is {value}", comparison.text()));
            }
            Node::Between { parts, .. } => {
                let [tested, low, high] = &**parts;
                let (tested, low, high) = (self.operand(tested)?, self.operand(low)?, self.operand(high)?);
                self.say(&format!("{tested} between {low} and {high} is {value}"));
            }
            Node::In { value: tested, tests, .. } => {
                let tested = self.operand(tested)?;
                let tests = tests.iter().map(written_test).collect::<Vec<_>>().join(", ");
                self.say(&format!("{tested} in ({}) is {value}", cut(&tests)));
            }
            other => {
                let written = written(other, 0);
                let text = if matches!(other, Node::Constant(_)) {
                    written
                } else {
                    format!("{} is {}", cut(&written), short(&value))
                };
                self.say(&text);
            }
        }
        Ok(value)
    }

    fn explain_junction(&mut self, parts: &[Node], value: &Value, decisive: bool, depth: u32) -> Result<(), Exceeded> {
        let is_decided = matches!(value, Value::Boolean(value) if *value == decisive);
        for part in parts {
            let found = self.machine.evaluate(part)?;
            let is_boolean = matches!(found, Value::Boolean(_));
            let decides = matches!(found, Value::Boolean(found) if found == decisive);
            // Decided: the part that did it. Unknown: the parts that are unknown. Otherwise all of them count.
            if is_decided && decides || !is_decided && (!value.is_null() || !is_boolean) {
                self.explain(part, depth + 1)?;
            }
            if decides {
                break;
            }
        }
        Ok(())
    }

    /// What was written and, if that is not its value, the value.
    fn operand(&mut self, node: &Node) -> Result<String, Exceeded> {
        let value = self.machine.evaluate(node)?;
        Ok(match node {
            Node::Constant(_) => short(&value),
            _ => format!("{} {}", cut(&written(node, 0)), short(&value)),
        })
    }

    fn say(&mut self, part: &str) {
        if self.parts.len() < PARTS_MAX {
            self.parts.push(part.to_owned());
        }
    }
}

fn cut(text: &str) -> String {
    let mut cut = text.chars().take(PART_BYTES_MAX).collect::<String>();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", cut(text)),
        Value::List(_) | Value::Context(_) | Value::Function(_) => format!("({})", value.described()),
        other => other.to_string(),
    }
}

/// A node in words close to what its author wrote; deep parts are left out.
fn written(node: &Node, depth: u32) -> String {
    if depth > 3 {
        return "…".to_owned();
    }
    let inner = |node: &Node| written(node, depth + 1);
    match node {
        Node::Constant(value) => short(value),
        Node::Global { name, .. } | Node::Member { name, .. } => name.to_string(),
        Node::Chain { first, rest } => {
            rest.iter().take(3).fold(inner(first), |text, Operation { operator, right, .. }| {
                format!("{text} {} {}", operator.text(), inner(right))
            })
        }
        Node::Negate(value, _) => format!("-{}", inner(value)),
        Node::Postfix { base, steps } => steps.iter().fold(inner(base), |mut text, step| {
            let part = match step {
                Step::Path(name, _) => write!(text, ".{name}"),
                Step::Filter { condition, .. } => write!(text, "[{}]", inner(condition)),
                Step::Call { arguments, .. } => write!(text, "({})", written_arguments(arguments, depth)),
            };
            part.expect("writing to a text does not fail");
            text
        }),
        Node::Call { function, arguments, .. } => format!("{}({})", function.name, written_arguments(arguments, depth)),
        Node::Compare { comparison, sides, .. } => {
            format!("{} {} {}", inner(&sides[0]), comparison.text(), inner(&sides[1]))
        }
        Node::Quantified { is_every: true, .. } => "every …".to_owned(),
        Node::Quantified { is_every: false, .. } => "some …".to_owned(),
        Node::For(_) => "for …".to_owned(),
        Node::InstanceOf(value, _) => format!("{} instance of …", inner(value)),
        _ => "…".to_owned(),
    }
}

fn written_arguments(arguments: &Arguments, depth: u32) -> String {
    let parts = match arguments {
        Arguments::Positional(nodes) => nodes.iter().map(|node| written(node, depth + 1)).collect::<Vec<_>>(),
        Arguments::Named(entries) => {
            entries.iter().map(|(name, node)| format!("{name}: {}", written(node, depth + 1))).collect()
        }
    };
    parts.join(", ")
}

fn written_test(test: &Test) -> String {
    match test {
        Test::Any => "-".to_owned(),
        Test::Compare(comparison, node) => format!("{} {}", comparison.text(), written(node, 0)),
        Test::Condition(node) | Test::Value(node) => written(node, 0),
    }
}
