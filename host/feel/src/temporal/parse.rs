//! The texts of dates, times and durations, as XML Schema writes them, with a zone by name as FEEL adds it.

use super::{Date, DaysTime, NANOSECONDS_PER_SECOND, Offset, Time, YearsMonths};

/// Digits of a second that are kept; more are read and cut off.
const FRACTION_DIGITS: usize = 9;
const DIGITS_MAX: usize = 18;

/// A time, and whether it was written as 24:00:00.
pub(super) struct ReadTime {
    pub(super) time: Time,
    pub(super) is_end_of_day: bool,
}

/// Reads from the front of a text.
pub(super) struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn literal(&mut self, character: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn digits(&mut self) -> &'a str {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    fn two_digits(&mut self) -> Option<i64> {
        let digits = self.digits();
        if digits.len() == 2 { digits.parse().ok() } else { None }
    }

    /// A year has four digits, or more without a leading zero.
    pub(super) fn date(&mut self) -> Option<Date> {
        let negative = self.literal('-').is_some();
        let digits = self.digits();
        if !(4..=9).contains(&digits.len()) || digits.len() > 4 && digits.starts_with('0') {
            return None;
        }
        let year = digits.parse::<i64>().ok()?;
        self.literal('-')?;
        let month = self.two_digits()?;
        self.literal('-')?;
        let day = self.two_digits()?;
        Date::new(if negative { -year } else { year }, month, day)
    }

    pub(super) fn time(&mut self) -> Option<ReadTime> {
        let hour = self.two_digits()?;
        self.literal(':')?;
        let minute = self.two_digits()?;
        self.literal(':')?;
        let second = self.two_digits()?;
        let mut nanosecond = 0;
        if self.literal('.').is_some() {
            let digits = self.digits();
            if digits.is_empty() {
                return None;
            }
            let kept = &digits[..digits.len().min(FRACTION_DIGITS)];
            nanosecond = format!("{kept:0<FRACTION_DIGITS$}").parse().ok()?;
        }
        let offset = self.offset()?;
        let is_end_of_day = (hour, minute, second, nanosecond) == (24, 0, 0, 0);
        let hour = if is_end_of_day { 0 } else { hour };
        Some(ReadTime { time: Time::new(hour, minute, second, nanosecond, offset)?, is_end_of_day })
    }

    fn offset(&mut self) -> Option<Offset> {
        if self.is_at_end() {
            return Some(Offset::Local);
        }
        if self.literal('Z').is_some() {
            return Some(Offset::Fixed(0));
        }
        if self.literal('@').is_some() {
            let name = std::mem::take(&mut self.rest);
            return Offset::zone(name);
        }
        let negative = self.literal('-').is_some();
        if !negative {
            self.literal('+')?;
        }
        let hours = self.two_digits()?;
        self.literal(':')?;
        let minutes = self.two_digits()?;
        let seconds = if self.literal(':').is_some() { self.two_digits()? } else { 0 };
        if minutes > 59 || seconds > 59 {
            return None;
        }
        let total = hours * 3600 + minutes * 60 + seconds;
        Offset::fixed(if negative { -total } else { total })
    }

    /// A number and its unit: `12H`. A fraction is only for seconds.
    fn part(&mut self) -> Option<(i64, i64, char)> {
        let digits = self.digits();
        if digits.is_empty() || digits.len() > DIGITS_MAX {
            return None;
        }
        let mut nanoseconds = 0;
        let mut has_point = false;
        if self.literal('.').is_some() {
            has_point = true;
            let fraction = self.digits();
            let kept = &fraction[..fraction.len().min(FRACTION_DIGITS)];
            nanoseconds = format!("{kept:0<FRACTION_DIGITS$}").parse().ok()?;
        }
        let unit = self.rest.chars().next()?;
        self.literal(unit)?;
        (!has_point || unit == 'S').then_some((digits.parse().ok()?, nanoseconds, unit))
    }
}

/// `P1DT2H3M4.5S`: units in order, each at most once, at least one, and one behind the T if there is a T.
pub(super) fn days_time(text: &str) -> Option<DaysTime> {
    let mut reader = Reader::new(text);
    let negative = reader.literal('-').is_some();
    reader.literal('P')?;
    let mut total = 0_i128;
    let mut last = 0;
    let mut in_time = false;
    while !reader.is_at_end() {
        if !in_time && reader.literal('T').is_some() {
            in_time = true;
            if reader.is_at_end() {
                return None;
            }
        }
        let (amount, nanoseconds, unit) = reader.part()?;
        let (order, seconds) = match (unit, in_time) {
            ('D', false) => (1, 86_400),
            ('H', true) => (2, 3600),
            ('M', true) => (3, 60),
            ('S', true) => (4, 1),
            _ => return None,
        };
        if order <= last {
            return None;
        }
        last = order;
        total += i128::from(amount) * seconds * NANOSECONDS_PER_SECOND + i128::from(nanoseconds);
    }
    if last == 0 {
        return None;
    }
    DaysTime::from_nanoseconds(if negative { -total } else { total })
}

/// `P1Y2M`.
pub(super) fn years_months(text: &str) -> Option<YearsMonths> {
    let mut reader = Reader::new(text);
    let negative = reader.literal('-').is_some();
    reader.literal('P')?;
    let mut total = 0_i64;
    let mut last = 0;
    while !reader.is_at_end() {
        let (amount, _, unit) = reader.part()?;
        let (order, months) = match unit {
            'Y' => (1, 12),
            'M' => (2, 1),
            _ => return None,
        };
        if order <= last {
            return None;
        }
        last = order;
        total = total.checked_add(amount.checked_mul(months)?)?;
    }
    (last > 0).then(|| YearsMonths::new(if negative { -total } else { total }))
}
