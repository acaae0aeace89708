//! Restricted incidents: only those it is for and those who are named may see one. The host enforces it; here is who is named
//! when nobody was, so that a restricted incident is never one that nobody can work on.
//!
//! Policies (a setting) restrict incidents by their fields, and so by what they are about. A policy says `restricted` and names groups: lists,
//! counts, search and the check of one ticket go by these two, and those it is for, who opened it and who watch it go on seeing it.

use crate::is_party;
use serde::Deserialize;
use weft_sdk::prelude::*;

/// Incidents with such fields are for these groups.
#[derive(Deserialize)]
struct Policy {
    title: String,
    when: Object,
    groups: Vec<String>,
}

impl Policy {
    /// Every field has the value, or one of the values.
    fn holds(&self, incident: &Ticket) -> bool {
        self.when.iter().all(|(field, wanted)| {
            let value = incident.value(field);
            wanted.as_array().map_or(value == *wanted, |any| any.contains(&value))
        })
    }
}

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    let policies: Vec<Policy> = host.setting("restriction-policies")?;
    if let Some(policy) = policies.iter().find(|policy| policy.holds(after)) {
        return by_policy(change, policy);
    }
    if !change.changed("restricted") || (change.is_create() && !after.restricted) {
        return Ok(Effects::new());
    }
    if !is_party(change) {
        return Err(Rejection::new(
            "/restricted",
            "not-a-party",
            "only an agent or those it is for may restrict an incident",
        ));
    }
    if !after.restricted || change.command_effects("set-access").next().is_some() {
        return Ok(Effects::new());
    }
    let context = &change.context;
    let groups: Vec<String> = host.setting("restricted-groups")?;
    let mut people: Vec<&str> = after.assignee.as_deref().into_iter().collect();
    if context.is_person() && context.has_role("agent") && !people.contains(&context.actor.as_str()) {
        people.push(&context.actor);
    }
    if people.is_empty() && groups.is_empty() && context.is_person() {
        let message = "nobody could work on it: name the people or groups who may see it";
        return Err(Rejection::new("/restricted", "nobody-named", message));
    }
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    Ok(Effects::new().set_access(&people, &groups))
}

/// What is open becomes restricted, whoever changes it; nobody opens it again while the policy holds. A list that was made by hand stays.
fn by_policy(change: &Change, policy: &Policy) -> Result<Effects, Rejection> {
    let was_restricted = change.before.as_ref().is_some_and(|before| before.restricted);
    if was_restricted && !change.after.restricted {
        let message = format!("the policy `{}` restricts it: change the fields that the policy names", policy.title);
        return Err(Rejection::new("/restricted", "restricted-by-policy", message));
    }
    if was_restricted {
        return Ok(Effects::new());
    }
    let groups: Vec<&str> = policy.groups.iter().map(String::as_str).collect();
    let listed = change.command_effects("set-access").next().is_some();
    Ok(Effects::new()
        .when(!change.after.restricted, |effects| effects.set_field("restricted", true))
        .when(!listed, |effects| effects.set_access(&[], &groups))
        .comment_internal(format!("Restricted by the policy: {}.", policy.title)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{agent, codes, host, incident, requester};

    fn restrict(host: FakeHost, who: Context, asked: Effects) -> Result<Effects, Rejection> {
        let before = incident("T1", "new").assigned("network", Some("di"));
        let after = Ticket { restricted: true, ..before.clone() };
        decide(&host, &Change::of(&before, after).asking(asked).within(who))
    }

    #[test]
    fn inc_10_whoever_restricts_and_whoever_works_on_it_are_named() {
        assert_eq!(restrict(host(), agent(), Effects::new()), Ok(Effects::new().set_access(&["di", "ana"], &[])));
        let host = host().with_setting("restricted-groups", json!(["security"]));
        assert_eq!(
            restrict(host, requester("bo"), Effects::new()),
            Ok(Effects::new().set_access(&["di"], &["security"]))
        );
    }

    #[test]
    fn inc_10_a_list_that_was_given_is_left_alone() {
        assert_eq!(restrict(host(), agent(), Effects::new().set_access(&["cy"], &[])), Ok(Effects::new()));
    }

    #[test]
    fn inc_10_a_restricted_incident_needs_somebody_who_can_work_on_it() {
        let create = |host: FakeHost| {
            let ticket = Ticket { restricted: true, opened_by: Some("bo".into()), ..incident("T1", "new") };
            decide(&host, &Change::creating(ticket).within(requester("bo")))
        };
        assert_eq!(codes(create(host())), ["nobody-named"]);
        let named = Effects::new().set_access(&[], &["security"]);
        assert_eq!(create(host().with_setting("restricted-groups", json!(["security"]))), Ok(named));
    }

    #[test]
    fn inc_10_strangers_change_nothing() {
        assert_eq!(codes(restrict(host(), requester("eve"), Effects::new())), ["not-a-party"]);
    }

    fn policed() -> FakeHost {
        let payroll =
            json!({ "title": "Payroll", "when": { "ci": ["payroll", "pensions"] }, "groups": ["payroll-desk"] });
        let leak =
            json!({ "title": "Leaks", "when": { "category": "leak", "subcategory": "data" }, "groups": ["privacy"] });
        host().with_setting("restriction-policies", json!([payroll, leak]))
    }

    fn by(title: &str) -> String {
        format!("Restricted by the policy: {title}.")
    }

    #[test]
    fn esm_02_a_policy_restricts_by_service_and_by_every_field_it_names() {
        let create = |ticket: Ticket| {
            let opened = Ticket { opened_by: Some("bo".into()), ..ticket };
            decide(&policed(), &Change::creating(opened).within(requester("bo"))).unwrap()
        };
        let restricted = |group: &str, title: &str| {
            Effects::new().set_field("restricted", true).set_access(&[], &[group]).comment_internal(by(title))
        };
        assert_eq!(create(incident("T1", "new").with("ci", "pensions")), restricted("payroll-desk", "Payroll"));
        let leak = incident("T1", "new").with("category", "leak");
        assert_eq!(create(leak.clone()), Effects::new(), "one of two fields");
        assert_eq!(create(leak.with("subcategory", "data")), restricted("privacy", "Leaks"));
        assert_eq!(create(incident("T1", "new").with("ci", "mail")), Effects::new());
    }

    #[test]
    fn esm_02_a_change_that_meets_a_policy_restricts_whoever_makes_it() {
        let before = incident("T1", "new");
        let change = |asked: Effects, who: Context| {
            let after = before.clone().with("ci", "payroll");
            decide(&policed(), &Change::of(&before, after).asking(asked).within(who)).unwrap()
        };
        let to_the_desk = Effects::new().set_field("restricted", true).set_access(&[], &["payroll-desk"]);
        assert_eq!(change(Effects::new(), requester("eve")), to_the_desk.comment_internal(by("Payroll")));
        let named = Effects::new().set_field("restricted", true).comment_internal(by("Payroll"));
        assert_eq!(change(Effects::new().set_access(&["cy"], &[]), agent()), named, "a list that was given stays");
    }

    #[test]
    fn esm_02_what_a_policy_restricts_is_not_opened_while_it_holds() {
        let before = Ticket { restricted: true, ..incident("T1", "new").with("ci", "payroll") };
        let change = |after: Ticket| decide(&policed(), &Change::of(&before, after).within(agent()));
        assert_eq!(codes(change(Ticket { restricted: false, ..before.clone() })), ["restricted-by-policy"]);
        assert_eq!(change(Ticket { title: "Payslips".to_owned(), ..before.clone() }), Ok(Effects::new()));
        let other = before.clone().with("ci", "mail");
        assert_eq!(change(other.clone()), Ok(Effects::new()), "it stays restricted until somebody opens it");
        assert_eq!(change(Ticket { restricted: false, ..other }), Ok(Effects::new()));
    }
}
