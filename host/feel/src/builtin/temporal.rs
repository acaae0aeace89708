//! Functions of dates and times.

use super::{BuiltIn, Given, argument, fixed, number, single, text};
use crate::{Date, DateTime, Fault, Number, Offset, Time, Value, machine::Machine, number::Rounding};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("date", &[&["from"], &["year", "month", "day"]], date),
    fixed("time", &[&["from"], &["hour", "minute", "second", "offset?"]], time),
    fixed(
        "date and time",
        &[&["from"], &["date", "time"], &["year", "month", "day", "hour", "minute", "second", "offset?"]],
        date_and_time,
    ),
    fixed("years and months duration", &[&["from", "to"]], months_between),
    fixed("now", &[&[]], |machine, _| {
        let environment = machine.environment;
        Ok(Value::DateTime(DateTime::from_timestamp(environment.now(), environment.zone())))
    }),
    fixed("today", &[&[]], |machine, _| {
        let environment = machine.environment;
        Ok(Value::Date(DateTime::from_timestamp(environment.now(), environment.zone()).date()))
    }),
    fixed("day of week", &[&["date"]], |_, arguments| Ok(Value::from(day(arguments, 0)?.weekday_name()))),
    fixed("day of year", &[&["date"]], |_, arguments| Ok(Value::from(day(arguments, 0)?.day_of_year()))),
    fixed("week of year", &[&["date"]], |_, arguments| Ok(Value::from(day(arguments, 0)?.week_of_year()))),
    fixed("month of year", &[&["date"]], |_, arguments| Ok(Value::from(day(arguments, 0)?.month_name()))),
];

fn day(arguments: &[Value], place: usize) -> Result<Date, Fault> {
    match single(arguments, place) {
        Value::Date(date) => Ok(*date),
        Value::DateTime(value) => Ok(value.date()),
        other => Err(super::mismatch(other, place, "date")),
    }
}

fn unreadable(arguments: &[Value], example: &str) -> Fault {
    Fault::null(format!(
        "{} cannot be read, or does not exist; it is written as {example}",
        argument(arguments, 0).described()
    ))
}

fn date(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    if arguments.len() == 3 {
        let (year, month, day) = (whole(arguments, 0)?, whole(arguments, 1)?, whole(arguments, 2)?);
        let date = Date::new(year, month, day).map(Value::Date);
        return date.ok_or_else(|| Fault::null(format!("there is no day {day} of month {month} in the year {year}")));
    }
    match single(arguments, 0) {
        Value::String(_) => {
            Date::parse(text(arguments, 0)?).map(Value::Date).ok_or_else(|| unreadable(arguments, "2026-11-22"))
        }
        _ => Ok(Value::Date(day(arguments, 0)?)),
    }
}

/// A whole number and nothing else.
fn whole(arguments: &[Value], place: usize) -> Result<i64, Fault> {
    let value = number(arguments, place)?;
    let whole = value.is_integer().then(|| value.to_i64()).flatten();
    whole.ok_or_else(|| Fault::null(format!("argument {} is {value} and not a whole number", place + 1)))
}

fn time(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    if arguments.len() > 1 {
        return clock(arguments, 0).map(Value::Time);
    }
    match single(arguments, 0) {
        Value::String(_) => Time::parse(text(arguments, 0)?)
            .map(Value::Time)
            .ok_or_else(|| unreadable(arguments, "10:30:00, 10:30:00+02:00 or 10:30:00@Europe/Paris")),
        Value::Time(time) => Ok(Value::Time(time.clone())),
        Value::DateTime(value) => Ok(Value::Time(value.time().clone())),
        Value::Date(_) => Ok(Value::Time(Time::midnight(Offset::Fixed(0)))),
        other => Err(super::mismatch(other, 0, "time")),
    }
}

/// Hour, minute, second and offset from a place on.
fn clock(arguments: &[Value], place: usize) -> Result<Time, Fault> {
    let (hour, minute) = (whole(arguments, place)?, whole(arguments, place + 1)?);
    let second = number(arguments, place + 2)?;
    let offset = match single(arguments, place + 3) {
        Value::Null => Some(Offset::Local),
        Value::DaysTime(duration) => i64::try_from(duration.nanoseconds() / 1_000_000_000).ok().and_then(Offset::fixed),
        Value::String(zone) => Offset::zone(zone),
        _ => None,
    };
    let offset = offset.ok_or_else(|| Fault::null("the offset is not a duration of at most 18 hours"))?;
    let whole_second = second.round(0, Rounding::Floor).and_then(Number::to_i64);
    let parts = whole_second.and_then(|whole| {
        let fraction = second.subtract(Number::from(whole))?.multiply(Number::from(1_000_000_000_i64))?;
        Some((whole, fraction.to_index()?))
    });
    let time = parts.and_then(|(whole, fraction)| Time::new(hour, minute, whole, fraction, offset));
    time.ok_or_else(|| Fault::null(format!("no clock shows {hour}:{minute}:{second}")))
}

fn date_and_time(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    match arguments.len() {
        1 => match single(arguments, 0) {
            Value::String(_) => DateTime::parse(text(arguments, 0)?)
                .map(Value::DateTime)
                .ok_or_else(|| unreadable(arguments, "2026-11-22T10:30:00, with an offset or a zone behind it")),
            Value::DateTime(value) => Ok(Value::DateTime(value.clone())),
            Value::Date(date) => Ok(Value::DateTime(DateTime::new(*date, Time::midnight(Offset::Local)))),
            other => Err(super::mismatch(other, 0, "date and time")),
        },
        2 => {
            let date = day(arguments, 0)?;
            match single(arguments, 1) {
                Value::Time(time) => Ok(Value::DateTime(DateTime::new(date, time.clone()))),
                other => Err(super::mismatch(other, 1, "time")),
            }
        }
        _ => {
            let date = Date::new(whole(arguments, 0)?, whole(arguments, 1)?, whole(arguments, 2)?);
            let date = date.ok_or_else(|| Fault::null("there is no such day"))?;
            Ok(Value::DateTime(DateTime::new(date, clock(arguments, 3)?)))
        }
    }
}

fn months_between(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let at = |place: usize| match single(arguments, place) {
        Value::Date(date) => Ok(DateTime::new(*date, Time::midnight(Offset::Local))),
        Value::DateTime(value) => Ok(value.clone()),
        other => Err(super::mismatch(other, place, "date")),
    };
    Ok(Value::YearsMonths(at(0)?.months_until(&at(1)?)))
}
