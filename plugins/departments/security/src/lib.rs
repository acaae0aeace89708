//! Security: incidents are seen by those who work on them, vulnerabilities are due by severity, reviews of access decide about every
//! account, and an exception lasts for a time.
//!
//! What is done in which order is in the kinds, who approves an exception is a decision table.

mod incident;
mod review;

use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard }

/// Exceptions that are looked through for the one that a vulnerability names.
const EXCEPTIONS_MAX: u32 = 500;

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    match change.after.kind.as_str() {
        "security-incident" => incident::decide(host, change),
        "access-review" => review::decide(change),
        "vulnerability" => vulnerability(host, change),
        _ => exception(host, change),
    }
}

fn vulnerability(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (found, now) = (&change.after, change.context.now);
    let mut refused = Rejection::none();
    let at = found.instant("found_at").unwrap_or(now);
    if change.changed("found_at") && at > now {
        refused.add("/fields/found_at", "in-future", "it cannot have been found later than now");
    }
    if change.entered("excepted") {
        let wanted = found.text("exception").unwrap_or_default();
        let all = host.tickets(&TicketFilter::new().kind("security-exception").open(), EXCEPTIONS_MAX)?;
        if !all.iter().any(|one| one.number == wanted && one.state == "granted") {
            let message = format!("`{wanted}` is no exception that is granted: name one, or ask for it first");
            refused.add("/fields/exception", "not-granted", message);
        }
    }
    let own = found.assignee.as_deref() == Some(&change.context.actor) && change.context.is_person();
    if change.entered("closed") && own {
        refused.add("/state", "own-fix", "somebody else verifies what you have fixed");
    }
    let severity = if found.flag("exploited") { Some("critical") } else { found.text("severity") };
    let days: Value = host.setting("fix-days")?;
    let due = severity.and_then(|severity| days[severity].as_i64()).map(|days| at.plus_days(days).to_string());
    let effects =
        Effects::new().when(found.text("found_at").is_none(), |effects| effects.set_field("found_at", at.to_string()));
    let moved = due.filter(|due| found.text("due_at") != Some(due));
    refused.or_ok(moved.into_iter().fold(effects, |effects, due| effects.set_field("due_at", due)))
}

fn exception(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let mut refused = Rejection::none();
    change.moved_by_flow_but(&["cancelled"], &mut refused);
    change.fixed_after(&["new"], &["control", "reason", "compensation", "expires_on"], &mut refused);
    if !change.is_create() {
        return refused.or_ok(Effects::new());
    }
    let (days, now): (i64, _) = (host.setting("exception-days")?, change.context.now);
    let until = change.after.text("expires_on").unwrap_or_default();
    // Dates as text are in the order of time.
    if until <= day(now).as_str() {
        refused.add("/fields/expires_on", "over", format!("{until} is over: name a day to come"));
    } else if until > day(now.plus_days(days)).as_str() {
        let message =
            format!("an exception lasts {days} days at most: ask for another one then, or have the rule changed");
        refused.add("/fields/expires_on", "too-long", message);
    }
    let flow = StartFlow::new("security-exception")
        .variable("groups", host.setting::<Value>("groups")?)
        .variable("calendar", host.setting::<Value>("calendar")?);
    refused.or_ok(Effects::new().start_flow(flow))
}

fn day(at: Instant) -> String {
    let (year, month, day) = at.date();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests;
