//! Unary tests: the right side of `in`, and the cells of decision tables.

use super::{Parsed, Parser};
use crate::node::{Node, Test};

impl Parser<'_> {
    /// What stands behind `in`: one test, or several in brackets.
    pub(super) fn in_tests(&mut self) -> Parsed<Vec<Test>> {
        if self.sees("(") {
            let at = self.at();
            self.position += 1;
            let was_range_end = std::mem::replace(&mut self.is_range_end, false);
            let tests = self.bracketed_tests(at);
            self.is_range_end = was_range_end;
            return tests;
        }
        Ok(vec![self.test(false)?])
    }

    /// `(1, < 5)`, or `(1..5]`, which begins alike.
    fn bracketed_tests(&mut self, at: u32) -> Parsed<Vec<Test>> {
        let mut tests = self.tests()?;
        if tests.len() == 1 && self.takes("..") {
            let Some(Test::Value(start) | Test::Condition(start)) = tests.pop() else {
                return Err(self.expected("\")\" after a test"));
            };
            return Ok(vec![Test::Value(self.range_end(start, false, at)?)]);
        }
        self.expect(")", "after the last test")?;
        Ok(tests)
    }

    fn tests_until_bracket(&mut self) -> Parsed<Vec<Test>> {
        let tests = self.tests()?;
        self.expect(")", "after the last test")?;
        Ok(tests)
    }

    fn tests(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = vec![self.test(true)?];
        while self.takes(",") {
            tests.push(self.test(true)?);
        }
        Ok(tests)
    }

    /// One test. Within brackets or a cell it may be any expression, otherwise an operand.
    fn test(&mut self, is_enclosed: bool) -> Parsed<Test> {
        if let Some(comparison) = self.comparison() {
            return Ok(Test::Compare(comparison, self.endpoint()?));
        }
        let used_before = std::mem::replace(&mut self.uses_input, false);
        let node = if is_enclosed { self.expression() } else { self.endpoint() }?;
        let is_condition = std::mem::replace(&mut self.uses_input, used_before);
        self.uses_input |= is_condition;
        Ok(if is_condition { Test::Condition(node) } else { Test::Value(node) })
    }

    /// A whole cell: `-`, tests, or `not(tests)`.
    pub(super) fn cell(&mut self) -> Parsed<Node> {
        let input = self.scopes.declare("?");
        let at = self.at();
        self.skip_space();
        if self.rest().trim_end() == "-" {
            self.position = self.text.len();
            return Ok(Node::Tests { tests: vec![Test::Any], is_negated: false, input, at });
        }
        let start = self.position;
        if self.takes_word("not") && self.takes("(") {
            let mark = self.scopes.mark();
            if let Ok(tests) = self.tests_until_bracket() {
                self.skip_space();
                if self.position == self.text.len() {
                    return Ok(Node::Tests { tests, is_negated: true, input, at });
                }
            }
            self.scopes.reset(mark);
        }
        self.position = start;
        let tests = self.tests()?;
        Ok(Node::Tests { tests, is_negated: false, input, at })
    }
}
