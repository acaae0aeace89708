//! Cron expressions in the zone of an instance: what `domain` knows about them, as the engine asks it.

use domain::schedule::{CronExpr, Schedule};
use jiff::{Timestamp, tz::TimeZone};

#[derive(Debug)]
pub(super) struct Cron(CronExpr);

impl Cron {
    /// Five fields as in crontab (weekdays 0 to 7), or six or seven with seconds first (and a year last).
    pub fn parse(text: &str) -> Result<Self, String> {
        CronExpr::parse(text).map(Self).map_err(|problem| {
            format!(
                "`{text}` is neither a cycle such as R/PT1H nor a cron expression such as `0 9 * * MON-FRI`: {}",
                problem.message
            )
        })
    }

    /// The first run after a moment; none when there is none for years.
    pub fn after(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        Schedule::in_zone(self.0.clone(), zone.clone()).after(moment)
    }
}
