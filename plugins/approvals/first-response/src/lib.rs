//! First response: whoever answers first decides.

use weft_sdk::approval::{Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    Ok(Tally::of(host, request, votes).first_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{self, Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;

    fn check(votes: &[(&str, Answer, i64)], expected: Verdict) {
        let votes: Vec<_> = votes.iter().map(|&(person, answer, minute)| Vote::new(person, answer, minute)).collect();
        assert_eq!(decide(&FakeHost::new(), &Request::of(&["ana", "bo", "cy"]), &votes), Ok(expected));
    }

    fn pending(needed: &[&str], reason: &str) -> Verdict {
        Verdict::Pending { needed: needed.iter().map(|&id| id.to_owned()).collect(), reason: reason.to_owned() }
    }

    #[test]
    fn chg_04b_the_first_answer_decides() {
        check(&[], pending(&["ana", "bo", "cy"], "waits for the first answer of ana, bo and cy"));
        check(&[("bo", Approve, 1)], Verdict::Approved("bo answered first and approved".into()));
        check(&[("bo", Reject, 1)], Verdict::Rejected("bo answered first and rejected".into()));
        check(
            &[("ana", Approve, 9), ("bo", Reject, 3), ("cy", Approve, 5)],
            Verdict::Rejected("bo answered first and rejected".into()),
        );
    }

    #[test]
    fn an_abstention_and_a_stranger_decide_nothing() {
        check(
            &[("bo", Abstain, 1), ("eve", Approve, 2)],
            pending(&["ana", "cy"], "waits for the first answer of ana and cy"),
        );
        check(
            &[("ana", Abstain, 1), ("bo", Abstain, 2), ("cy", Abstain, 3)],
            Verdict::Rejected("everybody abstained, so nobody approved".into()),
        );
    }

    #[test]
    fn without_anybody_it_says_that_it_cannot_be_approved() {
        let verdict = decide(&FakeHost::new(), &Request::of(&[]), &[]);
        assert_eq!(verdict, Ok(Verdict::Rejected("it can never be approved: nobody was asked".into())));
    }
}
