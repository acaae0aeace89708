//! Evaluating decision tables: which rules match, and what the hit policy makes of them.

use std::sync::{Arc, LazyLock};

use feel::{Call, Context, Exceeded, Expression, Names, Scope, Value};

use super::Run;
use super::logic::literal;
use crate::dmn::logic::{Condition, Logic, Rule, Table, TableOutput};
use crate::dmn::model::{Aggregation, HitPolicy};
use crate::dmn::trace::{MatchedCondition, MatchedRule, TableOutcome, TableTrace};
use crate::dmn::types::passes;

/// Rules that a trace describes.
const DESCRIBED_MAX: usize = 32;

/// A rule that matched, by its position from 0, with its outputs.
struct Hit {
    rule: usize,
    outputs: Vec<Value>,
}

impl Run {
    pub(super) fn table(
        self: &Arc<Self>,
        table: &Table,
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let mut inputs = Vec::with_capacity(table.inputs.len());
        let mut refused = None;
        for input in &table.inputs {
            let value = self.logic(&input.expression, scope, call)?;
            let value = input.type_.convert(&value, call)?.unwrap_or(value);
            if let Some(allowed) = &input.allowed
                && !matches!(value, Value::Null)
                && !passes(allowed, &value, call)?
            {
                refused = Some(format!("{} is none of the input values {}", input.label, allowed.text()));
            }
            inputs.push((Arc::clone(&input.label), value));
        }
        let mut hits = Vec::new();
        let (value, outcome) = if let Some(reason) = refused {
            (Value::Null, TableOutcome::Refused(reason))
        } else {
            hits = self.hits(table, &inputs, scope, call)?;
            match check_outputs(table, &hits, call)? {
                Some(reason) => (Value::Null, TableOutcome::Refused(reason)),
                None if hits.is_empty() => self.defaults(table, scope, call)?,
                None => result(table, &mut hits, call)?,
            }
        };
        match &outcome {
            TableOutcome::Refused(reason) => call.notes.add(&table.name, 0, reason.as_str()),
            TableOutcome::Nothing => call.notes.add(&table.name, 0, "no rule matches"),
            TableOutcome::Matched | TableOutcome::Default => {}
        }
        self.tracer.table(TableTrace {
            name: Arc::clone(&table.name),
            policy: table.policy,
            matched: hits.iter().take(DESCRIBED_MAX).map(|hit| describe(table, hit)).collect(),
            matched_count: hits.len(),
            inputs,
            outcome,
            value: value.clone(),
        });
        Ok(value)
    }

    /// The rules that match with their outputs, in the order of the table.
    fn hits(
        self: &Arc<Self>,
        table: &Table,
        inputs: &[(Arc<str>, Value)],
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<Vec<Hit>, Exceeded> {
        let mut hits = Vec::new();
        for (position, rule) in table.rules.iter().enumerate() {
            call.budget.charge_steps(1)?;
            if !matches_all(rule, inputs, scope, call)? {
                continue;
            }
            call.budget.charge_memory(64 * rule.outputs.len() as u64)?;
            let outputs =
                rule.outputs.iter().map(|output| self.output(output, scope, call)).collect::<Result<Vec<_>, _>>()?;
            hits.push(Hit { rule: position, outputs });
            if table.policy == HitPolicy::First {
                break;
            }
        }
        Ok(hits)
    }

    /// The value of an output cell; an empty one is null.
    fn output(self: &Arc<Self>, output: &Logic, scope: &Scope, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        self.logic(output, scope, call)
    }

    fn defaults(
        self: &Arc<Self>,
        table: &Table,
        scope: &Scope,
        call: &mut Call<'_>,
    ) -> Result<(Value, TableOutcome), Exceeded> {
        if table.outputs.iter().all(|output| output.default.is_none()) {
            return Ok((Value::Null, TableOutcome::Nothing));
        }
        let mut outputs = Vec::with_capacity(table.outputs.len());
        for output in &table.outputs {
            outputs.push(match &output.default {
                Some(default) => self.logic(default, scope, call)?,
                None => Value::Null,
            });
        }
        Ok((row(&table.outputs, &outputs), TableOutcome::Default))
    }
}

fn matches_all(
    rule: &Rule,
    inputs: &[(Arc<str>, Value)],
    scope: &Scope,
    call: &mut Call<'_>,
) -> Result<bool, Exceeded> {
    for (condition, (_, input)) in rule.conditions.iter().zip(inputs) {
        match condition {
            Condition::Anything => {}
            Condition::Tests(tests) => {
                let evaluation = tests.evaluate(input, scope, call.environment, call.budget)?;
                call.notes.extend(evaluation.notes);
                if !matches!(evaluation.value, Value::Boolean(true)) {
                    return Ok(false);
                }
            }
            Condition::Broken(reason) => {
                call.notes.add("model", 0, reason.as_str());
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Why an output of a rule that matches is not allowed, if one is not.
fn check_outputs(table: &Table, hits: &[Hit], call: &mut Call<'_>) -> Result<Option<String>, Exceeded> {
    for hit in hits {
        for (output, value) in table.outputs.iter().zip(&hit.outputs) {
            if let Some(allowed) = &output.allowed
                && !matches!(value, Value::Null)
                && !passes(allowed, value, call)?
            {
                let text = allowed.text();
                return Ok(Some(format!("{value}, the output of rule {}, is none of {text}", hit.rule + 1)));
            }
        }
    }
    Ok(None)
}

/// What the hit policy makes of the rules that matched; there is at least one. Leaves those that made the result, in its order.
fn result(table: &Table, hits: &mut Vec<Hit>, call: &mut Call<'_>) -> Result<(Value, TableOutcome), Exceeded> {
    let numbers =
        |hits: &[Hit]| hits.iter().take(8).map(|hit| (hit.rule + 1).to_string()).collect::<Vec<_>>().join(", ");
    let value = match table.policy {
        HitPolicy::Unique if hits.len() > 1 => {
            let reason =
                format!("rules {} match, and the table allows one; make them exclude one another", numbers(hits));
            return Ok((Value::Null, TableOutcome::Refused(reason)));
        }
        HitPolicy::Any if hits.iter().any(|hit| !same(&hit.outputs, &hits[0].outputs)) => {
            let reason = format!("rules {} match and do not say the same, as the table asks", numbers(hits));
            return Ok((Value::Null, TableOutcome::Refused(reason)));
        }
        HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => row(&table.outputs, &hits[0].outputs),
        HitPolicy::Priority => {
            sort(table, hits, call)?;
            hits.truncate(1);
            row(&table.outputs, &hits[0].outputs)
        }
        HitPolicy::OutputOrder => {
            sort(table, hits, call)?;
            rows(table, hits)
        }
        HitPolicy::RuleOrder | HitPolicy::Collect(Aggregation::List) => rows(table, hits),
        HitPolicy::Collect(aggregation) => aggregate(aggregation, rows(table, hits), call)?,
    };
    Ok((value, TableOutcome::Matched))
}

fn same(left: &[Value], right: &[Value]) -> bool {
    let equal = |(left, right): (&Value, &Value)| {
        matches!((left, right), (Value::Null, Value::Null)) || left.feel_eq(right) == Some(true)
    };
    left.iter().zip(right).all(equal)
}

/// Sorts by the priority of the outputs, column after column; rules of the same priority keep their order.
fn sort(table: &Table, hits: &mut [Hit], call: &mut Call<'_>) -> Result<(), Exceeded> {
    let values: usize = table.outputs.iter().map(|output| output.order.len()).sum();
    call.budget.charge_steps(((values + 16) * hits.len()) as u64)?;
    let rank = |output: &TableOutput, value: &Value| {
        output.order.iter().position(|other| other.feel_eq(value) == Some(true)).unwrap_or(usize::MAX)
    };
    let ranks = |hit: &Hit| -> Vec<usize> {
        table.outputs.iter().zip(&hit.outputs).map(|(output, value)| rank(output, value)).collect()
    };
    hits.sort_by_cached_key(ranks);
    Ok(())
}

/// One rule's outputs as a value: of one column as it is, of several as a context.
fn row(outputs: &[TableOutput], values: &[Value]) -> Value {
    match values {
        [only] => only.clone(),
        _ => {
            let entries = outputs.iter().zip(values).map(|(output, value)| (Arc::clone(&output.name), value.clone()));
            Value::Context(Arc::new(entries.collect::<Context>()))
        }
    }
}

fn rows(table: &Table, hits: &[Hit]) -> Value {
    Value::List(Arc::new(hits.iter().map(|hit| row(&table.outputs, &hit.outputs)).collect()))
}

/// Sum, count, minimum or maximum, computed by FEEL.
fn aggregate(aggregation: Aggregation, list: Value, call: &mut Call<'_>) -> Result<Value, Exceeded> {
    fn parsed(text: &str) -> Expression {
        Expression::parse(text, &Names::new(["values"])).expect("the text is a constant that parses")
    }
    static SUM: LazyLock<Expression> = LazyLock::new(|| parsed("sum(values)"));
    static COUNT: LazyLock<Expression> = LazyLock::new(|| parsed("count(values)"));
    static MIN: LazyLock<Expression> = LazyLock::new(|| parsed("min(values)"));
    static MAX: LazyLock<Expression> = LazyLock::new(|| parsed("max(values)"));
    let expression = match aggregation {
        Aggregation::List => return Ok(list),
        Aggregation::Sum => &SUM,
        Aggregation::Count => &COUNT,
        Aggregation::Min => &MIN,
        Aggregation::Max => &MAX,
    };
    let names: Context = [("values", list)].into_iter().collect();
    literal(expression, &Scope::from_context(names), call)
}

fn describe(table: &Table, hit: &Hit) -> MatchedRule {
    let rule = &table.rules[hit.rule];
    let conditions = rule.conditions.iter().enumerate().filter_map(|(column, condition)| match condition {
        Condition::Tests(tests) if tests.text().trim() != "-" => {
            Some(MatchedCondition { column, test: tests.text().to_owned() })
        }
        _ => None,
    });
    MatchedRule {
        number: hit.rule + 1,
        id: Arc::clone(&rule.id),
        conditions: conditions.collect(),
        outputs: hit.outputs.clone(),
        annotations: table.annotations.iter().cloned().zip(rule.annotations.iter().cloned()).collect(),
    }
}
