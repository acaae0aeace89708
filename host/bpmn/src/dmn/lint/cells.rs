//! The conditions of one column as sets of values: the line of values is cut where any condition begins or ends, and each piece knows
//! the rules that match it.

use std::cmp::Ordering;

use feel::{Budget, Expression, FixedEnvironment, Names, Scope, UnaryTests, Value};

use super::Rules;
use crate::dmn::logic::{Condition, Table};
use crate::dmn::types::Shape;

/// Pieces of a column; one that has more is left undecided.
const POINTS_MAX: usize = 1_024;

/// A piece of the line of values: a point, or all between two points.
pub(super) struct Segment {
    pub sure: Rules,
    pub perhaps: Rules,
    /// Where no rule matches this, that is no gap: it stands for all words that nobody listed.
    pub is_open: bool,
}

/// One input column.
pub(super) struct Column {
    pub segments: Vec<Segment>,
    label: String,
    /// The points in their order, and what is said of each segment.
    texts: Vec<Text>,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Numbers, dates and durations: there is something between two points.
    Line,
    /// Words: points, and everything else.
    Words,
}

/// What a segment is called: its ends where it has them, the same twice for a point.
#[derive(Clone)]
struct Text {
    low: Option<String>,
    high: Option<String>,
    is_point: bool,
}

/// A set of values.
enum Set {
    Everything,
    Unknown,
    Union(Vec<Span>),
    /// Everything but these.
    Except(Vec<Span>),
}

/// From one end to the other; an end is a value and whether it belongs to the span, or none.
struct Span {
    low: Option<(Value, bool)>,
    high: Option<(Value, bool)>,
}

impl Column {
    pub fn new(table: &Table, column: usize) -> Self {
        let sets: Vec<Set> = table.rules.iter().map(|rule| set(&rule.conditions[column])).collect();
        let input = &table.inputs[column];
        let mut domain = input.allowed.as_ref().or(input.type_.allowed.as_ref()).map(|allowed| of_text(allowed.text()));
        if domain.is_none() && matches!(input.type_.shape, Shape::Boolean) {
            domain = Some(of_text("true, false"));
        }
        let mut label: String = input.label.chars().take(40).collect();
        if label.len() < input.label.len() {
            label.push('…');
        }
        let spans = sets.iter().chain(&domain).flat_map(Set::spans);
        let points: Option<Vec<Value>> = points(spans);
        let Some(points) = points else { return Self::undecided(label, table.rules.len()) };
        let order = match points.first() {
            Some(Value::String(_) | Value::Boolean(_)) => Order::Words,
            _ => Order::Line,
        };
        let mut made = Self { segments: Vec::new(), label, texts: Vec::new(), order };
        // Even numbers are what is between points, odd numbers are points.
        for number in 0..=points.len() * 2 {
            let is_point = number % 2 == 1;
            // Words have one piece that is no point: everything else.
            if order == Order::Words && !is_point && number > 0 {
                continue;
            }
            let inside = |set: &Set| set.has(number, &points, order);
            if domain.as_ref().is_some_and(|domain| inside(domain) == Some(false)) {
                continue;
            }
            let is_open = order == Order::Words && !is_point;
            let mut segment = Segment { sure: vec![0; table.rules.len().div_ceil(64)], perhaps: Vec::new(), is_open };
            segment.perhaps.clone_from(&segment.sure);
            for (rule, set) in sets.iter().enumerate() {
                let answer = inside(set);
                if answer == Some(true) {
                    segment.sure[rule / 64] |= 1 << (rule % 64);
                }
                if answer != Some(false) {
                    segment.perhaps[rule / 64] |= 1 << (rule % 64);
                }
            }
            let text = |at: usize| points.get(at).map(ToString::to_string);
            let text = match (is_point, order) {
                (true, _) => Text { low: text(number / 2), high: text(number / 2), is_point },
                (false, Order::Line) => {
                    Text { low: (number / 2).checked_sub(1).and_then(text), high: text(number / 2), is_point }
                }
                (false, Order::Words) => Text { low: None, high: None, is_point },
            };
            made.segments.push(segment);
            made.texts.push(text);
        }
        if made.segments.is_empty() {
            return Self::undecided(made.label, table.rules.len());
        }
        made
    }

    /// One piece that every rule may match.
    fn undecided(label: String, rules: usize) -> Self {
        let segment = Segment { sure: vec![0; rules.div_ceil(64)], perhaps: super::all_rules(rules), is_open: true };
        let text = Text { low: None, high: None, is_point: false };
        Self { segments: vec![segment], label, texts: vec![text], order: Order::Words }
    }

    pub fn is_ordered(&self) -> bool {
        self.order == Order::Line
    }

    /// The values from one segment to another; empty for all values.
    pub fn describe(&self, start: usize, end: usize) -> String {
        let (first, last) = (&self.texts[start], &self.texts[end]);
        let quoted = |text: &String| {
            if self.order == Order::Words && !matches!(text.as_str(), "true" | "false") && !text.starts_with('"') {
                format!("\"{text}\"")
            } else {
                text.clone()
            }
        };
        let label = &self.label;
        match (first.low.as_ref().map(quoted), last.high.as_ref().map(quoted)) {
            (Some(low), Some(high)) if low == high => format!("{label} = {low}"),
            (Some(low), Some(high)) => {
                let (open, close) = (if first.is_point { '[' } else { '(' }, if last.is_point { ']' } else { ')' });
                format!("{label} in {open}{low}..{high}{close}")
            }
            (None, Some(high)) => format!("{label} {} {high}", if last.is_point { "<=" } else { "<" }),
            (Some(low), None) => format!("{label} {} {low}", if first.is_point { ">=" } else { ">" }),
            (None, None) => String::new(),
        }
    }
}

/// The ends of all spans, sorted; none where they cannot be sorted or are too many.
fn points<'s>(spans: impl Iterator<Item = &'s Span>) -> Option<Vec<Value>> {
    let mut points: Vec<Value> = Vec::new();
    for (value, _) in spans.flat_map(|span| span.low.iter().chain(&span.high)) {
        points.push(value.clone());
        if points.len() > POINTS_MAX * 4 {
            return None;
        }
    }
    let first = points.first().cloned()?;
    if points.iter().any(|point| compare(&first, point).is_none()) {
        return None;
    }
    points.sort_by(|left, right| compare(left, right).unwrap_or(Ordering::Equal));
    points.dedup_by(|left, right| compare(left, right) == Some(Ordering::Equal));
    (points.len() <= POINTS_MAX).then_some(points)
}

/// An order for all that can stand in a condition, false before true.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        _ => left.compare(right),
    }
}

impl Set {
    fn spans(&self) -> &[Span] {
        match self {
            Self::Everything | Self::Unknown => &[],
            Self::Union(spans) | Self::Except(spans) => spans,
        }
    }

    /// Whether the set has all of a segment or nothing of it; none where that is not known.
    fn has(&self, segment: usize, points: &[Value], order: Order) -> Option<bool> {
        let within = |spans: &[Span]| spans.iter().any(|span| span.has(segment, points, order));
        match self {
            Self::Everything => Some(true),
            Self::Unknown => None,
            Self::Union(spans) => Some(within(spans)),
            Self::Except(spans) => Some(!within(spans)),
        }
    }
}

impl Span {
    fn has(&self, segment: usize, points: &[Value], order: Order) -> bool {
        let place = |value: &Value| points.partition_point(|point| compare(point, value) == Some(Ordering::Less));
        // The segment of everything else is no word that is named.
        if order == Order::Words && segment == 0 {
            return self.low.is_none() && self.high.is_none();
        }
        let low = self.low.as_ref().map_or(0, |(value, included)| place(value) * 2 + if *included { 1 } else { 2 });
        let high =
            self.high.as_ref().map_or(points.len() * 2, |(value, included)| place(value) * 2 + usize::from(*included));
        (low..=high).contains(&segment)
    }
}

fn set(condition: &Condition) -> Set {
    match condition {
        Condition::Anything => Set::Everything,
        Condition::Tests(tests) => of_tests(tests),
        Condition::Broken(_) => Set::Unknown,
    }
}

fn of_tests(tests: &UnaryTests) -> Set {
    of_text(tests.text())
}

/// The set that the text of unary tests describes, where all in it is constant.
fn of_text(text: &str) -> Set {
    let text = text.trim();
    if text == "-" {
        return Set::Everything;
    }
    let negated =
        text.strip_prefix("not").map(str::trim_start).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    let parts = split(negated.unwrap_or(text));
    let mut spans = Vec::new();
    for part in parts {
        match spans_of(part.trim()) {
            Some(found) => spans.extend(found),
            None => return Set::Unknown,
        }
    }
    if negated.is_some() { Set::Except(spans) } else { Set::Union(spans) }
}

/// The parts between commas that stand in no brackets and no text.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut in_text, mut escaped) = (Vec::new(), 0, 0_i32, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            // Brackets turned around open and close ranges too, so that only these kinds are counted; see below.
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
                depth = 0;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// What one test matches; none where it is not constant.
fn spans_of(part: &str) -> Option<Vec<Span>> {
    if let Some(rest) = part.strip_prefix("!=") {
        let value = constant(rest)?;
        let below = Span { low: None, high: Some((value.clone(), false)) };
        return Some(vec![below, Span { low: Some((value, false)), high: None }]);
    }
    for (operator, is_upper, included) in
        [("<=", true, true), (">=", false, true), ("<", true, false), (">", false, false)]
    {
        if let Some(rest) = part.strip_prefix(operator) {
            let end = Some((constant(rest)?, included));
            let span = if is_upper { Span { low: None, high: end } } else { Span { low: end, high: None } };
            return Some(vec![span]);
        }
    }
    match constant(part.strip_prefix('=').unwrap_or(part))? {
        Value::Range(range) => {
            let end =
                |value: &Value, included: bool| (!matches!(value, Value::Null)).then(|| (value.clone(), included));
            Some(vec![Span { low: end(&range.start, range.start_included), high: end(&range.end, range.end_included) }])
        }
        Value::Null | Value::List(_) | Value::Context(_) | Value::Function(_) => None,
        value => Some(vec![Span { low: Some((value.clone(), true)), high: Some((value, true)) }]),
    }
}

/// The value of a text that depends on nothing.
fn constant(text: &str) -> Option<Value> {
    let text = text.trim();
    // What asks for the time is not constant although it names nothing.
    if text.is_empty() || text.contains('?') || text.contains("now") || text.contains("today") {
        return None;
    }
    let expression = Expression::parse(text, &Names::default()).ok()?;
    let mut budget = Budget { steps: 1_000, memory_bytes: 1 << 16, depth: 16 };
    let environment = FixedEnvironment::default();
    let value = expression.evaluate(&Scope::new(), &environment, &mut budget).ok()?.value;
    // A name that nobody brings is null.
    (!matches!(value, Value::Null)).then_some(value)
}
