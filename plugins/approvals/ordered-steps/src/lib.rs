//! Ordered steps: rounds of approval one after another, each with its own people and required share.
//!
//! A round is accepted when its approvals reach the share, refused when so many refused that the share cannot be reached, and waits
//! otherwise; at 0 % its first answer decides. Who is asked in two rounds answers once: that answer counts in both.

use serde::Deserialize;
use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host, Issue};

weft_sdk::approval! { decide: decide }

const STEPS_MAX: usize = 20;

#[derive(Debug, Deserialize)]
struct Parameters {
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    title: Option<String>,
    approvers: Vec<String>,
    percent: Option<f64>,
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let steps = request.parameters::<Parameters>()?.steps;
    if steps.is_empty() || steps.len() > STEPS_MAX {
        let message = format!("there are {} steps; give 1 to {STEPS_MAX}", steps.len());
        return Err(Issue::new("/parameters/steps", "invalid-value", message).into());
    }
    let mut approved = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let name = step.title.clone().unwrap_or_else(|| format!("step {}", index + 1));
        let tally = Tally::among(host, &step.approvers, votes);
        match judge(&tally, step.percent.unwrap_or(100.0)) {
            Verdict::Approved(reason) => approved.push(format!("{name}: {reason}")),
            Verdict::Rejected(reason) => return Ok(Verdict::Rejected(format!("{name}: {reason}"))),
            Verdict::Pending { needed, reason } => {
                let place = format!("{name} ({} of {}): {reason}", index + 1, steps.len());
                return Ok(Verdict::Pending { needed, reason: place });
            }
        }
    }
    Ok(Verdict::Approved(approved.join("; ")))
}

/// One round. The shares are compared as they are and not rounded to people: that is how this rule was published.
fn judge(tally: &Tally, percent: f64) -> Verdict {
    if tally.asked() == 0 || percent <= 0.0 {
        return tally.first_response();
    }
    let share = |count: usize| count as f64 * 100.0 / tally.asked() as f64;
    let (accepted, refused) = (tally.approvals(), tally.rejections() + tally.abstentions());
    if share(accepted) >= percent {
        Verdict::Approved(format!("{} approved ({percent} % needed)", tally.names(Answer::Approve)))
    } else if share(refused) > 100.0 - percent {
        let against = if tally.rejections() > 0 {
            format!("{} rejected", tally.names(Answer::Reject))
        } else {
            format!("{} abstained", tally.names(Answer::Abstain))
        };
        Verdict::Rejected(format!("{against} ({percent} % needed)"))
    } else {
        tally.pending(format!("waits for {} ({percent} % needed)", tally.open_names()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;
    use weft_sdk::{Value, json};

    fn check(steps: Value, votes: &[(&str, Answer)], expected: Verdict) {
        let request = Request::of(&[]).with(json!({"steps": steps}));
        let cast = votes.iter().enumerate().map(|(at, &(person, answer))| Vote::new(person, answer, at as i64));
        let votes: Vec<_> = cast.collect();
        assert_eq!(decide(&FakeHost::new(), &request, &votes), Ok(expected));
    }

    fn pending(needed: &[&str], reason: &str) -> Verdict {
        Verdict::Pending { needed: needed.iter().map(|&id| id.to_owned()).collect(), reason: reason.to_owned() }
    }

    fn two() -> Value {
        json!([{"title": "Owner", "approvers": ["ana"]}, {"title": "Board", "approvers": ["bo", "cy", "di"], "percent": 50}])
    }

    #[test]
    fn chg_04_one_step_after_another() {
        check(two(), &[], pending(&["ana"], "Owner (1 of 2): waits for ana (100 % needed)"));
        check(two(), &[("bo", Approve)], pending(&["ana"], "Owner (1 of 2): waits for ana (100 % needed)"));
        check(
            two(),
            &[("ana", Approve), ("bo", Approve)],
            pending(&["cy", "di"], "Board (2 of 2): waits for cy and di (50 % needed)"),
        );
        check(
            two(),
            &[("ana", Approve), ("bo", Approve), ("cy", Approve)],
            Verdict::Approved("Owner: ana approved (100 % needed); Board: bo and cy approved (50 % needed)".into()),
        );
        check(two(), &[("ana", Reject)], Verdict::Rejected("Owner: ana rejected (100 % needed)".into()));
    }

    #[test]
    fn chg_04_accepted_refused_or_waiting_by_share() {
        let four = |percent: f64| json!([{"approvers": ["a", "b", "c", "d"], "percent": percent}]);
        for (percent, answers, expected) in [
            (50.0, "++", '+'),
            (50.0, "--", '?'),
            (50.0, "---", '-'),
            (75.0, "++", '?'),
            (75.0, "+-", '?'),
            (75.0, "--", '-'),
            (76.0, "+++", '?'),
            (100.0, "-", '-'),
            (100.0, "o", '-'),
            (0.0, "-+", '-'),
            (0.0, "+-", '+'),
        ] {
            let request = Request::of(&[]).with(json!({"steps": four(percent)}));
            let answer = |sign| match sign {
                '+' => Approve,
                '-' => Reject,
                _ => Abstain,
            };
            let votes = ["a", "b", "c", "d"].into_iter().zip(answers.chars()).enumerate();
            let votes: Vec<_> = votes.map(|(at, (who, sign))| Vote::new(who, answer(sign), at as i64)).collect();
            let found = match decide(&FakeHost::new(), &request, &votes).unwrap() {
                Verdict::Approved(_) => '+',
                Verdict::Rejected(_) => '-',
                Verdict::Pending { .. } => '?',
            };
            assert_eq!(found, expected, "{answers} at {percent} %");
        }
    }

    #[test]
    fn a_person_of_two_steps_answers_once() {
        let steps = json!([{"approvers": ["ana"]}, {"approvers": ["ana"]}]);
        let reason = "step 1: ana approved (100 % needed); step 2: ana approved (100 % needed)";
        check(steps, &[("ana", Approve)], Verdict::Approved(reason.into()));
    }

    #[test]
    fn a_step_without_anybody_says_so() {
        let steps = json!([{"title": "Owner", "approvers": []}]);
        check(steps, &[], Verdict::Rejected("Owner: it can never be approved: nobody was asked".into()));
    }

    #[test]
    fn no_steps_is_an_error() {
        let request = Request::of(&["ana"]).with(json!({"steps": []}));
        assert!(decide(&FakeHost::new(), &request, &[]).is_err());
        assert!(decide(&FakeHost::new(), &Request::of(&["ana"]), &[]).is_err());
    }
}
