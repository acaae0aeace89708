//! What an attempt means for its item. Pure: the outcome goes in, the item as it is from now on comes out.

use domain::outbox::{OutboxItem, OutboxState, reason};
use domain::schedule::{OnUnknown, Outcome, Plan, RetryPolicy, next_attempt};
use jiff::Timestamp;

/// Whether the other side is known to do a request once however often it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    HonoursTheKey,
    IsNotKnownTo,
}

/// The item after its last attempt ended so.
pub(super) fn after(
    item: &OutboxItem,
    outcome: &Outcome,
    status: Option<u16>,
    peer: Peer,
    now: Timestamp,
) -> OutboxItem {
    let on_unknown = if peer == Peer::HonoursTheKey { OnUnknown::Retry } else { item.policy.on_unknown };
    let policy = RetryPolicy { on_unknown, ..item.policy.clone() };
    let mut next = OutboxItem { status, next_at: None, version: item.version + 1, ..item.clone() };
    let plan = next_attempt(item.attempts, &policy, outcome, now, seed(item));
    let (state, why) = match plan {
        Plan::Done => (OutboxState::Delivered, None),
        Plan::Retry(_) | Plan::Dead(_) if item.abandoned => {
            (OutboxState::Cancelled, Some("the flow did not wait for it any more".to_owned()))
        }
        Plan::Retry(at) => {
            next.next_at = Some(at);
            (OutboxState::Waiting, None)
        }
        Plan::Dead(why) => (OutboxState::Dead, Some(why)),
        Plan::Unknown(why) => (OutboxState::Unknown, Some(why)),
    };
    next.state = state;
    next.reason = why.as_deref().map(reason);
    next.last_error = match outcome {
        Outcome::Delivered => None,
        Outcome::Failed { reason: text, .. }
        | Outcome::Refused { reason: text }
        | Outcome::Unknown { reason: text } => Some(reason(text)),
    };
    next.ended_at = (state != OutboxState::Waiting).then_some(now);
    next
}

/// Spreads the waits of those who failed together.
fn seed(item: &OutboxItem) -> u64 {
    let digits: String = item.id.0.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    u64::from_str_radix(&digits, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{Cause, Origin};
    use domain::outbox::ItemType;
    use jiff::SignedDuration;

    fn now() -> Timestamp {
        "2026-03-01T08:00:00Z".parse().expect("a timestamp")
    }

    fn item(attempts: u32) -> OutboxItem {
        OutboxItem {
            id: "0123456789abcdef".into(),
            idempotency_key: "c:0".to_owned(),
            item_type: ItemType::Http,
            target: "POST https://a.example/".to_owned(),
            state: OutboxState::Sending,
            attempts,
            policy: RetryPolicy::listed("PT10S,PT1M").expect("back-offs"),
            plugin: None,
            ticket: None,
            space: "it".into(),
            step: None,
            abandoned: false,
            created_at: now(),
            next_at: None,
            sent_at: Some(now()),
            ended_at: None,
            status: None,
            last_error: None,
            reason: None,
            cause: Cause {
                command: "c".to_owned(),
                correlation: "c".to_owned(),
                depth: 0,
                origin: Origin::Person,
                chain: Vec::new(),
            },
            version: 2,
        }
    }

    fn failed(retry_after_seconds: Option<u32>) -> Outcome {
        Outcome::Failed { reason: "it answered 503".to_owned(), retry_after_seconds }
    }

    #[track_caller]
    fn check(item: &OutboxItem, outcome: &Outcome, peer: Peer, expected: &str) {
        let next = after(item, outcome, None, peer, now());
        let wait = next.next_at.map_or(-1, |at| at.duration_since(now()).as_secs());
        let found = format!("{:?} in {wait} s: {}", next.state, next.reason.clone().unwrap_or_default());
        assert_eq!(found, expected);
        assert_eq!((next.version, next.attempts), (item.version + 1, item.attempts));
        assert_eq!(next.ended_at.is_none(), next.state == OutboxState::Waiting);
    }

    #[test]
    fn each_outcome_leads_to_one_state() {
        let unknown = Outcome::Unknown { reason: "silence".to_owned() };
        let refused = Outcome::Refused { reason: "not granted".to_owned() };
        let (known, other) = (Peer::HonoursTheKey, Peer::IsNotKnownTo);
        check(&item(1), &Outcome::Delivered, other, "Delivered in -1 s: ");
        check(&item(1), &failed(None), other, "Waiting in 10 s: ");
        check(&item(2), &failed(None), other, "Waiting in 63 s: ");
        check(&item(1), &failed(Some(300)), other, "Waiting in 300 s: ");
        check(&item(3), &failed(None), other, "Dead in -1 s: it answered 503, after 3 attempts");
        check(&item(1), &refused, other, "Dead in -1 s: not granted");
        check(&item(1), &unknown, other, "Unknown in -1 s: silence");
        check(&item(1), &unknown, known, "Waiting in 10 s: ");
        check(&item(3), &unknown, known, "Unknown in -1 s: silence, after 3 attempts");
    }

    #[test]
    fn what_nobody_waits_for_is_not_tried_again_and_never_called_undone() {
        let left = OutboxItem { abandoned: true, ..item(1) };
        let unknown = Outcome::Unknown { reason: "silence".to_owned() };
        let cancelled = "Cancelled in -1 s: the flow did not wait for it any more";
        check(&left, &failed(None), Peer::IsNotKnownTo, cancelled);
        check(&left, &unknown, Peer::IsNotKnownTo, "Unknown in -1 s: silence");
        check(&left, &Outcome::Delivered, Peer::IsNotKnownTo, "Delivered in -1 s: ");
    }

    #[test]
    fn those_who_failed_together_do_not_come_back_together() {
        let policy = RetryPolicy::default();
        let at = |id: &str| {
            let one = OutboxItem { id: id.into(), policy: policy.clone(), attempts: 4, ..item(4) };
            after(&one, &failed(None), None, Peer::IsNotKnownTo, now()).next_at.expect("it is tried again")
        };
        let (first, second) = (at("00000000000000aa"), at("ffee000000000000"));
        assert_ne!(first, second);
        assert!(first.duration_since(now()) <= SignedDuration::from_mins(8));
    }
}
