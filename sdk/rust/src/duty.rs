//! Duty that goes round: whose turn it is at an instant, and who comes next. A turn ends whenever a calendar opens, for a minute of a
//! working week or for whatever it says; so hand-overs are at a time of day in a zone, whatever its clocks do.

use crate::{Fault, Host, Instant, Record};

/// How long a calendar of hand-overs is open at each of them.
const OPEN_SECONDS: u32 = 60;

/// A turn of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub from: Instant,
    pub until: Instant,
    pub person: String,
}

/// The people of a rotation in the order in which they are asked at an instant: whose turn it is, and after them those whose turn comes.
///
/// `rota` has `members` (ids, in their order), `since` (when the first has the duty), `calendar` (open for a minute at each hand-over) and
/// `zone`. A stand-in has `rota` (the id), `person`, `from`, `until`, and `instead_of` when it is not for whoever has the duty. Who left is not
/// asked.
///
/// ```
/// use weft_sdk::fake::FakeCalendar;
/// use weft_sdk::prelude::*;
/// use weft_sdk::{Record, duty, json};
///
/// let mondays = FakeCalendar::new(|at| at.weekday() == 0 && (9 * 3600..9 * 3600 + 60).contains(&at.second_of_day()));
/// let host = FakeHost::new().with_calendar("mondays", mondays).with_members("network", &["ana", "bo", "cy"]);
/// let rota = Record::new("R1", "rota", "active").with("members", json!(["ana", "bo", "cy"]));
/// let rota = rota.with("since", "2026-03-02T10:00:00Z").with("calendar", "mondays");
/// let order = |at: &str| duty::order(&host, &rota, &[], at.parse().unwrap()).unwrap();
/// assert_eq!(order("2026-03-09T08:59:00Z"), ["ana", "bo", "cy"]);
/// assert_eq!(order("2026-03-09T09:00:01Z"), ["bo", "cy", "ana"]);
/// ```
///
/// # Errors
/// The plugin may not read people or calendars, or there is no such calendar.
pub fn order(host: &impl Host, rota: &Record, stand_ins: &[Record], at: Instant) -> Result<Vec<String>, Fault> {
    let members: Vec<&str> = rota.list("members").collect();
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let passed = match (rota.text("calendar"), rota.instant("since")) {
        (Some(calendar), Some(since)) => {
            host.calendar_between(calendar, since, at, rota.text("zone"))?.div_ceil(OPEN_SECONDS)
        }
        _ => 0,
    };
    let first = passed as usize % members.len();
    let mut order: Vec<&str> = members[first..].iter().chain(&members[..first]).copied().collect();
    for stand_in in stand_ins.iter().filter(|one| one.text("rota") == Some(&rota.id)) {
        let covers = stand_in.instant("from").is_some_and(|from| from <= at)
            && stand_in.instant("until").is_some_and(|until| at < until);
        let Some(person) = stand_in.text("person").filter(|_| covers) else { continue };
        let place = match stand_in.text("instead_of") {
            Some(other) => order.iter().position(|asked| *asked == other),
            None => Some(0),
        };
        if let Some(place) = place {
            order[place] = person;
        }
    }
    let mut asked: Vec<String> = Vec::new();
    for person in order {
        let is_there = host.person(person)?.is_some_and(|person| person.active);
        if is_there && !asked.iter().any(|known| known == person) {
            asked.push(person.to_owned());
        }
    }
    Ok(asked)
}

/// The turns from now on, at most `turns_max` of them; a stand-in makes a turn of its own.
///
/// # Errors
/// As [`order`] does.
pub fn plan(
    host: &impl Host,
    rota: &Record,
    stand_ins: &[Record],
    now: Instant,
    turns_max: u32,
) -> Result<Vec<Turn>, Fault> {
    let Some(calendar) = rota.text("calendar") else { return Ok(Vec::new()) };
    // When a whole minute of hand-over has passed, less that minute, is when it began.
    let next = |after: Instant| -> Result<Instant, Fault> {
        let passed = host.calendar_add(calendar, after, OPEN_SECONDS, rota.text("zone"))?;
        Ok(passed.plus_seconds(-i64::from(OPEN_SECONDS)).max(after.plus_seconds(1)))
    };
    let own = stand_ins.iter().filter(|one| one.text("rota") == Some(&rota.id));
    let edges: Vec<Instant> = own.flat_map(|one| [one.instant("from"), one.instant("until")]).flatten().collect();
    let (mut turns, mut from, mut hand_over) = (Vec::new(), now, next(now)?);
    for _ in 0..turns_max {
        let edge = edges.iter().copied().filter(|edge| *edge > from && *edge < hand_over).min();
        let until = edge.unwrap_or(hand_over);
        if let Some(person) = order(host, rota, stand_ins, from.plus_seconds(1))?.into_iter().next() {
            turns.push(Turn { from, until, person });
        }
        from = until;
        if edge.is_none() {
            hand_over = next(hand_over.plus_seconds(i64::from(OPEN_SECONDS)))?;
        }
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeCalendar, FakeHost};
    use crate::{Person, json};

    fn at(text: &str) -> Instant {
        format!("2026-03-{text}:00Z").parse().unwrap()
    }

    fn host() -> FakeHost {
        let mornings = FakeCalendar::new(|at| (8 * 3600..8 * 3600 + 60).contains(&at.second_of_day()));
        FakeHost::new().with_calendar("mornings", mornings).with_members("network", &["ana", "bo", "cy", "di"])
    }

    fn rota() -> Record {
        let rota = Record::new("R1", "rota", "active").with("members", json!(["ana", "bo", "cy"]));
        rota.with("since", "2026-03-02T09:00:00Z").with("calendar", "mornings")
    }

    fn stand_in(person: &str, from: &str, until: &str) -> Record {
        let one = Record::new("S1", "stand-in", "active").with("rota", "R1").with("person", person);
        one.with("from", at(from).to_string()).with("until", at(until).to_string())
    }

    #[test]
    fn ops_01_duty_goes_round_at_each_hand_over() {
        let order = |text: &str| order(&host(), &rota(), &[], at(text)).unwrap().join(" ");
        assert_eq!(order("02T09:30"), "ana bo cy");
        assert_eq!((order("03T07:59"), order("03T08:01")), ("ana bo cy".to_owned(), "bo cy ana".to_owned()));
        assert_eq!(order("05T12:00"), "ana bo cy", "after the last it begins again");
    }

    #[test]
    fn ops_01_a_stand_in_has_the_duty_for_a_while() {
        let di = [stand_in("di", "03T12:00", "03T18:00")];
        let order = |text: &str| order(&host(), &rota(), &di, at(text)).unwrap().join(" ");
        assert_eq!(
            (order("03T11:59"), order("03T12:00"), order("03T18:00")),
            ("bo cy ana".into(), "di cy ana".into(), "bo cy ana".into())
        );
        let for_cy = [stand_in("ana", "03T12:00", "03T18:00").with("instead_of", "cy")];
        assert_eq!(
            super::order(&host(), &rota(), &for_cy, at("03T13:00")).unwrap(),
            ["bo", "ana"],
            "nobody is asked twice"
        );
    }

    #[test]
    fn ops_01_who_left_is_not_asked() {
        let host = host().with_person(Person::new("bo").inactive());
        assert_eq!(order(&host, &rota(), &[], at("03T09:00")).unwrap(), ["cy", "ana"]);
        assert_eq!(
            order(&host, &Record::new("R2", "rota", "active"), &[], at("03T09:00")).unwrap(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn ops_01_the_plan_shows_turns_and_stand_ins() {
        let di = [stand_in("di", "03T12:00", "03T18:00")];
        let turns = plan(&host(), &rota(), &di, at("02T10:00"), 5).unwrap();
        let shown: Vec<_> = turns.iter().map(|turn| format!("{} {}", turn.until, turn.person)).collect();
        let expected = ["03T08:00:00Z ana", "03T12:00:00Z bo", "03T18:00:00Z di", "04T08:00:00Z bo", "05T08:00:00Z cy"];
        assert_eq!(shown, expected.map(|turn| format!("2026-03-{turn}")));
        assert!(turns.windows(2).all(|pair| pair[0].until == pair[1].from), "no gap");
    }
}
