//! Majority: more than half of those who were asked must approve. Half is not a majority.

use weft_sdk::approval::{Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let tally = Tally::of(host, request, votes);
    let required = tally.asked() / 2 + 1;
    Ok(tally.at_least(required, &format!("{required} of {} approvals", tally.asked())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;

    /// So many people, approvals, rejections and abstentions: `+` approved, `-` rejected, `?` pending.
    fn verdict(asked: usize, approvals: usize, rejections: usize, abstentions: usize) -> (char, String) {
        let people: Vec<String> = (0..asked).map(|n| format!("p{n}")).collect();
        let answers = [(Approve, approvals), (Reject, rejections), (Abstain, abstentions)];
        let answers = answers.into_iter().flat_map(|(answer, count)| std::iter::repeat_n(answer, count));
        let votes: Vec<_> = people.iter().zip(answers).map(|(person, answer)| Vote::new(person, answer, 1)).collect();
        let asked: Vec<&str> = people.iter().map(String::as_str).collect();
        match decide(&FakeHost::new(), &Request::of(&asked), &votes).expect("it never faults") {
            Verdict::Approved(reason) => ('+', reason),
            Verdict::Rejected(reason) => ('-', reason),
            Verdict::Pending { reason, .. } => ('?', reason),
        }
    }

    #[test]
    fn chg_04b_more_than_half() {
        for (asked, approvals, rejections, abstentions, expected) in [
            (3, 2, 0, 0, '+'),
            (3, 1, 1, 0, '?'),
            (3, 0, 2, 0, '-'),
            (4, 2, 0, 0, '?'),
            (4, 2, 2, 0, '-'),
            (4, 2, 1, 1, '-'),
            (4, 3, 0, 0, '+'),
            (1, 1, 0, 0, '+'),
            (0, 0, 0, 0, '-'),
        ] {
            let (found, reason) = verdict(asked, approvals, rejections, abstentions);
            assert_eq!(found, expected, "{approvals}:{rejections}:{abstentions} of {asked}: {reason}");
        }
    }

    #[test]
    fn the_reason_says_how_many_were_needed() {
        assert_eq!(verdict(4, 3, 0, 0).1, "p0, p1 and p2 approved; 3 of 4 approvals were needed");
        assert_eq!(verdict(4, 2, 2, 0).1, "p2 and p3 rejected; 3 of 4 approvals were needed");
    }
}
