//! Grievances: seen by those who look into them and by whoever brought them up, and by nobody whom they are about.
//!
//! A case of or about somebody of the team itself is looked into elsewhere.

use weft_sdk::prelude::*;

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let case = &change.after;
    if !change.is_create() && !case.restricted {
        return Err(Rejection::new("/restricted", "locked", "a grievance stays restricted"));
    }
    let accused: Vec<&str> = case.list("accused").collect();
    if accused.contains(&change.context.actor.as_str()) && change.context.is_person() {
        return Err(Rejection::new("/fields/accused", "not-yours", "whom a case is about does not change it"));
    }
    if let Some(named) = named_accused(change, &accused) {
        return Err(Rejection::new(
            "/access",
            "accused",
            format!("{named} is whom the case is about and never sees it"),
        ));
    }
    if !change.is_create() && !change.changed("accused") {
        return Ok(Effects::new());
    }
    let team = team(host, case, &accused)?;
    let effects = Effects::new().when(!case.restricted, |effects| effects.set_field("restricted", true));
    Ok(effects
        .set_access(&[], &[&team])
        .when(case.group.as_deref() != Some(&team), |effects| effects.assign_in_group(&team, None)))
}

/// The team that looks into it: another one when anybody of the first is part of the case.
fn team(host: &impl Host, case: &Ticket, accused: &[&str]) -> Result<String, Fault> {
    let own: String = host.setting("grievance-group")?;
    let people = accused.iter().copied().chain(case.requester.as_deref());
    for person in people {
        if host.is_member(person, &own)? {
            return host.setting("grievance-group-elsewhere");
        }
    }
    Ok(own)
}

/// Somebody wants to name the accused among those who may see it, watch it or work on it.
fn named_accused(change: &Change, accused: &[&str]) -> Option<String> {
    let lists = ["people", "add"].into_iter().flat_map(|list| {
        change.effects.iter().filter_map(move |effect| effect.data.get(list)?.as_array().cloned()).flatten()
    });
    let assignee = change.after.assignee.clone().map(Value::from);
    lists.chain(assignee).filter_map(|id| id.as_str().map(str::to_owned)).find(|id| accused.contains(&id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    fn case(accused: &[&str]) -> Ticket {
        Ticket {
            restricted: true,
            ..Ticket::new("G1", "grievance").for_requester("erin").with("accused", json!(accused))
        }
    }

    fn company() -> FakeHost {
        host().with_members("hr-grievances", &["hana", "hugo"]).with_members("works-council", &["wim"])
    }

    fn created(accused: &[&str], requester: &str) -> Effects {
        let ticket = Ticket { restricted: false, ..case(accused).for_requester(requester) };
        decide(&company(), &Change::creating(ticket)).unwrap()
    }

    fn given_to(team: &str) -> Effects {
        Effects::new().set_field("restricted", true).set_access(&[], &[team]).assign_in_group(team, None)
    }

    #[test]
    fn esm_02_a_grievance_is_restricted_to_those_who_look_into_it() {
        assert_eq!(created(&["bo"], "erin"), given_to("hr-grievances"));
        let opened = Change::of(&case(&["bo"]), Ticket { restricted: false, ..case(&["bo"]) });
        assert_eq!(decide(&company(), &opened).unwrap_err().codes(), ["locked"]);
    }

    #[test]
    fn esm_02_the_accused_never_see_it() {
        let give = |effects: Effects| decide(&company(), &Change::of(&case(&["bo"]), case(&["bo"])).asking(effects));
        assert_eq!(give(Effects::new().set_access(&["bo"], &[])).unwrap_err().codes(), ["accused"]);
        assert_eq!(give(Effects::new().watch(&["bo"])).unwrap_err().codes(), ["accused"]);
        assert_eq!(give(Effects::new().set_access(&["wim"], &[])), Ok(Effects::new()));
        let assigned = Change::of(&case(&["bo"]), case(&["bo"]).assigned("hr-grievances", Some("bo")));
        assert_eq!(decide(&company(), &assigned).unwrap_err().codes(), ["accused"]);
    }

    #[test]
    fn esm_04_a_case_of_somebody_of_the_team_is_looked_into_elsewhere() {
        assert_eq!(created(&["hugo"], "erin"), given_to("works-council"), "about them");
        assert_eq!(created(&["bo"], "hana"), given_to("works-council"), "by them");
        let later = Change::of(&case(&["bo"]), case(&["bo", "hugo"]).assigned("hr-grievances", Some("hana")));
        let moved = Effects::new().set_access(&[], &["works-council"]).assign_in_group("works-council", None);
        assert_eq!(decide(&company(), &later), Ok(moved), "it turned out later");
    }
}
