//! Legal: contract reviews start their flow, and what is being approved is not changed underneath; holds keep what must not go.
//!
//! Who approves is a decision table (`decisions/contract-approval.dmn`); in which order and how many is the rule `ordered-steps`.

mod hold;

use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard }

const PROCESS: &str = "contract-review";

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    if change.after.kind == "legal-hold" {
        return hold::decide(host, change);
    }
    if change.is_create() {
        let setting = |key: &str| host.setting::<Value>(key);
        let flow = StartFlow::new(PROCESS)
            .variable("groups", setting("groups")?)
            .variable("redline_limit", setting("redline-limit")?)
            .variable("finance_amount", setting("finance-amount")?)
            .variable("management_amount", setting("management-amount")?)
            .variable("redline_round", 0)
            .variable("calendar", setting("calendar")?);
        return Ok(Effects::new().start_flow(flow));
    }
    let mut refused = Rejection::none();
    let asked = change.before.as_ref().is_some_and(|before| matches!(before.state.as_str(), "approval" | "signature"));
    for field in ["amount", "contract_type", "counterparty"] {
        if asked && change.changed(field) {
            let message =
                format!("`{field}` is what the approval is about: do not conclude this one, and open another review");
            refused.add(format!("/fields/{field}"), "fixed", message);
        }
    }
    refused.or_ok(Effects::new())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn contract(state: &str) -> Ticket {
        let ticket = Ticket::new("L1", "contract-review").in_state(state).for_requester("nadia");
        ticket.with("amount", 25_000).with("contract_type", "purchase").with("counterparty", "Acme")
    }

    #[test]
    fn esm_a_contract_starts_its_review_with_the_limits_of_that_day() {
        let effects = guard(&host(), &Change::creating(contract("new"))).unwrap();
        let data = &effects.iter().next().unwrap().data;
        assert_eq!((effects.kinds(), &data["process"]), (vec!["start-flow"], &json!(PROCESS)));
        assert_eq!(data["variables"]["redline_limit"], json!(3));
        assert_eq!(data["variables"]["management_amount"], json!(100_000));
        let import = Change::creating(contract("new")).within(Context::of_plugin("import").with_origin(Origin::Import));
        assert_eq!(guard(&host(), &import), Ok(Effects::new()));
    }

    #[test]
    fn what_is_being_approved_is_not_changed_underneath() {
        let dearer =
            |state: &str| guard(&host(), &Change::of(&contract(state), contract(state).with("amount", 250_000)));
        assert_eq!(dearer("negotiation"), Ok(Effects::new()), "that is what negotiations are for");
        for state in ["approval", "signature"] {
            assert_eq!(dearer(state).unwrap_err().issues[0].pointer, "/fields/amount");
        }
        let noted = Change::of(&contract("approval"), contract("approval").with("review_notes", "Clause 7."));
        assert_eq!(guard(&host(), &noted), Ok(Effects::new()));
    }

    #[test]
    fn flow_and_decision_are_there() {
        let model = include_str!("../flows/contract-review.bpmn");
        assert!(model.contains(&format!("<bpmn:process id=\"{PROCESS}\"")));
        assert!(model.contains("decisionId=\"contract-approval\""));
        assert!(include_str!("../decisions/contract-approval.dmn").contains("<decision id=\"contract-approval\""));
    }

    #[test]
    fn the_kind_knows_the_types_that_the_table_asks_for() {
        let kind: Value = toml::from_str(include_str!("../kinds/contract-review.toml")).unwrap();
        let types = kind["field"]["contract_type"]["schema"]["enum"].as_array().unwrap();
        assert!(types.contains(&json!("employment")) && types.contains(&json!("nda")));
    }
}
