//! Compiling decision tables.

use std::sync::Arc;

use feel::{Budget, Expression, FixedEnvironment, Names, Scope, UnaryTests, Value};

use super::Compiler;
use super::names::Known;
use super::types::{report, tests};
use crate::dmn::logic::{Condition, Logic, Rule, Table, TableInput, TableOutput};
use crate::dmn::model::{self, HitPolicy, Text};
use crate::dmn::types::Shape;

impl<'m> Compiler<'m, '_> {
    pub fn table(&mut self, unit: usize, table: &'m model::Table, known: &Known, owner: &Arc<str>) -> Table {
        let inputs: Vec<TableInput> = table
            .inputs
            .iter()
            .map(|input| TableInput {
                label: input.label.as_deref().unwrap_or(&input.expression.text).into(),
                expression: match input.expression.text.as_str() {
                    "" => Logic::Broken("the input column has no expression".to_owned()),
                    _ => self.literal(unit, &input.expression, known),
                },
                type_: self.types.of(unit, input.type_ref.as_ref(), self.problems),
                allowed: input.values.as_ref().and_then(|text| tests(text, self.problems)),
            })
            .collect();
        let outputs: Vec<TableOutput> = table.outputs.iter().map(|output| self.output(unit, output, known)).collect();
        let ordered = matches!(table.policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        if ordered && outputs.iter().all(|output| output.order.is_empty()) {
            let message =
                "this hit policy needs the output values in the order of their priority; list them in an output column";
            self.problems.error(&table.spot, "no-priorities", message);
        }
        let compiled = Table {
            name: Arc::clone(owner),
            policy: table.policy,
            inputs,
            outputs,
            annotations: table.annotations.clone(),
            rules: table.rules.iter().map(|rule| self.rule(unit, rule, known)).collect(),
        };
        self.linter.table(&compiled, table, self.problems);
        compiled
    }

    fn output(&mut self, unit: usize, output: &'m model::TableOutput, known: &Known) -> TableOutput {
        let type_ = self.types.of(unit, output.type_ref.as_ref(), self.problems);
        // Without values of its own, the column has those of its type, in their order.
        let from_type = output.type_ref.as_ref().and_then(|_| type_.allowed.as_ref()).map(UnaryTests::text);
        let single = type_.allowed.clone().filter(|_| !matches!(type_.shape, Shape::List(_)));
        let order = match (&output.values, from_type) {
            (Some(values), _) => constants(&values.text),
            (None, Some(text)) => constants(text),
            (None, None) => Vec::new(),
        };
        TableOutput {
            name: output.name.clone().or_else(|| output.label.as_deref().map(Into::into)).unwrap_or_else(|| "".into()),
            allowed: match &output.values {
                Some(values) => tests(values, self.problems),
                None => single,
            },
            default: output.default.as_ref().map(|text| self.literal(unit, text, known)),
            order,
        }
    }

    fn rule(&mut self, unit: usize, rule: &'m model::Rule, known: &Known) -> Rule {
        Rule {
            id: rule.id.as_str().into(),
            conditions: rule.inputs.iter().map(|text| self.condition(unit, text, known)).collect(),
            outputs: rule.outputs.iter().map(|text| self.cell(unit, text, known)).collect(),
            annotations: rule.annotations.clone(),
        }
    }

    fn condition(&mut self, unit: usize, text: &Text, known: &Known) -> Condition {
        // Editors write an empty text for a dash.
        if text.text.is_empty() || text.text == "-" {
            return Condition::Anything;
        }
        let with_types = self.names_with_types(unit, &text.text, known);
        match UnaryTests::parse(&text.text, with_types.as_ref().unwrap_or(known.names())) {
            Ok(tests) => {
                self.warn_of_unknown_names(text, tests.free_names(), known);
                Condition::Tests(tests)
            }
            Err(found) => {
                report(&text.spot, &text.text, &found, self.problems);
                let reason = found.first().map_or_else(String::new, |problem| problem.message.clone());
                Condition::Broken(format!("the condition cannot be read: {reason}"))
            }
        }
    }

    fn cell(&mut self, unit: usize, text: &Text, known: &Known) -> Logic {
        if text.text.is_empty() || text.text == "-" {
            return Logic::Broken("the output is empty".to_owned());
        }
        self.literal(unit, text, known)
    }
}

/// The values that a list of output values has; none where they are not constants.
fn constants(text: &str) -> Vec<Value> {
    let Ok(expression) = Expression::parse(&format!("[{text}]"), &Names::default()) else { return Vec::new() };
    let environment = FixedEnvironment::default();
    match expression.evaluate(&Scope::new(), &environment, &mut Budget::default()) {
        Ok(evaluation) => match evaluation.value {
            Value::List(values) => values.to_vec(),
            _ => Vec::new(),
        },
        Err(_) => Vec::new(),
    }
}
