//! Procurement: a purchase starts its flow, is bought only from suppliers that were approved, at the price of a quote, and stays as it
//! was approved. A supplier that was approved is entered, once.
//!
//! How many quotes, who approves and whether an invoice matches are decision tables.

use weft_sdk::prelude::*;
use weft_sdk::{Record, StartFlow, UpsertRecord};

weft_sdk::practice! { guard: guard }

/// What is approved, and nobody changes any more once the quotes are in.
const FIXED: [&str; 9] =
    ["what", "category", "quantity", "estimate", "cost_centre", "period", "quotes", "supplier", "amount"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    let mut refused = Rejection::none();
    let mut effects = Effects::new();
    change.moved_by_flow_but(&["cancelled"], &mut refused);
    if change.after.kind == "supplier-onboarding" {
        change.fixed_after(&["new"], &["supplier", "country", "tax_id", "personal_data"], &mut refused);
        effects = onboarding(host, change, &mut refused)?;
    } else {
        change.fixed_after(&["new", "quotes"], &FIXED, &mut refused);
        quoted(host, change, &mut refused)?;
    }
    if change.is_create() {
        effects = effects.start_flow(flow(host, &change.after.kind)?);
    }
    refused.or_ok(effects)
}

fn flow(host: &impl Host, process: &str) -> Result<StartFlow, Fault> {
    let setting = |key: &str| host.setting::<Value>(key);
    let (quotes, tolerance) = (setting("quotes")?, setting("tolerance")?);
    Ok(StartFlow::new(process)
        .variable("groups", setting("groups")?)
        .variable("calendar", setting("calendar")?)
        .variable("finance_amount", setting("finance-amount")?)
        .variable("management_amount", setting("management-amount")?)
        .variable("quotes_low", quotes["two"].clone())
        .variable("quotes_high", quotes["three"].clone())
        .variable("tolerance_percent", tolerance["percent"].clone())
        .variable("tolerance_amount", tolerance["amount"].clone()))
}

/// The supplier may be bought from, and what is paid is what it asked for.
fn quoted(host: &impl Host, change: &Change, refused: &mut Rejection) -> Result<(), Fault> {
    let purchase = &change.after;
    let Some(wanted) = purchase.text("supplier") else { return Ok(()) };
    if !["supplier", "amount", "quotes"].iter().any(|field| change.changed(field)) {
        return Ok(());
    }
    let suppliers = host.records("supplier", Some("active"))?;
    let Some(supplier) = suppliers.iter().find(|known| known.id == wanted || known.number == wanted) else {
        let message = format!("`{wanted}` is no approved supplier: name the number of one, or have it onboarded first");
        refused.add("/fields/supplier", "not-approved", message);
        return Ok(());
    };
    let quotes = purchase.field("quotes").as_array().cloned().unwrap_or_default();
    let of_it = |quote: &Value| {
        let named = quote["supplier"].as_str().unwrap_or_default();
        [&supplier.id, &supplier.number, &supplier.title].iter().any(|name| *name == named)
    };
    let amount = purchase.field("amount").as_f64();
    let same = |quote: &Value| quote["amount"].as_f64() == amount;
    if !quotes.is_empty() && amount.is_some() && !quotes.iter().any(|quote| of_it(quote) && same(quote)) {
        let message =
            format!("{} did not quote this price: take supplier and price of one of the quotes", supplier.title);
        refused.add("/fields/amount", "not-quoted", message);
    }
    Ok(())
}

fn onboarding(host: &impl Host, change: &Change, refused: &mut Rejection) -> Result<Effects, Fault> {
    let proposed = &change.after;
    let text = |field: &str| proposed.text(field).unwrap_or_default();
    if change.is_create() {
        let known = host.records("supplier", None)?;
        let same = |one: &&Record| one.text("tax_id").is_some_and(|id| plain(id) == plain(text("tax_id")));
        if let Some(known) = known.iter().find(same) {
            let message = format!("{} ({}, {}) has this tax number already", known.title, known.number, known.state);
            refused.add("/fields/tax_id", "known", message);
        }
        return Ok(Effects::new());
    }
    let enter = |effects: Effects| {
        let supplier = UpsertRecord::new("supplier", &proposed.space, text("supplier")).state("active");
        let supplier = ["country", "tax_id", "category", "contact"]
            .iter()
            .filter(|field| proposed.text(field).is_some())
            .fold(supplier, |supplier, field| supplier.field(field, text(field)));
        let now = change.context.now.to_string();
        effects.upsert_record(supplier.field("approved_on", now).field("onboarding", proposed.number.as_str()))
    };
    Ok(Effects::new().when(change.entered("approved"), enter))
}

/// Tax numbers are written with and without blanks and dots.
fn plain(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests;
