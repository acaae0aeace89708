//! The open spans of a calendar in order, forwards and backwards: the only place that turns hours into instants.
//!
//! Steps over days, not minutes, and asks the zone only at a change of its offset, so a year costs microseconds.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::date::{DAY_SECONDS, weekday_index};
use super::hours::{self, Hours};
use super::local::{Segment, boundary_instant};
use super::{Calendar, Dst, Options};

pub(crate) const MICROS: i64 = 1_000_000;

/// An open window: half-open, so the closing instant belongs to the time after it. (biz `[start, end)`)
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Window {
    /// The first working instant.
    pub open: Timestamp,
    /// The first instant that no longer counts.
    pub close: Timestamp,
}

/// A window in whole seconds since the epoch, and the local day its hours belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) open: i64,
    pub(crate) close: i64,
    pub(crate) day: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// Every span that ends after (forward) or begins before (backward) an instant, until the written limit of days.
pub(crate) struct Spans<'a> {
    calendar: &'a Calendar,
    direction: Direction,
    segment: Segment,
    day: i64,
    days_left: u32,
    ready: VecDeque<Span>,
    buffer: Vec<Hours>,
    /// Forward: the last close given. Backward: the last open given. Skipped hours that move later may overlap.
    edge: Option<i64>,
}

impl<'a> Spans<'a> {
    pub(crate) fn new(calendar: &'a Calendar, at_seconds: i64, direction: Direction) -> Spans<'a> {
        let segment = Segment::at(&calendar.zone, at_seconds);
        let day = (at_seconds.saturating_add(segment.offset)).div_euclid(DAY_SECONDS);
        // A boundary moved later by a gap belongs to the day before; a day more or less costs one step.
        let day = match (calendar.rules.options.dst, direction) {
            (Dst::WallClock, _) => day,
            (Dst::Boundaries, Direction::Forward) => day - 1,
            (Dst::Boundaries, Direction::Backward) => day + 1,
        };
        Spans {
            calendar,
            direction,
            segment,
            day,
            days_left: Options::SEARCH_DAYS_MAX,
            ready: VecDeque::new(),
            buffer: Vec::new(),
            edge: None,
        }
    }

    /// Removes the limit of days: only for a walk that ends by itself.
    pub(crate) fn unlimited(mut self) -> Spans<'a> {
        self.days_left = u32::MAX;
        self
    }

    fn fill_wall_clock(&mut self) {
        let midnight = self.day * DAY_SECONDS - self.segment.offset;
        for window in &self.buffer {
            let open = (midnight + window.open).max(self.segment.from);
            let close = (midnight + window.close).min(self.segment.until);
            if open < close {
                self.ready.push_back(Span { open, close, day: self.day });
            }
        }
        match self.direction {
            Direction::Forward if midnight + DAY_SECONDS >= self.segment.until => {
                let next = self.segment.until;
                self.segment = Segment::at(&self.calendar.zone, next);
                self.day = (next + self.segment.offset).div_euclid(DAY_SECONDS);
            }
            Direction::Forward => self.day += 1,
            Direction::Backward if midnight <= self.segment.from => {
                let before = self.segment.from - 1;
                self.segment = Segment::at(&self.calendar.zone, before);
                self.day = (before + self.segment.offset).div_euclid(DAY_SECONDS);
            }
            Direction::Backward => self.day -= 1,
        }
    }

    fn fill_boundaries(&mut self) {
        let calendar = self.calendar;
        for window in &self.buffer {
            let wall = |second: i64| self.day * DAY_SECONDS + second;
            let open = boundary_instant(calendar, &mut self.segment, wall(window.open));
            let close = boundary_instant(calendar, &mut self.segment, wall(window.close));
            if open < close {
                self.ready.push_back(Span { open, close, day: self.day });
            }
        }
        self.day += if self.direction == Direction::Forward { 1 } else { -1 };
    }
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let found = match self.direction {
                Direction::Forward => self.ready.pop_front(),
                Direction::Backward => self.ready.pop_back(),
            };
            if let Some(mut span) = found {
                match (self.direction, self.edge) {
                    (Direction::Forward, Some(edge)) => span.open = span.open.max(edge),
                    (Direction::Backward, Some(edge)) => span.close = span.close.min(edge),
                    (_, None) => {}
                }
                if span.open >= span.close {
                    continue;
                }
                self.edge = Some(match self.direction {
                    Direction::Forward => span.close,
                    Direction::Backward => span.open,
                });
                return Some(span);
            }
            if self.days_left == 0 || self.day.abs() > LAST_DAY {
                return None;
            }
            self.days_left -= 1;
            self.calendar.hours_on(self.day, &mut self.buffer);
            match self.calendar.rules.options.dst {
                Dst::WallClock => self.fill_wall_clock(),
                Dst::Boundaries => self.fill_boundaries(),
            }
            if !self.calendar.also.is_empty() {
                self.ready = self.calendar.narrow(&self.ready);
            }
        }
    }
}

/// Days around the epoch that instants can express: a little less than the years -9999 to 9999.
const LAST_DAY: i64 = 2_932_000;

impl Calendar {
    /// The hours of a local day after shifts, breaks and holidays.
    pub(crate) fn hours_on(&self, day: i64, into: &mut Vec<Hours>) {
        into.clear();
        let rules = &*self.rules;
        let weekly = &rules.week[weekday_index(day)];
        if rules.plain {
            into.extend_from_slice(weekly);
            return;
        }
        // A shift replaces the weekly hours on its date; a break cuts both; a holiday cuts everything. (biz)
        let hours = rules.shifts.get(&day).unwrap_or(weekly);
        if hours.is_empty() || rules.holidays.covers(day) {
            return;
        }
        match rules.breaks.get(&day) {
            Some(breaks) => hours::cut(hours, breaks, into),
            None => into.extend_from_slice(hours),
        }
    }

    pub(crate) fn spans_after(&self, at_micros: i64) -> impl Iterator<Item = Span> + '_ {
        let spans = Spans::new(self, at_micros.div_euclid(MICROS), Direction::Forward);
        spans.skip_while(move |span| span.close * MICROS <= at_micros)
    }

    pub(crate) fn spans_before(&self, at_micros: i64) -> impl Iterator<Item = Span> + '_ {
        let spans = Spans::new(self, at_micros.div_euclid(MICROS), Direction::Backward);
        spans.skip_while(move |span| span.open * MICROS >= at_micros)
    }

    /// The span an instant lies in.
    pub(crate) fn window_at(&self, at_micros: i64) -> Option<Span> {
        let second = at_micros.div_euclid(MICROS);
        let mut spans = Spans::new(self, second, Direction::Forward);
        // Three days reach past any shift of a boundary.
        spans.days_left = 3;
        spans.take_while(|span| span.open <= second).find(|span| second < span.close)
    }

    /// The open windows from an instant on, the first one cut at it, at most 200 years far.
    pub fn windows(&self, from: Timestamp) -> Windows<'_> {
        let from = from.as_microsecond();
        Windows { spans: Spans::new(self, from.div_euclid(MICROS), Direction::Forward), from, held: None }
    }

    fn narrow(&self, spans: &VecDeque<Span>) -> VecDeque<Span> {
        let mut kept: Vec<Span> = spans.iter().copied().collect();
        for other in &self.also {
            let mut both = Vec::new();
            for span in &kept {
                let common = Spans::new(other, span.open, Direction::Forward)
                    .unlimited_until(span.close)
                    .map(|found| Span {
                        open: found.open.max(span.open),
                        close: found.close.min(span.close),
                        day: span.day,
                    })
                    .filter(|common| common.open < common.close);
                both.extend(common);
            }
            kept = both;
        }
        kept.into()
    }
}

impl<'a> Spans<'a> {
    /// Spans that begin before an instant, looking no further than the days up to it.
    fn unlimited_until(mut self, until: i64) -> impl Iterator<Item = Span> + 'a {
        let now = self.day * DAY_SECONDS;
        let days = (until - now).div_euclid(DAY_SECONDS) + 4;
        self.days_left = u32::try_from(days.max(1)).unwrap_or(u32::MAX);
        self.take_while(move |span| span.open < until)
    }
}

/// Iterator of [`Calendar::windows`].
pub struct Windows<'a> {
    spans: Spans<'a>,
    from: i64,
    held: Option<Span>,
}

impl std::fmt::Debug for Windows<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Windows").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Iterator for Windows<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        loop {
            let mut span = self.held.take().or_else(|| self.spans.next())?;
            // A change of the clocks cuts a window in two for the arithmetic; people see one.
            for next in self.spans.by_ref() {
                if next.open == span.close && next.day == span.day {
                    span.close = next.close;
                } else {
                    self.held = Some(next);
                    break;
                }
            }
            if span.close * MICROS <= self.from {
                continue;
            }
            let open = Timestamp::from_microsecond((span.open * MICROS).max(self.from)).ok()?;
            let close = Timestamp::from_microsecond(span.close * MICROS).ok()?;
            return Some(Window { open, close });
        }
    }
}
