//! From text to the compiled form, in one pass and without a separate lexer: what is one name depends on which names are known.
//!
//! Nesting, length and effort are limited, so that no text can overflow the stack or take long.

mod expression;
mod iteration;
mod lexical;
mod literal;
mod names;
mod primary;
mod tests;
mod types;

use std::sync::Arc;

use crate::{
    Names, SyntaxProblem,
    node::{At, Node},
};
use names::Scopes;

const TEXT_BYTES_MAX: usize = 256 << 10;
const NESTING_MAX: u32 = 200;
/// Expressions that one text may hold, parsed again where the parser had to look ahead.
const EXPRESSIONS_MAX: u32 = 200_000;

type Parsed<T> = Result<T, SyntaxProblem>;

/// A parsed text.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) root: Node,
    pub(crate) slots: usize,
    pub(crate) free_names: Vec<String>,
}

pub(crate) struct Parser<'a> {
    text: &'a str,
    position: usize,
    nesting: u32,
    expressions: u32,
    /// The end of a range is being read, which `[` may close.
    is_range_end: bool,
    names: &'a Names,
    /// Names of members anywhere, for paths and filters.
    members: Vec<String>,
    scopes: Scopes,
    free_names: Vec<Arc<str>>,
    uses_input: bool,
    uses_partial: bool,
}

/// Parses an expression.
pub(crate) fn expression(text: &str, names: &Names) -> Result<Program, Vec<SyntaxProblem>> {
    let mut parser = Parser::new(text, names);
    parser.whole(Parser::expression).map_err(|problem| vec![problem])
}

/// Parses unary tests; slot 0 is the input.
pub(crate) fn unary_tests(text: &str, names: &Names) -> Result<Program, Vec<SyntaxProblem>> {
    let mut parser = Parser::new(text, names);
    parser.whole(Parser::cell).map_err(|problem| vec![problem])
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: &'a Names) -> Self {
        let mut members = Vec::new();
        for (_, inner) in names.iter() {
            collect_members(inner, &mut members);
        }
        members.sort_unstable();
        members.dedup();
        Self {
            text,
            position: 0,
            nesting: 0,
            expressions: 0,
            is_range_end: false,
            names,
            members,
            scopes: Scopes::default(),
            free_names: Vec::new(),
            uses_input: false,
            uses_partial: false,
        }
    }

    fn whole(&mut self, parse: fn(&mut Self) -> Parsed<Node>) -> Parsed<Program> {
        if self.text.len() > TEXT_BYTES_MAX {
            return Err(self.problem("the text is longer than 256 KiB; split it into several decisions"));
        }
        let root = parse(self)?;
        self.skip_space();
        if self.position < self.text.len() {
            let found = self.found();
            let hint = "put an operator before it, or if it is part of a name with spaces, make that name known";
            return Err(self.problem(format!("{found} is not expected after a complete expression; {hint}")));
        }
        let free_names = self.free_names.iter().map(ToString::to_string).collect();
        Ok(Program { root, slots: self.scopes.slots_max(), free_names })
    }

    fn problem(&self, message: impl Into<String>) -> SyntaxProblem {
        SyntaxProblem::at(self.text, self.position, message)
    }

    /// Something else was expected here.
    fn expected(&self, what: &str) -> SyntaxProblem {
        self.problem(format!("{} where {what} is expected", self.found()))
    }

    fn at(&self) -> At {
        At::try_from(self.position).expect("the text is at most 256 KiB")
    }

    /// Runs a parser one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.expressions += 1;
        if self.nesting >= NESTING_MAX {
            return Err(
                self.problem(format!("nested more than {NESTING_MAX} deep; give inner parts a name of their own"))
            );
        }
        if self.expressions > EXPRESSIONS_MAX {
            return Err(self.problem("the expression has too many parts; split it into several decisions"));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }
}

fn collect_members(names: &Names, members: &mut Vec<String>) {
    for (name, inner) in names.iter() {
        members.push(name.to_owned());
        collect_members(inner, members);
    }
}
