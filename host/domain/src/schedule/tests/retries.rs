//! The plan after each outcome, with the waits of many seeds.

use super::*;

fn failed(retry_after_seconds: Option<u32>) -> Outcome {
    Outcome::Failed { reason: "no answer".to_owned(), retry_after_seconds }
}

fn unknown() -> Outcome {
    Outcome::Unknown { reason: "the connection broke".to_owned() }
}

/// The wait in milliseconds.
#[track_caller]
fn wait_ms(attempt: u32, policy: &RetryPolicy, outcome: &Outcome, seed: u64) -> i64 {
    let now = stamp("2026-01-01T00:00:00Z");
    match next_attempt(attempt, policy, outcome, now, seed) {
        Plan::Retry(at) => at.as_millisecond() - now.as_millisecond(),
        plan => panic!("attempt {attempt} must be followed by another, not {plan:?}"),
    }
}

#[test]
fn outcomes_lead_to_plans() {
    let plan = |attempt, outcome: &Outcome| {
        next_attempt(attempt, &RetryPolicy::default(), outcome, stamp("2026-01-01T00:00:00Z"), 1)
    };
    assert_eq!(plan(1, &Outcome::Delivered), Plan::Done);
    assert_eq!(plan(1, &Outcome::Refused { reason: "no such box".to_owned() }), Plan::Dead("no such box".to_owned()));
    assert_eq!(plan(1, &unknown()), Plan::Unknown("the connection broke".to_owned()));
    assert_eq!(plan(10, &failed(None)), Plan::Dead("no answer, after 10 attempts".to_owned()));

    let again = RetryPolicy { on_unknown: OnUnknown::Retry, attempts_max: 2, ..RetryPolicy::default() };
    assert!(wait_ms(1, &again, &unknown(), 1) >= 1_000);
    let now = stamp("2026-01-01T00:00:00Z");
    let last = Plan::Unknown("the connection broke, after 2 attempts".to_owned());
    assert_eq!(next_attempt(2, &again, &unknown(), now, 1), last);
    let endless = RetryPolicy { attempts_max: u32::MAX, ..RetryPolicy::default() };
    assert!(matches!(next_attempt(100, &endless, &failed(None), now, 1), Plan::Dead(_)));
}

#[test]
fn waits_double_and_are_spread_over_the_whole_stretch() {
    let policy = RetryPolicy::default();
    for (attempt, longest_s) in [(1, 60), (2, 120), (3, 240), (9, 15_360)] {
        let waits: Vec<_> = (0..2_000).map(|seed| wait_ms(attempt, &policy, &failed(None), seed)).collect();
        let mean = waits.iter().sum::<i64>() / 2_000;
        let (least, most) = (*waits.iter().min().expect("some"), *waits.iter().max().expect("some"));
        assert!(least >= 1_000 && least < longest_s * 50, "attempt {attempt}: least {least}");
        assert!(most <= longest_s * 1_000 && most > longest_s * 950, "attempt {attempt}: most {most}");
        assert!((longest_s * 450..longest_s * 550).contains(&mean), "attempt {attempt}: mean {mean}");
    }
    let endless = RetryPolicy { attempts_max: 100, ..policy };
    assert!(wait_ms(99, &endless, &failed(None), 7) <= 6 * 3_600 * 1_000);
    assert_eq!(wait_ms(3, &endless, &failed(None), 7), wait_ms(3, &endless, &failed(None), 7), "same seed, same plan");
}

#[test]
fn the_other_side_may_ask_for_time_up_to_a_limit() {
    let policy = RetryPolicy { retry_after_seconds_max: 600, ..RetryPolicy::default() };
    assert_eq!(wait_ms(1, &policy, &failed(Some(300)), 1), 300_000);
    assert_eq!(wait_ms(1, &policy, &failed(Some(u32::MAX)), 1), 600_000);
    // It is a least, not a most.
    let later = RetryPolicy { backoff: Backoff::Listed { delays_seconds: vec![400] }, ..policy };
    assert!(wait_ms(1, &later, &failed(Some(300)), 1) >= 400_000);
}

#[test]
fn a_step_lists_its_own_waits() {
    let policy = RetryPolicy::listed("PT10S, PT1M,PT10M").expect("it can be read");
    assert_eq!(policy.attempts_max, 4);
    for (attempt, seconds) in [(1, 10), (2, 60), (3, 600)] {
        for seed in 0..200 {
            let wait = wait_ms(attempt, &policy, &failed(None), seed);
            assert!((seconds * 1_000..=seconds * 1_100).contains(&wait), "attempt {attempt}: {wait}");
        }
    }
    let now = stamp("2026-01-01T00:00:00Z");
    assert!(matches!(next_attempt(4, &policy, &failed(None), now, 1), Plan::Dead(_)));
    for bad in ["", "PT10S,", "10s", "P8D", &"PT1S,".repeat(21)] {
        assert!(RetryPolicy::listed(bad).is_err(), "`{bad}` must be refused");
    }
}
