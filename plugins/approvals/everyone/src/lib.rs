//! Everyone: all who were asked must approve.

use weft_sdk::approval::{Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

/// An abstention is not an approval, so it ends this one.
fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let tally = Tally::of(host, request, votes);
    let asked = tally.asked();
    let rule = if asked == 1 { "1 approval".to_owned() } else { format!("all {asked} approvals") };
    Ok(tally.at_least(asked, &rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{self, Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;

    fn check(asked: &[&str], votes: &[(&str, Answer)], expected: Verdict) {
        let votes: Vec<_> = votes.iter().map(|&(person, answer)| Vote::new(person, answer, 1)).collect();
        assert_eq!(decide(&FakeHost::new(), &Request::of(asked), &votes), Ok(expected));
    }

    #[test]
    fn chg_04b_all_must_approve() {
        let all = ["ana", "bo", "cy"];
        let reason = "1 more of cy needed (all 3 approvals)".to_owned();
        check(&all, &[("ana", Approve), ("bo", Approve)], Verdict::Pending { needed: vec!["cy".into()], reason });
        check(
            &all,
            &[("ana", Approve), ("bo", Approve), ("cy", Approve)],
            Verdict::Approved("ana, bo and cy approved; all 3 approvals were needed".into()),
        );
        check(&all, &[("bo", Reject)], Verdict::Rejected("bo rejected; all 3 approvals were needed".into()));
        check(&all, &[("bo", Abstain)], Verdict::Rejected("bo abstained; all 3 approvals were needed".into()));
    }

    #[test]
    fn one_alone_and_nobody() {
        check(&["ana"], &[("ana", Approve)], Verdict::Approved("ana approved; 1 approval was needed".into()));
        check(&[], &[], Verdict::Rejected("it can never be approved: nobody was asked".into()));
    }
}
