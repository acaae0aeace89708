//! Customer service: whose case it is, what the contract covers on that day, and what may be sent back. Complaints and returns start
//! their flow.

mod customer;

use customer::Entitlement;
use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard }

/// What a return is about, and nobody changes any more once it is looked at.
const FIXED: [&str; 6] = ["customer", "order_number", "item", "bought_on", "amount", "reason"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (ticket, now) = (&change.after, change.context.now);
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    let mut refused = Rejection::none();
    if ticket.kind == "customer" {
        customer::check(host, change, &mut refused)?;
        return refused.or_ok(Effects::new());
    }
    let flow = ticket.kind != "customer-case";
    if flow {
        change.moved_by_flow_but(&["cancelled"], &mut refused);
    }
    if ticket.kind == "customer-return" {
        change.fixed_after(&["new"], &FIXED, &mut refused);
        if change.is_create() {
            returned(host, ticket, now, &mut refused)?;
        }
    }
    let mut effects = Effects::new();
    if change.is_create() || change.changed("customer") || (!flow && change.changed("product")) {
        match customer::of(host, ticket)? {
            Err(issue) => refused.add(issue.pointer, issue.code, issue.message),
            Ok(customer) => {
                effects = effects
                    .when(ticket.text("customer").is_none(), |effects| {
                        effects.set_field("customer", customer.number.as_str())
                    })
                    .set_field("tier", customer.text("tier").unwrap_or("bronze"));
                if !flow {
                    let Entitlement { entitled, why } = customer::entitled(&customer, ticket, now);
                    effects = effects.set_field("entitled", entitled).set_field("entitlement", why);
                }
            }
        }
    }
    let begun = change.entered("in-progress") && change.state_before() == Some("new");
    if begun && ticket.field("entitled") == &json!(false) && ticket.text("goodwill").is_none() {
        let why = ticket.text("entitlement").unwrap_or("no contract covers it");
        refused.add(
            "/fields/goodwill",
            "not-entitled",
            format!("{why}: say why it is worked on all the same, or offer a contract"),
        );
    }
    if change.is_create() {
        let groups: Value = host.setting("groups")?;
        let service = groups["service"].as_str().unwrap_or_default().to_owned();
        effects = effects.when(ticket.group.is_none(), |effects| effects.assign_group(&service));
        if flow {
            let refunds: Value = host.setting("refunds")?;
            let limits = ["keep", "lead", "finance"].iter().fold(StartFlow::new(&ticket.kind), |flow, limit| {
                flow.variable(&format!("{limit}_amount"), refunds[limit].clone())
            });
            let calendar: Value = host.setting("calendar")?;
            effects = effects.start_flow(limits.variable("groups", groups).variable("calendar", calendar));
        }
    }
    refused.or_ok(effects)
}

/// In time, and not a second time.
fn returned(host: &impl Host, wanted: &Ticket, now: Instant, refused: &mut Rejection) -> Result<(), Fault> {
    let text = |field: &str| wanted.text(field).unwrap_or_default();
    let days: Value = host.setting("return-days")?;
    let key = if text("reason") == "not-wanted" { "not-wanted" } else { "wrong" };
    let days = days[key].as_i64().unwrap_or_default();
    let bought = text("bought_on");
    // Dates as text are in the order of time. It may be tomorrow already where the customer is.
    if bought > customer::day(now.plus_days(1)).as_str() {
        refused.add("/fields/bought_on", "in-future", format!("{bought} has not come yet"));
    } else if bought < customer::day(now.plus_days(-days)).as_str() {
        let message = format!("bought on {bought}: it could be sent back for {days} days for this reason");
        refused.add("/fields/bought_on", "too-late", message);
    }
    let same = Search::of("customer-return").field("order_number", text("order_number")).field("item", text("item"));
    let same = same.states(&["new", "approval", "shipping", "refund", "refunded"]);
    if let Some(other) = host.find(&same, 1)?.first() {
        refused.add(
            "/fields/order_number",
            "already",
            format!("{} is about this item of the order already", other.number),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
