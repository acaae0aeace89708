//! The names that an expression may use, with the members that their types have, so that names with spaces are read as one.

use std::sync::Arc;

use feel::Names;

use super::Compiler;
use crate::dmn::problem::Spot;
use crate::dmn::types::{Shape, Type};

/// Members of one name. Types share their parts, so that written out they can be far larger than the model.
const MEMBERS_MAX: usize = 2_000;
const MEMBER_DEPTH_MAX: usize = 12;
/// Names copied in one compilation.
const WORK_MAX: u64 = 20_000_000;

/// Names in scope.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    names: Names,
    /// Names with their members.
    count: usize,
}

impl Known {
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// A name of which no members are known.
    pub fn add(&mut self, name: &str) {
        self.names.add(name);
        self.count += 1;
    }

    pub fn add_typed(&mut self, name: &str, type_: &Type) {
        self.add_at(&[], name, type_);
    }

    /// A name below others, such as a decision below the names of imports.
    pub fn add_at(&mut self, path: &[Arc<str>], name: &str, type_: &Type) {
        let mut left = MEMBERS_MAX;
        let mut names = Names::default();
        names.add_with_members(name, members(type_, MEMBER_DEPTH_MAX, &mut left));
        for outer in path.iter().rev() {
            let mut wrapped = Names::default();
            wrapped.add_with_members(&**outer, names);
            names = wrapped;
        }
        for (name, members) in names.iter() {
            self.names.add_with_members(name, members.clone());
        }
        self.count += 1 + path.len() + MEMBERS_MAX - left;
    }

    /// A name whose members are those of a boxed context.
    pub fn add_members(&mut self, name: &str, members: &[Arc<str>]) {
        self.names.add_with_members(name, Names::new(members.iter().map(|member| member.to_string())));
        self.count += 1 + members.len();
    }

    /// The members of the items of a type become names themselves, as they are in a filter.
    pub fn add_items(&mut self, names: &[Arc<str>]) {
        for name in names {
            self.names.add(&**name);
        }
        self.count += names.len();
    }
}

/// A type as FEEL asks for it, without constraints, which `instance of` does not look at.
fn of_feel(type_: &Type, depth: usize, left: &mut usize) -> feel::Type {
    if depth == 0 || *left == 0 {
        return feel::Type::Any;
    }
    *left -= 1;
    let mut inner = |type_: &Type| of_feel(type_, depth - 1, left);
    match &type_.shape {
        Shape::Any | Shape::Duration => feel::Type::Any,
        Shape::Boolean => feel::Type::Boolean,
        Shape::Number => feel::Type::Number,
        Shape::String => feel::Type::String,
        Shape::Date => feel::Type::Date,
        Shape::Time => feel::Type::Time,
        Shape::DateTime => feel::Type::DateTime,
        Shape::DaysTime => feel::Type::DaysTime,
        Shape::YearsMonths => feel::Type::YearsMonths,
        Shape::List(item) => feel::Type::List(Box::new(inner(item))),
        Shape::Range(end) => feel::Type::Range(Box::new(inner(end))),
        Shape::Context(members) => {
            feel::Type::Context(members.iter().map(|(name, member)| (name.to_string(), inner(member))).collect())
        }
        Shape::Function { parameters, result } => {
            let parameters = parameters.iter().map(|parameter| inner(parameter)).collect();
            feel::Type::Function(parameters, Box::new(inner(result)))
        }
        Shape::AnyFunction => feel::Type::by_name("function").unwrap_or(feel::Type::Any),
    }
}

/// The members of a type: those of a context, or of the contexts in a list.
fn members(type_: &Type, depth: usize, left: &mut usize) -> Names {
    let mut names = Names::default();
    let members = match &type_.shape {
        Shape::List(item) if depth > 0 => return self::members(item, depth - 1, left),
        Shape::Context(members) if depth > 0 => members,
        _ => return names,
    };
    for (name, member) in members {
        if *left == 0 {
            break;
        }
        *left -= 1;
        names.add_with_members(&**name, self::members(member, depth - 1, left));
    }
    names
}

impl Compiler<'_, '_> {
    /// The names with the types of the model, for a text that may name types; nothing for all others, which are many.
    pub fn names_with_types(&mut self, unit: usize, text: &str, known: &Known) -> Option<Names> {
        if !text.contains("instance") && !text.contains("function") {
            return None;
        }
        let mut left = MEMBERS_MAX;
        let types = self.types.visible(unit, self.problems);
        self.work += known.count as u64 + types.len() as u64;
        if self.work > WORK_MAX {
            return None;
        }
        let mut names = known.names.clone();
        for (name, type_) in types {
            names.add_type(name, of_feel(&type_, MEMBER_DEPTH_MAX, &mut left));
        }
        self.work += (MEMBERS_MAX - left) as u64;
        Some(names)
    }

    /// A copy of the names for an inner scope. A model that asks for too many copies gets empty ones, and a problem.
    pub fn copy(&mut self, known: &Known, spot: Spot) -> Known {
        let before = self.work;
        self.work += known.count as u64 + 1;
        if self.work <= WORK_MAX {
            return known.clone();
        }
        if before <= WORK_MAX {
            let message =
                "the model has too many boxed expressions inside one another with too many names; split its decisions";
            self.problems.error(&spot, "too-complex", message);
        }
        Known::default()
    }
}
