//! Board with a quorum: enough members must answer, and more must approve than reject. Or the board advises and one person decides.

use serde::Deserialize;
use weft_sdk::approval::{Answer, Request, Tally, Verdict, Vote};
use weft_sdk::{Fault, Host};

weft_sdk::approval! { decide: decide }

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    quorum: Option<usize>,
    closes: Option<Closes>,
    mode: Option<Mode>,
    decider: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Closes {
    #[default]
    AtQuorum,
    WhenSettled,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Deciding,
    Advising,
}

fn decide(host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
    let parameters = request.parameters::<Parameters>()?;
    let decider = parameters.decider.filter(|_| parameters.mode == Some(Mode::Advising));
    let board: Vec<String> =
        request.approvers.iter().filter(|person| Some(*person) != decider.as_ref()).cloned().collect();
    let board = Tally::among(host, &board, votes);
    let quorum = parameters.quorum.unwrap_or(board.asked() / 2 + 1);
    if board.asked() < quorum {
        let reason =
            format!("it can never be approved: {quorum} members must answer, and the board has {}", board.asked());
        return Ok(Verdict::Rejected(reason));
    }
    if parameters.mode.unwrap_or_default() == Mode::Deciding {
        return Ok(decision(&board, quorum, parameters.closes.unwrap_or_default()));
    }
    Ok(match decider.filter(|decider| request.approvers.contains(decider)) {
        Some(decider) => advised(&board, quorum, &decider, &Tally::among(host, std::slice::from_ref(&decider), votes)),
        None => {
            Verdict::Rejected("it can never be approved: the board advises, and nobody was asked to decide".to_owned())
        }
    })
}

/// The board itself decides. A tie is no majority: it waits for whoever is missing, and rejects when nobody is.
fn decision(board: &Tally, quorum: usize, closes: Closes) -> Verdict {
    let (approvals, rejections) = (board.approvals(), board.rejections());
    let open = board.open().len();
    let present = board.asked() - open;
    let count = count(board);
    let settled = approvals > rejections + open || rejections >= approvals + open;
    if present < quorum {
        return board.pending(format!("{present} of {quorum} members answered ({count})"));
    }
    let ends = open == 0 || settled || (closes == Closes::AtQuorum && approvals != rejections);
    if !ends {
        let reason = format!("{count}, and {open} not heard: the result is open");
        return board.pending(reason);
    }
    if approvals > rejections {
        Verdict::Approved(format!("the board approved: {count}, {present} present"))
    } else {
        Verdict::Rejected(format!("the board did not approve: {count}, {present} present"))
    }
}

/// One person decides, after enough of the board were heard.
fn advised(board: &Tally, quorum: usize, decider: &str, decision: &Tally) -> Verdict {
    let present = board.asked() - board.open().len();
    let advice = format!("the board advised {}", count(board));
    if present < quorum {
        let mut needed = board.open();
        needed.extend(decision.open());
        let reason = format!("{present} of {quorum} members gave their advice");
        return Verdict::Pending { needed, reason };
    }
    match decision.answer(decider) {
        Some(Answer::Approve) => Verdict::Approved(format!("{} approved; {advice}", decision.names(Answer::Approve))),
        Some(Answer::Reject) => Verdict::Rejected(format!("{} rejected; {advice}", decision.names(Answer::Reject))),
        Some(Answer::Abstain) => {
            Verdict::Rejected(format!("{} abstained, so nobody decides; {advice}", decision.names(Answer::Abstain)))
        }
        None => Verdict::Pending {
            needed: decision.open(),
            reason: format!("{advice}; waits for the decision of {}", decision.open_names()),
        },
    }
}

/// `3 for, 1 against, 1 abstained`.
fn count(board: &Tally) -> String {
    let mut count = format!("{} for, {} against", board.approvals(), board.rejections());
    if board.abstentions() > 0 {
        count = format!("{count}, {} abstained", board.abstentions());
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::approval::Answer::{Abstain, Approve, Reject};
    use weft_sdk::fake::FakeHost;
    use weft_sdk::{Value, json};

    const BOARD: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// The answers of the board in its order: `+`, `-`, `o` abstained, `.` none.
    fn votes(answers: &str) -> Vec<Vote> {
        let answer = |sign| match sign {
            '+' => Some(Approve),
            '-' => Some(Reject),
            'o' => Some(Abstain),
            _ => None,
        };
        let cast = BOARD.into_iter().zip(answers.chars()).enumerate();
        cast.filter_map(|(at, (who, sign))| Some(Vote::new(who, answer(sign)?, at as i64))).collect()
    }

    fn verdict(parameters: Value, votes: &[Vote]) -> (char, String) {
        let mut asked = BOARD.to_vec();
        asked.push("manager");
        let asked = if parameters["mode"] == "advising" { asked } else { BOARD.to_vec() };
        match decide(&FakeHost::new(), &Request::of(&asked).with(parameters), votes).unwrap() {
            Verdict::Approved(reason) => ('+', reason),
            Verdict::Rejected(reason) => ('-', reason),
            Verdict::Pending { needed, reason } => ('?', format!("{}: {reason}", needed.join(" "))),
        }
    }

    #[test]
    fn chg_06_a_board_decides_with_its_quorum() {
        for (quorum, closes, answers, expected) in [
            (Some(3), "at-quorum", "++...", '?'),
            (Some(3), "at-quorum", "++-..", '+'),
            (Some(3), "at-quorum", "+--..", '-'),
            (Some(2), "at-quorum", "+-...", '?'),
            (Some(3), "at-quorum", "+oo..", '+'),
            (Some(3), "at-quorum", "+-o..", '?'),
            (Some(4), "at-quorum", "+-oo.", '?'),
            (Some(4), "at-quorum", "+-ooo", '-'),
            (None, "at-quorum", "++...", '?'),
            (None, "at-quorum", "+++..", '+'),
            (Some(3), "when-settled", "++-..", '?'),
            (Some(3), "when-settled", "+++..", '+'),
            (Some(3), "when-settled", "---..", '-'),
            (Some(3), "when-settled", "++--o", '-'),
            (Some(6), "at-quorum", "+++++", '-'),
        ] {
            let (found, reason) = verdict(json!({"quorum": quorum, "closes": closes}), &votes(answers));
            assert_eq!(found, expected, "{answers} with {quorum:?} {closes}: {reason}");
        }
    }

    #[test]
    fn reasons_give_the_count() {
        assert_eq!(verdict(json!({}), &votes("++-..")).1, "the board approved: 2 for, 1 against, 3 present");
        assert_eq!(verdict(json!({}), &votes("+....")).1, "b c d e: 1 of 3 members answered (1 for, 0 against)");
        let never = "it can never be approved: 6 members must answer, and the board has 5";
        assert_eq!(verdict(json!({"quorum": 6}), &[]).1, never);
    }

    #[test]
    fn chg_06_a_board_advises_and_the_change_manager_decides() {
        let advising = |answers: &str, decision: Option<Answer>| {
            let mut all = votes(answers);
            all.extend(decision.map(|answer| Vote::new("manager", answer, 9)));
            verdict(json!({"mode": "advising", "decider": "manager", "quorum": 3}), &all)
        };

        let (sign, reason) = advising("+++..", None);
        assert_eq!(
            (sign, reason.as_str()),
            ('?', "manager: the board advised 3 for, 0 against; waits for the decision of manager")
        );
        assert_eq!(
            advising("+++..", Some(Reject)),
            ('-', "manager rejected; the board advised 3 for, 0 against".into())
        );
        assert_eq!(
            advising("---..", Some(Approve)),
            ('+', "manager approved; the board advised 0 for, 3 against".into())
        );
        assert_eq!(advising("+....", Some(Approve)).0, '?', "not without the advice");
        let nobody = verdict(json!({"mode": "advising"}), &votes("+++++"));
        assert_eq!(nobody, ('-', "it can never be approved: the board advises, and nobody was asked to decide".into()));
    }
}
