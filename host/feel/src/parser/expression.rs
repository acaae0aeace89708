//! Operators by precedence, and what stands behind an operand: paths, filters, calls.

use std::sync::Arc;

use super::{Parsed, Parser, lexical::is_name_start};
use crate::node::{Arguments, Comparison, Node, Operation, Operator, Step};

/// `a = b = c …`: nobody means more.
const COMPARISONS_MAX: usize = 32;

const SYMBOLS: [(&str, Infix); 11] = [
    ("**", Infix::Operate(Operator::Power)),
    ("!=", Infix::Compare(Comparison::NotEqual)),
    ("<=", Infix::Compare(Comparison::LessOrEqual)),
    (">=", Infix::Compare(Comparison::GreaterOrEqual)),
    ("=", Infix::Compare(Comparison::Equal)),
    ("<", Infix::Compare(Comparison::Less)),
    (">", Infix::Compare(Comparison::Greater)),
    ("+", Infix::Operate(Operator::Add)),
    ("-", Infix::Operate(Operator::Subtract)),
    ("*", Infix::Operate(Operator::Multiply)),
    ("/", Infix::Operate(Operator::Divide)),
];

enum Infix {
    Or,
    And,
    Compare(Comparison),
    Between,
    In,
    Operate(Operator),
}

impl Infix {
    fn rank(&self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Compare(_) | Self::Between | Self::In => 3,
            Self::Operate(operator) => operator.rank(),
        }
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Node> {
        self.binary(0)
    }

    /// An expression in brackets of its own, where `[` is a filter again.
    pub(super) fn enclosed(&mut self) -> Parsed<Node> {
        let was_range_end = std::mem::replace(&mut self.is_range_end, false);
        let result = self.expression();
        self.is_range_end = was_range_end;
        result
    }

    /// What may stand at an end of a range or of a comparison in a test.
    pub(super) fn endpoint(&mut self) -> Parsed<Node> {
        self.binary(4)
    }

    fn binary(&mut self, rank_min: u8) -> Parsed<Node> {
        self.nested(|parser| {
            let mut left = parser.unary()?;
            let mut comparisons = 0;
            while let Some((infix, length)) = parser.infix() {
                let rank = infix.rank();
                if rank < rank_min {
                    break;
                }
                let at = parser.at();
                parser.position += length;
                if rank == 3 {
                    comparisons += 1;
                    if comparisons > COMPARISONS_MAX {
                        return Err(parser.problem("too many comparisons in a row; join them with \"and\""));
                    }
                }
                left = match infix {
                    Infix::Between => {
                        let low = parser.binary(4)?;
                        parser.expect_word("and", "between the two limits of \"between\"")?;
                        let high = parser.binary(4)?;
                        Node::Between { parts: Box::new([left, low, high]), at }
                    }
                    Infix::In => Node::In { value: Box::new(left), tests: parser.in_tests()?, at },
                    infix => {
                        let right = parser.binary(rank + 1)?;
                        joined(infix, left, right, at)
                    }
                };
            }
            Ok(left)
        })
    }

    /// The operator that stands here and its length.
    fn infix(&mut self) -> Option<(Infix, usize)> {
        self.skip_space();
        let word = match self.word() {
            "or" => Some(Infix::Or),
            "and" => Some(Infix::And),
            "between" => Some(Infix::Between),
            "in" => Some(Infix::In),
            _ => None,
        };
        if let Some(word) = word {
            return Some((word, self.word().len()));
        }
        let rest = self.rest();
        SYMBOLS.into_iter().find(|(symbol, _)| rest.starts_with(symbol)).map(|(symbol, infix)| (infix, symbol.len()))
    }

    fn unary(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.at();
        let mut minuses = 0_usize;
        while self.takes("-") {
            minuses += 1;
        }
        let mut node = self.postfix()?;
        // Two signs cancel out, except that what is no number stays none.
        let signs = if minuses > 2 { 2 - minuses % 2 } else { minuses };
        for _ in 0..signs {
            node = Node::Negate(Box::new(node), at);
        }
        if signs > 0 {
            node = crate::fold::folded(node);
        }
        let mut checks = 0;
        while self.takes_words(&["instance", "of"]) {
            checks += 1;
            if checks > COMPARISONS_MAX {
                return Err(self.problem("too many \"instance of\" in a row"));
            }
            node = Node::InstanceOf(Box::new(node), Box::new(self.type_reference()?));
        }
        Ok(node)
    }

    fn postfix(&mut self) -> Parsed<Node> {
        let base = self.primary()?;
        let mut steps = Vec::new();
        loop {
            self.skip_space();
            let at = self.at();
            let rest = self.rest();
            if rest.starts_with('.') && !rest.starts_with("..") {
                self.position += 1;
                self.skip_space();
                let (name, end) = self.member_name().ok_or_else(|| self.expected("the name of a member"))?;
                self.position = end;
                steps.push(Step::Path(Arc::from(name), at));
            } else if rest.starts_with('[') {
                match self.filter()? {
                    Some(step) => steps.push(step),
                    None => break,
                }
            } else if rest.starts_with('(') && !matches!(base, Node::Constant(_)) {
                self.position += 1;
                let arguments = self.arguments()?;
                steps.push(Step::Call { arguments, at });
            } else {
                break;
            }
        }
        Ok(crate::fold::postfix(base, steps))
    }

    /// A filter; none if this bracket closes a range instead.
    fn filter(&mut self) -> Parsed<Option<Step>> {
        let (start, mark, at) = (self.position, self.scopes.mark(), self.at());
        let is_range_end = self.is_range_end;
        self.position += 1;
        let item = self.scopes.filter();
        self.scopes.name_slot("item", item);
        let condition = self.enclosed().and_then(|condition| {
            self.expect("]", "at the end of a filter")?;
            Ok(condition)
        });
        self.scopes.reset(mark);
        // Within the end of a range, a bracket that is no filter, or after which the range would stay open, closes it.
        if is_range_end && (condition.is_err() || !(self.sees("]") || self.sees(")") || self.sees("["))) {
            self.position = start;
            return Ok(None);
        }
        Ok(Some(Step::Filter { condition: Box::new(condition?), item, at }))
    }

    /// Arguments behind an open bracket, by place or by name.
    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        if self.takes(")") {
            return Ok(Arguments::Positional(Vec::new()));
        }
        let mut named = Vec::new();
        let mut positional = Vec::new();
        let is_named = self.argument_name().is_some();
        loop {
            if is_named {
                let (name, end) = self
                    .argument_name()
                    .ok_or_else(|| self.expected("a name and \":\", as the first argument has them"))?;
                self.position = end;
                let value = self.enclosed()?;
                named.push((Arc::from(name), value));
            } else {
                positional.push(self.enclosed()?);
            }
            if !self.takes(",") {
                break;
            }
        }
        self.expect(")", "after the last argument")?;
        Ok(if is_named { Arguments::Named(named) } else { Arguments::Positional(positional) })
    }

    /// `name :` if that is what stands here, and where the colon ends.
    fn argument_name(&mut self) -> Option<(String, usize)> {
        self.skip_space();
        if !self.rest().starts_with(is_name_start) {
            return None;
        }
        let start = self.position;
        let name = self.new_name(&[':'], "a name").ok();
        let is_named = self.takes(":");
        let end = std::mem::replace(&mut self.position, start);
        name.filter(|_| is_named).map(|name| (name, end))
    }
}

/// Two operands joined; operators of the same rank become one flat chain.
fn joined(infix: Infix, left: Node, right: Node, at: u32) -> Node {
    match (infix, left) {
        (Infix::Or, Node::Or(mut parts)) => {
            parts.push(right);
            Node::Or(parts)
        }
        (Infix::Or, left) => Node::Or(vec![left, right]),
        (Infix::And, Node::And(mut parts)) => {
            parts.push(right);
            Node::And(parts)
        }
        (Infix::And, left) => Node::And(vec![left, right]),
        (Infix::Compare(comparison), left) => Node::Compare { comparison, sides: Box::new([left, right]), at },
        (Infix::Operate(operator), left) => {
            let operation = Operation { operator, right, at };
            match left {
                Node::Chain { first, mut rest } if rest[0].operator.rank() == operator.rank() => {
                    rest.push(operation);
                    Node::Chain { first, rest }
                }
                left => crate::fold::folded(Node::Chain { first: Box::new(left), rest: vec![operation] }),
            }
        }
        (Infix::Between | Infix::In, left) => left,
    }
}
