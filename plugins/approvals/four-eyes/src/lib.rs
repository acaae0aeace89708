//! Four eyes: what one person does, another must have agreed to.
//!
//! Left out are who asks for it and who carries it out. A delegate counts as whoever really answered: nobody approves their own
//! request in the place of a colleague, and nobody counts twice.

use serde::Deserialize;
use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    requester: Option<String>,
    implementer: Option<String>,
    excluded: Option<Vec<String>>,
    required: Option<usize>,
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let parameters = request.parameters::<Parameters>()?;
    let required = parameters.required.unwrap_or(1).max(1);
    let out = excluded(request, parameters);
    let eligible: Vec<String> = request.approvers.iter().filter(|person| !out.contains(person)).cloned().collect();
    let counted = counted(votes, &eligible, &out);
    let tally = Tally::among(host, &eligible, &counted);
    if tally.asked() < required {
        let asked = Tally::of(host, request, &[]).asked();
        let reason = format!(
            "it can never be approved: {required} of other people needed, and {} of the {asked} who were asked may decide; \
             ask somebody who neither wants it nor carries it out",
            tally.asked()
        );
        return Ok(Verdict::Rejected(reason));
    }
    if tally.rejections() > 0 {
        return Ok(Verdict::Rejected(format!("{} rejected", tally.names(Answer::Reject))));
    }
    let rule = if required == 1 { "1 other person".to_owned() } else { format!("{required} other people") };
    Ok(tally.at_least(required, &rule))
}

/// Those who must not decide.
fn excluded(request: &Request, parameters: Parameters) -> Vec<String> {
    let ticket = request.ticket.iter().flat_map(|ticket| [ticket.requester.clone(), ticket.opened_by.clone()]);
    let named = [parameters.requester, parameters.implementer];
    ticket.chain(named).flatten().chain(parameters.excluded.unwrap_or_default()).collect()
}

/// The votes of those who may decide, given by somebody who may, and one for each hand: the first seat it answered for.
fn counted(votes: &[Vote], eligible: &[String], out: &[String]) -> Vec<Vote> {
    let mut counted: Vec<Vote> = Vec::new();
    for vote in votes.iter().filter(|vote| eligible.contains(&vote.person)) {
        let hand = vote.hand();
        let taken = counted.iter().any(|other| other.hand() == hand && other.person != vote.person);
        if !taken && !out.iter().any(|person| person == hand) {
            counted.push(vote.clone());
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Approve, Reject};
    use weft_sdk::fake::FakeHost;
    use weft_sdk::{Ticket, Value, json};

    fn check(parameters: Value, votes: &[Vote], expected: Verdict) {
        let ticket = Ticket::new("C1", "change").for_requester("ana");
        let request = Request { ticket: Some(ticket), ..Request::of(&["ana", "bo", "cy", "di"]).with(parameters) };
        assert_eq!(decide(&FakeHost::new(), &request, votes), Ok(expected));
    }

    fn pending(needed: &[&str], reason: &str) -> Verdict {
        Verdict::Pending { needed: needed.iter().map(|&id| id.to_owned()).collect(), reason: reason.to_owned() }
    }

    #[test]
    fn chg_05_neither_requester_nor_implementer_approves() {
        let implementer = json!({"implementer": "bo"});
        let own = [Vote::new("ana", Approve, 1), Vote::new("bo", Approve, 2)];
        check(implementer.clone(), &own, pending(&["cy", "di"], "1 more of cy and di needed (1 other person)"));
        check(
            implementer.clone(),
            &[Vote::new("cy", Approve, 1)],
            Verdict::Approved("cy approved; 1 other person was needed".into()),
        );
        check(implementer.clone(), &[Vote::new("cy", Reject, 1)], Verdict::Rejected("cy rejected".into()));
        check(
            implementer,
            &[Vote::new("ana", Reject, 1)],
            pending(&["cy", "di"], "1 more of cy and di needed (1 other person)"),
        );
    }

    #[test]
    fn chg_05_nobody_approves_their_own_in_the_place_of_another() {
        let by_requester = [Vote::new("cy", Approve, 1).by("ana")];
        check(
            Value::Null,
            &by_requester,
            pending(&["bo", "cy", "di"], "1 more of bo, cy and di needed (1 other person)"),
        );
        let delegated = [Vote::new("cy", Approve, 1).by("fay")];
        check(Value::Null, &delegated, Verdict::Approved("fay for cy approved; 1 other person was needed".into()));
    }

    #[test]
    fn one_hand_is_one_pair_of_eyes() {
        let two = json!({"required": 2});
        let twice = [Vote::new("cy", Approve, 1), Vote::new("di", Approve, 2).by("cy")];
        check(two.clone(), &twice, pending(&["bo", "di"], "1 more of bo and di needed (2 other people)"));
        let both = [Vote::new("cy", Approve, 1), Vote::new("bo", Approve, 2)];
        check(two, &both, Verdict::Approved("bo and cy approved; 2 other people were needed".into()));
    }

    #[test]
    fn a_rule_that_can_never_be_satisfied_says_so() {
        let reason = "it can never be approved: 2 of other people needed, and 1 of the 4 who were asked may decide; ask somebody \
                      who neither wants it nor carries it out";
        let parameters = json!({"implementer": "bo", "excluded": ["cy"], "required": 2});
        check(parameters, &[], Verdict::Rejected(reason.into()));
    }
}
