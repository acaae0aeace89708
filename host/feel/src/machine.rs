//! The evaluator: walks the compiled tree with a stack of slots, pays for every step, and turns what fails into null with a note.
//!
//! The native stack is bounded: the depth of the budget limits how deep nodes and calls may nest, whatever the expression.

mod arithmetic;
mod calls;
mod iteration;
mod operators;
mod paths;
mod ranges;
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Budget, Environment, Exceeded, Fault, Function, Notes, Scope, Value,
    function::Kind,
    node::{At, Node, Source},
    value::measure::Scale,
};

/// Nodes that may nest for each call that may.
const NODES_PER_CALL: u32 = 8;
const VALUE_BYTES: u64 = size_of::<Value>() as u64;

pub(crate) type Answer = Result<Value, Exceeded>;

/// One evaluation.
pub(crate) struct Machine<'a> {
    pub(crate) scope: Scope,
    pub(crate) environment: &'a dyn Environment,
    pub(crate) budget: &'a mut Budget,
    pub(crate) notes: Notes,
    pub(crate) scale: Scale,
    pub(crate) patterns: BTreeMap<String, crate::builtin::Pattern>,
    stack: Vec<Value>,
    base: usize,
    current: Option<Function>,
    nesting: u32,
    nesting_max: u32,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(scope: &Scope, environment: &'a dyn Environment, budget: &'a mut Budget, slots: usize) -> Self {
        let nesting_max = budget.depth.saturating_mul(NODES_PER_CALL);
        Self {
            scope: scope.clone(),
            environment,
            budget,
            notes: Notes::default(),
            scale: Scale::default(),
            patterns: BTreeMap::new(),
            stack: vec![Value::Null; slots],
            base: 0,
            current: None,
            nesting: 0,
            nesting_max,
        }
    }

    pub(crate) fn set(&mut self, slot: usize, value: Value) {
        self.stack[self.base + slot] = value;
    }

    /// Null, and why.
    pub(crate) fn null(&mut self, function: &str, at: At, reason: impl FnOnce() -> String) -> Value {
        if !self.notes.is_full() {
            self.notes.add(function, at as usize, reason());
        }
        Value::Null
    }

    /// A value that is at hand without evaluating anything.
    fn at_hand<'b>(&'b self, node: &'b Node) -> Option<&'b Value> {
        match node {
            Node::Constant(value) => Some(value),
            Node::Local(slot) => self.stack.get(self.base + slot),
            Node::Global { name, .. } => self.scope.get(name),
            _ => None,
        }
    }

    pub(crate) fn evaluate(&mut self, node: &Node) -> Answer {
        self.budget.charge_steps(1)?;
        match node {
            Node::Constant(value) => return Ok(value.clone()),
            Node::Local(slot) => return Ok(self.stack[self.base + slot].clone()),
            _ => {}
        }
        if self.nesting >= self.nesting_max {
            return Err(Exceeded::Depth);
        }
        self.nesting += 1;
        let result = self.evaluate_inner(node);
        self.nesting -= 1;
        result
    }

    fn evaluate_inner(&mut self, node: &Node) -> Answer {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Local(slot) => Ok(self.stack[self.base + slot].clone()),
            Node::Global { name, built_in, at } => Ok(self.global(name, *built_in, *at)),
            Node::Captured(index) => Ok(self.captured(*index)),
            Node::Current => Ok(self.current.clone().map_or(Value::Null, Value::Function)),
            Node::Member { item, name, otherwise } => self.member(item, name, otherwise),
            Node::And(parts) => self.junction(parts, false),
            Node::Or(parts) => self.junction(parts, true),
            Node::Compare { comparison, sides, at } => self.comparison(*comparison, sides, *at),
            Node::Between { parts, at } => self.between(parts, *at),
            Node::In { value, tests, at } => self.is_in(value, tests, *at),
            Node::Chain { first, rest } => self.chain(first, rest),
            Node::Negate(inner, at) => self.negation(inner, *at),
            Node::Postfix { base, steps } => self.postfix(base, steps),
            Node::Call { function, arguments, at } => self.call_built_in_node(function, arguments, *at),
            Node::If { parts, at } => self.conditional(parts, *at),
            Node::For(parts) => self.for_loop(parts),
            Node::Quantified { is_every, iterators, condition, at } => {
                self.quantified(*is_every, iterators, condition, *at)
            }
            Node::List(items) => self.list(items),
            Node::Context(entries) => self.context(entries),
            Node::Range { ends, start_included, end_included, form, at } => {
                self.range(ends, *start_included, *end_included, *form, *at)
            }
            Node::Function(definition) => self.closure(definition),
            Node::InstanceOf(inner, kind) => {
                let value = self.evaluate(inner)?;
                Ok(Value::Boolean(kind.contains(&value, self.budget)?))
            }
            Node::Tests { tests, is_negated, input, at } => self.cell(tests, *is_negated, *input, *at),
        }
    }

    fn captured(&self, index: usize) -> Value {
        match self.current.as_ref().map(|function| &*function.0) {
            Some(Kind::Closure(closure)) => closure.captures.get(index).cloned().unwrap_or_default(),
            _ => Value::Null,
        }
    }

    fn source(&self, source: Source) -> Value {
        match source {
            Source::Local(slot) => self.stack[self.base + slot].clone(),
            Source::Captured(index) => self.captured(index),
            Source::Current => self.current.clone().map_or(Value::Null, Value::Function),
        }
    }

    fn global(&mut self, name: &str, built_in: Option<&'static crate::builtin::BuiltIn>, at: At) -> Value {
        if let Some(value) = self.scope.get(name) {
            return value.clone();
        }
        match built_in {
            Some(function) => Value::Function(Function(Arc::new(Kind::BuiltIn(function)))),
            None => {
                self.null(name, at, || "there is no value of this name; check its spelling, or pass it in".to_owned())
            }
        }
    }

    #[inline(never)]
    fn list(&mut self, nodes: &[Node]) -> Answer {
        self.budget.charge_memory(nodes.len() as u64 * VALUE_BYTES)?;
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            items.push(self.evaluate(node)?);
        }
        self.made(Value::list(items))
    }

    #[inline(never)]
    fn context(&mut self, entries: &[crate::node::Entry]) -> Answer {
        let mut context = crate::Context::new();
        for entry in entries {
            self.budget.charge_memory(2 * VALUE_BYTES)?;
            if context.get(&entry.name).is_some() {
                return Ok(
                    self.null("context", 0, || format!("the entry {} occurs twice; give one another name", entry.name))
                );
            }
            let value = self.evaluate(&entry.value)?;
            self.set(entry.slot, value.clone());
            context.insert(Arc::clone(&entry.name), value);
        }
        self.made(Value::from(context))
    }

    /// A new list, context or function, checked for its depth and its written-out size.
    pub(crate) fn made(&mut self, value: Value) -> Answer {
        self.scale.measure(&value, self.budget)?;
        Ok(value)
    }

    #[inline(never)]
    fn conditional(&mut self, parts: &[Node; 3], at: At) -> Answer {
        let [condition, yes, no] = parts;
        match self.evaluate(condition)? {
            Value::Boolean(true) => self.evaluate(yes),
            Value::Boolean(false) | Value::Null => self.evaluate(no),
            other => {
                Ok(self.null("if", at, || format!("the condition is {} and not true or false", other.described())))
            }
        }
    }

    /// What a function of Rust gave: a value, or null with its reason.
    pub(crate) fn settled(&mut self, name: &str, at: At, result: Result<Value, Fault>) -> Answer {
        match result {
            Ok(value) => Ok(value),
            Err(Fault::Null(reason)) => Ok(self.null(name, at, || reason)),
            Err(Fault::Exceeded(exceeded)) => Err(exceeded),
        }
    }
}
