//! By amount: each level of a matrix that the amount exceeds must approve, from the lowest to the highest.

use serde::Deserialize;
use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

#[derive(Debug, Deserialize)]
struct Parameters {
    amount: f64,
    levels: Vec<Level>,
}

#[derive(Debug, Deserialize)]
struct Level {
    title: String,
    #[serde(default)]
    above: f64,
    approvers: Vec<String>,
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let Parameters { amount, levels } = request.parameters()?;
    // Nothing is approved for want of somebody to ask: the first level is asked about every amount.
    let asked: Vec<&Level> = levels
        .iter()
        .enumerate()
        .filter(|(at, level)| *at == 0 || amount > level.above)
        .map(|(_, level)| level)
        .collect();
    let tallies: Vec<(&Level, Tally)> =
        asked.iter().map(|level| (*level, Tally::among(host, &level.approvers, votes))).collect();
    if let Some((level, tally)) = tallies.iter().find(|(_, tally)| tally.rejections() > 0) {
        return Ok(Verdict::Rejected(format!("{}: {} rejected", level.title, tally.names(Answer::Reject))));
    }
    let mut approved = Vec::new();
    for (at, (level, tally)) in tallies.iter().enumerate() {
        if tally.approvals() == 0 {
            let place = format!("{} ({} of {}) must approve {amount}", level.title, at + 1, tallies.len());
            // Everybody of the level abstained.
            return Ok(if tally.open().is_empty() {
                Verdict::Rejected(format!("{place}, and nobody of it did"))
            } else {
                tally.pending(place)
            });
        }
        approved.push(format!("{}: {} approved", level.title, tally.names(Answer::Approve)));
    }
    Ok(Verdict::Approved(approved.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Abstain, Approve, Reject};
    use weft_sdk::{fake::FakeHost, json};

    fn verdict(amount: u32, votes: &[(&str, Answer)]) -> Verdict {
        let levels = json!([
            {"title": "Owner", "approvers": ["owner"]},
            {"title": "Cost centre", "above": 1000, "approvers": ["head", "deputy"]},
            {"title": "CFO", "above": 10_000, "approvers": ["cfo"]},
        ]);
        let request =
            Request::of(&["owner", "head", "deputy", "cfo"]).with(json!({"amount": amount, "levels": levels}));
        let votes: Vec<Vote> =
            votes.iter().enumerate().map(|(at, (who, answer))| Vote::new(who, *answer, at as i64)).collect();
        decide(&FakeHost::new(), &request, &votes).unwrap()
    }

    fn needed(verdict: Verdict) -> Vec<String> {
        match verdict {
            Verdict::Pending { needed, .. } => needed,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn chg_04_the_amount_says_who_approves() {
        let owner = ("owner", Approve);
        assert_eq!(needed(verdict(0, &[])), ["owner"]);
        assert_eq!(verdict(1000, &[owner]), Verdict::Approved("Owner: owner approved".into()), "not more than 1000");
        assert_eq!(needed(verdict(1001, &[owner])), ["head", "deputy"]);
        let reason = "Owner: owner approved; Cost centre: deputy approved";
        assert_eq!(verdict(10_000, &[owner, ("deputy", Approve)]), Verdict::Approved(reason.into()));
        assert_eq!(needed(verdict(10_001, &[owner, ("head", Approve)])), ["cfo"]);
    }

    #[test]
    fn chg_04_any_level_that_is_asked_can_say_no() {
        assert_eq!(verdict(5000, &[("deputy", Reject)]), Verdict::Rejected("Cost centre: deputy rejected".into()));
        assert_eq!(needed(verdict(500, &[("cfo", Reject)])), ["owner"], "the CFO is not asked about so little");
    }

    #[test]
    fn chg_04_an_abstention_is_no_approval() {
        assert_eq!(needed(verdict(2000, &[("owner", Approve), ("head", Abstain)])), ["deputy"]);
        let all = verdict(2000, &[("owner", Approve), ("head", Abstain), ("deputy", Abstain)]);
        assert_eq!(all, Verdict::Rejected("Cost centre (2 of 2) must approve 2000, and nobody of it did".into()));
    }
}
