//! Access reviews: about every account somebody decided, nobody about their own, and what was to be taken away is gone before it is done.

use serde::{Deserialize, Serialize};
use weft_sdk::prelude::*;

/// Accounts that a refusal names.
const NAMED_MAX: usize = 5;

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
struct Line {
    account: String,
    access: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    #[serde(default)]
    revoked: bool,
}

pub(crate) fn decide(change: &Change) -> Result<Effects, Rejection> {
    let mut refused = Rejection::none();
    let given = lines(&change.after)?;
    let before = change.before.as_ref().map(lines).transpose()?.unwrap_or_default();
    let mut noted = given.clone();
    for (at, line) in noted.iter_mut().enumerate() {
        let same = |old: &&Line| old.account == line.account && old.access == line.access;
        let old = before.iter().find(same);
        // Who decided is not for anybody to write.
        line.decided_by = match old {
            Some(old) if old.decision == line.decision => old.decided_by.clone(),
            _ => line.decision.as_ref().map(|_| change.context.actor.clone()),
        };
        let by = line.decided_by.as_deref();
        if line.decision.is_some()
            && by == line.person.as_deref()
            && by != old.and_then(|old| old.decided_by.as_deref())
        {
            let message = format!("{}: nobody decides about access of their own", line.account);
            refused.add(format!("/fields/accounts/{at}"), "own-access", message);
        }
    }
    let named = |which: &dyn Fn(&Line) -> bool| {
        let all: Vec<&str> = noted.iter().filter(|line| which(line)).map(|line| line.account.as_str()).collect();
        (!all.is_empty()).then(|| format!("{} ({})", all.len(), all[..all.len().min(NAMED_MAX)].join(", ")))
    };
    if change.entered("revocation")
        && let Some(open) = named(&|line| line.decision.is_none())
    {
        refused.add("/fields/accounts", "undecided", format!("decide about every account first: {open} to go"));
    }
    if change.entered("done")
        && let Some(left) = named(&|line| line.decision.as_deref() == Some("revoke") && !line.revoked)
    {
        refused.add("/fields/accounts", "not-revoked", format!("access is still to be taken away: {left}"));
    }
    refused.or_ok(Effects::new().when(noted != given, |effects| effects.set_field("accounts", json!(noted))))
}

fn lines(review: &Ticket) -> Result<Vec<Line>, Rejection> {
    let lines = review.read::<Vec<Line>>("accounts");
    lines.map(Option::unwrap_or_default).map_err(|issue| Rejection::new(issue.pointer, issue.code, issue.message))
}
