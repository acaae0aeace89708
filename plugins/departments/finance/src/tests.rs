//! What finance refuses, and what it starts.

use super::*;
use weft_sdk::fake::FakeCalendar;

fn host() -> FakeHost {
    FakeHost::of_manifest(include_str!("../plugin.toml")).with_calendar("office-hours", FakeCalendar::new(|_| true))
}

fn today() -> Context {
    Context::of_person("erin", &["requester"]).at("2026-03-02T09:00:00Z")
}

fn decide(ticket: Ticket) -> Result<Effects, Rejection> {
    guard(&host(), &Change::creating(ticket).within(today()))
}

fn codes(ticket: Ticket) -> Vec<String> {
    decide(ticket).expect_err("a refusal").issues.into_iter().map(|issue| issue.code).collect()
}

fn expense() -> Ticket {
    let claim = Ticket::new("E1", "expense-claim").for_requester("erin").with("amount", 120).with("category", "travel");
    claim.with("spent_on", "2026-02-20").with("cost_centre", "design").with("receipt", "train.pdf")
}

#[test]
fn esm_01_a_claim_starts_its_flow_with_the_limits_of_that_day() {
    let effects = decide(expense()).unwrap();
    let data = &effects.iter().next().unwrap().data;
    assert_eq!((effects.kinds(), &data["process"]), (vec!["start-flow"], &json!("expense-claim")));
    assert_eq!(data["variables"]["finance_amount"], json!(500));
    assert_eq!(data["variables"]["management_amount"], json!(5000.0));
    let import = Change::creating(expense()).within(today().with_origin(Origin::Import));
    assert_eq!(guard(&host(), &import), Ok(Effects::new()));
}

#[test]
fn esm_01_everything_wrong_with_a_claim_is_said_at_once() {
    let wrong = expense().with("spent_on", "2026-04-01").with("receipt", "").with("category", "entertainment");
    assert_eq!(codes(wrong), ["in-future", "required", "required"]);
    assert_eq!(codes(expense().with("spent_on", "2025-11-30")), ["too-old"]);
    assert!(decide(expense().with("receipt", "").with("description", "The machine printed none.")).is_ok());
}

#[test]
fn esm_01_nobody_moves_a_claim_by_hand_or_changes_it_underneath() {
    let (checked, paid) = (expense().in_state("checking"), expense().in_state("payment").with("amount", 9_000));
    let by_hand = guard(&host(), &Change::of(&checked, paid.clone()).within(today())).unwrap_err();
    assert_eq!(by_hand.codes(), ["by-flow", "fixed"]);
    let withdrawn = Change::of(&checked, expense().in_state("cancelled")).within(today());
    assert_eq!(guard(&host(), &withdrawn), Ok(Effects::new()));
    let by_flow = Change::of(&checked, expense().in_state("approval")).within(Context::of_plugin("ticket-steps"));
    assert_eq!(guard(&host(), &by_flow), Ok(Effects::new()));
}

#[test]
fn esm_01_a_transfer_goes_elsewhere_and_its_management_limit_is_its_own() {
    let transfer = Ticket::new("B1", "budget-transfer").with("from_centre", "design").with("amount", 20_000);
    assert_eq!(codes(transfer.clone().with("to_centre", "design")), ["same"]);
    let effects = decide(transfer.with("to_centre", "sales")).unwrap();
    assert_eq!(effects.iter().next().unwrap().data["variables"]["management_amount"], json!(50_000.0));
}

#[test]
fn esm_01_an_account_with_a_slip_is_found_before_anybody_calls() {
    let vendor = |country: &str, iban: &str| {
        Ticket::new("V1", "vendor-check").with("vendor", "Acme").with("country", country).with("iban", iban)
    };
    assert!(decide(vendor("DE", "DE89 3704 0044 0532 0130 00")).is_ok());
    assert_eq!(codes(vendor("DE", "DE89 3704 0044 0532 0130 01")), ["bad-iban"]);
    assert_eq!(codes(vendor("DE", "DEé9")), ["bad-iban"]);
    assert_eq!(codes(vendor("FR", "GB82WEST12345698765432")), ["required"]);
    assert!(decide(vendor("FR", "GB82WEST12345698765432").with("tax_id", "FR1")).is_ok());
}

#[test]
fn esm_01_a_month_is_closed_once() {
    let effects = decide(Ticket::new("M2", "month-close")).unwrap();
    assert_eq!(effects.kinds(), ["set-field", "set-field", "set-field", "start-flow"]);
    assert_eq!(effects.iter().next().unwrap().data["value"], json!("2026-02"), "the month before");
    let closed = Ticket::new("M1", "month-close").in_state("closed").with("period", "2026-02");
    let again = Change::creating(Ticket::new("M2", "month-close")).within(today());
    assert_eq!(guard(&host().with_ticket(closed), &again).unwrap_err().codes(), ["already"]);
}

#[test]
fn esm_01_a_question_goes_to_accounting() {
    assert_eq!(decide(Ticket::new("Q1", "finance-query")), Ok(Effects::new().assign_group("accounting")));
}

#[test]
fn flows_and_decisions_are_there() {
    for (kind, _) in FIXED {
        let path = format!("{}/flows/{kind}.bpmn", env!("CARGO_MANIFEST_DIR"));
        let model = std::fs::read_to_string(path).unwrap();
        assert!(model.contains(&format!("<bpmn:process id=\"{kind}\"")), "{kind}");
    }
    assert!(include_str!("../flows/expense-claim.bpmn").contains("decisionId=\"expense-approval\""));
    assert!(include_str!("../decisions/expense-approval.dmn").contains("<decision id=\"expense-approval\""));
}
