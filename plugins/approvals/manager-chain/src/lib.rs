//! Chain of managers: a person's manager approves, then that one's manager, as many levels as asked for or as there are.

use serde::Deserialize;
use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host, Issue};

weft_sdk::approval! { decide: decide }

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    person: Option<String>,
    levels: Option<usize>,
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let Parameters { person, levels } = request.parameters()?;
    let requester = request.ticket.as_ref().and_then(|ticket| ticket.requester.clone());
    let nobody =
        || Issue::new("/parameters/person", "required", "say whose managers approve; the ticket is for nobody");
    let person = person.or(requester).ok_or_else(nobody)?;
    let chain = chain(host, &person, levels.unwrap_or(1))?;
    if chain.is_empty() {
        return Ok(Verdict::Rejected(format!(
            "it can never be approved: {person} has no manager; name one, or ask somebody else"
        )));
    }
    let tally = Tally::among(host, &chain, votes);
    if tally.rejections() > 0 {
        return Ok(Verdict::Rejected(format!("{} rejected", tally.names(Answer::Reject))));
    }
    for (at, manager) in chain.iter().enumerate() {
        match tally.answer(manager) {
            Some(Answer::Approve) => {}
            Some(_) => {
                return Ok(Verdict::Rejected(format!(
                    "{} abstained, and nobody else is on level {}",
                    tally.names(Answer::Abstain),
                    at + 1
                )));
            }
            None if !request.approvers.contains(manager) => {
                let reason = format!("it can never be approved: {manager} is on level {} and was not asked", at + 1);
                return Ok(Verdict::Rejected(reason));
            }
            None => {
                let reason = format!("level {} of {}: {manager} has not answered", at + 1, chain.len());
                return Ok(Verdict::Pending { needed: vec![manager.clone()], reason });
            }
        }
    }
    Ok(Verdict::Approved(format!("{} approved", tally.names(Answer::Approve))))
}

/// Managers above one person; a circle among people who left would never end.
const HEIGHT_MAX: usize = 50;

/// The managers above a person, nearest first. Nobody approves twice, and nobody their own request: a circle ends the chain.
fn chain(host: &impl Host, person: &str, levels: usize) -> Result<Vec<String>, Fault> {
    let mut chain: Vec<String> = Vec::new();
    let mut at = person.to_owned();
    let mut passed = 0;
    while chain.len() < levels && passed < HEIGHT_MAX {
        match host.manager(&at)? {
            Some(manager) if manager.id != person && !chain.contains(&manager.id) => {
                at.clone_from(&manager.id);
                passed += 1;
                // Who left the company approves nothing; the next one up does.
                if manager.active {
                    chain.push(manager.id);
                }
            }
            _ => break,
        }
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Approve, Reject};
    use weft_sdk::{Person, fake::FakeHost, json};

    fn host() -> FakeHost {
        [Person::new("erin").managed_by("mona"), Person::new("mona").managed_by("dora"), Person::new("dora")]
            .into_iter()
            .fold(FakeHost::new(), FakeHost::with_person)
    }

    fn verdict(host: &FakeHost, levels: usize, votes: &[(&str, Answer)]) -> Verdict {
        let request = Request::of(&["mona", "dora"]).with(json!({"person": "erin", "levels": levels}));
        let votes: Vec<Vote> =
            votes.iter().enumerate().map(|(at, (who, answer))| Vote::new(who, *answer, at as i64)).collect();
        decide(host, &request, &votes).unwrap()
    }

    #[test]
    fn chg_04_managers_approve_from_the_nearest_upwards() {
        let pending = |who: &str, reason: &str| Verdict::Pending { needed: vec![who.into()], reason: reason.into() };
        assert_eq!(verdict(&host(), 1, &[]), pending("mona", "level 1 of 1: mona has not answered"));
        assert_eq!(verdict(&host(), 1, &[("mona", Approve)]), Verdict::Approved("mona approved".into()));
        assert_eq!(verdict(&host(), 2, &[("mona", Approve)]), pending("dora", "level 2 of 2: dora has not answered"));
        let both = [("mona", Approve), ("dora", Approve)];
        assert_eq!(verdict(&host(), 5, &both), Verdict::Approved("mona and dora approved".into()), "the chain ends");
        assert_eq!(verdict(&host(), 2, &[("dora", Reject)]), Verdict::Rejected("dora rejected".into()));
    }

    #[test]
    fn chg_04_a_chain_that_cannot_approve_says_so() {
        let boss = decide(&host(), &Request::of(&["mona"]).with(json!({"person": "dora"})), &[]).unwrap();
        assert!(matches!(boss, Verdict::Rejected(reason) if reason.contains("has no manager")));
        let unasked = decide(&host(), &Request::of(&["dora"]).with(json!({"person": "erin"})), &[]).unwrap();
        assert!(matches!(unasked, Verdict::Rejected(reason) if reason.contains("was not asked")));
        let circle = host().with_person(Person::new("dora").managed_by("erin"));
        let both = [("mona", Approve), ("dora", Approve)];
        assert!(matches!(verdict(&circle, 5, &both), Verdict::Approved(_)), "nobody approves their own request");
    }

    #[test]
    fn chg_04_who_left_is_passed_over() {
        let left = host().with_person(Person::new("mona").managed_by("dora").inactive());
        assert_eq!(verdict(&left, 1, &[("dora", Approve)]), Verdict::Approved("dora approved".into()));
    }
}
