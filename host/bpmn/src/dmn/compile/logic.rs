//! Compiling boxed expressions. The depth of the document bounds the recursion.

use std::sync::Arc;

use feel::{Expression, Names};

use super::Compiler;
use super::names::Known;
use super::types::report;
use crate::dmn::logic::{CALLED, Entry, Invocation, Logic};
use crate::dmn::model::{self, Boxed, Text};
use crate::dmn::types::{Shape, Type};

impl<'m> Compiler<'m, '_> {
    /// Compiles an expression. `owner` is what people know it by. `known` is as it was when this returns.
    pub fn logic(&mut self, unit: usize, boxed: &'m Boxed, known: &mut Known, owner: &Arc<str>) -> Logic {
        match &boxed.logic {
            model::Logic::Literal(text) => self.literal(unit, text, known),
            model::Logic::Missing(reason) => Logic::Broken(reason.clone()),
            model::Logic::Table(table) => Logic::Table(Box::new(self.table(unit, table, known, owner))),
            model::Logic::Context(entries) => self.context(unit, boxed, entries, known, owner),
            model::Logic::List(items) => {
                Logic::List(items.iter().map(|item| self.logic(unit, item, known, owner)).collect())
            }
            model::Logic::Relation { columns, rows } => Logic::Relation {
                columns: columns.iter().map(|column| Arc::clone(&column.name)).collect(),
                rows: rows
                    .iter()
                    .map(|row| row.iter().map(|cell| self.logic(unit, cell, known, owner)).collect())
                    .collect(),
            },
            model::Logic::Function(definition) => {
                Logic::Function(Arc::new(self.function(unit, definition, known, owner, Type::any())))
            }
            model::Logic::Invocation { called, bindings } => {
                Logic::Invocation(Box::new(self.invocation(unit, called, bindings, known, owner)))
            }
            model::Logic::Conditional { condition, yes, no } => {
                let parts = [condition, yes, no].map(|part| self.logic(unit, part, known, owner));
                Logic::Conditional(Box::new(parts))
            }
            model::Logic::For { variable, list, result } => {
                let list = self.logic(unit, list, known, owner);
                let mut inner = self.copy(known, boxed.spot.clone());
                inner.add(variable);
                inner.add("partial");
                let result = self.logic(unit, result, &mut inner, owner);
                Logic::For { variable: Arc::clone(variable), parts: Box::new([list, result]) }
            }
            model::Logic::Filter { list, matches } => {
                let list = self.logic(unit, list, known, owner);
                let mut inner = self.copy(known, boxed.spot.clone());
                let members = self.member_names(unit);
                inner.add_members("item", &members);
                inner.add_items(&members);
                let matches = self.logic(unit, matches, &mut inner, owner);
                Logic::Filter(Box::new([list, matches]))
            }
            model::Logic::Quantified { quantifier, variable, list, satisfies } => {
                let list = self.logic(unit, list, known, owner);
                let mut inner = self.copy(known, boxed.spot.clone());
                inner.add_members(variable, &self.member_names(unit));
                let satisfies = self.logic(unit, satisfies, &mut inner, owner);
                let parts = Box::new([list, satisfies]);
                Logic::Quantified { quantifier: *quantifier, variable: Arc::clone(variable), parts }
            }
        }
    }

    /// The names of all components that the model defines: what an item of a list of unknown type may have.
    fn member_names(&self, unit: usize) -> Vec<Arc<str>> {
        const NAMES_MAX: usize = 500;
        let items = &self.units[unit].model.items;
        let names = items.iter().flat_map(|item| &item.components).map(|part| part.name.as_str().into());
        names.take(NAMES_MAX).collect()
    }

    pub fn literal(&mut self, unit: usize, text: &Text, known: &Known) -> Logic {
        let with_types = self.names_with_types(unit, &text.text, known);
        match Expression::parse(&text.text, with_types.as_ref().unwrap_or(known.names())) {
            Ok(expression) => {
                self.warn_of_unknown_names(text, expression.free_names(), known);
                Logic::Literal(expression)
            }
            Err(found) => {
                report(&text.spot, &text.text, &found, self.problems);
                let reason = found.first().map_or_else(String::new, |problem| problem.message.clone());
                Logic::Broken(format!("the expression cannot be read: {reason}"))
            }
        }
    }

    /// Warns of names that nothing brings. In a filter a name may be a member of an item of which nothing is known, and what is called
    /// may be a function of the host: those are left alone.
    pub fn warn_of_unknown_names(&mut self, text: &Text, free_names: &[String], known: &Known) {
        let filters = text.text.contains('[');
        for name in free_names {
            let is_called = text.text.contains(&format!("{name}("));
            if !filters && !is_called && name != "?" && !known.names().contains(name) {
                let message = format!(
                    "nothing brings the name `{name}`, so it is null here; require the input or decision, or mend the name"
                );
                self.problems.warn(&text.spot, "unknown-name", message);
            }
        }
    }

    fn context(
        &mut self,
        unit: usize,
        boxed: &'m Boxed,
        entries: &'m [model::Entry],
        known: &Known,
        owner: &Arc<str>,
    ) -> Logic {
        let mut inner = self.copy(known, boxed.spot.clone());
        let mut compiled = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let Some(variable) = &entry.variable else {
                if at + 1 < entries.len() {
                    let message =
                        "an entry without a name is the result of the context and comes last; move it, or name it";
                    self.problems.error(&entry.value.spot, "result-not-last", message);
                }
                compiled.push(Entry { variable: None, value: self.logic(unit, &entry.value, &mut inner, owner) });
                continue;
            };
            let type_ = self.types.of(unit, variable.type_ref.as_ref(), self.problems);
            let name: Arc<str> = match &entry.value.logic {
                model::Logic::Function(_) => Arc::clone(&variable.name),
                _ => format!("{owner}: {}", variable.name).into(),
            };
            let value = self.logic(unit, &entry.value, &mut inner, &name);
            // What an entry of a boxed context holds is known even where it has no type.
            match &entry.value.logic {
                model::Logic::Context(entries) if matches!(type_.shape, Shape::Any) => {
                    let members: Vec<Arc<str>> =
                        entries.iter().filter_map(|entry| Some(Arc::clone(&entry.variable.as_ref()?.name))).collect();
                    inner.add_members(&variable.name, &members);
                }
                model::Logic::Relation { columns, .. } => {
                    let members: Vec<Arc<str>> = columns.iter().map(|column| Arc::clone(&column.name)).collect();
                    inner.add_members(&variable.name, &members);
                }
                _ => inner.add_typed(&variable.name, &type_),
            }
            compiled.push(Entry { variable: Some((Arc::clone(&variable.name), type_)), value });
        }
        Logic::Context(compiled)
    }

    /// An invocation becomes the call `_called(name: _0, other: _1)`.
    fn invocation(
        &mut self,
        unit: usize,
        called: &'m Boxed,
        bindings: &'m [(model::Variable, Option<Boxed>)],
        known: &mut Known,
        owner: &Arc<str>,
    ) -> Invocation {
        let spot = &called.spot;
        let called = self.logic(unit, called, known, owner);
        let mut names = Names::new([CALLED]);
        let mut arguments = Vec::new();
        let mut texts = Vec::new();
        for (at, (parameter, value)) in bindings.iter().enumerate() {
            let argument: Arc<str> = format!("_{at}").into();
            names.add(&*argument).add(&*parameter.name);
            texts.push(format!("{}: {argument}", parameter.name));
            let value = match value {
                Some(value) => self.logic(unit, value, known, owner),
                None => Logic::Broken(format!("the parameter {} is bound to nothing", parameter.name)),
            };
            arguments.push((argument, value));
        }
        let text = format!("{CALLED}({})", texts.join(", "));
        let call = match Expression::parse(&text, &names) {
            Ok(call) => Some(call),
            Err(found) => {
                report(spot, &text, &found, self.problems);
                None
            }
        };
        Invocation { called, arguments, call }
    }
}
