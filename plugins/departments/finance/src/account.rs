//! Bank accounts: what can be known to be wrong before anybody calls. That a number is well formed says nothing about whose it is.

use weft_sdk::prelude::*;

pub(crate) fn check(vendor: &Ticket, refused: &mut Rejection) {
    let iban: String = vendor.text("iban").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    let iban = iban.to_uppercase();
    let shaped = (15..=34).contains(&iban.len()) && iban.chars().all(|c| c.is_ascii_alphanumeric());
    if !shaped || remainder(&iban) != Some(1) {
        let message = "it is no IBAN, or has a slip: its check digits do not fit; copy it again from the letter";
        return refused.add("/fields/iban", "bad-iban", message);
    }
    // Not wrong in itself, but the usual sign of an account that is not the vendor's.
    let country = vendor.text("country").unwrap_or_default();
    if !iban.starts_with(country) && vendor.text("tax_id").is_none() {
        let message = format!("the account is not in {country}: give the tax number too, so that it can be checked");
        refused.add("/fields/tax_id", "required", message);
    }
}

/// ISO 13616: the first four characters at the end, letters as 10 to 35, modulo 97.
fn remainder(iban: &str) -> Option<u32> {
    let (head, tail) = iban.split_at_checked(4)?;
    tail.chars().chain(head.chars()).try_fold(0, |rest, c| {
        let digit = c.to_digit(36)?;
        Some((rest * if digit > 9 { 100 } else { 10 } + digit) % 97)
    })
}
