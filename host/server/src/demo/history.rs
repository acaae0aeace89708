//! The demo's past: what the practices and departments did in the weeks before the first days that are told one by one.
//!
//! Each file writes steps; nothing here carries one out. What would come after today is left out, so that some of it is under way.

mod changes;
mod control;
mod customers;
mod departments;
mod finance;
mod incidents;
mod problems;
mod records;
mod requests;
mod security;

use super::stage::{Script, Step};
use super::time::Dice;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The last days are told by the plan of the recent incidents.
const RECENT_DAYS: i64 = 8;
/// From so many days on everything that takes weeks has room; with fewer there is only what fits.
const WHOLE_DAYS: i64 = 85;

/// Places in time by days before today.
pub(super) struct Calendar<'a> {
    midnight: Timestamp,
    pub days: i64,
    pub dice: &'a Dice,
}

impl Calendar<'_> {
    /// A day of the past at a time in Berlin's winter.
    fn at(&self, days_ago: i64, hour: i64, minute: i64) -> Timestamp {
        let minutes = (hour - 1) * 60 + minute - days_ago * 24 * 60;
        self.midnight + SignedDuration::from_mins(minutes)
    }

    /// The same day as text.
    fn date(&self, days_ago: i64) -> String {
        self.at(days_ago, 12, 0).to_string()[..10].to_owned()
    }

    fn is_weekend(&self, days_ago: i64) -> bool {
        let day = self.at(days_ago, 12, 0).to_zoned(TimeZone::UTC).weekday();
        matches!(day, Weekday::Saturday | Weekday::Sunday)
    }

    /// The last working day that is at least so long ago.
    fn workday(&self, days_ago: i64) -> i64 {
        (days_ago..days_ago + 3).find(|day| !self.is_weekend(*day)).unwrap_or(days_ago)
    }

    /// The days that history tells, oldest first.
    fn all(&self) -> impl Iterator<Item = i64> + use<> {
        (RECENT_DAYS + 1..self.days).rev()
    }
}

/// Everything up to now, of so many days.
pub(super) fn steps(now: Timestamp, days: i64, dice: &Dice) -> Vec<Step> {
    let midnight = now.to_zoned(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp());
    let calendar = Calendar { midnight, days, dice };
    let mut script = Script::default();
    if days > RECENT_DAYS {
        records::write(&calendar, &mut script);
        incidents::write(&calendar, &mut script);
        requests::write(&calendar, &mut script);
    }
    if days >= WHOLE_DAYS {
        incidents::major(&calendar, &mut script);
        problems::write(&calendar, &mut script);
        changes::write(&calendar, &mut script);
        departments::write(&calendar, &mut script);
        finance::write(&calendar, &mut script);
        customers::write(&calendar, &mut script);
        security::write(&calendar, &mut script);
        control::write(&calendar, &mut script);
    }
    script.0.retain(|step| step.at <= now);
    script.0
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
