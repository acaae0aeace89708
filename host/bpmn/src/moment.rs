//! Durations, dates and cycles as texts of a model: whether they can be read, not what they mean. The engine gives them meaning.

/// Why a text is not a moment.
pub(crate) type Reason = String;
/// Whether a text has a form.
pub(crate) type Check = fn(&str) -> Result<(), Reason>;

/// An ISO 8601 duration such as `P3D`, `PT4H30M` or `P1W`.
pub(crate) fn check_duration(text: &str) -> Result<(), Reason> {
    let wrong = || format!("`{text}` is not an ISO 8601 duration; write for example PT4H, P3D or P1DT12H");
    let rest = text.strip_prefix('P').ok_or_else(wrong)?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let dates = units(date, "YMWD").ok_or_else(wrong)?;
    let times = match time {
        Some(time) => units(time, "HMS").filter(|count| *count > 0).ok_or_else(wrong)?,
        None => 0,
    };
    if dates + times == 0 { Err(wrong()) } else { Ok(()) }
}

/// How many units stand in a part of a duration; each at most once and in order.
fn units(part: &str, order: &str) -> Option<usize> {
    const DIGITS_MAX: usize = 9;
    let mut rest = part;
    let mut allowed = order;
    let mut count = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit = rest[end..].chars().next()?;
        let (whole, fraction) = rest[..end].split_once('.').map_or((&rest[..end], None), |(w, f)| (w, Some(f)));
        let fits = |digits: &str| !digits.is_empty() && digits.len() <= DIGITS_MAX && !digits.contains('.');
        if !fits(whole) || fraction.is_some_and(|fraction| unit != 'S' || !fits(fraction)) {
            return None;
        }
        allowed = &allowed[allowed.find(unit)? + 1..];
        rest = &rest[end + unit.len_utf8()..];
        count += 1;
    }
    Some(count)
}

/// RFC 3339, with the zone in brackets or without.
pub(crate) fn check_date(text: &str) -> Result<(), Reason> {
    let wrong = || {
        format!(
            "`{text}` is not a date and time with an offset; write for example 2026-03-01T09:00:00+01:00 or \
             2026-03-01T09:00:00+01:00[Europe/Berlin]"
        )
    };
    // Pieces are read without a look at the time zone database, which a pure crate must not open.
    let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| wrong())?;
    if pieces.time().is_none() || pieces.offset().is_none() { Err(wrong()) } else { Ok(()) }
}

/// `R[n]/[start/]duration`, or a cron expression of five to seven fields.
pub(crate) fn check_cycle(text: &str) -> Result<(), Reason> {
    if let Some(rest) = text.strip_prefix('R') {
        let wrong =
            || format!("`{text}` is not a cycle; write for example R/PT1H, R3/PT10M or R/2026-03-01T09:00:00Z/P1D");
        let (times, rest) = rest.split_once('/').ok_or_else(wrong)?;
        if !times.is_empty() && times != "-1" && times.parse::<u32>().is_err() {
            return Err(wrong());
        }
        return match rest.split_once('/') {
            Some((start, duration)) => check_date(start).and_then(|()| check_duration(duration)),
            None => check_duration(rest),
        };
    }
    domain::schedule::CronExpr::parse(text).map(|_| ()).map_err(|_| {
        format!("`{text}` is neither a cycle such as R/PT1H nor a cron expression such as `0 0 9 * * MON-FRI`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], read: fn(&str) -> Result<(), Reason>) -> Vec<String> {
        texts.iter().filter(|text| read(text).is_err()).map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn durations_are_iso_8601() {
        assert_eq!(check(&["PT4H", "P3D", "P1Y2M3W4DT5H6M7.5S", "PT0S", "P1W"], check_duration), [""; 0]);
        let wrong =
            ["", "P", "PT", "4H", "P1H", "PT1D", "P1DT", "PT5M4H", "PT1.5H", "P1D1D", "-P1D", "PT99999999999S", "pt1h"];
        assert_eq!(check(&wrong, check_duration), wrong);
    }

    #[test]
    fn dates_have_an_offset() {
        assert_eq!(check(&["2026-03-01T09:00:00Z", "2026-03-01T09:00:00+01:00[Europe/Berlin]"], check_date), [""; 0]);
        let wrong = ["2026-03-01", "2026-03-01T09:00:00", "2026-02-30T09:00:00Z", "tomorrow"];
        assert_eq!(check(&wrong, check_date), wrong);
    }

    #[test]
    fn cycles_repeat_or_are_cron() {
        let right =
            ["R/PT1H", "R3/PT10S", "R-1/P1D", "R/2026-03-01T09:00:00Z/P1D", "0 9 * * MON-FRI", "0 0 9 * * *", "@daily"];
        assert_eq!(check(&right, check_cycle), [""; 0]);
        let wrong = ["R", "Rx/PT1H", "R3", "R3/", "PT1H", "every day", "R3/2026/PT1H"];
        assert_eq!(check(&wrong, check_cycle), wrong);
    }
}
