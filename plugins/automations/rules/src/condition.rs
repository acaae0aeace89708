//! Conditions: nested, over the values of a ticket now and before an event. Read once, with everything that is wrong at once.
//!
//! `Condition` is what was written; `cases` is the same as a list of cases, one of which must hold, which is how contradictions are seen.

use weft_sdk::{Event, Issue, Ticket, Value};

/// Levels of `all`, `any` and `not`.
const DEPTH_MAX: usize = 8;
/// Parts of a condition in all.
const PARTS_MAX: usize = 200;
/// Cases that are looked at for contradictions.
const CASES_MAX: usize = 256;

pub(crate) const WORDS: [&str; 13] = [
    "is",
    "is-not",
    "in",
    "at-least",
    "at-most",
    "contains",
    "empty",
    "was",
    "changed",
    "changed-from",
    "changed-to",
    "increased",
    "decreased",
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// One word about one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    pub(crate) field: String,
    pub(crate) word: &'static str,
    pub(crate) value: Value,
    pub(crate) pointer: String,
}

impl Test {
    /// It speaks of what the event changed, not of how the ticket is.
    pub(crate) fn is_about_change(&self) -> bool {
        matches!(self.word, "changed" | "changed-from" | "changed-to" | "increased" | "decreased")
    }

    pub(crate) fn says(&self) -> String {
        match (self.word, &self.value) {
            ("changed" | "empty" | "increased" | "decreased", Value::Bool(true)) => {
                format!("{} {}", self.field, self.word)
            }
            ("changed" | "empty" | "increased" | "decreased", _) => format!("{} not {}", self.field, self.word),
            (word, value) => format!("{} {} {value}", self.field, word.replace('-', " ")),
        }
    }
}

/// # Errors
/// Nothing: what is wrong is added to `issues`, and what is left is still read so that all of it is told.
pub(crate) fn read(value: &Value, pointer: &str, issues: &mut Vec<Issue>) -> Condition {
    let mut parts = 0;
    part(value, pointer, 0, &mut parts, issues)
}

fn part(value: &Value, pointer: &str, depth: usize, parts: &mut usize, issues: &mut Vec<Issue>) -> Condition {
    *parts += 1;
    let nothing = Condition::All(Vec::new());
    let mut wrong = |code: &str, message: String| issues.push(Issue::new(pointer, code, message));
    if depth > DEPTH_MAX || *parts > PARTS_MAX {
        wrong("too-complex", format!("at most {DEPTH_MAX} levels and {PARTS_MAX} parts; make two rules of it"));
        return nothing;
    }
    let Some(object) = value.as_object() else {
        wrong("not-a-condition", "a condition is an object such as {\"field\": \"impact\", \"is\": 1}".to_owned());
        return nothing;
    };
    if let Some(field) = object.get("field") {
        return tests(field, object, pointer, issues);
    }
    let mut members = object.iter();
    let (Some((word, inner)), None) = (members.next(), members.next()) else {
        wrong("not-a-condition", "say one of `all`, `any`, `not`, or `field` with a word such as `is`".to_owned());
        return nothing;
    };
    let below = format!("{pointer}/{word}");
    match (word.as_str(), inner.as_array()) {
        ("all" | "any", Some(list)) if !list.is_empty() => {
            let read = list.iter().enumerate();
            let list = read.map(|(n, it)| part(it, &format!("{below}/{n}"), depth + 1, parts, issues)).collect();
            if word == "all" { Condition::All(list) } else { Condition::Any(list) }
        }
        ("all" | "any", _) => {
            wrong("not-a-condition", format!("`{word}` takes a list of conditions with at least one"));
            nothing
        }
        ("not", _) => Condition::Not(Box::new(part(inner, &below, depth + 1, parts, issues))),
        (other, _) => {
            wrong("unknown-word", format!("`{other}` is not known here; say `all`, `any`, `not` or `field`"));
            nothing
        }
    }
}

fn tests(field: &Value, object: &weft_sdk::Object, pointer: &str, issues: &mut Vec<Issue>) -> Condition {
    let Some(field) = field.as_str() else {
        issues.push(Issue::new(format!("{pointer}/field"), "not-a-field", "`field` is the name of a field"));
        return Condition::All(Vec::new());
    };
    let mut list = Vec::new();
    for (word, value) in object.iter().filter(|(word, _)| *word != "field") {
        let at = format!("{pointer}/{word}");
        let Some(known) = WORDS.into_iter().find(|known| known == word) else {
            let message = format!("`{word}` is not known; say one of {}", WORDS.join(", "));
            issues.push(Issue::new(at, "unknown-word", message));
            continue;
        };
        let wanted = match known {
            "in" if value.as_array().is_none_or(Vec::is_empty) => "a list of values with at least one",
            "at-least" | "at-most" if !value.is_number() && !value.is_string() => "a number, or text such as a date",
            "contains" if !value.is_string() => "text",
            "empty" | "changed" | "increased" | "decreased" if !value.is_boolean() => "true or false",
            _ => "",
        };
        if wanted.is_empty() {
            list.push(Condition::Test(Test {
                field: field.to_owned(),
                word: known,
                value: value.clone(),
                pointer: at,
            }));
        } else {
            issues.push(Issue::new(at, "invalid-value", format!("`{word}` takes {wanted}")));
        }
    }
    if object.len() == 1 {
        let message = format!("`{field}` is named without a word; say one of {}", WORDS.join(", "));
        issues.push(Issue::new(pointer, "not-a-condition", message));
    }
    if list.len() == 1 { list.remove(0) } else { Condition::All(list) }
}

impl Condition {
    pub(crate) fn each(&self, see: &mut impl FnMut(&Test)) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|it| it.each(see)),
            Self::Not(inner) => inner.each(see),
            Self::Test(test) => see(test),
        }
    }

    /// Whether it holds; if so, `why` has got what made it hold.
    pub(crate) fn holds(&self, ticket: &Ticket, event: &Event, why: &mut Vec<String>) -> bool {
        let length = why.len();
        let holds = match self {
            Self::All(list) => list.iter().all(|it| it.holds(ticket, event, why)),
            Self::Any(list) => list.iter().any(|it| it.holds(ticket, event, why)),
            Self::Not(inner) => {
                let holds = !inner.holds(ticket, event, &mut Vec::new());
                if holds {
                    why.push(format!("not ({})", inner.says()));
                }
                holds
            }
            Self::Test(test) => {
                let holds = test.holds(ticket, event);
                if holds {
                    why.push(test.says());
                }
                holds
            }
        };
        if !holds {
            why.truncate(length);
        }
        holds
    }

    pub(crate) fn says(&self) -> String {
        let join = |list: &[Self], word: &str| list.iter().map(Self::says).collect::<Vec<_>>().join(word);
        match self {
            Self::All(list) => join(list, " and "),
            Self::Any(list) => format!("({})", join(list, " or ")),
            Self::Not(inner) => format!("not ({})", inner.says()),
            Self::Test(test) => test.says(),
        }
    }

    /// One of these cases must hold, each of which is tests with whether they are meant; `None` when there are too many.
    pub(crate) fn cases(&self, meant: bool) -> Option<Vec<Vec<(Test, bool)>>> {
        match (self, meant) {
            (Self::Test(test), _) => Some(vec![vec![(test.clone(), meant)]]),
            (Self::Not(inner), _) => inner.cases(!meant),
            (Self::All(list), true) | (Self::Any(list), false) => {
                list.iter().try_fold(vec![Vec::new()], |cases: Vec<Vec<(Test, bool)>>, it| {
                    let more = it.cases(meant)?;
                    let pairs = cases.iter().flat_map(|case| more.iter().map(|one| [case.as_slice(), one].concat()));
                    Some(pairs.collect::<Vec<_>>()).filter(|cases| cases.len() <= CASES_MAX)
                })
            }
            (Self::Any(list), true) | (Self::All(list), false) => {
                let cases: Option<Vec<_>> = list.iter().map(|it| it.cases(meant)).collect();
                cases.map(|cases| cases.concat()).filter(|cases| cases.len() <= CASES_MAX)
            }
        }
    }
}

impl Test {
    fn holds(&self, ticket: &Ticket, event: &Event) -> bool {
        let now = value_of(ticket, &self.field);
        let change = event.change(&self.field);
        let (flag, null) = (self.value == true, Value::Null);
        let moved = |wanted| change.is_some_and(|change| order(change.from, change.to) == Some(wanted));
        match self.word {
            "was" => same(change.map_or(&now, |change| change.from), &self.value),
            "changed" => change.is_some() == flag,
            "changed-from" => change.is_some_and(|change| same(change.from, &self.value)),
            "changed-to" => change.is_some_and(|change| same(change.to, &self.value)),
            "increased" => moved(std::cmp::Ordering::Less) == flag,
            "decreased" => moved(std::cmp::Ordering::Greater) == flag,
            word => fits(word, &self.value, if now == "" { &null } else { &now }),
        }
    }
}

/// A value of a ticket by name, its times included.
pub(crate) fn value_of(ticket: &Ticket, name: &str) -> Value {
    let time = |at: Option<weft_sdk::Instant>| at.map_or(Value::Null, |at| at.to_string().into());
    match name {
        "opened_at" => time(Some(ticket.opened_at)),
        "resolved_at" => time(ticket.resolved_at),
        "closed_at" => time(ticket.closed_at),
        other => ticket.value(other),
    }
}

fn same(left: &Value, right: &Value) -> bool {
    left == right || matches!((left.as_f64(), right.as_f64()), (Some(left), Some(right)) if left == right)
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Whether a value is as a word about the present says.
pub(crate) fn fits(word: &str, wanted: &Value, now: &Value) -> bool {
    match word {
        "is" => same(now, wanted),
        "is-not" => !same(now, wanted),
        "in" => wanted.as_array().is_some_and(|list| list.iter().any(|one| same(now, one))),
        "at-least" => order(now, wanted).is_some_and(std::cmp::Ordering::is_ge),
        "at-most" => order(now, wanted).is_some_and(std::cmp::Ordering::is_le),
        "contains" => match now {
            Value::Array(list) => list.iter().any(|one| same(one, wanted)),
            Value::String(text) => {
                wanted.as_str().is_some_and(|part| text.to_lowercase().contains(&part.to_lowercase()))
            }
            _ => false,
        },
        "empty" => now.is_null() == (wanted == true),
        _ => true,
    }
}

/// Two tests of a case that cannot both hold; `choices` are all values that a field can have, where there is a list of them.
pub(crate) fn contradiction(case: &[(Test, bool)], choices: impl Fn(&str) -> Option<Vec<Value>>) -> Option<String> {
    let present = |test: &&(Test, bool)| !test.0.is_about_change() && test.0.word != "was";
    for (test, meant) in case {
        let about: Vec<&(Test, bool)> = case.iter().filter(|(other, _)| other.field == test.field).collect();
        let said = || about.iter().map(|(it, meant)| if *meant { it.says() } else { format!("not ({})", it.says()) });
        let clash = || Some(said().collect::<Vec<_>>().join(" and "));
        let agrees = |value: &Value| {
            about.iter().copied().filter(present).all(|(it, meant)| fits(it.word, &it.value, value) == *meant)
        };
        // What it can be now: said by the tests themselves, or by the kind.
        let named = match (test.word, meant) {
            ("is" | "changed-to", true) => Some(vec![test.value.clone()]),
            ("in", true) => test.value.as_array().cloned(),
            ("empty", true) if test.value == true => Some(vec![Value::Null]),
            _ => choices(&test.field).map(|mut list| {
                list.push(Value::Null);
                list
            }),
        };
        if named.is_some_and(|named| !named.iter().any(agrees)) {
            return clash();
        }
        for (other, also) in &about {
            let both = *meant && *also;
            let empty = match (test.word, other.word) {
                ("at-least", "at-most") => {
                    both && order(&test.value, &other.value) == Some(std::cmp::Ordering::Greater)
                }
                ("changed-from", "changed-from") | ("changed-to", "changed-to") | ("was", "was" | "changed-from") => {
                    both && !same(&test.value, &other.value)
                }
                ("changed-from", "changed-to") => both && same(&test.value, &other.value),
                ("increased", "decreased") => both && test.value == true && other.value == true,
                ("changed", "changed-from" | "changed-to") => *also && (test.value == true) != *meant,
                ("changed", "increased" | "decreased") => {
                    (test.value == true) != *meant && (other.value == true) == *also
                }
                (one, two) if one == two => test.value == other.value && meant != also,
                _ => false,
            };
            if empty {
                return clash();
            }
        }
    }
    None
}
