//! What is approved once: everything in a cart or a bundle by its total price. And what is approved again: a price that rose by more than
//! the tolerance.

use crate::{catalogue, order};
use weft_sdk::prelude::*;
use weft_sdk::{Record, StartFlow};

/// A cart or a bundle asks once, by what all of it costs, where a part of it would ask by itself or the total is high enough. Finance is
/// asked above the lowest limit of its items.
pub(crate) fn of_all(host: &impl Host, total: i64, items: &[Record]) -> Result<Effects, Fault> {
    let asks = items.iter().any(|item| item.text("process").is_some());
    let from = order::smallest(host.setting::<f64>("approve-from")?);
    if !asks && total < from {
        return Ok(Effects::new());
    }
    let process: String = host.setting("order-approval")?;
    let own = items.iter().filter_map(|item| item.field("finance_limit").as_f64());
    let limit = own.fold(host.setting::<f64>("finance-limit")?, f64::min);
    let flow = order::flow(host, &process, None)?.variable("finance_limit", limit);
    Ok(Effects::new().set_field("process", process).start_flow(flow))
}

/// Whether a part was approved with the others, for a price that is still within the tolerance: an offer may have become dearer meanwhile.
/// Only this practice says what was approved: the field is no person's to write.
pub(crate) fn before(host: &impl Host, change: &Change, price: i64) -> Result<bool, Fault> {
    let approved = change.after.field("approved_price").as_f64().filter(|_| !change.context.is_person());
    approved.map_or(Ok(false), |approved| within(host, price, approved))
}

/// What is approved is noted as a request comes out of its approval, or is taken up without one.
pub(crate) fn noted(change: &Change, before: &Ticket) -> Effects {
    let (price, known) = (change.after.field("price"), change.after.field("approved_price"));
    let now = change.entered("fulfilment") && (before.state == "approval" || known.is_null());
    Effects::new()
        .when(now && !price.is_null() && price != known, |effects| effects.set_field("approved_price", price.clone()))
}

/// While it is fulfilled, those who buy learn what it really costs.
pub(crate) fn may_change(change: &Change, before: &Ticket) -> bool {
    before.field("parts").is_null() && change.stayed("fulfilment") && change.context.has_role("agent")
}

/// A price that rose by more than the tolerance goes back to those who approve.
pub(crate) fn again(host: &impl Host, change: &Change, before: &Ticket) -> Result<Effects, Fault> {
    if !change.changed("price") || !may_change(change, before) {
        return Ok(Effects::new());
    }
    // What was taken up before prices were noted was approved at what it cost until now.
    let approved = before.field("approved_price").as_f64().or(before.field("price").as_f64()).unwrap_or(0.0);
    let price = order::smallest(change.after.field("price").as_f64().unwrap_or(0.0));
    if within(host, price, approved)? {
        return Ok(Effects::new());
    }
    let item = change.after.text("item").map(|key| catalogue::published(host, catalogue::ITEM, key)).transpose()?;
    let flow = flow(host, item.flatten().as_ref())?;
    let known = !before.field("approved_price").is_null();
    let note = |effects: Effects| effects.set_field("approved_price", before.field("price").clone());
    Ok(Effects::new().when(!known, note).transition("approval").start_flow(flow))
}

/// The flow that asks, with the limit of the item.
pub(crate) fn flow(host: &impl Host, item: Option<&Record>) -> Result<StartFlow, Fault> {
    order::flow(host, &host.setting::<String>("order-approval")?, item)
}

fn within(host: &impl Host, price: i64, approved: f64) -> Result<bool, Fault> {
    let percent: i64 = host.setting("price-tolerance")?;
    Ok(price * 100 <= order::smallest(approved) * (100 + percent))
}
