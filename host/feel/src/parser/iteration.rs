//! `for`, `some` and `every`.

use super::{Parsed, Parser};
use crate::node::{Domain, For, Iterator, Node};

impl Parser<'_> {
    pub(super) fn for_loop(&mut self, end: usize) -> Parsed<Node> {
        let at = self.at();
        self.position = end;
        let mark = self.scopes.mark();
        let iterators = self.iterators("return")?;
        self.expect_word("return", "after the lists of \"for\"")?;
        let slot = self.scopes.declare("partial");
        let used_before = std::mem::replace(&mut self.uses_partial, false);
        let body = self.enclosed()?;
        let partial = self.uses_partial.then_some(slot);
        self.uses_partial |= used_before;
        self.scopes.reset(mark);
        Ok(Node::For(Box::new(For { iterators, body, partial, at })))
    }

    pub(super) fn quantified(&mut self, is_every: bool, end: usize) -> Parsed<Node> {
        let at = self.at();
        self.position = end;
        let mark = self.scopes.mark();
        let iterators = self.iterators("satisfies")?;
        self.expect_word("satisfies", "after the lists of \"some\" or \"every\"")?;
        let condition = Box::new(self.enclosed()?);
        self.scopes.reset(mark);
        Ok(Node::Quantified { is_every, iterators, condition, at })
    }

    /// `x in list, y in 1..n`. The lists may use the names before them.
    fn iterators(&mut self, last_word: &str) -> Parsed<Vec<Iterator>> {
        let mut iterators = Vec::new();
        loop {
            let name = self.new_name(&[], "the name of an item")?;
            self.expect_word("in", "after the name of an item")?;
            let first = self.enclosed()?;
            let domain = if self.takes("..") { Domain::Span(first, self.endpoint()?) } else { Domain::Items(first) };
            let slot = self.scopes.declare(&name);
            iterators.push(Iterator { slot, domain });
            // Several lists are divided by commas; some models leave them out before the last word.
            if !self.takes(",") || self.sees_word(last_word) {
                return Ok(iterators);
            }
        }
    }
}
