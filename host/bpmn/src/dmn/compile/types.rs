//! From item definitions to types: names looked up in the model and in what it imports, in any order of definition.

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Names, UnaryTests};

use super::Unit;
use crate::dmn::model::{Item, ItemShape, Text, TypeRef};
use crate::dmn::problem::{Problems, Spot};
use crate::dmn::types::{Shape, Type};

/// Definitions that refer to one another.
const NESTING_MAX: usize = 64;
/// Types that expressions of one model may name.
const VISIBLE_MAX: usize = 1_000;

/// Where a definition is: which model, which item.
type Key = (usize, usize);

#[derive(Debug)]
enum State {
    Resolving,
    Done(Arc<Type>),
}

/// The types of all models, resolved when they are first asked for.
#[derive(Debug)]
pub(crate) struct Types<'m> {
    units: &'m [Unit],
    states: HashMap<Key, State>,
    names: Vec<HashMap<&'m str, usize>>,
    depth: usize,
}

impl<'m> Types<'m> {
    pub fn new(units: &'m [Unit], problems: &mut Problems) -> Self {
        let mut names = Vec::new();
        for unit in units {
            let mut known: HashMap<&str, usize> = HashMap::new();
            for (at, item) in unit.model.items.iter().enumerate() {
                if known.insert(&item.name, at).is_some() && !item.name.is_empty() {
                    let message =
                        format!("the type `{}` is defined before already; give this one another name", item.name);
                    problems.error(&item.spot, "duplicate-type", message);
                }
            }
            names.push(known);
        }
        Self { units, states: HashMap::new(), names, depth: 0 }
    }

    /// Resolves all definitions, so that what is wrong with one that nothing uses is found too.
    pub fn resolve_all(&mut self, problems: &mut Problems) {
        for unit in 0..self.units.len() {
            for item in 0..self.units[unit].model.items.len() {
                self.item((unit, item), problems);
            }
        }
    }

    /// The types that expressions of a model may name: its own, and those of what it imports, by the name of the import.
    pub fn visible(&mut self, unit: usize, problems: &mut Problems) -> Vec<(String, Arc<Type>)> {
        let units: &'m [Unit] = self.units;
        let own = units[unit].model.items.iter().enumerate().map(|(at, item)| (item.name.clone(), (unit, at)));
        let imported = units[unit].imports.iter().filter_map(|import| Some((&*import.name, import.unit?)));
        let imported = imported.flat_map(|(name, owner)| {
            let items = units[owner].model.items.iter().enumerate();
            items.map(move |(at, item)| match name {
                "" => (item.name.clone(), (owner, at)),
                _ => (format!("{name}.{}", item.name), (owner, at)),
            })
        });
        let keys: Vec<(String, Key)> = own.chain(imported).take(VISIBLE_MAX).collect();
        keys.into_iter().map(|(name, key)| (name, self.item(key, problems))).collect()
    }

    /// The type a reference names; anything where there is none.
    pub fn of(&mut self, unit: usize, reference: Option<&TypeRef>, problems: &mut Problems) -> Arc<Type> {
        reference.map_or_else(Type::any, |reference| self.named(unit, reference, problems))
    }

    fn named(&mut self, unit: usize, reference: &TypeRef, problems: &mut Problems) -> Arc<Type> {
        if let Some(found) = self.find(unit, reference, problems) {
            return found;
        }
        let message = format!(
            "there is no type `{}`; define it as an item definition, or use one of FEEL such as number, string, date",
            reference.name
        );
        problems.error(&reference.spot, "unknown-type", message);
        Type::any()
    }

    fn find(&mut self, unit: usize, reference: &TypeRef, problems: &mut Problems) -> Option<Arc<Type>> {
        let name = reference.name.as_str();
        if let Some(namespace) = &reference.namespace {
            if namespace.contains("XMLSchema") {
                return Type::of_schema(name);
            }
            if let Some(owner) = self.units.iter().position(|unit| unit.model.namespace == *namespace) {
                return self.in_unit(owner, name, problems);
            }
            return Type::built_in(name);
        }
        if let Some(found) = Type::built_in(name).or_else(|| self.in_unit(unit, name, problems)) {
            return Some(found);
        }
        let imports = &self.units[unit].imports;
        for (import, owner) in imports.iter().filter_map(|import| Some((&*import.name, import.unit?))) {
            let inner = if import.is_empty() {
                Some(name)
            } else {
                name.strip_prefix(import).and_then(|rest| rest.strip_prefix('.'))
            };
            let Some(inner) = inner else { continue };
            let inner = TypeRef { namespace: None, name: inner.to_owned(), spot: reference.spot.clone() };
            // Imports cannot form a circle, so this ends.
            if let Some(found) = self.find(owner, &inner, problems) {
                return Some(found);
            }
        }
        None
    }

    fn in_unit(&mut self, unit: usize, name: &str, problems: &mut Problems) -> Option<Arc<Type>> {
        let item = *self.names[unit].get(name)?;
        Some(self.item((unit, item), problems))
    }

    fn item(&mut self, key: Key, problems: &mut Problems) -> Arc<Type> {
        let item = &self.units[key.0].model.items[key.1];
        match self.states.get(&key) {
            Some(State::Done(done)) => return Arc::clone(done),
            Some(State::Resolving) => {
                let message = format!("the type `{}` contains itself; end the circle with Any", item.name);
                problems.error(&item.spot, "type-cycle", message);
                return Type::any();
            }
            None => {}
        }
        if self.depth >= NESTING_MAX {
            let message = format!("types are at most {NESTING_MAX} definitions deep; flatten `{}`", item.name);
            problems.error(&item.spot, "type-too-deep", message);
            return Type::any();
        }
        self.states.insert(key, State::Resolving);
        self.depth += 1;
        let resolved = self.build(key.0, item, problems);
        self.depth -= 1;
        self.states.insert(key, State::Done(Arc::clone(&resolved)));
        resolved
    }

    /// The type of a definition or component. The depth of the document bounds the recursion into components.
    fn build(&mut self, unit: usize, item: &'m Item, problems: &mut Problems) -> Arc<Type> {
        let base = if let Some(function) = &item.function {
            let parameters = &function.parameters;
            let parameters = parameters.iter().map(|part| self.of(unit, part.type_ref.as_ref(), problems)).collect();
            let result = self.of(unit, function.result.as_ref(), problems);
            Type::plain(&item.name, Shape::Function { parameters, result })
        } else if item.components.is_empty() {
            self.of(unit, item.type_ref.as_ref(), problems)
        } else {
            let members = item
                .components
                .iter()
                .map(|part| (part.name.as_str().into(), self.build(unit, part, problems)))
                .collect();
            Type::plain(&item.name, Shape::Context(members))
        };
        let allowed = item.allowed.as_ref().and_then(|text| tests(text, problems));
        let constraint = item.constraint.as_ref().and_then(|text| tests(text, problems));
        if item.shape == ItemShape::Collection {
            let shape = Shape::List(base);
            return Arc::new(Type { name: item.name.clone(), shape, allowed, constraint });
        }
        if allowed.is_none() && constraint.is_none() {
            return base;
        }
        if base.allowed.is_none() && base.constraint.is_none() {
            return Arc::new(Type { name: item.name.clone(), shape: base.shape.clone(), allowed, constraint });
        }
        narrowed(item, &base, allowed, constraint)
    }
}

/// A type with constraints of its own over a base that has some already: both must hold.
fn narrowed(item: &Item, base: &Arc<Type>, allowed: Option<UnaryTests>, constraint: Option<UnaryTests>) -> Arc<Type> {
    let both = |own: Option<UnaryTests>, inherited: &Option<UnaryTests>| own.or_else(|| inherited.clone());
    // A narrower list of values replaces the wider one: DMN asks that it be a subset.
    Arc::new(Type {
        name: item.name.clone(),
        shape: base.shape.clone(),
        allowed: both(allowed, &base.allowed),
        constraint: both(constraint, &base.constraint),
    })
}

/// Unary tests over constants, as constraints have them.
pub(crate) fn tests(text: &Text, problems: &mut Problems) -> Option<UnaryTests> {
    match UnaryTests::parse(&text.text, &Names::default()) {
        Ok(tests) => Some(tests),
        Err(found) => {
            report(&text.spot, &text.text, &found, problems);
            None
        }
    }
}

/// Reports what FEEL found wrong with a text.
pub(crate) fn report(spot: &Spot, text: &str, found: &[feel::SyntaxProblem], problems: &mut Problems) {
    for problem in found {
        let within = |at: usize| u32::try_from(at.saturating_sub(1)).unwrap_or(u32::MAX / 2);
        let short: String = text.chars().take(60).collect();
        let message = format!("in `{short}`: {}", problem.message);
        problems.error_within(spot, (within(problem.line), within(problem.column)), "feel-syntax", message);
    }
}
