//! On-call: rotas and stand-ins are records; a page calls whoever has duty, then the next, until somebody answers.
//!
//! Whose turn it is at an instant is the kit's (`weft_sdk::duty`), because escalations ask the same.

mod page;

use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Record, duty};

weft_sdk::practice! { guard: guard, react: react, run: run }

const ROTA: &str = "on-call-rota";
const STAND_IN: &str = "on-call-stand-in";
/// Turns that a rota shows.
const TURNS: u32 = 12;

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    match change.after.kind.as_str() {
        "page" => page::decide(host, change),
        STAND_IN => stand_in(host, &change.after),
        _ => rota(host, change),
    }
}

fn rota(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&change.after, Rejection::none());
    if after.state != "active" {
        return Ok(Effects::new());
    }
    for (index, member) in after.list("members").enumerate() {
        if host.person(member)?.is_none_or(|person| !person.active) {
            refused.add(format!("/fields/members/{index}"), "nobody", format!("`{member}` is nobody who works here"));
        }
    }
    let other = active(host)?.into_iter().find(|rota| rota.id != after.id && rota.text("group") == after.text("group"));
    if let Some(other) = other {
        refused.add("/fields/group", "taken", format!("{} is the rota of this group", other.number));
    }
    // Asked once, so that a calendar that there is not, or that never opens, is found now and not in the night.
    if let (Some(calendar), Some(since)) = (after.text("calendar"), after.instant("since"))
        && let Err(fault) = host.calendar_add(calendar, since, 60, after.text("zone"))
    {
        refused.add("/fields/calendar", "calendar", format!("no hand-over comes of it: {fault}"));
    }
    refused.or_ok(Effects::new())
}

fn stand_in(host: &impl Host, after: &Ticket) -> Result<Effects, Rejection> {
    let mut refused = Rejection::none();
    if after.instant("from").zip(after.instant("until")).is_none_or(|(from, until)| from >= until) {
        refused.add("/fields/until", "backwards", "it ends after it begins");
    }
    if after.text("rota").map_or(Ok(None), |id| host.record(id))?.is_none_or(|record| record.kind != ROTA) {
        refused.add("/fields/rota", "no-rota", "there is no such rota");
    }
    if after.text("person").map_or(Ok(None), |id| host.person(id))?.is_none_or(|person| !person.active) {
        refused.add("/fields/person", "nobody", "that is nobody who works here");
    }
    refused.or_ok(Effects::new())
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    if event.subject_kind == "record" {
        return Ok(planned(host, context.now)?.0);
    }
    let Some(ticket) = subject else { return Ok(Effects::new()) };
    if ticket.kind == "page" {
        return page::react(host, event, ticket, context.now);
    }
    urgent(host, event, ticket)
}

#[derive(Debug, Deserialize)]
struct PageWhen {
    field: String,
    is: Vec<Value>,
}

/// Once for each trouble: while a page about it is open there is no other.
fn urgent(host: &impl Host, event: &Event, ticket: &Ticket) -> Result<Effects, Fault> {
    let rule: PageWhen = host.setting("page-when")?;
    let news = event.kind == "ticket.created" || event.changed(&rule.field) || event.changed("group");
    if !news || !rule.is.contains(&ticket.value(&rule.field)) {
        return Ok(Effects::new());
    }
    let Some(rota) = ticket.group.as_deref().map_or(Ok(None), |group| rota_of(host, group))? else {
        return Ok(Effects::new());
    };
    if host.find_count(&Search::of("page").field("about", ticket.id.as_str()).open())? > 0 {
        return Ok(Effects::new());
    }
    // What a restricted ticket is about is for those who may see it.
    let title = if ticket.restricted { ticket.number.clone() } else { format!("{}: {}", ticket.number, ticket.title) };
    let page =
        CreateTicket::new("page", &ticket.space, &title).field("rota", rota.id).field("about", ticket.id.as_str());
    Ok(Effects::new().create_ticket(page))
}

#[derive(Debug, Deserialize)]
struct Who {
    group: String,
    at: Option<Instant>,
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    if call.step == "plan" {
        let (effects, planned) = planned(host, call.context.now)?;
        return Ok(Outcome::done(json!({ "planned": planned }), effects));
    }
    let who: Who = call.inputs()?;
    let order = match rota_of(host, &who.group)? {
        Some(rota) => duty::order(host, &rota, &stand_ins(host)?, who.at.unwrap_or(call.context.now))?,
        None => Vec::new(),
    };
    Ok(Outcome::done(json!({ "order": order }), Effects::new()))
}

/// The turns of every rota from now on; only what is another than before is written.
fn planned(host: &impl Host, now: Instant) -> Result<(Effects, u32), Fault> {
    let stand_ins = stand_ins(host)?;
    let (mut effects, mut count) = (Effects::new(), 0);
    for rota in active(host)? {
        let turns = duty::plan(host, &rota, &stand_ins, now, TURNS)?;
        let first = turns.first().map(|turn| turn.person.clone());
        let plan: Vec<Value> = turns
            .into_iter()
            .enumerate()
            // The turn that runs is shown with its end only: its beginning would be now, and another one each time.
            .map(|(index, turn)| match index {
                0 => json!({ "until": turn.until, "person": turn.person }),
                _ => json!({ "from": turn.from, "until": turn.until, "person": turn.person }),
            })
            .collect();
        if *rota.field("plan") != json!(plan) {
            effects = effects.upsert_record(rota.change().field("plan", plan).field("on_call", first));
        }
        count += 1;
    }
    Ok((effects, count))
}

fn active(host: &impl Host) -> Result<Vec<Record>, Fault> {
    host.records(ROTA, Some("active"))
}

fn stand_ins(host: &impl Host) -> Result<Vec<Record>, Fault> {
    host.records(STAND_IN, Some("active"))
}

fn rota_of(host: &impl Host, group: &str) -> Result<Option<Record>, Fault> {
    Ok(active(host)?.into_iter().find(|rota| rota.text("group") == Some(group)))
}

#[cfg(test)]
mod tests;
