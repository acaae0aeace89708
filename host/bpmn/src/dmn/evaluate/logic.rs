//! Evaluating boxed expressions.

use std::sync::Arc;

use feel::{Call, Context, Exceeded, Expression, Names, Scope, Value};

use super::{Run, convert};
use crate::dmn::logic::{CALLED, Entry, Invocation, Logic};
use crate::dmn::model::Quantifier;

impl Run {
    /// The value of an expression with the names of a scope.
    pub fn logic(self: &Arc<Self>, logic: &Logic, scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        if let Logic::Literal(expression) = logic {
            return literal(expression, scope, call);
        }
        self.enter(call)?;
        let value = match logic {
            Logic::Literal(expression) => literal(expression, scope, call)?,
            Logic::Table(table) => self.table(table, scope, call)?,
            Logic::Context(entries) => self.context(entries, scope, call)?,
            Logic::List(items) => self.list(items, scope, call)?,
            Logic::Relation { columns, rows } => self.relation(columns, rows, scope, call)?,
            Logic::Function(function) => self.boxed_function(function, scope),
            Logic::Invocation(invocation) => self.invocation(invocation, scope, call)?,
            Logic::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                match self.logic(condition, scope, call)? {
                    Value::Boolean(true) => self.logic(yes, scope, call)?,
                    Value::Boolean(false) => self.logic(no, scope, call)?,
                    other => {
                        let reason = format!("the condition is {}, not true or false", other.type_name());
                        call.notes.add("conditional", 0, reason);
                        // A condition that is not true chooses the other branch only where it is null, as in FEEL.
                        if matches!(other, Value::Null) { self.logic(no, scope, call)? } else { Value::Null }
                    }
                }
            }
            Logic::For { variable, parts } => self.iterate(variable, parts, scope, call)?,
            Logic::Filter(parts) => self.filter(parts, scope, call)?,
            Logic::Quantified { quantifier, variable, parts } => {
                self.quantified(*quantifier, variable, parts, scope, call)?
            }
            Logic::Broken(reason) => {
                call.notes.add("model", 0, reason.as_str());
                Value::Null
            }
        };
        self.leave();
        Ok(value)
    }

    fn context(self: &Arc<Self>, entries: &[Entry], scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        let mut made = Context::new();
        // One layer for each entry: later entries see earlier ones, and functions keep what they saw.
        let mut inner = scope.clone();
        for entry in entries {
            let value = self.logic(&entry.value, &inner, call)?;
            let Some((name, type_)) = &entry.variable else { return Ok(value) };
            let value = convert(&value, type_, name, call)?;
            call.budget.charge_memory(64)?;
            inner = inner.child([(Arc::clone(name), value.clone())].into_iter().collect::<Context>());
            made.insert(Arc::clone(name), value);
        }
        Ok(Value::Context(Arc::new(made)))
    }

    fn list(self: &Arc<Self>, items: &[Logic], scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        call.budget.charge_memory(32 * items.len() as u64)?;
        let values = items.iter().map(|item| self.logic(item, scope, call)).collect::<Result<Vec<_>, _>>()?;
        Ok(Value::List(Arc::new(values)))
    }

    fn relation(
        self: &Arc<Self>,
        columns: &[Arc<str>],
        rows: &[Vec<Logic>],
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            call.budget.charge_memory(64 * columns.len() as u64)?;
            let mut context = Context::new();
            for (column, cell) in columns.iter().zip(row) {
                context.insert(Arc::clone(column), self.logic(cell, scope, call)?);
            }
            values.push(Value::Context(Arc::new(context)));
        }
        Ok(Value::List(Arc::new(values)))
    }

    fn invocation(
        self: &Arc<Self>,
        invocation: &Invocation,
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let called = self.logic(&invocation.called, scope, call)?;
        let mut names = Context::new();
        names.insert(CALLED, called);
        for (name, argument) in &invocation.arguments {
            names.insert(Arc::clone(name), self.logic(argument, scope, call)?);
        }
        match &invocation.call {
            Some(expression) => literal(expression, &Scope::from_context(names), call),
            None => Ok(Value::Null),
        }
    }

    fn iterate(
        self: &Arc<Self>,
        variable: &Arc<str>,
        parts: &[Logic; 2],
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let [list, result] = parts;
        let Some(items) = self.items(list, scope, call)? else { return Ok(Value::Null) };
        let without_partial = matches!(result, Logic::Literal(expression) if !expression.text().contains("partial"));
        let mut results: Vec<Value> = Vec::new();
        for item in items.iter() {
            call.budget.charge_memory(96)?;
            let mut names = Context::new();
            names.insert(Arc::clone(variable), item.clone());
            if !without_partial {
                // Copying what is there so far for each item: paid for, so that it cannot grow unseen.
                call.budget.charge_memory(32 * results.len() as u64)?;
                names.insert("partial", Value::List(Arc::new(results.clone())));
            }
            results.push(self.logic(result, &scope.child(names), call)?);
        }
        Ok(Value::List(Arc::new(results)))
    }

    fn filter(self: &Arc<Self>, parts: &[Logic; 2], scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        let [list, matches] = parts;
        let Some(items) = self.items(list, scope, call)? else { return Ok(Value::Null) };
        let mut kept = Vec::new();
        for item in items.iter() {
            call.budget.charge_memory(96)?;
            let names: Context = [("item", item.clone())].into_iter().collect();
            let mut inner = scope.child(names);
            if let Value::Context(members) = item {
                inner = inner.child(Arc::clone(members));
            }
            match self.logic(matches, &inner, call)? {
                Value::Boolean(true) => kept.push(item.clone()),
                Value::Boolean(false) | Value::Null => {}
                other => {
                    call.notes.add("filter", 0, format!("the match is {}, not true or false", other.type_name()));
                    return Ok(Value::Null);
                }
            }
        }
        Ok(Value::List(Arc::new(kept)))
    }

    fn quantified(
        self: &Arc<Self>,
        quantifier: Quantifier,
        variable: &Arc<str>,
        parts: &[Logic; 2],
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let [list, satisfies] = parts;
        let Some(items) = self.items(list, scope, call)? else { return Ok(Value::Null) };
        let decisive = quantifier == Quantifier::Some;
        let mut unknown = false;
        for item in items.iter() {
            call.budget.charge_memory(96)?;
            let names: Context = [(Arc::clone(variable), item.clone())].into_iter().collect();
            match self.logic(satisfies, &scope.child(names), call)? {
                Value::Boolean(answer) if answer == decisive => return Ok(Value::Boolean(decisive)),
                Value::Boolean(_) => {}
                other => {
                    unknown = true;
                    call.notes.add("quantified", 0, format!("satisfies is {}, not true or false", other.type_name()));
                }
            }
        }
        Ok(if unknown { Value::Null } else { Value::Boolean(!decisive) })
    }

    /// What a loop goes over: the items of a list, the numbers or days of a range, or a single value as a list of one. None for null.
    fn items(
        self: &Arc<Self>,
        list: &Logic,
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Option<Arc<Vec<Value>>>, Exceeded> {
        match self.logic(list, scope, call)? {
            Value::List(items) => Ok(Some(items)),
            Value::Null => {
                call.notes.add("in", 0, "what to go over is null");
                Ok(None)
            }
            range @ Value::Range(_) => spread(range, call),
            single => Ok(Some(Arc::new(vec![single]))),
        }
    }
}

/// The items of a range, as FEEL goes over them.
fn spread(range: Value, call: &mut Call<'_>) -> Result<Option<Arc<Vec<Value>>>, Exceeded> {
    use std::sync::LazyLock;
    static SPREAD: LazyLock<Expression> = LazyLock::new(|| {
        let names = Names::new(["range"]);
        Expression::parse("for each in range return each", &names).expect("the text is a constant that parses")
    });
    let names: Context = [("range", range)].into_iter().collect();
    match literal(&SPREAD, &Scope::from_context(names), call)? {
        Value::List(items) => Ok(Some(items)),
        _ => Ok(None),
    }
}

/// Evaluates FEEL and keeps its notes.
pub(super) fn literal(expression: &Expression, scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
    let evaluation = expression.evaluate(scope, call.environment, call.budget)?;
    call.notes.extend(evaluation.notes);
    Ok(evaluation.value)
}
