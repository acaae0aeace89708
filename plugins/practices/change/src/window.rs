//! Maintenance windows, blackouts and freezes: when a change may be, and when not.
//!
//! A window is an interval, a calendar, or both: what recurs, and over daylight saving, is the calendar's business. Its zone is the
//! calendar's, one of the window, or, where the window floats, that of the site of each change.

use std::collections::BTreeMap;
use weft_sdk::Record;
use weft_sdk::prelude::*;

/// From when to when.
pub(crate) type Span = (Instant, Instant);

pub(crate) fn span(ticket: &Ticket) -> Option<Span> {
    ticket.instant("planned_start").zip(ticket.instant("planned_end")).filter(|(start, end)| start < end)
}

pub(crate) fn overlap(a: Span, b: Span) -> Option<Span> {
    Some((a.0.max(b.0), a.1.min(b.1))).filter(|(start, end)| start < end)
}

/// The part of a span in which a window is open.
pub(crate) fn open_during(
    host: &impl Host,
    window: &Record,
    change: &Ticket,
    during: Span,
) -> Result<Option<Span>, Fault> {
    let from = window.instant("start").unwrap_or(during.0);
    let to = window.instant("end").unwrap_or(during.1);
    let Some(shared) = overlap(during, (from, to)) else { return Ok(None) };
    match window.text("calendar") {
        Some(calendar) => {
            let zone = zone(host, window, change)?;
            Ok((host.calendar_between(calendar, shared.0, shared.1, zone.as_deref())? > 0).then_some(shared))
        }
        None => Ok(Some(shared)),
    }
}

/// Whether the whole span lies in a window.
pub(crate) fn holds(host: &impl Host, window: &Record, change: &Ticket, span: Span) -> Result<bool, Fault> {
    let (from, to) = (window.instant("start").unwrap_or(span.0), window.instant("end").unwrap_or(span.1));
    if from > span.0 || to < span.1 {
        return Ok(false);
    }
    match window.text("calendar") {
        Some(calendar) => {
            let open = host.calendar_between(calendar, span.0, span.1, zone(host, window, change)?.as_deref())?;
            Ok(i64::from(open) == span.1.seconds_since(span.0))
        }
        None => Ok(true),
    }
}

/// The zone in which a window's calendar counts, where it is not the calendar's own.
fn zone(host: &impl Host, window: &Record, change: &Ticket) -> Result<Option<String>, Fault> {
    if let Some(zone) = window.text("zone") {
        return Ok(Some(zone.to_owned()));
    }
    if !window.flag("floating") {
        return Ok(None);
    }
    let mut zones: BTreeMap<String, String> = host.setting("site-zones")?;
    Ok(change.text("site").and_then(|site| zones.remove(site)))
}

/// Whether what the window says about changes holds for this one: each of the fields has one of its values.
fn is_meant(window: &Record, change: &Ticket) -> bool {
    let conditions = window.field("only_when").as_object().cloned().unwrap_or_default();
    conditions.iter().all(|(field, values)| {
        let is = change.field(field);
        values.as_array().is_some_and(|values| values.contains(is))
    })
}

/// What can be wrong with a window: it would never be open, or nothing could tell when it is.
pub(crate) fn check(host: &impl Host, window: &Change, known: &[&str]) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&window.after, Rejection::none());
    let (start, end) = (after.instant("start"), after.instant("end"));
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        refused.add("/fields/end", "empty-window", "the window ends before it begins: give a later end");
    }
    let calendar = after.text("calendar");
    if start.is_none() && end.is_none() && calendar.is_none() {
        let message = "the window would always be open: give it a beginning and an end, a calendar, or both";
        refused.add("/fields/start", "endless-window", message);
    }
    if after.text("zone").is_some() && after.flag("floating") {
        let message = "a window has a zone of its own or floats with the site of each change: leave one of them out";
        refused.add("/fields/zone", "two-zones", message);
    }
    if calendar.is_none() && (after.text("zone").is_some() || after.flag("floating")) {
        let message = "a zone says where a calendar counts: give the window a calendar; a beginning and an end have their own offset";
        refused.add("/fields/calendar", "zone-without-calendar", message);
    }
    if let Some(calendar) = calendar
        && let Err(fault) = host.calendar_is_open(calendar, window.context.now, after.text("zone"))
    {
        let field = if host.calendar_is_open(calendar, window.context.now, None).is_ok() { "zone" } else { "calendar" };
        refused.add(
            format!("/fields/{field}"),
            "unknown",
            format!("nothing can tell when the window is open: {fault}"),
        );
    }
    for (field, values) in after.field("only_when").as_object().into_iter().flatten() {
        let pointer = format!("/fields/only_when/{field}");
        if !known.contains(&field.as_str()) {
            refused.add(
                &pointer,
                "unknown-field",
                format!("a change has no field `{field}`; it has {}", known.join(", ")),
            );
        } else if values.as_array().is_none_or(Vec::is_empty) {
            refused.add(&pointer, "never", format!("no change has one of no values: list the values of `{field}`"));
        }
    }
    refused.or_ok(Effects::new())
}

/// Whether a window is about this item of this change. One that names nothing is about everything.
pub(crate) fn concerns(host: &impl Host, window: &Record, change: &Ticket, ci: Option<&str>) -> Result<bool, Fault> {
    if !is_meant(window, change) {
        return Ok(false);
    }
    let names =
        |field: &str, value: Option<&str>| value.is_some_and(|value| window.list(field).any(|one| one == value));
    if ["cis", "classes", "sites"].into_iter().all(|field| window.list(field).next().is_none()) {
        return Ok(true);
    }
    if names("cis", ci) || names("sites", change.text("site")) {
        return Ok(true);
    }
    let class = match ci {
        Some(ci) if window.list("classes").next().is_some() => host.ci(ci)?.map(|ci| ci.class),
        _ => None,
    };
    Ok(names("classes", class.as_deref()))
}

/// A freeze refuses new changes and the next step of those that are there, unless whoever may says why not.
pub(crate) fn freeze(host: &impl Host, change: &Change, refused: &mut Rejection) -> Result<Effects, Fault> {
    let after = &change.after;
    let said = change.changed("freeze_override") && after.text("freeze_override").is_some();
    let role: String = host.setting("freeze-role")?;
    if said && change.context.is_person() && !change.context.has_role(&role) {
        refused.add(
            "/fields/freeze_override",
            "not-yours",
            format!("only a {role} may take a change through a freeze"),
        );
        return Ok(Effects::new());
    }
    let onward = change.is_create()
        || (change.changed("state") && !["closed", "cancelled", "review"].contains(&after.state.as_str()));
    let moved = change.changed("planned_start") || change.changed("planned_end");
    let Some(span) = span(after).filter(|_| onward || moved || said) else { return Ok(Effects::new()) };
    for window in host.records("change-window", Some("active"))? {
        if window.text("type") != Some("freeze") || !touches(host, &window, after)? {
            continue;
        }
        let Some((from, to)) = open_during(host, &window, after, span)? else { continue };
        let what = format!("{} ({}) from {from} to {to}", window.title, window.number);
        match after.text("freeze_override") {
            Some(reason) => {
                let text = format!("Goes through the freeze {what}, by {}: {reason}", change.context.actor);
                return Ok(Effects::new().when(said, |effects| effects.comment_internal(text)));
            }
            None => {
                let message = format!("there is a freeze: {what}; a {role} may let it through in `freeze_override`");
                refused.add("/fields/planned_start", "freeze", message);
            }
        }
    }
    Ok(Effects::new())
}

fn touches(host: &impl Host, window: &Record, change: &Ticket) -> Result<bool, Fault> {
    let mut cis = change.list("cis").peekable();
    if cis.peek().is_none() {
        return concerns(host, window, change, None);
    }
    for ci in cis {
        if concerns(host, window, change, Some(ci))? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{codes, host, of_type};
    use weft_sdk::Ci;
    use weft_sdk::fake::FakeCalendar;

    fn freeze_of(from: &str, to: &str) -> Record {
        Record::new("W1", "change-window", "active").with("type", "freeze").with("start", from).with("end", to)
    }

    /// Over the evening of the change.
    fn frozen() -> FakeHost {
        host().with_record(freeze_of("2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z").with("cis", json!(["db"])))
    }

    fn create(host: &FakeHost, roles: &[&str], ticket: Ticket) -> Result<Effects, Rejection> {
        crate::guard(host, &Change::creating(ticket).within(Context::of_person("ada", roles)))
    }

    fn on(ci: &str) -> Ticket {
        of_type("normal", "new").with("cis", json!([ci]))
    }

    #[test]
    fn chg_08_a_freeze_blocks_creation_and_movement_within_its_scope() {
        assert_eq!(codes(create(&frozen(), &["agent"], on("db"))), ["freeze"]);
        assert!(create(&frozen(), &["agent"], on("mail")).is_ok(), "another item");
        let before = on("db").in_state("authorize");
        let move_to = |state: &str| crate::guard(&frozen(), &Change::of(&before, before.clone().in_state(state)));
        assert_eq!(codes(move_to("scheduled")), ["freeze"]);
        assert!(move_to("cancelled").is_ok(), "giving up is always possible");
        let later = of_type("normal", "new")
            .with("planned_start", "2026-03-09T20:00:00Z")
            .with("planned_end", "2026-03-09T21:00:00Z");
        assert!(create(&frozen(), &["agent"], later.with("cis", json!(["db"]))).is_ok());
    }

    #[test]
    fn chg_08_the_scope_is_items_classes_or_sites() {
        let window = |field: &str, value: &str| {
            host()
                .with_ci(Ci::new("db", "database"))
                .with_record(freeze_of("2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z").with(field, json!([value])))
        };
        assert_eq!(codes(create(&window("classes", "database"), &["agent"], on("db"))), ["freeze"]);
        assert!(create(&window("classes", "server"), &["agent"], on("db")).is_ok());
        assert_eq!(codes(create(&window("sites", "Berlin"), &["agent"], on("db").with("site", "Berlin"))), ["freeze"]);
    }

    #[test]
    fn chg_08_the_scope_may_be_a_condition_on_the_change() {
        let only = json!({ "risk": ["high"], "type": ["normal", "standard"] });
        let host =
            frozen().with_record(freeze_of("2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z").with("only_when", only));
        assert_eq!(codes(create(&host, &["agent"], on("mail").with("risk", "high"))), ["freeze"]);
        assert!(create(&host, &["agent"], on("mail").with("risk", "low")).is_ok());
        let urgent = on("mail").with("risk", "high").with("type", "emergency");
        assert!(create(&host, &["agent"], urgent).is_ok());
    }

    fn saved(host: &FakeHost, window: Record) -> Vec<String> {
        let fields = window.fields.clone();
        let ticket = fields
            .into_iter()
            .fold(Ticket::new("W1", "change-window"), |ticket, (name, value)| ticket.with(&name, value));
        crate::guard(host, &Change::creating(ticket).within(Context::of_person("mona", &["manager"]))).map_or_else(
            |refused| refused.issues.into_iter().map(|issue| format!("{} {}", issue.pointer, issue.code)).collect(),
            |_| Vec::new(),
        )
    }

    #[test]
    fn chg_08_an_impossible_window_is_refused_with_everything_that_is_wrong() {
        let host = host().with_calendar("month-end", FakeCalendar::new(|_| true));
        let window = Record::new("W1", "change-window", "active").with("type", "freeze");
        let problems = saved(
            &host,
            window
                .clone()
                .with("start", "2026-03-08T00:00:00Z")
                .with("end", "2026-03-07T00:00:00Z")
                .with("floating", true)
                .with("zone", "Europe/Berlin")
                .with("only_when", json!({ "colour": ["red"], "risk": [] })),
        );
        assert_eq!(
            problems,
            [
                "/fields/end empty-window",
                "/fields/zone two-zones",
                "/fields/calendar zone-without-calendar",
                "/fields/only_when/colour unknown-field",
                "/fields/only_when/risk never",
            ]
        );
        assert_eq!(saved(&host, window.clone()), ["/fields/start endless-window"]);
        assert_eq!(saved(&host, window.with("calendar", "month-end").with("floating", true)), [""; 0]);
    }

    #[test]
    fn chg_08_an_override_needs_the_role_and_a_reason_and_is_noted() {
        let said = on("db").with("freeze_override", "The database burns.");
        let note = "Goes through the freeze change-window W1 (#W1) from 2026-03-07T20:00:00Z to 2026-03-07T23:00:00Z, by ada: The database burns.";
        let effects = create(&frozen(), &["agent", "manager"], said.clone()).unwrap();
        assert!(effects.include(&Effects::new().comment_internal(note)), "{effects:#?}");
        assert_eq!(codes(create(&frozen(), &["agent"], said)), ["not-yours"]);
    }

    #[test]
    fn chg_08_a_recurring_freeze_follows_its_calendar() {
        // Month-end work, every Saturday evening.
        let saturday = FakeCalendar::new(|at| at.weekday() == 5 && at.second_of_day() >= 18 * 3600);
        let window = Record::new("W1", "change-window", "active").with("type", "freeze").with("calendar", "month-end");
        let host = host().with_calendar("month-end", saturday).with_record(window);
        assert_eq!(codes(create(&host, &["agent"], on("db"))), ["freeze"], "2026-03-07 is a Saturday");
        let sunday = on("db").with("planned_start", "2026-03-08T20:00:00Z").with("planned_end", "2026-03-08T21:00:00Z");
        assert!(create(&host, &["agent"], sunday).is_ok());
    }
}
