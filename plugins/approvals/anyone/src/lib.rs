//! Anyone: one approval is enough, and only the rejection of all is one.

use weft_sdk::approval::{Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    Ok(Tally::of(host, request, votes).at_least(1, "1 approval"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{self, Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;

    fn check(votes: &[(&str, Answer)], expected: Verdict) {
        let votes: Vec<_> = votes.iter().map(|&(person, answer)| Vote::new(person, answer, 1)).collect();
        assert_eq!(decide(&FakeHost::new(), &Request::of(&["ana", "bo", "cy"]), &votes), Ok(expected));
    }

    #[test]
    fn chg_04b_rejected_only_if_all_reject() {
        let reason = "1 more of cy needed (1 approval)".to_owned();
        check(&[("ana", Reject), ("bo", Reject)], Verdict::Pending { needed: vec!["cy".into()], reason });
        check(
            &[("ana", Reject), ("bo", Reject), ("cy", Approve)],
            Verdict::Approved("cy approved; 1 approval was needed".into()),
        );
        check(
            &[("ana", Reject), ("bo", Reject), ("cy", Reject)],
            Verdict::Rejected("ana, bo and cy rejected; 1 approval was needed".into()),
        );
        check(
            &[("ana", Abstain), ("bo", Reject), ("cy", Reject)],
            Verdict::Rejected("bo and cy rejected and ana abstained; 1 approval was needed".into()),
        );
    }

    #[test]
    fn without_anybody_it_says_that_it_cannot_be_approved() {
        let verdict = decide(&FakeHost::new(), &Request::of(&[]), &[]);
        assert_eq!(verdict, Ok(Verdict::Rejected("it can never be approved: nobody was asked".into())));
    }
}
