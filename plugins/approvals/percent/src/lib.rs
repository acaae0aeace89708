//! Percentage: a share of those who were asked must approve.

use serde::Deserialize;
use weft_sdk::approval::{Request, Tally, Verdict, Vote, rounded_half_up};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

#[derive(Debug, Deserialize)]
struct Parameters {
    percent: Option<f64>,
}

/// What a percentage asks of so many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    FirstResponse,
    Approvals(usize),
}

fn needed(percent: Option<f64>, asked: usize) -> Needed {
    match percent {
        Some(percent) if percent >= 100.0 => Needed::Approvals(asked),
        Some(percent) if percent > 0.0 => match rounded_half_up(percent, asked) {
            // A share that rounds to nobody must not approve by itself.
            0 => Needed::FirstResponse,
            count => Needed::Approvals(count),
        },
        _ => Needed::FirstResponse,
    }
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let percent = request.parameters::<Parameters>()?.percent;
    let tally = Tally::of(host, request, votes);
    Ok(match needed(percent, tally.asked()) {
        Needed::FirstResponse => tally.first_response(),
        Needed::Approvals(count) => {
            let share = percent.unwrap_or(100.0).min(100.0);
            tally.at_least(count, &format!("{count} of {} approvals ({share} %)", tally.asked()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{self, Approve, Reject};
    use weft_sdk::fake::FakeHost;
    use weft_sdk::json;

    #[test]
    fn chg_03_percentages_as_published() {
        for (percent, asked, expected) in [
            (None, 10, Needed::FirstResponse),
            (Some(0.0), 10, Needed::FirstResponse),
            (Some(-5.0), 10, Needed::FirstResponse),
            (Some(100.0), 10, Needed::Approvals(10)),
            (Some(140.0), 10, Needed::Approvals(10)),
            // 2.49 of ten is 2, 2.5 is 3.
            (Some(24.9), 10, Needed::Approvals(2)),
            (Some(25.0), 10, Needed::Approvals(3)),
            (Some(50.0), 3, Needed::Approvals(2)),
            (Some(10.0), 3, Needed::FirstResponse),
        ] {
            assert_eq!(needed(percent, asked), expected, "{percent:?} % of {asked}");
        }
    }

    fn check(percent: f64, votes: &[(&str, Answer)], expected: Verdict) {
        let request = Request::of(&["ana", "bo", "cy", "di"]).with(json!({"percent": percent}));
        let votes: Vec<_> = votes.iter().map(|&(person, answer)| Vote::new(person, answer, 1)).collect();
        assert_eq!(decide(&FakeHost::new(), &request, &votes), Ok(expected));
    }

    #[test]
    fn chg_04b_the_given_percentage_approved() {
        let reason = "1 more of cy and di needed (2 of 4 approvals (50 %))".to_owned();
        let needed = vec!["cy".to_owned(), "di".to_owned()];
        check(50.0, &[("ana", Approve), ("bo", Reject)], Verdict::Pending { needed, reason });
        check(
            50.0,
            &[("ana", Approve), ("bo", Approve)],
            Verdict::Approved("ana and bo approved; 2 of 4 approvals (50 %) were needed".into()),
        );
        check(
            50.0,
            &[("ana", Reject), ("bo", Reject), ("cy", Reject)],
            Verdict::Rejected("ana, bo and cy rejected; 2 of 4 approvals (50 %) were needed".into()),
        );
        check(0.0, &[("ana", Reject)], Verdict::Rejected("ana answered first and rejected".into()));
    }

    #[test]
    fn a_percentage_that_is_no_number_is_an_error_and_no_approval() {
        let request = Request::of(&["ana"]).with(json!({"percent": "half"}));
        assert!(decide(&FakeHost::new(), &request, &[]).is_err());
    }
}
