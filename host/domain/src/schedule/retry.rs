//! When a delivery is tried again, when it is given up, and when nobody can know. The outcome of one attempt goes in, the plan comes out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Period;
use crate::Problem;

const ATTEMPTS_MAX: u32 = 100;
const DELAYS_MAX: usize = 20;
const DELAY_SECONDS_MAX: i64 = 7 * 86_400;
/// Nobody is asked again sooner than this.
const DELAY_MS_MIN: i64 = 1_000;

/// What is known after an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Outcome {
    /// The other side has it and said so.
    Delivered,
    /// It surely did not arrive, or the other side said that it did nothing; a later attempt may do better.
    Failed {
        reason: String,
        /// What the other side asked for, in seconds from the answer.
        retry_after_seconds: Option<u32>,
    },
    /// It surely did nothing, and never will as it is.
    Refused { reason: String },
    /// It was sent and no answer came: it may have happened.
    Unknown { reason: String },
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    Done,
    Retry(Timestamp),
    /// Given up, with the reason; a person can see it and try again.
    Dead(String),
    /// It may have happened and nothing may repeat it on its own; a person decides.
    Unknown(String),
}

/// Whether what may have happened is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnknown {
    /// The other side honours the idempotency key, or repeating does no harm.
    Retry,
    #[default]
    Ask,
}

/// How long to wait between attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Backoff {
    /// Anywhere between nothing and `first` times two to the number of failures, never more than `longest`. Spreading over the whole
    /// stretch keeps those who failed together from coming back together.
    Doubling { first_seconds: u32, longest_seconds: u32 },
    /// As a step asks for it; the last one repeats. Up to a tenth is added for the same reason.
    Listed { delays_seconds: Vec<u32> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How often it is tried in all.
    pub attempts_max: u32,
    pub backoff: Backoff,
    /// The longest wait that the other side may ask for; what is beyond is cut.
    pub retry_after_seconds_max: u32,
    pub on_unknown: OnUnknown,
}

impl Default for RetryPolicy {
    /// Ten attempts over about a day and a half.
    fn default() -> Self {
        Self {
            attempts_max: 10,
            backoff: Backoff::Doubling { first_seconds: 60, longest_seconds: 6 * 3_600 },
            retry_after_seconds_max: 86_400,
            on_unknown: OnUnknown::Ask,
        }
    }
}

impl RetryPolicy {
    /// Reads the back-offs of a step, such as `PT10S,PT1M,PT10M`: one attempt more than there are waits.
    ///
    /// # Errors
    /// When one of them is not a duration, or there are too many or too long ones.
    pub fn listed(text: &str) -> Result<Self, Problem> {
        let mut delays_seconds = Vec::new();
        for part in text.split(',') {
            let seconds = Period::parse(part.trim())?.seconds_about();
            let fits = (0..=DELAY_SECONDS_MAX).contains(&seconds) && delays_seconds.len() < DELAYS_MAX;
            let seconds = u32::try_from(seconds).ok().filter(|_| fits).ok_or_else(|| {
                let message = format!(
                    "write at most {DELAYS_MAX} back-offs of at most seven days, for example `PT10S,PT1M,PT10M`"
                );
                Problem::new("/retries", "bad-retries", message)
            })?;
            delays_seconds.push(seconds);
        }
        let attempts_max = u32::try_from(delays_seconds.len()).unwrap_or(ATTEMPTS_MAX) + 1;
        Ok(Self { attempts_max, backoff: Backoff::Listed { delays_seconds }, ..Self::default() })
    }
}

/// What follows from the outcome of attempt number `attempt`, counted from 1. `seed` spreads the waits and must differ between deliveries.
#[must_use]
pub fn next_attempt(attempt: u32, policy: &RetryPolicy, outcome: &Outcome, now: Timestamp, seed: u64) -> Plan {
    let (reason, retry_after) = match outcome {
        Outcome::Delivered => return Plan::Done,
        Outcome::Refused { reason } => return Plan::Dead(reason.clone()),
        Outcome::Unknown { reason } if policy.on_unknown == OnUnknown::Ask => return Plan::Unknown(reason.clone()),
        Outcome::Unknown { reason } => (reason, None),
        Outcome::Failed { reason, retry_after_seconds } => (reason, *retry_after_seconds),
    };
    let attempts_max = policy.attempts_max.min(ATTEMPTS_MAX);
    if attempt >= attempts_max {
        return match outcome {
            // The last word on something that may have happened is never that it did not.
            Outcome::Unknown { .. } => Plan::Unknown(format!("{reason}, after {attempt} attempts")),
            _ => Plan::Dead(format!("{reason}, after {attempt} attempts")),
        };
    }
    let asked_ms = retry_after.map_or(0, |seconds| i64::from(seconds.min(policy.retry_after_seconds_max)) * 1_000);
    let wait_ms = policy.backoff.wait_ms(attempt, seed).max(DELAY_MS_MIN).max(asked_ms);
    Plan::Retry(now.checked_add(SignedDuration::from_millis(wait_ms)).unwrap_or(Timestamp::MAX))
}

impl Backoff {
    fn wait_ms(&self, attempt: u32, seed: u64) -> i64 {
        let spread = mix(seed ^ u64::from(attempt).rotate_left(32));
        match self {
            Self::Doubling { first_seconds, longest_seconds } => {
                let doublings = attempt.saturating_sub(1).min(31);
                let longest_ms = (u64::from(*first_seconds) << doublings).min(u64::from(*longest_seconds)) * 1_000;
                portion(longest_ms, spread)
            }
            Self::Listed { delays_seconds } => {
                let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
                let delay = delays_seconds.get(index).or(delays_seconds.last()).copied().unwrap_or_default();
                let delay_ms = u64::from(delay) * 1_000;
                i64::try_from(delay_ms).unwrap_or(i64::MAX) + portion(delay_ms / 10, spread)
            }
        }
    }
}

/// A part of `whole`, evenly chosen by `spread`.
fn portion(whole: u64, spread: u64) -> i64 {
    let part = (u128::from(whole) * u128::from(spread)) >> 64;
    i64::try_from(part).expect("it is less than a number of milliseconds")
}

/// The finishing steps of SplitMix64: neighbouring seeds give unrelated numbers.
fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
