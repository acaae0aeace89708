//! Restricted incidents: only those it is for and those who are named may see one. The host enforces it; here is who is named
//! when nobody was, so that a restricted incident is never one that nobody can work on.

use crate::is_party;
use weft_sdk::prelude::*;

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
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
}
