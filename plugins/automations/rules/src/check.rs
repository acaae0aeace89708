//! What a rule may not say: what its kind does not have, what can never hold, and what another rule would undo for ever.

use crate::condition::{Test, contradiction};
use crate::rule::{Action, On, Rule};
use weft_sdk::{Issue, Value};

/// Values of a ticket that no kind defines, and whether they are times.
const ENVELOPE: [(&str, bool); 10] = [
    ("state", false),
    ("title", false),
    ("group", false),
    ("assignee", false),
    ("requester", false),
    ("parent", false),
    ("restricted", false),
    ("opened_at", true),
    ("resolved_at", true),
    ("closed_at", true),
];
const SETTABLE: [&str; 3] = ["title", "requester", "restricted"];

/// The kinds as the host told them: `{kind: {states, fields: {name: schema}, settable}}`.
pub(crate) struct Kinds<'k>(pub(crate) &'k Value);

impl Kinds<'_> {
    fn states(&self, kind: &str) -> Vec<Value> {
        self.0[kind]["states"].as_array().cloned().unwrap_or_default()
    }

    fn schema(&self, kind: &str, field: &str) -> Option<&Value> {
        self.0[kind]["fields"].get(field)
    }

    fn is_settable(&self, kind: &str, field: &str) -> bool {
        self.0[kind]["settable"].as_array().is_none_or(|list| list.iter().any(|name| name == field))
    }

    /// Every value that a field can have, where the kind lists them.
    fn choices(&self, kind: &str, field: &str) -> Option<Vec<Value>> {
        if field == "state" {
            return Some(self.states(kind));
        }
        let flags = || vec![Value::Bool(true), Value::Bool(false)];
        let Some(schema) = self.schema(kind, field) else { return (field == "restricted").then(flags) };
        if schema["type"] == "boolean" {
            return Some(flags());
        }
        if let Some(list) = schema["enum"].as_array() {
            return Some(list.clone());
        }
        let (from, to) = (schema["minimum"].as_i64()?, schema["maximum"].as_i64()?);
        (schema["type"] == "integer" && to - from < 100).then(|| (from..=to).map(Value::from).collect())
    }

    fn field(&self, kind: &str, field: &str, pointer: &str, issues: &mut Vec<Issue>) {
        if self.schema(kind, field).is_none() && !ENVELOPE.iter().any(|(name, _)| *name == field) {
            let known: Vec<&str> =
                self.0[kind]["fields"].as_object().into_iter().flatten().map(|it| it.0.as_str()).collect();
            let message = format!("`{kind}` has no field `{field}`; it has {}", known.join(", "));
            issues.push(Issue::new(pointer, "unknown-field", message));
        }
    }

    fn value(&self, kind: &str, field: &str, value: &Value, pointer: &str, issues: &mut Vec<Issue>) {
        let mut wrong = |message: String| issues.push(Issue::new(pointer, "invalid-value", message));
        if value.is_null() {
            return;
        }
        let listed = field == "state" || self.schema(kind, field).is_some_and(|schema| schema["enum"].is_array());
        if listed && let Some(choices) = self.choices(kind, field) {
            if !choices.contains(value) {
                let list: Vec<String> = choices.iter().map(Value::to_string).collect();
                wrong(format!("`{field}` is never {value}; it is one of {}", list.join(", ")));
            }
            return;
        }
        let Some(schema) = self.schema(kind, field) else { return };
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let is = |name: &&str| match *name {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        if !types.is_empty() && !types.iter().any(is) {
            wrong(format!("`{field}` is {}, and {value} is not", types.join(" or ")));
        }
        let beyond = |limit: &str, over: fn(f64, f64) -> bool| matches!((value.as_f64(), schema[limit].as_f64()), (Some(value), Some(limit)) if over(value, limit));
        if beyond("minimum", |value, limit| value < limit) || beyond("maximum", |value, limit| value > limit) {
            wrong(format!("`{field}` is from {} to {}, and {value} is not", schema["minimum"], schema["maximum"]));
        }
    }

    fn is_known(&self, kind: &str, pointer: &str, issues: &mut Vec<Issue>) -> bool {
        let known = self.0.get(kind).is_some();
        if !known {
            let list: Vec<&str> = self.0.as_object().into_iter().flatten().map(|it| it.0.as_str()).collect();
            let message = format!("there is no kind of ticket `{kind}`; there are {}", list.join(", "));
            issues.push(Issue::new(pointer, "unknown-kind", message));
        }
        known
    }
}

/// What is wrong with a rule as such.
pub(crate) fn alone(rule: &Rule, kinds: &Kinds<'_>, issues: &mut Vec<Issue>) {
    if !kinds.is_known(&rule.kind, "/fields/ticket_kind", issues) {
        return;
    }
    if let On::Time { field, .. } = &rule.on {
        let before = issues.len();
        kinds.field(&rule.kind, field, "/fields/event/field", issues);
        let schema = kinds.schema(&rule.kind, field).map(|schema| &schema["format"]);
        let is_time = schema.is_some_and(|format| *format == "date" || *format == "date-time")
            || ENVELOPE.contains(&(field.as_str(), true));
        if !is_time && issues.len() == before {
            let message = format!("`{field}` is no date and no time");
            issues.push(Issue::new("/fields/event/field", "not-a-time", message));
        }
    }
    rule.condition.each(&mut |test| tested(rule, test, kinds, issues));
    for (n, action) in rule.actions.iter().enumerate() {
        done(rule, action, &format!("/fields/actions/{n}"), kinds, issues);
    }
    if issues.is_empty() {
        possible(rule, kinds, issues);
    }
}

fn tested(rule: &Rule, test: &Test, kinds: &Kinds<'_>, issues: &mut Vec<Issue>) {
    kinds.field(&rule.kind, &test.field, &test.pointer, issues);
    match (test.word, test.value.as_array()) {
        ("is" | "is-not" | "was" | "changed-from" | "changed-to", _) => {
            kinds.value(&rule.kind, &test.field, &test.value, &test.pointer, issues);
        }
        ("in", Some(list)) => {
            for (n, value) in list.iter().enumerate() {
                kinds.value(&rule.kind, &test.field, value, &format!("{}/{n}", test.pointer), issues);
            }
        }
        _ => {}
    }
    if test.is_about_change() && rule.on != On::Changed {
        let message = "only a rule for `changed` sees what changed: here it can never hold".to_owned();
        issues.push(Issue::new(&test.pointer, "never-true", message));
    }
}

fn done(rule: &Rule, action: &Action, pointer: &str, kinds: &Kinds<'_>, issues: &mut Vec<Issue>) {
    match action {
        Action::Set { field, to } => {
            let of_ticket = ENVELOPE.iter().any(|(name, _)| name == field) && kinds.schema(&rule.kind, field).is_none();
            if of_ticket && !SETTABLE.contains(&field.as_str()) {
                let message = format!("`{field}` is not set; `move-to` and `assign-group` are actions of their own");
                issues.push(Issue::new(format!("{pointer}/set"), "not-settable", message));
            }
            if kinds.schema(&rule.kind, field).is_some() && !kinds.is_settable(&rule.kind, field) {
                let message = format!("only the practice of `{}` sets `{field}`", rule.kind);
                issues.push(Issue::new(format!("{pointer}/set"), "not-settable", message));
            }
            kinds.field(&rule.kind, field, &format!("{pointer}/set"), issues);
            kinds.value(&rule.kind, field, to, &format!("{pointer}/to"), issues);
        }
        Action::MoveTo(state) => {
            kinds.value(&rule.kind, "state", &Value::from(state.as_str()), &format!("{pointer}/move-to"), issues);
        }
        Action::Create { kind, fields, .. } => {
            if !kinds.is_known(kind, &format!("{pointer}/create/kind"), issues) {
                return;
            }
            for (field, value) in fields {
                let at = format!("{pointer}/create/fields/{field}");
                if kinds.schema(kind, field).is_none() {
                    let message = format!("`{kind}` has no field `{field}`");
                    issues.push(Issue::new(at, "unknown-field", message));
                } else {
                    kinds.value(kind, field, value, &at, issues);
                }
            }
        }
        _ => {}
    }
}

/// A condition that cannot hold is a mistake, and so is one with more cases than anybody can check.
fn possible(rule: &Rule, kinds: &Kinds<'_>, issues: &mut Vec<Issue>) {
    let Some(cases) = rule.condition.cases(true) else {
        let message = "it has more than 256 cases, so nobody can say whether it ever holds; make two rules of it";
        issues.push(Issue::new("/fields/condition", "too-complex", message));
        return;
    };
    let clashes: Vec<String> = cases.iter().filter_map(|case| clash(case, rule, kinds)).collect();
    if clashes.len() == cases.len() {
        let message = format!("it can never hold: {}", clashes.join("; "));
        issues.push(Issue::new("/fields/condition", "never-true", message));
    }
}

fn clash(case: &[(Test, bool)], rule: &Rule, kinds: &Kinds<'_>) -> Option<String> {
    contradiction(case, |field| kinds.choices(&rule.kind, field))
}

/// Two rules that write a field to and fro: each is woken by what the other writes, and nothing else keeps them apart.
pub(crate) fn together(rule: &Rule, others: &[Rule], kinds: &Kinds<'_>, issues: &mut Vec<Issue>) {
    let woken = |other: &&Rule| {
        other.id != rule.id && other.space == rule.space && other.kind == rule.kind && other.on == On::Changed
    };
    if rule.on != On::Changed {
        return;
    }
    for other in others.iter().filter(woken) {
        for (n, name, mine) in writes(rule) {
            let theirs = writes(other).into_iter().find(|(_, field, value)| *field == name && *value != mine);
            let Some((_, _, theirs)) = theirs else { continue };
            if answers(rule, other, &name, &theirs, &mine, kinds) && answers(other, rule, &name, &mine, &theirs, kinds)
            {
                let message = format!(
                    "with {} \"{}\" it goes on for ever: this sets `{name}` to {mine}, that sets it to {theirs}, and each wakes the other",
                    other.number, other.title
                );
                issues.push(Issue::new(format!("/fields/actions/{n}"), "cycle", message));
            }
        }
    }
}

fn writes(rule: &Rule) -> Vec<(usize, String, Value)> {
    let write = |(n, action): (usize, &Action)| match action {
        Action::Set { field, to } => Some((n, field.clone(), to.clone())),
        Action::MoveTo(state) => Some((n, "state".to_owned(), state.as_str().into())),
        Action::AssignGroup(group) => Some((n, "group".to_owned(), group.as_str().into())),
        Action::AssignPerson(person) => Some((n, "assignee".to_owned(), person.as_str().into())),
        _ => None,
    };
    rule.actions.iter().enumerate().filter_map(write).collect()
}

/// Whether a rule may hold when the other one has just changed the field: everything else may be as both need it.
fn answers(rule: &Rule, other: &Rule, field: &str, now: &Value, was: &Value, kinds: &Kinds<'_>) -> bool {
    let (Some(cases), Some(needs)) = (rule.condition.cases(true), other.condition.cases(true)) else { return false };
    let test = |word, value: &Value| {
        let value = value.clone();
        (Test { field: field.to_owned(), word, value, pointer: String::new() }, true)
    };
    let changed = [test("is", now), test("changed-to", now), test("changed-from", was)];
    let written: Vec<String> = writes(other).into_iter().map(|(_, field, _)| field).collect();
    cases.iter().any(|case| {
        // It waits for a change that the other does not make.
        let waits = |(test, meant): &(Test, bool)| {
            let wants = *meant == (test.value == true) || matches!(test.word, "changed-from" | "changed-to") && *meant;
            test.is_about_change() && wants && !written.contains(&test.field)
        };
        needs.iter().any(|need| {
            let rest = need
                .iter()
                .filter(|(test, _)| !test.is_about_change() && test.word != "was" && !written.contains(&test.field));
            let all: Vec<_> = case.iter().chain(&changed).chain(rest).cloned().collect();
            !case.iter().any(waits) && clash(&all, rule, kinds).is_none()
        })
    })
}
