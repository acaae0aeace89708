//! The compiled form of an expression: a tree in which every name is already a slot, a capture or a name of the scope.

use std::sync::Arc;

use crate::{RangeForm, Type, Value, builtin::BuiltIn};

/// Where in the text something stands, in bytes.
pub(crate) type At = u32;

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    /// A name that the scope brings, or else a built-in function or one of the host.
    Global {
        name: Arc<str>,
        built_in: Option<&'static BuiltIn>,
        at: At,
    },
    /// A slot of the frame.
    Local(usize),
    /// What the running function captured.
    Captured(usize),
    /// The running function, by the name that it has inside of itself.
    Current,
    /// Inside of a filter: a member of the item, or else what the name means outside.
    Member {
        item: Box<Node>,
        name: Arc<str>,
        otherwise: Box<Node>,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare {
        comparison: Comparison,
        sides: Box<[Node; 2]>,
        at: At,
    },
    Between {
        parts: Box<[Node; 3]>,
        at: At,
    },
    In {
        value: Box<Node>,
        tests: Vec<Test>,
        at: At,
    },
    /// Operations of the same rank, from left to right; flat, so that a long sum is not a deep tree.
    Chain {
        first: Box<Node>,
        rest: Vec<Operation>,
    },
    Negate(Box<Node>, At),
    /// Paths, filters and calls one behind the other.
    Postfix {
        base: Box<Node>,
        steps: Vec<Step>,
    },
    Call {
        function: &'static BuiltIn,
        arguments: Arguments,
        at: At,
    },
    If {
        parts: Box<[Node; 3]>,
        at: At,
    },
    For(Box<For>),
    Quantified {
        is_every: bool,
        iterators: Vec<Iterator>,
        condition: Box<Node>,
        at: At,
    },
    List(Vec<Node>),
    Context(Vec<Entry>),
    Range {
        ends: Box<[Node; 2]>,
        start_included: bool,
        end_included: bool,
        form: RangeForm,
        at: At,
    },
    Function(Arc<Definition>),
    InstanceOf(Box<Node>, Box<Type>),
    /// A whole cell of tests, with the slot of its input.
    Tests {
        tests: Vec<Test>,
        is_negated: bool,
        input: usize,
        at: At,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "**",
        }
    }

    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide => 5,
            Self::Power => 6,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) operator: Operator,
    pub(crate) right: Node,
    pub(crate) at: At,
}

#[derive(Debug)]
pub(crate) enum Step {
    Path(Arc<str>, At),
    Filter { condition: Box<Node>, item: usize, at: At },
    Call { arguments: Arguments, at: At },
}

#[derive(Debug)]
pub(crate) enum Arguments {
    Positional(Vec<Node>),
    Named(Vec<(Arc<str>, Node)>),
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) iterators: Vec<Iterator>,
    pub(crate) body: Node,
    /// The slot of `partial`, if the body asks for it.
    pub(crate) partial: Option<usize>,
    pub(crate) at: At,
}

#[derive(Debug)]
pub(crate) struct Iterator {
    pub(crate) slot: usize,
    pub(crate) domain: Domain,
}

#[derive(Debug)]
pub(crate) enum Domain {
    Items(Node),
    /// From one to the other, up or down.
    Span(Node, Node),
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    /// Later entries read it here.
    pub(crate) slot: usize,
    pub(crate) value: Node,
}

#[derive(Debug)]
pub(crate) enum Test {
    Any,
    Compare(Comparison, Node),
    /// Asks about the input itself, so it has to be true.
    Condition(Node),
    Value(Node),
}

/// A function written in FEEL.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) parameters: Vec<(Arc<str>, Option<Type>)>,
    /// None for a function in another language, which Weft does not run.
    pub(crate) body: Option<Node>,
    pub(crate) slots: usize,
    pub(crate) captures: Vec<Source>,
}

/// Where a captured value is when the function is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Local(usize),
    Captured(usize),
    Current,
}
