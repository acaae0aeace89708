//! Whose case it is, what is covered, and what is refused.

use super::*;
use weft_sdk::Record;

fn acme() -> Record {
    let acme = Record::new("C1", "customer", "active").with("tier", "gold").with("contract", "K-7");
    let acme = acme.with("products", json!(["Pump"])).with("entitled_until", "2026-12-31");
    Record {
        title: "Acme".into(),
        ..acme.with("contacts", json!([{ "name": "Erin", "person": "erin" }, { "name": "Bo" }]))
    }
}

fn decide(before: Option<&Ticket>, after: Ticket) -> Result<Effects, Rejection> {
    let change = before.map_or_else(|| Change::creating(after.clone()), |before| Change::of(before, after.clone()));
    let host = FakeHost::of_manifest(include_str!("../plugin.toml")).with_record(acme());
    guard(&host, &change.within(Context::of_person("cleo", &["agent"]).at("2026-03-02T09:00:00Z")))
}

fn codes(before: Option<&Ticket>, after: Ticket) -> Vec<String> {
    let refused = decide(before, after).expect_err("a refusal");
    refused.issues.into_iter().map(|issue| issue.code).collect()
}

fn case(product: &str) -> Ticket {
    Ticket::new("T1", "customer-case").for_requester("erin").with("product", product).with("description", "It stopped.")
}

#[test]
fn esm_01_a_case_has_the_tier_of_its_customer_and_what_the_contract_covers() {
    let noted = |entitled: bool, why: &str| {
        let effects = Effects::new().set_field("customer", "#C1").set_field("tier", "gold");
        effects.set_field("entitled", entitled).set_field("entitlement", why).assign_group("customer-service")
    };
    assert_eq!(decide(None, case("Pump")), Ok(noted(true, "contract K-7 covers Pump")));
    assert_eq!(decide(None, case("Valve")), Ok(noted(false, "contract K-7 does not cover Valve")));
    assert_eq!(codes(None, case("Pump").for_requester("max")), ["unknown-customer"]);
    assert_eq!(codes(None, case("Pump").with("customer", "CUS9")), ["unknown-customer"]);
    let import = Change::creating(case("Pump")).within(Context::of_plugin("import").with_origin(Origin::Import));
    assert_eq!(guard(&FakeHost::of_manifest(include_str!("../plugin.toml")), &import), Ok(Effects::new()));
}

#[test]
fn esm_01_what_no_contract_covers_needs_a_reason() {
    let new = case("Valve").with("customer", "#C1").with("entitled", false);
    assert_eq!(codes(Some(&new), new.clone().in_state("in-progress")), ["not-entitled"]);
    let kind = new.clone().in_state("in-progress").with("goodwill", "Their first year.");
    assert_eq!(decide(Some(&new), kind), Ok(Effects::new()));
}

#[test]
fn esm_01_entitlement_ends_with_the_contract() {
    let now: Instant = "2026-03-02T09:00:00Z".parse().unwrap();
    let why = |customer: Record| customer::entitled(&customer, &case("Pump"), now);
    assert!(why(acme()).entitled);
    assert_eq!(why(acme().with("entitled_until", "2026-03-01")).why, "contract K-7 ended on 2026-03-01");
    assert_eq!(why(acme().with("entitled_from", "2026-04-01")).why, "contract K-7 begins on 2026-04-01");
    assert_eq!(why(Record { state: "suspended".into(), ..acme() }).why, "Acme is suspended");
    assert!(!why(acme().with("contract", "")).entitled);
}

#[test]
fn esm_01_a_return_is_in_time_and_stays_as_it_was_approved() {
    let back = |on: &str, reason: &str| {
        let ticket = Ticket::new("R1", "customer-return").for_requester("erin").with("order_number", "O-1");
        ticket.with("item", "Pump").with("bought_on", on).with("amount", 300).with("reason", reason)
    };
    assert_eq!(codes(None, back("2026-01-02", "not-wanted")), ["too-late"]);
    assert_eq!(codes(None, back("2026-03-20", "defective")), ["in-future"]);
    let effects = decide(None, back("2026-01-02", "defective")).unwrap();
    assert_eq!(effects.kinds(), ["set-field", "set-field", "assign", "start-flow"]);
    let variables = &effects.iter().last().unwrap().data["variables"];
    assert_eq!((&variables["keep_amount"], &variables["finance_amount"]), (&json!(20), &json!(1_000)));
    let asked = back("2026-03-01", "defective").in_state("approval").with("customer", "#C1");
    let sly = asked.clone().in_state("refunded").with("amount", 900);
    assert_eq!(codes(Some(&asked), sly), ["by-flow", "fixed"]);
}

#[test]
fn esm_01_a_contact_belongs_to_one_customer() {
    let record = |person: &str| {
        let record = Ticket::new("C2", "customer").with("tier", "gold").with("entitled_from", "2026-02-01");
        record.with("entitled_until", "2026-01-01").with("contacts", json!([{ "name": "X", "person": person }]))
    };
    assert_eq!(codes(None, record("erin")), ["before-start", "contact-elsewhere"]);
    assert_eq!(codes(None, record("fay")), ["before-start"]);
}

#[test]
fn flows_and_decisions_are_there() {
    assert!(include_str!("../flows/complaint.bpmn").contains("<bpmn:process id=\"complaint\""));
    assert!(include_str!("../flows/customer-return.bpmn").contains("decisionId=\"refund-approval\""));
}
