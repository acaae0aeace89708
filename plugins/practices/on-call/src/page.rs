//! A page: it calls one after the other, each for some minutes, until somebody answers or everybody was asked.

use crate::{ROTA, stand_ins};
use weft_sdk::prelude::*;
use weft_sdk::{Notify, duty};

/// The timer after which the next is called.
const RING: &str = "ring";

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (page, context) = (&change.after, &change.context);
    if !change.is_create() {
        if ["rota", "about"].into_iter().any(|field| change.changed(field)) {
            return Err(Rejection::new("/fields/rota", "fixed", "whom it calls about what stays as it is"));
        }
        let answered = change.entered("acknowledged") && context.is_person();
        let by = |effects: Effects| {
            effects.set_field("answered_by", context.actor.as_str()).assign(&context.actor).unschedule(RING)
        };
        return Ok(Effects::new().when(answered, by));
    }
    let rota = page.text("rota").map_or(Ok(None), |id| host.record(id))?;
    let Some(rota) = rota.filter(|rota| rota.kind == ROTA && rota.state == "active") else {
        return Err(Rejection::new("/fields/rota", "no-rota", "there is no such rota in use"));
    };
    let order = duty::order(host, &rota, &stand_ins(host)?, context.now)?;
    let Some(first) = order.first() else {
        return Err(Rejection::new("/fields/rota", "nobody", format!("nobody of {} is there", rota.number)));
    };
    let group = rota.text("group").unwrap_or_default();
    let effects = Effects::new().set_field("order", order.clone()).assign_in_group(group, Some(first));
    Ok(ring(effects, page, first, context.now, rota.integer("minutes").unwrap_or(10)).set_field("asked", 1))
}

pub(crate) fn react(host: &impl Host, event: &Event, page: &Ticket, now: Instant) -> Result<Effects, Fault> {
    // Somebody who answers a moment before the timer has answered.
    if !event.is_timer(RING) || page.state != "ringing" {
        return Ok(Effects::new());
    }
    let rota = page.text("rota").map_or(Ok(None), |id| host.record(id))?;
    let asked = page.integer("asked").unwrap_or(1);
    let order: Vec<&str> = page.list("order").collect();
    let next = usize::try_from(asked).ok().and_then(|asked| order.get(asked).copied());
    let Some(next) = next else {
        let groups: Vec<&str> = page.group.as_deref().into_iter().collect();
        let subject = format!("{}: nobody answered", page.number);
        let told = Notify { people: &order, groups: &groups, subject: &subject, body: &page.title };
        return Ok(Effects::new()
            .comment_internal("Everybody was called and nobody answered.")
            .notify(told)
            .transition("unanswered"));
    };
    let minutes = rota.and_then(|rota| rota.integer("minutes")).unwrap_or(10);
    let effects = Effects::new().comment_internal(format!("{next} is called: nobody answered before.")).assign(next);
    Ok(ring(effects, page, next, now, minutes).set_field("asked", asked + 1))
}

fn ring(effects: Effects, page: &Ticket, person: &str, now: Instant, minutes: i64) -> Effects {
    let subject = format!("You are called: {}", page.title);
    let body = format!("Answer within {minutes} minutes; then the next is called.");
    effects.notify(Notify { people: &[person], groups: &[], subject: &subject, body: &body }).schedule(
        RING,
        now.plus_minutes(minutes),
        Value::Null,
    )
}
