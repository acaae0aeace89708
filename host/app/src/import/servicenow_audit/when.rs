//! Dates of the log: `29/2/2016 01:16`, local time of the instance.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The instant of a local time. Where clocks were put forward, a time that did not exist counts as that much later; where they
/// were put back, a time that existed twice counts as the first of the two.
///
/// # Errors
/// Why the text is no date.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let local = local(text).ok_or("not a date as `29/2/2016 01:16`: day/month/year hour:minute")?;
    let instant = zone.to_ambiguous_zoned(local).compatible();
    instant.map(|zoned| zoned.timestamp()).map_err(|_| "a date out of range".to_owned())
}

fn local(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(' ')?;
    let mut date = date.split('/').map(|part| number(part, 4));
    let (day, month, year) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.split(':').map(|part| number(part, 2));
    let (hour, minute) = (time.next()??, time.next()??);
    let second = time.next().map_or(Some(0), |part| part)?;
    let rest = date.next().is_some() || time.next().is_some();
    if rest || !(1970..=2999).contains(&year) {
        return None;
    }
    let small = |number: i16| i8::try_from(number).ok();
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()
}

fn number(text: &str, digits_max: usize) -> Option<i16> {
    let good = (1..=digits_max).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, zone: &str, expected: Option<&str>) {
        let zone = TimeZone::get(zone).expect("the zone is known");
        assert_eq!(instant(text, &zone).ok().map(|at| at.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn local_times_become_instants() {
        check("29/2/2016 01:16", "UTC", Some("2016-02-29T01:16:00Z"));
        check("01/03/2016 23:59", "America/Sao_Paulo", Some("2016-03-02T02:59:00Z"));
        check("1/3/2016 10:00:30", "UTC", Some("2016-03-01T10:00:30Z"));
        // Put forward at 02:00 to 03:00, put back at 03:00 to 02:00.
        check("27/3/2016 02:30", "Europe/Berlin", Some("2016-03-27T01:30:00Z"));
        check("30/10/2016 02:30", "Europe/Berlin", Some("2016-10-30T00:30:00Z"));
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "?",
            "2016-02-29 01:16",
            "30/2/2016 01:16",
            "2/29/2016 01:16",
            "29/2/16 01:16",
            "29/2/2016",
            "29/2/2016 24:00",
            "29/2/2016 1:16 PM",
            "29/2/2016 01:16:00:00",
            "1/1/2016/1 01:16",
            "-1/2/2016 01:16",
            "29/2/2016  01:16",
            "1/1/9999 01:16",
        ] {
            check(text, "UTC", None);
        }
    }
}
