//! Two calendars at once: a service desk's hours and a supplier's.

use std::sync::Arc;

use super::definition::Rules;
use super::holiday::Holidays;
use super::hours;
use super::{Calendar, CalendarError, Intersection};

impl Calendar {
    /// The calendar open when both are, in this calendar's zone and with its options.
    ///
    /// # Errors
    /// [`CalendarError::NeverOpenTogether`] when they have no common opening.
    pub fn intersect(&self, other: &Calendar) -> Result<Calendar, CalendarError> {
        let both = match self.rules.options.intersection {
            Intersection::WallClock => self.intersect_wall_clock(other),
            Intersection::Instants => {
                let mut both = self.clone();
                both.also.push(other.clone());
                both
            }
        };
        let opens = match self.rules.options.intersection {
            Intersection::WallClock => both.opens_some_day(),
            Intersection::Instants => both.spans_after(0).next().is_some(),
        };
        if opens { Ok(both) } else { Err(CalendarError::NeverOpenTogether) }
    }

    /// biz `&`: weekly hours as written, both read in the first zone; breaks and holidays of both; no shifts.
    fn intersect_wall_clock(&self, other: &Calendar) -> Calendar {
        let (mine, theirs) = (&*self.rules, &*other.rules);
        let mut breaks = mine.breaks.clone();
        for (day, more) in &theirs.breaks {
            let all: &mut Vec<_> = breaks.entry(*day).or_default();
            all.extend_from_slice(more);
            *all = hours::join(std::mem::take(all));
        }
        let mut holidays = mine.holidays.list();
        holidays.extend(theirs.holidays.list());
        let rules = Rules {
            key: format!("{}+{}", mine.key, theirs.key),
            title: format!("{} and {}", mine.title, theirs.title),
            week: std::array::from_fn(|day| hours::common(&mine.week[day], &theirs.week[day])),
            breaks,
            shifts: Default::default(),
            holidays: Holidays::new(holidays),
            options: mine.options.clone(),
            plain: false,
        };
        Calendar { rules: Arc::new(rules), zone: self.zone.clone(), also: Vec::new() }
    }
}
