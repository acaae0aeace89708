//! Contracts: when they begin, end, go on by themselves, and when somebody must say that they shall not.

use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Notify, Record};

/// Contracts of one night: what is left is done in the next.
const CONTRACTS_MAX: usize = 60;

pub(crate) fn decide(change: &Change) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&change.after, Rejection::none());
    if after.text("start") > after.text("end") {
        refused.add("/fields/end", "before-start", "the last day is before the first");
    }
    if change.entered("terminated") && after.text("terminated_because").is_none() {
        refused.add("/fields/terminated_because", "required", "say why it is terminated");
    }
    let terms = ["vendor", "start", "end", "cost_cents", "renewal", "term_months", "notice_days"];
    let agreed = change.before.as_ref().is_some_and(|before| before.state != "draft");
    if let Some(term) =
        terms.into_iter().find(|term| change.changed(term)).filter(|_| agreed && change.context.is_person())
    {
        let message = "what was approved is agreed: send it back first, or make a new contract";
        refused.add(format!("/fields/{term}"), "agreed", message);
    }
    refused.or_ok(Effects::new())
}

pub(crate) fn nightly(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let today: String = call.context.now.to_string().chars().take(10).collect();
    let (mut effects, mut counts, mut done) = (Effects::new(), [0; 4], 0);
    for state in ["approved", "active"] {
        for contract in &host.records("contract", Some(state))? {
            let Some((what, more)) = next(contract, &today) else { continue };
            if done == CONTRACTS_MAX {
                break;
            }
            done += 1;
            counts[what as usize] += 1;
            effects = effects.and(more);
        }
    }
    let [activated, renewed, expired, alerted] = counts;
    let outputs = json!({"activated": activated, "renewed": renewed, "expired": expired, "alerted": alerted});
    Ok(Outcome::done(outputs, effects))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Activate,
    Renew,
    Expire,
    Alert,
}

/// What the day asks for. Dates of ISO 8601 compare as text.
fn next(contract: &Record, today: &str) -> Option<(Deed, Effects)> {
    let (start, end) = (contract.text("start")?, contract.text("end")?);
    let change = contract.change();
    if contract.state == "approved" {
        return (start <= today).then(|| (Deed::Activate, Effects::new().upsert_record(change.state("active"))));
    }
    let tacit = contract.text("renewal") == Some("tacit");
    if end < today {
        if !tacit {
            return Some((Deed::Expire, Effects::new().upsert_record(change.state("expired"))));
        }
        let renewals = contract.integer("renewals").unwrap_or(0) + 1;
        let later = add_months(end, contract.integer("term_months").unwrap_or(12))?;
        let renewed = change.field("end", later).field("renewals", renewals);
        return Some((Deed::Renew, Effects::new().upsert_record(renewed)));
    }
    let midnight: Instant = format!("{end}T00:00:00Z").parse().ok()?;
    let notice = midnight.plus_days(-contract.integer("notice_days").unwrap_or(0)).to_string();
    if notice.get(..10)? > today || contract.text("alerted") == Some(end) {
        return None;
    }
    let then = if tacit { "it goes on by itself" } else { "it ends" };
    let subject = format!("{} runs until {end}, then {then}", contract.number);
    let body = format!("\u{201c}{}\u{201d} with {}.", contract.title, contract.text("vendor").unwrap_or("its vendor"));
    let people: Vec<&str> = contract.text("owner").into_iter().collect();
    let told = Effects::new().upsert_record(change.field("alerted", end)).when(!people.is_empty(), |effects| {
        effects.notify(Notify { people: &people, groups: &[], subject: &subject, body: &body })
    });
    Some((Deed::Alert, told))
}

/// The same day so many months later; the last one of a month that is shorter.
fn add_months(day: &str, months: i64) -> Option<String> {
    let number = |range: std::ops::Range<usize>| day.get(range)?.parse::<i64>().ok();
    let (year, month, date) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let total = year * 12 + month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    Some(format!("{year:04}-{month:02}-{:02}", date.min(length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    fn contract(id: &str, state: &str, end: &str) -> Record {
        Record::new(id, "contract", state)
            .with("start", "2026-01-01")
            .with("end", end)
            .with("owner", "ana")
            .with("vendor", "Acme")
    }

    fn night(host: &FakeHost, day: &str) -> (Value, Effects) {
        let mut call = StepCall::new("nightly", json!({}));
        call.context = call.context.at(&format!("{day}T02:00:00Z"));
        let Ok(Outcome::Done { outputs, effects }) = crate::run(host, &call) else { panic!("it is done") };
        (outputs, effects)
    }

    #[test]
    fn ast_03_contracts_begin_and_end_on_their_days() {
        let host = host()
            .with_record(contract("C1", "approved", "2026-12-31"))
            .with_record(contract("C2", "active", "2026-03-01"))
            .with_record(contract("C3", "active", "2026-02-28").with("renewal", "tacit").with("term_months", 12))
            .with_record(contract("C4", "active", "2026-12-31").with("notice_days", 90))
            .with_record(contract("C5", "draft", "2026-02-28"));
        let (counts, effects) = night(&host, "2026-03-02");
        assert_eq!(counts, json!({"activated": 1, "renewed": 1, "expired": 1, "alerted": 0}));
        let of = |id: &str, state: &str| contract(id, state, "").change();
        let renewed = of("C3", "active").field("end", "2027-02-28").field("renewals", 1);
        let expected = [of("C1", "approved").state("active"), of("C2", "active").state("expired"), renewed];
        assert_eq!(effects, expected.into_iter().fold(Effects::new(), Effects::upsert_record));
    }

    #[test]
    fn ast_03_owners_are_alerted_before_the_notice_ends_once() {
        let near = contract("C1", "active", "2026-05-31").with("notice_days", 90);
        assert_eq!(night(&host().with_record(near.clone()), "2026-03-01").0["alerted"], 0);
        let (counts, effects) = night(&host().with_record(near.clone()), "2026-03-02");
        assert_eq!((&counts["alerted"], effects.kinds()), (&json!(1), vec!["upsert-record", "notify"]));
        assert_eq!(effects.iter().last().unwrap().text("subject"), Some("#C1 runs until 2026-05-31, then it ends"));
        assert_eq!(night(&host().with_record(near.with("alerted", "2026-05-31")), "2026-03-03").0["alerted"], 0);
    }

    #[test]
    fn ast_03_months_are_as_long_as_they_are() {
        assert_eq!(add_months("2026-01-31", 1).as_deref(), Some("2026-02-28"));
        assert_eq!(add_months("2027-12-31", 2).as_deref(), Some("2028-02-29"));
    }

    #[test]
    fn ast_03_what_was_approved_is_agreed() {
        let ticket = |state: &str| {
            Ticket::new("C1", "contract").in_state(state).with("start", "2026-01-01").with("end", "2026-12-31")
        };
        let change = |state: &str, field: &str, value: &str| {
            let decision = decide(&Change::of(&ticket(state), ticket(state).with(field, value)));
            decision.map_err(|refused| refused.codes().join(","))
        };
        assert_eq!(change("draft", "end", "2027-12-31"), Ok(Effects::new()));
        assert_eq!(change("active", "end", "2027-12-31"), Err("agreed".into()));
        assert_eq!(change("draft", "end", "2025-12-31"), Err("before-start".into()));
        let ended = decide(&Change::of(&ticket("active"), ticket("terminated")));
        assert_eq!(ended.unwrap_err().codes(), ["required"]);
    }
}
