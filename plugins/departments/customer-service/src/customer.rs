//! Customers: who asks for whom, and what their contract covers.

use serde::Deserialize;
use weft_sdk::Record;
use weft_sdk::prelude::*;

#[derive(Debug, Deserialize)]
struct Contact {
    #[serde(default)]
    person: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entitlement {
    pub(crate) entitled: bool,
    /// For people.
    pub(crate) why: String,
}

fn contacts(list: &Value) -> Vec<String> {
    let contacts = Vec::<Contact>::deserialize(list).unwrap_or_default();
    contacts.into_iter().filter_map(|contact| contact.person).collect()
}

/// The customer that is named, or for whom whoever asks is a contact.
pub(crate) fn of(host: &impl Host, ticket: &Ticket) -> Result<Result<Record, Issue>, Fault> {
    let customers = host.records("customer", None)?;
    let asks = |one: &&Record| {
        ticket.requester.as_ref().is_some_and(|person| contacts(one.field("contacts")).contains(person))
    };
    let named = ticket.text("customer");
    let found = match named {
        Some(name) => customers.iter().find(|one| one.id == name || one.number == name),
        None => customers.iter().find(asks),
    };
    Ok(found.cloned().ok_or_else(|| match named {
        Some(name) => Issue::new("/fields/customer", "unknown-customer", format!("there is no customer `{name}`")),
        None => {
            let message = "no customer has whoever asks as a contact: name the customer, or add the contact there";
            Issue::new("/fields/customer", "unknown-customer", message)
        }
    }))
}

/// Whether the contract covers the product today.
pub(crate) fn entitled(customer: &Record, case: &Ticket, now: Instant) -> Entitlement {
    let today = day(now);
    let product = case.text("product").unwrap_or_default();
    let no = |why: String| Entitlement { entitled: false, why };
    if customer.state != "active" {
        return no(format!("{} is {}", customer.title, customer.state));
    }
    let Some(contract) = customer.text("contract") else { return no(format!("{} has no contract", customer.title)) };
    if let Some(from) = customer.text("entitled_from").filter(|from| *from > today.as_str()) {
        return no(format!("contract {contract} begins on {from}"));
    }
    if let Some(until) = customer.text("entitled_until").filter(|until| *until < today.as_str()) {
        return no(format!("contract {contract} ended on {until}"));
    }
    if !customer.list("products").any(|covered| covered == product) {
        return no(format!("contract {contract} does not cover {product}"));
    }
    Entitlement { entitled: true, why: format!("contract {contract} covers {product}") }
}

/// A customer as somebody writes it.
pub(crate) fn check(host: &impl Host, change: &Change, refused: &mut Rejection) -> Result<(), Fault> {
    let customer = &change.after;
    let (from, until) = (customer.text("entitled_from"), customer.text("entitled_until"));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        refused.add("/fields/entitled_until", "before-start", format!("it ends before it begins on {from}"));
    }
    let people = contacts(customer.field("contacts"));
    for other in host.records("customer", None)?.iter().filter(|other| other.id != customer.id) {
        // Whose case it is would be chance.
        if let Some(person) = contacts(other.field("contacts")).iter().find(|person| people.contains(person)) {
            let message = format!("{person} is a contact of {} ({}) already", other.title, other.number);
            refused.add("/fields/contacts", "contact-elsewhere", message);
        }
    }
    Ok(())
}

pub(crate) fn day(at: Instant) -> String {
    let (year, month, day) = at.date();
    format!("{year:04}-{month:02}-{day:02}")
}
