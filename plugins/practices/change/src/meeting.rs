//! Meetings of a board: what is on the agenda by rule, who was there, what was decided about each change, and when the board meets again.
//!
//! A meeting decides nothing about a change by itself: its members answer the approval that the flow asks them for, or advise whoever
//! decides. What was said is noted with the change.

use serde::{Deserialize, Serialize};
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertRecord};

/// Changes that wait for a board at once.
const WAITING_MAX: u32 = 100;
/// What stays when a meeting was held.
const MINUTED: [&str; 5] = ["agenda", "attendees", "minutes", "at", "board"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    /// Number.
    change: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risk: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_rule: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn items(agenda: &Value) -> Vec<Item> {
    Vec::deserialize(agenda).unwrap_or_default()
}

/// The agenda with what the rule asks for: new changes at the end, and without those that it asked for and that wait no more.
fn agenda(host: &impl Host, types: &[&str], risks: &[&str], before: &Value) -> Result<Vec<Item>, Fault> {
    let waiting = host.find(&Search::of("change").states(&["authorize"]), WAITING_MAX)?;
    let wanted = |change: &&Ticket| {
        types.contains(&crate::kind_of(change)) && risks.contains(&change.text("risk").unwrap_or("moderate"))
    };
    let asked: Vec<&Ticket> = waiting.iter().filter(wanted).collect();
    let is_asked = |item: &Item| asked.iter().any(|change| change.number == item.change);
    let mut all = items(before);
    all.retain(|item| !item.by_rule || item.decision.is_some() || is_asked(item));
    // The newest are found first; who has waited longest is heard first.
    for change in asked.iter().rev() {
        if !all.iter().any(|item| item.change == change.number) {
            all.push(Item {
                change: change.number.clone(),
                title: Some(change.title.clone()),
                risk: change.text("risk").map(str::to_owned),
                by_rule: true,
                decision: None,
                note: None,
            });
        }
    }
    Ok(all)
}

/// Before a meeting is committed: its agenda is filled, its minutes are complete when they are closed, and stay as they are then.
pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if change.state_before() == Some("held") && MINUTED.into_iter().any(|field| change.changed(field)) {
        return Err(Rejection::new("/fields/agenda", "fixed", "the minutes are closed: they stay as they are"));
    }
    if change.entered("held") {
        return close(host, after);
    }
    if after.state != "planned" {
        return Ok(Effects::new());
    }
    let (types, risks): (Vec<&str>, Vec<&str>) = (after.list("types").collect(), after.list("risks").collect());
    let filled = json!(agenda(host, &types, &risks, after.field("agenda"))?);
    let same = *after.field("agenda") == filled || after.field("agenda").is_null() && filled == json!([]);
    Ok(Effects::new().when(!same, |effects| effects.set_field("agenda", filled)))
}

fn close(host: &impl Host, meeting: &Ticket) -> Result<Effects, Rejection> {
    let mut refused = Rejection::none();
    let board = host.members(meeting.text("board").unwrap_or_default())?;
    let present: Vec<&str> = meeting.list("attendees").collect();
    if !board.iter().any(|member| present.contains(&member.id.as_str())) {
        refused.add("/fields/attendees", "required", "say who was there: at least one member of the board");
    }
    let agenda = items(meeting.field("agenda"));
    for (index, item) in agenda.iter().enumerate().filter(|(_, item)| item.decision.is_none()) {
        let message = format!("say what was decided about {}: approve, reject, defer or advise", item.change);
        refused.add(format!("/fields/agenda/{index}/decision"), "required", message);
    }
    let absent: Vec<&str> =
        board.iter().map(|member| member.id.as_str()).filter(|member| !present.contains(member)).collect();
    let mut minutes =
        format!("{}\nBegan: {}\nPresent: {}\n", meeting.title, meeting.text("at").unwrap_or("-"), present.join(", "));
    if !absent.is_empty() {
        minutes.push_str(&format!("Absent: {}\n", absent.join(", ")));
    }
    for (index, item) in agenda.iter().enumerate() {
        let title = item.title.as_deref().unwrap_or_default();
        let note = item.note.as_deref().map(|note| format!(" {note}")).unwrap_or_default();
        let decision = item.decision.as_deref().unwrap_or_default();
        minutes.push_str(&format!("{}. {} {title}: {decision}.{note}\n", index + 1, item.change));
    }
    refused.or_ok(Effects::new().set_field("minutes", minutes))
}

/// A change begins or ceases to wait for approval: meetings that are planned have it on their agenda, or not any more.
pub(crate) fn note_change(host: &impl Host, event: &Event) -> Result<Effects, Fault> {
    let waited = event.change("state").is_some_and(|change| change.from == "authorize" || change.to == "authorize");
    let judged = event.changed("risk");
    if !waited && !judged {
        return Ok(Effects::new());
    }
    let mut effects = Effects::new();
    for meeting in host.records("change-meeting", Some("planned"))? {
        let (types, risks): (Vec<&str>, Vec<&str>) = (meeting.list("types").collect(), meeting.list("risks").collect());
        let before = meeting.field("agenda");
        let filled = agenda(host, &types, &risks, before)?;
        if filled != items(before) {
            effects = effects.upsert_record(meeting.change().field("agenda", json!(filled)));
        }
    }
    Ok(effects)
}

/// Minutes were closed: each change hears what was said about it, and the board meets again with what it put off.
pub(crate) fn note_held(host: &impl Host, event: &Event) -> Result<Effects, Fault> {
    if !event.entered("held") {
        return Ok(Effects::new());
    }
    let meeting = match host.record(&event.subject) {
        // A kind of somebody else that knows the same word.
        Err(Fault::Denied(_)) => None,
        other => other?,
    };
    let Some(meeting) = meeting.filter(|record| record.kind == "change-meeting") else { return Ok(Effects::new()) };
    let agenda = items(meeting.field("agenda"));
    let mut effects = Effects::new();
    for item in &agenda {
        let Some(change) = host.ticket(&item.change)?.filter(|change| change.kind == "change") else { continue };
        let decision = item.decision.as_deref().unwrap_or("discussed");
        let note = item.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
        let text = format!("{} ({}) says {decision}{note}", meeting.title, meeting.number);
        effects = effects.and(Effects::new().on(&change.id).comment_internal(text));
    }
    match next(host, &meeting, &agenda)? {
        Some(next) => Ok(effects.upsert_record(next)),
        None => Ok(effects),
    }
}

/// The meeting after this one, at the next opening of its calendar, with what was put off.
fn next(host: &impl Host, meeting: &Record, agenda: &[Item]) -> Result<Option<UpsertRecord>, Fault> {
    let Some((calendar, at)) = meeting.text("calendar").zip(meeting.instant("at")) else { return Ok(None) };
    let minutes = meeting.integer("minutes_planned").unwrap_or(60);
    // The first second that is open after this one ends it begins; a calendar whose openings are as long as the meetings.
    let at = host.calendar_add(calendar, at.plus_minutes(minutes), 1, None)?.plus_seconds(-1);
    let put_off = agenda.iter().filter(|item| item.decision.as_deref() == Some("defer")).map(|item| Item {
        decision: None,
        note: item.note.clone(),
        ..item.clone()
    });
    let copied = ["board", "minutes_planned", "calendar", "types", "risks"].into_iter().fold(
        UpsertRecord::new("change-meeting", &meeting.space, &meeting.title),
        |next, field| match meeting.field(field) {
            Value::Null => next,
            value => next.field(field, value.clone()),
        },
    );
    let put_off: Vec<Item> = put_off.collect();
    Ok(Some(
        copied
            .field("at", at.to_string())
            .field("agenda", json!(put_off))
            .field("carried_from", meeting.number.as_str()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{codes, host, of_type};
    use weft_sdk::fake::FakeCalendar;

    fn waiting(number: &str, risk: &str) -> Ticket {
        let title = format!("Change {number}");
        Ticket { id: number.into(), number: number.into(), title, ..of_type("normal", "authorize").with("risk", risk) }
    }

    fn desk() -> FakeHost {
        host()
            .with_members("cab", &["carla", "cem"])
            .with_ticket(waiting("CHG1", "high"))
            .with_ticket(waiting("CHG2", "low"))
    }

    fn meeting(state: &str) -> Ticket {
        Ticket::new("M1", "change-meeting")
            .in_state(state)
            .with("board", "cab")
            .with("at", "2026-03-04T14:00:00Z")
            .with("types", json!(["normal"]))
            .with("risks", json!(["high"]))
    }

    fn by_rule(number: &str) -> Value {
        json!({ "change": number, "title": format!("Change {number}"), "risk": "high", "by_rule": true })
    }

    #[test]
    fn chg_06_the_agenda_is_filled_by_rule_and_keeps_what_was_put_there_by_hand() {
        let planned = crate::guard(&desk(), &Change::creating(meeting("planned"))).unwrap();
        assert_eq!(planned, Effects::new().set_field("agenda", json!([by_rule("CHG1")])));

        let by_hand = json!([{ "change": "CHG2" }, by_rule("CHG9"), by_rule("CHG1")]);
        let before = meeting("planned").with("agenda", by_hand);
        let touched =
            crate::guard(&desk(), &Change::of(&before, before.clone().with("risks", json!(["high"])))).unwrap();
        let expected = json!([{ "change": "CHG2" }, by_rule("CHG1")]);
        assert_eq!(touched, Effects::new().set_field("agenda", expected), "what waits no more is not discussed");
    }

    #[test]
    fn chg_06_minutes_need_somebody_of_the_board_and_a_decision_on_each_change() {
        let held = |agenda: Value, present: Value| {
            let before = meeting("planned").with("agenda", agenda.clone());
            let after = meeting("held").with("agenda", agenda).with("attendees", present);
            crate::guard(&desk(), &Change::of(&before, after))
        };
        let open = json!([{ "change": "CHG1" }]);
        assert_eq!(codes(held(open.clone(), json!(["guest"]))), ["required", "required"]);
        assert_eq!(codes(held(open, json!(["carla"]))), ["required"]);
        let decided =
            json!([{ "change": "CHG1", "title": "Database", "decision": "approve", "note": "After the backup." }]);
        let minutes = held(decided, json!(["carla", "guest"])).unwrap();
        let text = minutes.iter().next().unwrap().data["value"].as_str().unwrap().to_owned();
        assert!(
            text.contains("Present: carla, guest\nAbsent: cem\n1. CHG1 Database: approve. After the backup."),
            "{text}"
        );

        let closed = meeting("held").with("attendees", json!(["carla"]));
        let edited = closed.clone().with("attendees", json!(["cem"]));
        assert_eq!(codes(crate::guard(&desk(), &Change::of(&closed, edited))), ["fixed"]);
    }

    #[test]
    fn chg_06_a_change_that_waits_comes_onto_the_agenda_by_itself() {
        let mut record = Record::new("M1", "change-meeting", "planned");
        record.fields = meeting("planned").fields;
        let host = desk().with_record(record.clone());
        let event = Event::state_change("CHG1", "assess", "authorize");
        let effects = note_change(&host, &event).unwrap();
        let expected = record.change().field("agenda", json!([by_rule("CHG1")]));
        assert_eq!(effects, Effects::new().upsert_record(expected));
        assert_eq!(note_change(&host, &Event::state_change("CHG1", "new", "assess")), Ok(Effects::new()));
    }

    #[test]
    fn chg_06_the_board_meets_again_with_what_it_put_off_and_each_change_hears_of_it() {
        let wednesday =
            FakeCalendar::new(|at| at.weekday() == 2 && (14 * 3600..15 * 3600).contains(&at.second_of_day()));
        let mut record = Record::new("M1", "change-meeting", "held").with("calendar", "cab");
        record.fields.extend(meeting("held").fields);
        let agenda = json!([{ "change": "CHG1", "decision": "defer", "note": "No rollback." }, { "change": "CHG2", "decision": "approve" }]);
        let record = record.with("agenda", agenda);
        let host = desk().with_calendar("cab", wednesday).with_record(record);
        let changed = json!({"changes": [{"field": "state", "from": "planned", "to": "held"}]});
        let effects = note_held(&host, &Event::of_record("record.changed", "M1", changed)).unwrap();

        assert_eq!(effects.kinds(), ["comment", "comment", "upsert-record"]);
        let said: Vec<_> = effects.iter().filter_map(|effect| effect.text("body")).collect();
        assert!(said[0].contains("says defer: No rollback.") && said[1].contains("says approve"), "{said:?}");
        let next = effects.iter().last().unwrap();
        assert_eq!(next.data["fields"]["at"], "2026-03-11T14:00:00Z");
        assert_eq!(next.data["fields"]["agenda"], json!([{ "change": "CHG1", "note": "No rollback." }]));
    }
}
