//! The calendars of the host as the service level logic asks for them.

use std::collections::BTreeMap;

use domain::calendar::{Calendar, Clock, read_zone};
use jiff::Timestamp;
use service_level_timeline::{BusinessTime, CalendarUse, DayClock, Fault, Micros};

/// Calendars by key.
pub(super) struct Host(pub(super) BTreeMap<String, Calendar>);

impl Host {
    fn calendar(&self, wanted: &CalendarUse) -> Result<Calendar, Fault> {
        let key = wanted.key.as_deref().unwrap_or_default();
        let calendar = self.0.get(key).ok_or_else(|| Fault(format!("there is no calendar {key}")))?;
        match &wanted.zone {
            None => Ok(calendar.clone()),
            Some(zone) => {
                let zone = read_zone(zone).map_err(|problem| Fault(problem.message))?;
                Ok(calendar.in_zone(zone))
            }
        }
    }
}

fn instant(at: Micros) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(at).map_err(|error| Fault(error.to_string()))
}

impl BusinessTime for Host {
    fn add(&self, calendar: &CalendarUse, start: Micros, amount: Micros) -> Result<Micros, Fault> {
        let due = self.calendar(calendar)?.add_micros(instant(start)?, amount);
        due.map(Timestamp::as_microsecond).map_err(|error| Fault(error.to_string()))
    }

    fn between(&self, calendar: &CalendarUse, from: Micros, to: Micros) -> Result<Micros, Fault> {
        Ok(self.calendar(calendar)?.between_micros(instant(from)?, instant(to)?))
    }

    fn add_days(&self, calendar: &CalendarUse, start: Micros, days: u32, clock: DayClock) -> Result<Micros, Fault> {
        let clock = match clock {
            DayClock::SameTime => Clock::SameTime,
            DayClock::EndOfDay => Clock::EndOfDay,
        };
        let due = self.calendar(calendar)?.add_days(instant(start)?, days, clock);
        due.map(Timestamp::as_microsecond).map_err(|error| Fault(error.to_string()))
    }
}
