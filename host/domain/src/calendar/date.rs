//! Civil dates as day numbers: day 0 is 1970-01-01. The inner loops of business time step over days, and adding one to
//! an integer is what makes years cheap.

use jiff::civil::Date;

pub(crate) const DAY_SECONDS: i64 = 86_400;

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
pub(crate) fn day_number(date: Date) -> i64 {
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    // The year is counted from March, so that the leap day is its last: Howard Hinnant, "chrono-compatible low-level
    // date algorithms".
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number.
pub(crate) fn year_month_day(day: i64) -> (i64, i8, i8) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as i8, day_of_month as i8)
}

/// The date of a day number, if it is within the years that can be written.
pub(crate) fn date(day: i64) -> Option<Date> {
    let (year, month, day) = year_month_day(day);
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

/// Monday is 0.
pub(crate) fn weekday_index(day: i64) -> usize {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_agree_with_the_civil_calendar() {
        let mut civil = jiff::civil::date(1895, 12, 30);
        let first = day_number(civil);

        for day in first..first + 100_000 {
            assert_eq!(date(day), Some(civil));
            assert_eq!(day_number(civil), day);
            assert_eq!(weekday_index(day), civil.weekday().to_monday_zero_offset() as usize);
            civil = civil.tomorrow().expect("before the year 9999");
        }
    }
}
