//! Adding, subtracting and measuring working time.

use jiff::Timestamp;

use super::date::{DAY_SECONDS, day_number};
use super::spans::{Direction, MICROS, Span, Spans};
use super::{Calendar, CalendarError, Landing, Options};

impl Calendar {
    /// The instant by which `seconds` of working time have passed since `start`; negative counts backwards.
    ///
    /// # Errors
    /// [`CalendarError`] when the calendar does not open (long enough) within the days searched.
    pub fn add(&self, start: Timestamp, seconds: i64) -> Result<Timestamp, CalendarError> {
        let micros = seconds.checked_mul(MICROS).ok_or(CalendarError::OutOfRange)?;
        if micros < 0 { self.subtract_micros(start, -micros) } else { self.add_micros(start, micros) }
    }

    /// The instant from which `seconds` of working time lead to `start`.
    ///
    /// # Errors
    /// As [`Calendar::add`].
    pub fn subtract(&self, start: Timestamp, seconds: i64) -> Result<Timestamp, CalendarError> {
        let micros = seconds.checked_mul(MICROS).ok_or(CalendarError::OutOfRange)?;
        if micros < 0 { self.add_micros(start, -micros) } else { self.subtract_micros(start, micros) }
    }

    /// The whole seconds of working time between two instants; 0 when `to` is not after `from`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.between_micros(from, to) / MICROS
    }

    /// The exact working time between two instants in microseconds.
    pub fn between_micros(&self, from: Timestamp, to: Timestamp) -> i64 {
        let (from, to) = (from.as_microsecond(), to.as_microsecond());
        if from >= to {
            return 0;
        }
        // The walk ends at `to`, so the limit of days is the range of instants itself.
        Spans::new(self, from.div_euclid(MICROS), Direction::Forward)
            .unlimited()
            .take_while(|span| span.open * MICROS < to)
            .map(|span| ((span.close * MICROS).min(to) - (span.open * MICROS).max(from)).max(0))
            .sum()
    }

    /// [`Calendar::add`] in microseconds; `micros` must not be negative.
    ///
    /// # Errors
    /// As [`Calendar::add`].
    pub fn add_micros(&self, start: Timestamp, micros: i64) -> Result<Timestamp, CalendarError> {
        let landing = self.rules.options.landing;
        let start_micros = start.as_microsecond();
        if micros == 0 && self.zero_stays(start_micros, landing, Direction::Forward) {
            return Ok(start);
        }
        let mut left = micros;
        let mut opened = false;
        let mut spans = self.spans_after(start_micros).peekable();
        while let Some(span) = spans.next() {
            opened = true;
            let open = (span.open * MICROS).max(start_micros);
            let length = span.close * MICROS - open;
            let lands = match landing {
                _ if left < length => true,
                Landing::Latest => false,
                Landing::Earliest | Landing::ZeroMoves => left == length,
                Landing::NextDay => left == length && spans.peek().is_some_and(|next| next.day == span.day),
            };
            if lands {
                return instant(open + left);
            }
            left -= length;
            if left < 0 {
                return Err(CalendarError::OutOfRange);
            }
        }
        Err(exhausted(opened))
    }

    /// [`Calendar::subtract`] in microseconds; `micros` must not be negative.
    ///
    /// # Errors
    /// As [`Calendar::add`].
    pub fn subtract_micros(&self, start: Timestamp, micros: i64) -> Result<Timestamp, CalendarError> {
        let landing = self.rules.options.landing_backward;
        let start_micros = start.as_microsecond();
        if micros == 0 && self.zero_stays(start_micros, landing, Direction::Backward) {
            return Ok(start);
        }
        let mut left = micros;
        let mut opened = false;
        let mut spans = self.spans_before(start_micros).peekable();
        while let Some(span) = spans.next() {
            opened = true;
            let close = (span.close * MICROS).min(start_micros);
            let length = close - span.open * MICROS;
            let lands = match landing {
                _ if left < length => true,
                Landing::Latest => false,
                Landing::Earliest | Landing::ZeroMoves => left == length,
                Landing::NextDay => left == length && spans.peek().is_some_and(|next| next.day == span.day),
            };
            if lands {
                return instant(close - left);
            }
            left -= length;
        }
        Err(exhausted(opened))
    }

    /// The instant itself when it is open, else the next opening. (ServiceNow "breach on due date" outside the schedule)
    ///
    /// # Errors
    /// [`CalendarError::NeverOpen`] when there is none within the days searched.
    pub fn next_open(&self, at: Timestamp) -> Result<Timestamp, CalendarError> {
        let micros = at.as_microsecond();
        let span = self.spans_after(micros).next().ok_or(exhausted(false))?;
        instant((span.open * MICROS).max(micros))
    }

    /// The instant itself when it ends a working moment, else the closing before it.
    ///
    /// # Errors
    /// [`CalendarError::NeverOpen`] when there is none within the days searched.
    pub fn previous_close(&self, at: Timestamp) -> Result<Timestamp, CalendarError> {
        let micros = at.as_microsecond();
        let span = self.spans_before(micros).next().ok_or(exhausted(false))?;
        instant((span.close * MICROS).min(micros))
    }

    /// Whether adding nothing leaves an instant where it is.
    fn zero_stays(&self, micros: i64, landing: Landing, direction: Direction) -> bool {
        match landing {
            Landing::Earliest => true,
            Landing::Latest | Landing::ZeroMoves => false,
            // GLPI: nothing to add at the very closing of a day stays there.
            Landing::NextDay => {
                let edge = |span: Span| match direction {
                    Direction::Forward => span.close * MICROS == micros,
                    Direction::Backward => span.open * MICROS == micros,
                };
                let (near, far) = match direction {
                    Direction::Forward => (self.spans_before(micros).next(), self.spans_after(micros).next()),
                    Direction::Backward => (self.spans_after(micros).next(), self.spans_before(micros).next()),
                };
                near.is_some_and(|near| edge(near) && far.is_none_or(|far| far.day != near.day))
            }
        }
    }

    /// Whether the calendar opens at all once its one-off exceptions are past, or because of a shift.
    pub(crate) fn opens_some_day(&self) -> bool {
        let rules = &*self.rules;
        let last_exception = [
            rules.holidays.last_once(),
            rules.breaks.keys().next_back().copied(),
            rules.shifts.keys().next_back().copied(),
        ];
        let today = day_number(jiff::civil::date(2000, 1, 1));
        let from = last_exception.into_iter().flatten().max().unwrap_or(today) + 1;
        let opens_on = |day: i64| {
            let mut hours = Vec::new();
            self.hours_on(day, &mut hours);
            !hours.is_empty()
        };
        // Every month-day meets every weekday within 28 years, leap days within 40.
        (from..from + 41 * 366).any(opens_on) || rules.shifts.keys().any(|day| opens_on(*day))
    }

    /// The local day of an instant.
    pub(crate) fn local_day(&self, at: Timestamp) -> i64 {
        let offset = i64::from(self.zone.to_offset(at).seconds());
        (at.as_microsecond().div_euclid(MICROS) + offset).div_euclid(DAY_SECONDS)
    }
}

pub(crate) fn instant(micros: i64) -> Result<Timestamp, CalendarError> {
    Timestamp::from_microsecond(micros).map_err(|_| CalendarError::OutOfRange)
}

fn exhausted(opened: bool) -> CalendarError {
    let days = Options::SEARCH_DAYS_MAX;
    if opened { CalendarError::TooFar { days } } else { CalendarError::NeverOpen { days } }
}
