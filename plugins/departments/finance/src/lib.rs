//! Finance: claims, transfers, vendors and closes start their flow with the limits of that day, and stay as they are once somebody
//! checks them. What stands in them is checked here, all of it at once.
//!
//! Who approves is a decision table, who may not do two parts of one thing is said in the flow: its rules leave those people out.

mod account;

use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard }

/// What the flow of each kind is about, and nobody changes any more once it has begun.
const FIXED: [(&str, &[&str]); 4] = [
    ("expense-claim", &["amount", "category", "cost_centre", "spent_on", "receipt", "guests"]),
    ("budget-transfer", &["amount", "from_centre", "to_centre", "period"]),
    ("vendor-check", &["vendor", "country", "tax_id", "iban", "account_holder"]),
    ("month-close", &["period"]),
];
/// A transfer between budgets is no cost: it takes more of it until the management wants to know.
const TRANSFER_FACTOR: f64 = 10.0;

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let ticket = &change.after;
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    let groups: Value = host.setting("groups")?;
    let Some((_, fixed)) = FIXED.iter().find(|(kind, _)| *kind == ticket.kind) else {
        let accounting = groups["accounting"].as_str().unwrap_or_default();
        let unassigned = change.is_create() && ticket.group.is_none();
        return Ok(Effects::new().when(unassigned, |effects| effects.assign_group(accounting)));
    };
    let mut refused = Rejection::none();
    if !change.is_create() {
        change.moved_by_flow_but(&["cancelled"], &mut refused);
        change.fixed_after(&["new"], fixed, &mut refused);
        return refused.or_ok(Effects::new());
    }
    let mut effects = Effects::new();
    match ticket.kind.as_str() {
        "expense-claim" => claim(host, ticket, change.context.now, &mut refused)?,
        "budget-transfer" if ticket.text("from_centre") == ticket.text("to_centre") => {
            refused.add("/fields/to_centre", "same", "it gives to the cost centre that it takes from: name another");
        }
        "vendor-check" => account::check(ticket, &mut refused),
        "month-close" => effects = month(host, ticket, change.context.now, &mut refused)?,
        _ => {}
    }
    let factor = if ticket.kind == "budget-transfer" { TRANSFER_FACTOR } else { 1.0 };
    let flow = StartFlow::new(&ticket.kind)
        .variable("groups", groups)
        .variable("finance_amount", host.setting::<Value>("finance-amount")?)
        .variable("management_amount", host.setting::<f64>("management-amount")? * factor)
        .variable("calendar", host.setting::<Value>("calendar")?);
    refused.or_ok(effects.start_flow(flow))
}

fn claim(host: &impl Host, claim: &Ticket, now: Instant, refused: &mut Rejection) -> Result<(), Fault> {
    let days: i64 = host.setting("claim-days")?;
    let spent = claim.text("spent_on").unwrap_or_default();
    // Dates as text are in the order of time. It may be tomorrow already where the claimant is.
    if spent > day(now.plus_days(1)).as_str() {
        refused.add("/fields/spent_on", "in-future", format!("{spent} has not come yet: claim what was spent"));
    } else if spent < day(now.plus_days(-days)).as_str() {
        let message = format!("{spent} is more than {days} days ago: ask finance about it instead");
        refused.add("/fields/spent_on", "too-old", message);
    }
    if claim.text("receipt").is_none() && claim.text("description").is_none() {
        refused.add("/fields/receipt", "required", "name the receipt, or say in the description why there is none");
    }
    if claim.text("category") == Some("entertainment") && claim.text("guests").is_none() {
        refused.add("/fields/guests", "required", "say who was entertained, and of which company");
    }
    Ok(())
}

/// Which month is closed, from when and until when; each only once.
fn month(host: &impl Host, close: &Ticket, now: Instant, refused: &mut Rejection) -> Result<Effects, Fault> {
    let (year, month, _) = now.date();
    let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    let period = close.text("period").map_or_else(|| format!("{year:04}-{month:02}"), str::to_owned);
    let same =
        Search::of("month-close").field("period", period.as_str()).states(&["new", "closing", "review", "closed"]);
    if let Some(other) = host.find(&same, 1)?.first() {
        let message = format!("{} closes {period} already", other.number);
        refused.add("/fields/period", "already", message);
    }
    let begins = close.instant("begins_at").unwrap_or(now);
    let seconds = host.setting::<u32>("close-days")? * WORKING_DAY_SECONDS;
    let ends = host.calendar_add(&host.setting::<String>("calendar")?, begins, seconds, None)?;
    let given = |field: &str| close.text(field).is_some();
    Ok(Effects::new()
        .when(!given("period"), |effects| effects.set_field("period", period.as_str()))
        .when(!given("begins_at"), |effects| effects.set_field("begins_at", begins.to_string()))
        .when(!given("ends_at"), |effects| effects.set_field("ends_at", ends.to_string())))
}

/// A working day of the settings has eight hours.
const WORKING_DAY_SECONDS: u32 = 8 * 3600;

fn day(at: Instant) -> String {
    let (year, month, day) = at.date();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests;
