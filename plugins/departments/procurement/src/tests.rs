//! What procurement refuses, starts and enters.

use super::*;

fn host() -> FakeHost {
    let acme = Record::new("S1", "supplier", "active").with("tax_id", "DE 123.456");
    FakeHost::of_manifest(include_str!("../plugin.toml")).with_record(Record { title: "Acme".into(), ..acme })
}

fn purchase(state: &str) -> Ticket {
    let ticket = Ticket::new("P1", "purchase").in_state(state).for_requester("erin").with("what", "Chairs");
    ticket.with("quantity", 10).with("estimate", 900).with("cost_centre", "design").with("period", "2026")
}

fn quoted(supplier: &str, amount: u32) -> Ticket {
    let quotes = json!([{ "supplier": "Acme", "amount": 800 }, { "supplier": "Other", "amount": 700 }]);
    purchase("quotes").with("quotes", quotes).with("supplier", supplier).with("amount", amount)
}

fn codes(before: &Ticket, after: Ticket) -> Vec<String> {
    let refused = guard(&host(), &Change::of(before, after)).expect_err("a refusal");
    refused.issues.into_iter().map(|issue| issue.code).collect()
}

#[test]
fn esm_01_a_purchase_starts_its_flow_with_the_limits_of_that_day() {
    let effects = guard(&host(), &Change::creating(purchase("new"))).unwrap();
    let data = &effects.iter().next().unwrap().data;
    assert_eq!((effects.kinds(), &data["process"]), (vec!["start-flow"], &json!("purchase")));
    assert_eq!(data["variables"]["quotes_high"], json!(10_000));
    assert_eq!(data["variables"]["tolerance_percent"], json!(2));
    let import = Change::creating(purchase("new")).within(Context::of_plugin("import").with_origin(Origin::Import));
    assert_eq!(guard(&host(), &import), Ok(Effects::new()));
}

#[test]
fn esm_01_it_is_bought_from_an_approved_supplier_at_the_price_of_a_quote() {
    let before = purchase("quotes");
    assert_eq!(guard(&host(), &Change::of(&before, quoted("S1", 800))), Ok(Effects::new()));
    assert_eq!(codes(&before, quoted("Other", 700)), ["not-approved"]);
    assert_eq!(codes(&before, quoted("S1", 700)), ["not-quoted"]);
}

#[test]
fn esm_01_what_was_approved_stays_and_moves_by_its_flow() {
    let before = Ticket { state: "approval".into(), ..quoted("S1", 800) };
    let sly = Ticket { state: "completed".into(), ..quoted("S1", 800) }.with("quantity", 1);
    assert_eq!(codes(&before, sly), ["by-flow", "fixed"]);
    let withdrawn = Ticket { state: "cancelled".into(), ..quoted("S1", 800) };
    assert_eq!(guard(&host(), &Change::of(&before, withdrawn)), Ok(Effects::new()));
}

#[test]
fn esm_01_an_approved_supplier_is_entered_once() {
    let proposed = |tax_id: &str| {
        let ticket = Ticket::new("O1", "supplier-onboarding").with("supplier", "Cables Ltd").with("country", "DE");
        ticket.with("tax_id", tax_id).with("yearly_spend", 5_000)
    };
    let known = guard(&host(), &Change::creating(proposed("de123456"))).unwrap_err();
    assert_eq!(known.codes(), ["known"]);
    let approval = proposed("DE9").in_state("approval");
    let approved =
        Change::of(&approval, proposed("DE9").in_state("approved")).within(Context::of_plugin("ticket-steps"));
    let effects = guard(&host(), &approved).unwrap();
    assert_eq!(effects.kinds(), ["upsert-record"]);
    assert_eq!(effects.iter().next().unwrap().data["fields"]["onboarding"], json!("#O1"));
}

#[test]
fn flows_and_decisions_are_there() {
    let model = include_str!("../flows/purchase.bpmn");
    assert!(model.contains("<bpmn:process id=\"purchase\""));
    for decision in ["quotes-needed", "purchase-approval", "three-way-match"] {
        assert!(model.contains(&format!("decisionId=\"{decision}\"")), "{decision}");
    }
    assert!(include_str!("../flows/supplier-onboarding.bpmn").contains("<bpmn:process id=\"supplier-onboarding\""));
}
