//! Health: how complete items are, and which stand alone, were not seen for too long, or are there twice.

use crate::policy::Policies;
use crate::reconcile::pages;
use crate::rules::{Brought, Entry, Origin, Rules};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch};

/// The attribute in which an item may say when it was seen, when no source of this practice saw it.
pub(crate) const SEEN: &str = "last_seen";

#[derive(Debug, Deserialize)]
struct Checked {
    items: Option<Vec<String>>,
    class: Option<String>,
    space: Option<String>,
    after: Option<String>,
    #[serde(default = "owner")]
    wanted: Vec<String>,
    #[serde(default = "two_months")]
    stale_days: i64,
}

fn owner() -> Vec<String> {
    vec!["owner".to_owned()]
}

fn two_months() -> i64 {
    60
}

pub(crate) fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Checked>()?;
    let mut items = Vec::new();
    let next = match &inputs.items {
        Some(ids) => {
            for id in ids {
                items.extend(host.ci(id)?);
            }
            None
        }
        None => {
            let search = CiSearch { class: inputs.class, space: inputs.space, after: inputs.after, ..CiSearch::new() };
            pages(host, search, |ci| {
                items.push(ci.clone());
                true
            })?
        }
    };
    let (mut there, mut orphans, mut stale) = (0, Vec::new(), Vec::new());
    let limit = call.context.now.plus_days(-inputs.stale_days);
    for ci in &items {
        there +=
            inputs.wanted.iter().filter(|name| ci.attributes.get(*name).is_some_and(|value| !value.is_null())).count();
        if host.related(&ci.id)?.is_empty() {
            orphans.push(&ci.id);
        }
        if seen(ci).is_some_and(|seen| seen < limit) {
            stale.push(&ci.id);
        }
    }
    let policies = Policies::read(host, None)?;
    let mut deviating = Vec::new();
    for ci in &items {
        if !policies.findings(host, ci)?.is_empty() {
            deviating.push(&ci.id);
        }
    }
    let percent = (there * 100).checked_div(inputs.wanted.len() * items.len()).unwrap_or(100);
    let duplicates = duplicates(host, &items)?;
    let outputs = json!({"checked": items.len(), "complete_percent": percent, "orphans": orphans, "stale": stale,
        "duplicates": duplicates, "compliant": items.len() - deviating.len(), "deviating": deviating, "next": next});
    Ok(Outcome::done(outputs, Effects::new()))
}

/// When any source saw it last.
fn seen(ci: &Ci) -> Option<Instant> {
    let own = ci.attributes.get(SEEN).and_then(Value::as_str).and_then(|seen| seen.parse().ok());
    Origin::of(ci).sightings().into_iter().map(|(_, at)| at).chain(own).max()
}

/// Items of one space that the first whole list of their rule cannot tell apart.
fn duplicates(host: &impl Host, items: &[Ci]) -> Result<Vec<Vec<String>>, Fault> {
    let spaces: BTreeSet<&str> = items.iter().map(|ci| ci.space.as_str()).collect();
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for space in spaces {
        let rules = Rules::read(host, space)?;
        let mut lines: BTreeMap<&str, (String, Vec<Entry>)> = BTreeMap::new();
        for ci in items.iter().filter(|ci| ci.space == space) {
            if !lines.contains_key(ci.class.as_str()) {
                lines.insert(&ci.class, rules.entries(&host.ci_lineage(&ci.class)?));
            }
            let (class, entries) = &lines[ci.class.as_str()];
            let item = Brought { name: ci.name.clone(), attributes: ci.attributes.clone(), ..Brought::default() };
            let mut key = None;
            for entry in entries {
                let values: Option<Vec<_>> =
                    entry.attributes.iter().map(|name| Some((name, item.scalar(name)?))).collect();
                let other = match &entry.related {
                    None => Some(None),
                    Some(by) => {
                        host.related(&ci.id)?.into_iter().find(|one| one.kind == by.kind).map(|one| Some(one.other))
                    }
                };
                if let (Some(values), Some(other)) = (values, other) {
                    // Names alone are no proof that two items are one.
                    key = (!entry.is_by_name()).then(|| json!([values, other]));
                    break;
                }
            }
            let Some(values) = key else { continue };
            alike.entry(format!("{space} {class} {}", values)).or_default().push(ci.id.clone());
        }
    }
    Ok(alike.into_values().filter(|ids| ids.len() > 1).collect())
}
