//! Policies: what the items of a class must be like, and whether a policy can be met at all.

use crate::rules::{NAME, refusal};
use serde::Deserialize;
use std::collections::BTreeSet;
use weft_sdk::prelude::*;
use weft_sdk::{Ci, Record};

/// What may go wrong, from least to most.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
/// Deviations that are told of one item.
const FINDINGS_MAX: usize = 50;

/// The active policies, of one space or of all.
#[derive(Debug)]
pub(crate) struct Policies(Vec<Policy>);

#[derive(Debug)]
struct Policy {
    id: String,
    number: String,
    space: String,
    class: String,
    severity: String,
    when: Vec<Want>,
    wants: Vec<Want>,
}

/// What one attribute must be; everything that is said must hold.
#[derive(Debug, Clone, Deserialize)]
struct Want {
    attribute: String,
    equals: Option<Value>,
    one_of: Option<Vec<Value>>,
    present: Option<bool>,
    /// `*` stands for any text and `?` for one letter.
    matches: Option<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

impl Policies {
    pub(crate) fn read(host: &impl Host, space: Option<&str>) -> Result<Self, Fault> {
        let records = host.records("ci-policy", Some("active"))?;
        let own = records.iter().filter(|record| space.is_none_or(|space| record.space == space));
        Ok(Self(own.filter_map(Policy::of).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where an item is not as it must be: for each attribute what is wanted and what was found.
    pub(crate) fn findings(&self, host: &impl Host, ci: &Ci) -> Result<Vec<Value>, Fault> {
        let own: Vec<&Policy> = self.0.iter().filter(|policy| policy.space == ci.space).collect();
        if own.is_empty() {
            return Ok(Vec::new());
        }
        let lineage = host.ci_lineage(&ci.class)?;
        let about = own.into_iter().filter(|policy| {
            lineage.contains(&policy.class) && policy.when.iter().all(|want| want.holds(value(ci, want).as_ref()))
        });
        let wrong = about.flat_map(|policy| policy.wants.iter().map(move |want| (policy, want)));
        let told = wrong.filter(|(_, want)| !want.holds(value(ci, want).as_ref())).map(|(policy, want)| {
            json!({"policy": policy.number, "severity": policy.severity, "attribute": want.attribute,
                "wanted": want.words(), "found": value(ci, want)})
        });
        Ok(told.take(FINDINGS_MAX).collect())
    }
}

/// The worst of some deviations.
pub(crate) fn worst(findings: &[Value]) -> &'static str {
    let rank = |finding: &Value| SEVERITIES.iter().position(|one| finding["severity"] == **one).unwrap_or(0);
    SEVERITIES[findings.iter().map(rank).max().unwrap_or(0)]
}

fn value(ci: &Ci, want: &Want) -> Option<Value> {
    match want.attribute.as_str() {
        NAME => Some(ci.name.as_str().into()),
        attribute => ci.attributes.get(attribute).filter(|value| !value.is_null()).cloned(),
    }
}

impl Policy {
    fn of(record: &Record) -> Option<Self> {
        Self::read(&record.id, &record.number, &record.space, &Value::Object(record.fields.clone()))
    }

    fn read(id: &str, number: &str, space: &str, fields: &Value) -> Option<Self> {
        let wants = |name: &str| serde_json::from_value::<Vec<Want>>(fields.get(name).cloned().unwrap_or(json!([])));
        Some(Self {
            id: id.to_owned(),
            number: number.to_owned(),
            space: space.to_owned(),
            class: fields.get("class")?.as_str()?.to_owned(),
            severity: fields.get("severity").and_then(Value::as_str).unwrap_or("medium").to_owned(),
            when: wants("when").ok()?,
            wants: wants("wants").ok()?,
        })
    }
}

impl Want {
    fn holds(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return self.present == Some(false) };
        let number = value.as_f64();
        self.present != Some(false)
            && self.equals.as_ref().is_none_or(|wanted| same(wanted, value))
            && self.one_of.as_ref().is_none_or(|some| some.iter().any(|wanted| same(wanted, value)))
            && self.matches.as_ref().is_none_or(|pattern| value.as_str().is_some_and(|text| fits(pattern, text)))
            && self.at_least.is_none_or(|least| number.is_some_and(|number| number >= least))
            && self.at_most.is_none_or(|most| number.is_some_and(|number| number <= most))
    }

    fn words(&self) -> String {
        let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let parts = [
            self.equals.as_ref().map(|value| format!("{value}")),
            self.one_of.as_ref().map(|values| format!("one of {}", list(values))),
            self.present.map(|present| if present { "something" } else { "nothing" }.to_owned()),
            self.matches.as_ref().map(|pattern| format!("like {pattern}")),
            self.at_least.map(|least| format!("at least {least}")),
            self.at_most.map(|most| format!("at most {most}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    fn says_nothing(&self) -> bool {
        self.words().is_empty()
    }

    /// The values that it names, when it names some.
    fn named(&self) -> Option<Vec<&Value>> {
        self.equals.as_ref().map(|value| vec![value]).or_else(|| Some(self.one_of.as_ref()?.iter().collect()))
    }
}

/// 8 and 8.0 are one number.
fn same(left: &Value, right: &Value) -> bool {
    left == right || left.as_f64().zip(right.as_f64()).is_some_and(|(left, right)| left.total_cmp(&right).is_eq())
}

/// Whether a text is like a pattern with `*` and `?`, in one walk with one place to go back to.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|one| *one == '?' || *one == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|one| *one == '*')
}

/// Everything for which no item could comply is said when the policy is saved.
pub(crate) fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    let fields = json!({"class": after.field("class"), "severity": after.field("severity"),
        "when": list_of(after.field("when")), "wants": list_of(after.field("wants"))});
    let Some(policy) = Policy::read(&after.id, &after.number, &after.space, &fields) else {
        return Err(Rejection::new(
            "/fields/wants",
            "unreadable",
            "write each entry as an attribute and what it must be",
        ));
    };
    if after.state != "active" {
        return Ok(Effects::new());
    }
    let mut wrong = Rejection::none();
    let lineage = host.ci_lineage(&policy.class)?;
    if lineage.is_empty() {
        let message = format!("there is no class `{}`; name one that the administrator defined", policy.class);
        wrong.add("/fields/class", "unknown-class", message);
    }
    for (field, wants) in [("when", &policy.when), ("wants", &policy.wants)] {
        for (place, want) in wants.iter().enumerate().filter(|(_, want)| want.says_nothing()) {
            let message =
                format!("say what `{}` must be: equals, one_of, present, matches, at_least or at_most", want.attribute);
            wrong.add(format!("/fields/{field}/{place}"), "says-nothing", message);
        }
    }
    unmeetable(&policy, None, &mut wrong);
    if !lineage.is_empty() {
        unknown_to_class(host, &policy, &mut wrong)?;
        for other in Policies::read(host, Some(&after.space))?.0 {
            if other.id != policy.id && other.when.is_empty() && lineage.contains(&other.class) {
                unmeetable(&policy, Some(&other), &mut wrong);
            }
        }
    }
    wrong.or_ok(Effects::new())
}

fn list_of(field: &Value) -> Value {
    if field.is_array() { field.clone() } else { json!([]) }
}

/// Attributes of which no value is all that is said of them: by this policy and its condition, or by it and another that holds for
/// all of its items.
fn unmeetable(policy: &Policy, other: Option<&Policy>, wrong: &mut Rejection) {
    let attributes: BTreeSet<&str> = policy.wants.iter().map(|want| want.attribute.as_str()).collect();
    for attribute in attributes {
        let theirs: Vec<&Want> =
            other.iter().flat_map(|other| &other.wants).filter(|want| want.attribute == attribute).collect();
        if other.is_some() && theirs.is_empty() {
            continue;
        }
        let own = policy.when.iter().chain(&policy.wants).filter(|want| want.attribute == attribute);
        let all: Vec<&Want> = own.chain(theirs).filter(|want| !want.says_nothing()).collect();
        if !is_impossible(&all) {
            continue;
        }
        let words: Vec<String> = all.iter().map(|want| want.words()).collect();
        let place = policy.wants.iter().position(|want| want.attribute == attribute).unwrap_or(0);
        let with = other.map(|other| format!(" together with {}", other.number)).unwrap_or_default();
        let message =
            format!("nothing can be what is wanted of `{attribute}`{with}: {}; keep one of them", words.join("; and "));
        wrong.add(format!("/fields/wants/{place}"), "contradiction", message);
    }
}

fn is_impossible(wants: &[&Want]) -> bool {
    let absent = wants.iter().any(|want| want.present == Some(false));
    if absent {
        return wants.iter().any(|want| !want.holds(None));
    }
    if let Some(named) = wants.iter().find_map(|want| want.named()) {
        return !named.into_iter().any(|value| wants.iter().all(|want| want.holds(Some(value))));
    }
    let least = wants.iter().filter_map(|want| want.at_least).fold(f64::NEG_INFINITY, f64::max);
    let most = wants.iter().filter_map(|want| want.at_most).fold(f64::INFINITY, f64::min);
    let is_number = least > f64::NEG_INFINITY || most < f64::INFINITY;
    least > most || is_number && wants.iter().any(|want| want.matches.is_some())
}

/// Values that the class would not take.
fn unknown_to_class(host: &impl Host, policy: &Policy, wrong: &mut Rejection) -> Result<(), Fault> {
    for (place, want) in policy.wants.iter().enumerate().filter(|(_, want)| want.attribute != NAME) {
        let named = want.named().unwrap_or_default();
        let mut why = None;
        let mut is_taken = named.is_empty();
        for value in named {
            match refusal(host, &policy.class, &Object::new(), &want.attribute, value)? {
                Some(refusal) => why = Some(refusal),
                None => is_taken = true,
            }
        }
        if let Some(why) = why.filter(|_| !is_taken) {
            let message = format!("no `{}` can have it: {why}", policy.class);
            wrong.add(format!("/fields/wants/{place}"), "impossible-value", message);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(text: Value) -> Want {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn cfg_07_a_want_holds_or_not() {
        let holds = |test: Value, value: Value| {
            let mut test = test;
            test["attribute"] = "a".into();
            want(test).holds(Some(&value).filter(|value| !value.is_null()))
        };
        assert!(holds(json!({"equals": 8}), json!(8.0)) && !holds(json!({"equals": 8}), json!("8")));
        assert!(holds(json!({"one_of": ["a", "b"]}), json!("b")) && !holds(json!({"one_of": ["a"]}), json!(null)));
        assert!(holds(json!({"present": true}), json!(0)) && !holds(json!({"present": true}), json!(null)));
        assert!(holds(json!({"present": false}), json!(null)) && !holds(json!({"present": false}), json!(0)));
        assert!(holds(json!({"matches": "web-*.example.??"}), json!("web-1.shop.example.eu")));
        assert!(!holds(json!({"matches": "web-*"}), json!("a web-1")));
        assert!(holds(json!({"at_least": 4, "at_most": 8}), json!(8)) && !holds(json!({"at_least": 4}), json!("x")));
    }

    #[test]
    fn cfg_07_what_contradicts_itself_is_impossible() {
        let check = |wants: Value| {
            let wants: Vec<Want> = serde_json::from_value(wants).unwrap();
            is_impossible(&wants.iter().collect::<Vec<_>>())
        };
        let a = |name: &str, value: Value| json!({"attribute": "a", name: value});
        for (one, other) in [
            (a("equals", json!(1)), a("equals", json!(2))),
            (a("equals", json!("x")), a("matches", json!("y*"))),
            (a("one_of", json!([1, 2])), a("at_least", json!(3))),
            (a("present", json!(false)), a("present", json!(true))),
            (a("at_least", json!(3)), a("at_most", json!(2))),
            (a("at_least", json!(3)), a("matches", json!("x*"))),
        ] {
            assert!(check(json!([one, other])), "{one} {other}");
        }
        assert!(!check(json!([a("one_of", json!([1, 2])), a("at_least", json!(2))])));
        assert!(!check(json!([a("present", json!(false)), a("present", json!(false))])));
    }
}
