//! Why a clock is due when it is, in one sentence.

use super::{Duration, MINUTE, Metric, Micros, Running, SECOND, TargetState};

/// An instant as people write it, in UTC: seconds only where there are some.
pub fn write_instant(at: Micros) -> String {
    let seconds = at.div_euclid(SECOND);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The year is counted from March, so that the leap day is its last: Howard Hinnant, "chrono-compatible low-level
    // date algorithms".
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fine = if second == 0 { String::new() } else { format!(":{second:02}") };
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}{fine}Z")
}

/// An amount of time in minutes, with seconds where there are some.
pub fn write_amount(amount: Micros, unit: &str) -> String {
    let (minutes, seconds) = (amount / MINUTE, amount % MINUTE / SECOND);
    let plural = if minutes == 1 { "" } else { "s" };
    match (minutes, seconds) {
        (_, 0) => format!("{minutes} {unit}minute{plural}"),
        (0, _) => format!("{seconds} {unit}seconds"),
        _ => format!("{minutes} {unit}minute{plural} {seconds} seconds"),
    }
}

/// A clock and the working part of its pauses so far.
pub(crate) struct Explained<'a> {
    pub(crate) state: &'a TargetState,
    pub(crate) paused: Micros,
}

impl Explained<'_> {
    /// `Response within 60 working minutes (calendar Office hours) from 2013-03-21T09:30Z, paused 30 working minutes: due
    /// 2013-03-21T11:00Z`
    pub(crate) fn running(&self) -> String {
        let state = self.state;
        let paused = if self.paused > 0 {
            format!(", paused {}", write_amount(self.paused, self.unit()))
        } else {
            String::new()
        };
        let since = state.pauses.last().filter(|pause| pause.until.is_none());
        let end = match (state.running, since, state.due_at) {
            (Running::Paused, Some(pause), _) => {
                format!("paused since {}, due again when it resumes", write_instant(pause.from))
            }
            (_, _, Some(due)) => format!("due {}", write_instant(due)),
            (_, _, None) => "not due".to_owned(),
        };
        format!("{}{paused}: {end}", self.promise())
    }

    pub(crate) fn finished(&self) -> String {
        let state = self.state;
        let at = state.stopped_at.map(write_instant).unwrap_or_default();
        let promise = self.promise();
        let Some(elapsed) = state.elapsed else {
            return format!("{promise}: cancelled {at}");
        };
        let took = write_amount(elapsed, self.unit());
        let verdict = if state.breached_at.is_some() { "missed" } else { "met" };
        format!("{promise}: {verdict} {at} after {took}")
    }

    fn promise(&self) -> String {
        let state = self.state;
        let metric = match state.metric {
            Metric::Response => "Response",
            Metric::Update => "Update",
            Metric::Resolution => "Resolution",
            Metric::Custom => &state.title,
        };
        let within = match &state.duration {
            Duration::WorkingMinutes(minutes) | Duration::ElapsedMinutes(minutes) => {
                format!("within {}", write_amount(minutes * MINUTE, self.unit()))
            }
            Duration::WorkingDates(1) => "within 1 working day".to_owned(),
            Duration::WorkingDates(days) => format!("within {days} working days"),
            Duration::EndOfDay(0) => "by the end of the working day".to_owned(),
            Duration::EndOfDay(1) => "by the end of the next working day".to_owned(),
            Duration::EndOfDay(days) => format!("by the end of the working day {days} days on"),
            Duration::DueAt(name) => format!("by the ticket's {name}"),
        };
        let named = state.calendar_title.as_ref().or(state.calendar.key.as_ref());
        let calendar = match (&state.duration, named, &state.calendar.zone) {
            (Duration::ElapsedMinutes(_), _, _) | (_, None, _) => String::new(),
            (_, Some(calendar), Some(zone)) => format!(" (calendar {calendar}, zone {zone})"),
            (_, Some(calendar), None) => format!(" (calendar {calendar})"),
        };
        format!("{metric} {within}{calendar} from {}", write_instant(state.started_at))
    }

    fn unit(&self) -> &'static str {
        let elapsed = matches!(self.state.duration, Duration::ElapsedMinutes(_));
        if elapsed || self.state.calendar.key.is_none() { "" } else { "working " }
    }
}
