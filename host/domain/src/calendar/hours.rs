//! Hours of a day: sorted, separate, half-open windows on the wall clock, in seconds of the day.

use super::date::DAY_SECONDS;

/// `[open, close)` on the wall clock; `close` may be 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hours {
    pub(crate) open: i64,
    pub(crate) close: i64,
}

impl Hours {
    pub(crate) const WHOLE_DAY: Hours = Hours { open: 0, close: DAY_SECONDS };
}

/// Sorts and joins windows that touch or overlap.
pub(crate) fn join(mut windows: Vec<Hours>) -> Vec<Hours> {
    windows.sort_unstable();
    let mut joined: Vec<Hours> = Vec::with_capacity(windows.len());
    for window in windows {
        match joined.last_mut() {
            Some(last) if window.open <= last.close => last.close = last.close.max(window.close),
            _ => joined.push(window),
        }
    }
    joined
}

/// What is left of `windows` without `cuts`; both sorted and separate.
pub(crate) fn cut(windows: &[Hours], cuts: &[Hours], left: &mut Vec<Hours>) {
    left.clear();
    for window in windows {
        let mut open = window.open;
        for cut in cuts.iter().filter(|cut| cut.close > window.open && cut.open < window.close) {
            if cut.open > open {
                left.push(Hours { open, close: cut.open });
            }
            open = open.max(cut.close);
        }
        if open < window.close {
            left.push(Hours { open, close: window.close });
        }
    }
}

/// The time in both; both sorted and separate.
pub(crate) fn common(first: &[Hours], second: &[Hours]) -> Vec<Hours> {
    let mut both = Vec::new();
    for a in first {
        for b in second {
            let window = Hours { open: a.open.max(b.open), close: a.close.min(b.close) };
            if window.open < window.close {
                both.push(window);
            }
        }
    }
    both
}

/// Reads `HH:MM` or `HH:MM:SS`, up to 24:00, as seconds of the day.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut number = |digits_max: usize| -> Option<i64> {
        let part = parts.next()?;
        let fits = (1..=digits_max).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if fits { part.parse().ok() } else { None }
    };
    let (hour, minute) = (number(2)?, number(2)?);
    let second = if text.matches(':').count() == 2 { number(2)? } else { 0 };
    let seconds = hour * 3600 + minute * 60 + second;
    let valid = minute < 60 && second < 60 && seconds <= DAY_SECONDS && parts.next().is_none();
    valid.then_some(seconds)
}
