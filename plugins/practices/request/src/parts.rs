//! A request with parts: each part is a request of its own. A bundle comes whole or not at all; a cart is over when each part is.

use crate::{RESCINDED, order};
use weft_sdk::SendMessage;
use weft_sdk::prelude::*;

/// States in which a request still goes on.
const OPEN: [&str; 3] = ["new", "approval", "fulfilment"];
const PARTS_READ_MAX: u32 = 200;

pub(crate) fn react(host: &impl Host, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(request) = subject else { return Ok(Effects::new()) };
    if event.kind == "ticket.created" {
        // One that is approved as one has its parts when it is.
        let now = !request.field("parts").is_null() && request.text("process").is_none();
        return Ok(if now { order::parts(request)?.on_subject().transition("fulfilment") } else { Effects::new() });
    }
    if event.entered("fulfilment") && !request.field("parts").is_null() && request.text("process").is_some() {
        return if parts_of(host, request)?.is_empty() { order::parts(request) } else { Ok(Effects::new()) };
    }
    if event.entered("cancelled") && !request.field("parts").is_null() {
        return rescind_parts(host, request);
    }
    let ended = ["cancelled", "fulfilled", "closed"].into_iter().any(|state| event.entered(state));
    let whole = match &request.parent {
        Some(parent) if ended => host.ticket(parent)?,
        _ => None,
    };
    let Some(whole) = whole.filter(|whole| whole.state == "fulfilment" && !whole.field("parts").is_null()) else {
        return Ok(Effects::new());
    };
    if request.state == "cancelled" && whole.flag("together") {
        let text = format!("{} cannot be had, and it is all or nothing.", request.title);
        return Ok(Effects::new().on(&whole.id).comment_public(text).transition("cancelled"));
    }
    progress(host, &whole)
}

fn rescind_parts(host: &impl Host, whole: &Ticket) -> Result<Effects, Fault> {
    let open = parts_of(host, whole)?.into_iter().filter(|part| OPEN.contains(&part.state.as_str()));
    Ok(open.fold(Effects::new(), |effects, part| {
        let text = format!("{} was rescinded.", whole.number);
        let effects = effects.on(&part.id).comment_public(text.as_str()).transition("cancelled");
        effects.when(part.text("process").is_some(), |effects| {
            effects.send_message(SendMessage::new(RESCINDED, &part.id).variable("reason", text))
        })
    }))
}

/// How much has come is shown while the rest is on its way, and the request is delivered with its last part.
fn progress(host: &impl Host, whole: &Ticket) -> Result<Effects, Fault> {
    let parts = parts_of(host, whole)?;
    let came = parts.iter().filter(|part| matches!(part.state.as_str(), "fulfilled" | "closed")).count();
    let going = parts.iter().any(|part| OPEN.contains(&part.state.as_str()));
    let delivered = format!("{came} of {}", parts.len());
    let told = whole.text("delivered") != Some(&delivered);
    let effects = Effects::new().on(&whole.id).when(told, |effects| effects.set_field("delivered", delivered));
    Ok(match (going, came) {
        (true, _) => effects,
        (false, 0) => effects.comment_public("Nothing of it could be had.").transition("cancelled"),
        (false, _) => effects.transition("fulfilled"),
    })
}

fn parts_of(host: &impl Host, whole: &Ticket) -> Result<Vec<Ticket>, Fault> {
    host.tickets(&TicketFilter::new().kind("request").parent(&whole.id), PARTS_READ_MAX)
}
