//! Working time around pauses. Nested and overlapping pauses count once (SLM-04).

use super::{BusinessTime, CalendarUse, DueAtPause, Fault, Micros};

/// Adds, where no calendar means that every minute counts.
pub(crate) fn add(
    time: &dyn BusinessTime,
    calendar: &CalendarUse,
    start: Micros,
    amount: Micros,
) -> Result<Micros, Fault> {
    match calendar.key {
        Some(_) => time.add(calendar, start, amount),
        None => start.checked_add(amount).ok_or_else(|| Fault("the due time is out of range".to_owned())),
    }
}

pub(crate) fn between(
    time: &dyn BusinessTime,
    calendar: &CalendarUse,
    from: Micros,
    to: Micros,
) -> Result<Micros, Fault> {
    match calendar.key {
        _ if to <= from => Ok(0),
        Some(_) => time.between(calendar, from, to),
        None => Ok(to - from),
    }
}

/// Pauses in order, joined where they touch or overlap, empty ones left out.
pub fn merge_pauses(pauses: &[(Micros, Micros)]) -> Vec<(Micros, Micros)> {
    let mut sorted: Vec<_> = pauses.iter().copied().filter(|(from, until)| from < until).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(Micros, Micros)> = Vec::with_capacity(sorted.len());
    for (from, until) in sorted {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// Working time between two instants without the paused part of it. Pauses must be merged.
///
/// # Errors
/// When the calendar cannot count.
pub fn working_between(
    time: &dyn BusinessTime,
    calendar: &CalendarUse,
    from: Micros,
    to: Micros,
    pauses: &[(Micros, Micros)],
) -> Result<Micros, Fault> {
    let mut worked = between(time, calendar, from, to)?;
    for (begin, end) in pauses {
        worked -= between(time, calendar, (*begin).max(from), (*end).min(to))?;
    }
    Ok(worked)
}

/// The instant at which `amount` of working time has passed, paused time being closed time. Pauses must be merged.
///
/// # Errors
/// When the calendar cannot count.
pub fn due_after(
    time: &dyn BusinessTime,
    calendar: &CalendarUse,
    start: Micros,
    amount: Micros,
    pauses: &[(Micros, Micros)],
    at_pause: DueAtPause,
) -> Result<Micros, Fault> {
    let (mut from, mut left) = (start, amount);
    for (begin, end) in pauses.iter().filter(|(_, end)| *end > start) {
        let worked = between(time, calendar, from, *begin)?;
        let used_up = match at_pause {
            DueAtPause::Begin => left <= worked,
            DueAtPause::End => left < worked,
        };
        let within = used_up || (left == worked && add(time, calendar, from, left)? < *begin);
        if within {
            break;
        }
        left -= worked;
        from = *end;
    }
    add(time, calendar, from, left)
}
