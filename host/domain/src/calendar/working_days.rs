//! Working dates: which days count, and moving by days instead of by hours.

use jiff::Timestamp;
use jiff::civil::Date;

use super::date::{self, DAY_SECONDS};
use super::local::Segment;
use super::local::boundary_instant;
use super::spans::{Direction, MICROS, Spans};
use super::{Calendar, CalendarError, DaysMeaning, Landing, Options};

/// The time of day a move by working days ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// The time of day of the start, as the calendar's `days` option says.
    SameTime,
    /// The last closing of the day. (GLPI "end of working day")
    EndOfDay,
}

impl Calendar {
    /// Whether a date has hours and is not a holiday; breaks do not matter.
    pub fn is_working_day(&self, date: Date) -> bool {
        self.works_on(date::day_number(date))
    }

    /// Whether an instant lies on a holiday, from local midnight to local midnight.
    pub fn is_holiday(&self, at: Timestamp) -> bool {
        self.rules.holidays.covers(self.local_day(at)) || self.also.iter().any(|c| c.is_holiday(at))
    }

    /// The title of the holiday an instant lies on.
    pub fn holiday_title(&self, at: Timestamp) -> Option<&str> {
        let own = self.rules.holidays.title(self.local_day(at));
        own.or_else(|| self.also.iter().find_map(|calendar| calendar.holiday_title(at)))
    }

    /// Whether an instant lies in a break, whether or not the calendar would be open. (biz: `[start, end)`)
    pub fn is_break(&self, at: Timestamp) -> bool {
        let (day, second, _) = self.wall(at);
        let within = |hours: &super::hours::Hours| hours.open <= second && second < hours.close;
        self.rules.breaks.get(&day).is_some_and(|breaks| breaks.iter().any(within))
            || self.also.iter().any(|calendar| calendar.is_break(at))
    }

    /// The local date of an instant in the calendar's zone.
    pub fn local_date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// Moves `days` working days on, by the calendar's meaning of days.
    ///
    /// # Errors
    /// [`CalendarError`] when there are not that many within the days searched.
    pub fn add_days(&self, start: Timestamp, days: u32, clock: Clock) -> Result<Timestamp, CalendarError> {
        self.move_days(start, days, clock, Direction::Forward)
    }

    /// Moves `days` working days back.
    ///
    /// # Errors
    /// As [`Calendar::add_days`].
    pub fn subtract_days(&self, start: Timestamp, days: u32, clock: Clock) -> Result<Timestamp, CalendarError> {
        self.move_days(start, days, clock, Direction::Backward)
    }

    fn move_days(
        &self,
        start: Timestamp,
        days: u32,
        clock: Clock,
        direction: Direction,
    ) -> Result<Timestamp, CalendarError> {
        if clock == Clock::EndOfDay {
            return self.move_to_end_of_day(start, days, direction);
        }
        match self.rules.options.days {
            DaysMeaning::WorkingHours24 => {
                let seconds = i64::from(days) * DAY_SECONDS;
                match direction {
                    Direction::Forward => self.add(start, seconds),
                    Direction::Backward => self.subtract(start, seconds),
                }
            }
            DaysMeaning::DatesThenOpen => self.move_dates_then_open(start, days, direction),
            DaysMeaning::DatesUntilClosing => self.move_dates_until_closing(start, days, direction),
        }
    }

    /// biz: the working dates after the start's own, the same clock time, then an open instant.
    fn move_dates_then_open(
        &self,
        start: Timestamp,
        days: u32,
        direction: Direction,
    ) -> Result<Timestamp, CalendarError> {
        let (day, second, micros) = self.wall(start);
        let moved = if days == 0 {
            start
        } else {
            let day = self.nth_working_day(day, days, direction)?;
            self.on_wall(day, second, micros)?
        };
        match direction {
            Direction::Backward => self.previous_close(moved),
            Direction::Forward if self.rules.options.landing == Landing::Earliest => {
                let at = moved.as_microsecond();
                let closing = self.spans_before(at).next().is_some_and(|s| s.close * MICROS == at);
                if closing { Ok(moved) } else { self.next_open(moved) }
            }
            Direction::Forward => self.next_open(moved),
        }
    }

    /// GLPI: a start on a free day begins at the next first opening; then working dates at the same clock time, moved
    /// back to the day's last closing when later. A time before the opening stays.
    fn move_dates_until_closing(
        &self,
        start: Timestamp,
        days: u32,
        direction: Direction,
    ) -> Result<Timestamp, CalendarError> {
        let (mut day, mut second, mut micros) = self.wall(start);
        if !self.works_on(day) {
            day = self.nth_working_day(day, 1, direction)?;
            (second, micros) = (self.hours_of(day).first().map_or(0, |hours| hours.open), 0);
        }
        if days > 0 {
            day = self.nth_working_day(day, days, direction)?;
        }
        let last = self.hours_of(day).last().map_or(DAY_SECONDS, |hours| hours.close);
        if second >= last {
            (second, micros) = (last, 0);
        }
        self.on_wall(day, second, micros)
    }

    fn move_to_end_of_day(
        &self,
        start: Timestamp,
        days: u32,
        direction: Direction,
    ) -> Result<Timestamp, CalendarError> {
        let (mut day, _, _) = self.wall(start);
        if !self.works_on(day) {
            day = self.nth_working_day(day, 1, direction)?;
        }
        if days > 0 {
            day = self.nth_working_day(day, days, direction)?;
        }
        let last = self.hours_of(day).last().map_or(DAY_SECONDS, |hours| hours.close);
        self.on_wall(day, last, 0)
    }

    /// The n-th working day after (or before) a day; `n` is at least 1.
    fn nth_working_day(&self, day: i64, n: u32, direction: Direction) -> Result<i64, CalendarError> {
        let step = if direction == Direction::Forward { 1 } else { -1 };
        let mut left = n;
        for away in 1..=i64::from(Options::SEARCH_DAYS_MAX) {
            let candidate = day + step * away;
            if self.works_on(candidate) {
                left -= 1;
                if left == 0 {
                    return Ok(candidate);
                }
            }
        }
        let days = Options::SEARCH_DAYS_MAX;
        Err(if left < n { CalendarError::TooFar { days } } else { CalendarError::NeverOpen { days } })
    }

    fn works_on(&self, day: i64) -> bool {
        let listed = !self.hours_of(day).is_empty() && !self.rules.holidays.covers(day);
        listed && (self.also.is_empty() || self.opens_on(day))
    }

    /// The hours of a day before breaks and holidays.
    fn hours_of(&self, day: i64) -> &[super::hours::Hours] {
        let rules = &*self.rules;
        rules.shifts.get(&day).unwrap_or(&rules.week[date::weekday_index(day)])
    }

    fn opens_on(&self, day: i64) -> bool {
        let midnight = day * DAY_SECONDS - Segment::at(&self.zone, day * DAY_SECONDS).offset;
        Spans::new(self, midnight - DAY_SECONDS, Direction::Forward)
            .take_while(|span| span.day <= day)
            .any(|span| span.day == day)
    }

    /// Local day, second of the day, and the microseconds below the second.
    fn wall(&self, at: Timestamp) -> (i64, i64, i64) {
        let micros = at.as_microsecond();
        let wall = micros.div_euclid(MICROS) + i64::from(self.zone.to_offset(at).seconds());
        (wall.div_euclid(DAY_SECONDS), wall.rem_euclid(DAY_SECONDS), micros.rem_euclid(MICROS))
    }

    fn on_wall(&self, day: i64, second: i64, micros: i64) -> Result<Timestamp, CalendarError> {
        let wall = day * DAY_SECONDS + second;
        let mut segment = Segment::at(&self.zone, wall);
        let instant = boundary_instant(self, &mut segment, wall);
        super::arithmetic::instant(instant * MICROS + micros)
    }
}
