//! What an expression begins with: literals, names, brackets and the words that open a construct.

use std::sync::Arc;

use super::{Parsed, Parser};
use crate::{
    RangeForm, Value, builtin,
    node::{Comparison, Definition, Entry, Node},
};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Parsed<Node> {
        self.skip_space();
        let Some(first) = self.peek_character() else {
            return Err(self.expected("a value, a name or an expression"));
        };
        match first {
            '"' => self.string_literal().map(|text| Node::Constant(Value::from(text))),
            '@' => self.at_literal(),
            '0'..='9' | '.' => self.number_literal(),
            '(' => self.bracketed(),
            '[' | ']' => self.list_or_range(),
            '{' => self.context(),
            '?' => self.input(),
            _ => self.name_or_keyword(),
        }
    }

    fn input(&mut self) -> Parsed<Node> {
        self.position += 1;
        self.uses_input = true;
        let name = Arc::from("?");
        let problem = self.problem("\"?\" stands for the input of a test and has no meaning here; use a name");
        let mut is_known = true;
        let node = self.scopes.resolve(&name, || {
            is_known = false;
            Node::Constant(Value::Null)
        });
        if is_known { Ok(node) } else { Err(problem) }
    }

    fn name_or_keyword(&mut self) -> Parsed<Node> {
        let Some((name, end)) = self.name() else {
            return Err(self.expected("a value, a name or an expression"));
        };
        let at = self.at();
        match name.as_str() {
            "null" => return Ok(self.constant(end, Value::Null)),
            "true" => return Ok(self.constant(end, Value::Boolean(true))),
            "false" => return Ok(self.constant(end, Value::Boolean(false))),
            "if" => return self.conditional(end),
            "for" => return self.for_loop(end),
            "some" | "every" => return self.quantified(name == "every", end),
            "function" => {
                self.position = end;
                return self.function(None);
            }
            "then" | "else" | "return" | "satisfies" | "in" | "and" | "or" | "between" => {
                return Err(self.expected("a value, a name or an expression"));
            }
            _ => {}
        }
        self.position = end;
        if name == "partial" {
            self.uses_partial = true;
        }
        let name: Arc<str> = Arc::from(name);
        let built_in = builtin::find(&name);
        let is_declared = self.names.contains(&name);
        let mut is_global = false;
        let node = self.scopes.resolve(&name, || {
            is_global = true;
            Node::Global { name: Arc::clone(&name), built_in, at }
        });
        if !is_global {
            return Ok(node);
        }
        if let (Some(function), false, true) = (built_in, is_declared, matches!(node, Node::Global { .. }))
            && self.takes("(")
        {
            let arguments = self.arguments()?;
            return Ok(crate::fold::folded(Node::Call { function, arguments, at }));
        }
        if (built_in.is_none() || is_declared) && !self.free_names.contains(&name) {
            self.free_names.push(name);
        }
        Ok(node)
    }

    fn constant(&mut self, end: usize, value: Value) -> Node {
        self.position = end;
        Node::Constant(value)
    }

    fn conditional(&mut self, end: usize) -> Parsed<Node> {
        let at = self.at();
        self.position = end;
        let condition = self.enclosed()?;
        self.expect_word("then", "after the condition of \"if\"")?;
        let yes = self.enclosed()?;
        self.expect_word("else", "after the first branch of \"if\"; FEEL has no \"if\" without it")?;
        let no = self.enclosed()?;
        Ok(Node::If { parts: Box::new([condition, yes, no]), at })
    }

    /// Parameters and body behind the word `function`. `own_name` is how it can call itself.
    pub(super) fn function(&mut self, own_name: Option<&str>) -> Parsed<Node> {
        self.expect("(", "before the parameters of a function")?;
        let mark = self.scopes.mark();
        self.scopes.open_function(own_name);
        let mut parameters = Vec::new();
        if !self.takes(")") {
            loop {
                let name = self.new_name(&[':', ',', ')'], "the name of a parameter")?;
                let kind = if self.takes(":") { Some(self.type_reference()?) } else { None };
                self.scopes.declare(&name);
                parameters.push((Arc::from(name), kind));
                if !self.takes(",") {
                    break;
                }
            }
            self.expect(")", "after the parameters of a function")?;
        }
        let is_external = self.takes_word("external");
        let body = self.enclosed();
        let (slots, captures) = self.scopes.close_function();
        self.scopes.reset(mark);
        let body = body?;
        let body = if is_external { None } else { Some(body) };
        Ok(Node::Function(Arc::new(Definition { parameters, body, slots, captures })))
    }

    /// `(expression)`, `(1..5]`, `(< 10)`.
    fn bracketed(&mut self) -> Parsed<Node> {
        let at = self.at();
        self.position += 1;
        if let Some(comparison) = self.comparison() {
            let end = self.enclosed_endpoint()?;
            self.expect(")", "after a range")?;
            return Ok(comparison_range(comparison, end, at));
        }
        let first = self.enclosed()?;
        if self.takes("..") {
            return self.range_end(first, false, at);
        }
        self.expect(")", "to close the bracket")?;
        Ok(first)
    }

    fn enclosed_endpoint(&mut self) -> Parsed<Node> {
        let was_range_end = std::mem::replace(&mut self.is_range_end, false);
        let result = self.endpoint();
        self.is_range_end = was_range_end;
        result
    }

    /// A comparison at the front of a test.
    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        const ALL: [Comparison; 6] = [
            Comparison::NotEqual,
            Comparison::LessOrEqual,
            Comparison::GreaterOrEqual,
            Comparison::Less,
            Comparison::Greater,
            Comparison::Equal,
        ];
        ALL.into_iter().find(|comparison| self.takes(comparison.text()))
    }

    /// `[1, 2]`, `[1..5)`, `]1..5]`.
    fn list_or_range(&mut self) -> Parsed<Node> {
        let at = self.at();
        let is_open = self.takes("]");
        if !is_open {
            self.position += 1;
            if self.takes("]") {
                return Ok(Node::Constant(Value::list(Vec::new())));
            }
        }
        let first = self.enclosed()?;
        if self.takes("..") {
            return self.range_end(first, !is_open, at);
        }
        if is_open {
            return Err(self.expected("\"..\" of a range that begins with \"]\""));
        }
        let mut items = vec![first];
        while self.takes(",") {
            items.push(self.enclosed()?);
        }
        self.expect("]", "after the last item of a list")?;
        Ok(crate::fold::folded(Node::List(items)))
    }

    pub(super) fn range_end(&mut self, start: Node, start_included: bool, at: u32) -> Parsed<Node> {
        let was_range_end = std::mem::replace(&mut self.is_range_end, true);
        let end = self.endpoint();
        self.is_range_end = was_range_end;
        let end = end?;
        let end_included = self.takes("]");
        if !end_included && !self.takes(")") && !self.takes("[") {
            return Err(self.expected("\"]\", \")\" or \"[\" after the end of a range"));
        }
        let ends = Box::new([start, end]);
        Ok(crate::fold::folded(Node::Range { ends, start_included, end_included, form: RangeForm::Interval, at }))
    }

    fn context(&mut self) -> Parsed<Node> {
        self.position += 1;
        let mark = self.scopes.mark();
        let mut entries = Vec::new();
        if !self.takes("}") {
            loop {
                let entry = self.entry()?;
                entries.push(entry);
                if !self.takes(",") {
                    break;
                }
            }
            self.expect("}", "after the last entry of a context")?;
        }
        self.scopes.reset(mark);
        Ok(Node::Context(entries))
    }

    fn entry(&mut self) -> Parsed<Entry> {
        let name =
            if self.sees("\"") { self.string_literal()? } else { self.new_name(&[':'], "the name of an entry")? };
        self.expect(":", "after the name of an entry")?;
        if !self.members.contains(&name) {
            self.members.push(name.clone());
        }
        self.skip_space();
        let slot = self.scopes.new_slot();
        let value = if self.name().is_some_and(|(word, _)| word == "function") {
            self.takes_word("function");
            self.function(Some(&name))?
        } else {
            self.enclosed()?
        };
        // Only later entries know it.
        self.scopes.name_slot(&name, slot);
        Ok(Entry { name: Arc::from(name), slot, value })
    }
}

/// `(< 10)` as a range.
fn comparison_range(comparison: Comparison, end: Node, at: u32) -> Node {
    let null = || Node::Constant(Value::Null);
    let (ends, start_included, end_included, form) = match comparison {
        Comparison::Less => ([null(), end], false, false, RangeForm::Comparison),
        Comparison::LessOrEqual => ([null(), end], false, true, RangeForm::Comparison),
        Comparison::Greater => ([end, null()], false, false, RangeForm::Comparison),
        Comparison::GreaterOrEqual => ([end, null()], true, false, RangeForm::Comparison),
        // The end of `(= 10)` is its start; the evaluator sees to it.
        Comparison::Equal => ([end, null()], true, true, RangeForm::Comparison),
        Comparison::NotEqual => ([end, null()], false, false, RangeForm::Different),
    };
    crate::fold::folded(Node::Range { ends: Box::new(ends), start_included, end_included, form, at })
}
