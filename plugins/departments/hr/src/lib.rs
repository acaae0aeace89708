//! Human resources: when the flow of an onboarding starts, and who hears that a hire was withdrawn.
//!
//! What is done when and by whom is the flow's (`flows/onboarding.bpmn`): its timers read the start date from the ticket, so nothing
//! here moves them.

mod grievance;

use weft_sdk::prelude::*;
use weft_sdk::{SendMessage, StartFlow};

weft_sdk::practice! { guard: guard }

const PROCESS: &str = "onboarding";
/// What the flow waits for when the hire is withdrawn.
const WITHDRAWN: &str = "onboarding.withdrawn";

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    if change.after.kind == "grievance" {
        return grievance::decide(host, change);
    }
    if change.is_create() {
        let flow = StartFlow::new(PROCESS)
            .variable("groups", host.setting::<Value>("groups")?)
            .variable("calendar", host.setting::<Value>("calendar")?);
        return Ok(Effects::new().start_flow(flow));
    }
    let settled = change.before.as_ref().is_some_and(|before| before.state == "settling-in");
    if settled && change.changed("start_date") {
        let message = "the first day was: what was prepared for it cannot move any more";
        return Err(Rejection::new("/fields/start_date", "started", message));
    }
    // A flow that ends an onboarding itself knows that it does.
    let withdrawn = change.entered("cancelled") && change.context.is_person();
    Ok(Effects::new().when(withdrawn, |effects| {
        let reason = change.comments(Visibility::Public).next().unwrap_or_default();
        effects.send_message(SendMessage::new(WITHDRAWN, &change.after.id).variable("reason", reason))
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn hire(state: &str) -> Ticket {
        let ticket = Ticket::new("O1", "onboarding").in_state(state).for_requester("mona");
        ticket.with("employee_name", "Nia Okoro").with("start_date", "2026-04-01").with("manager", "mona")
    }

    fn hana() -> Context {
        Context::of_person("hana", &["agent"])
    }

    #[test]
    fn esm_a_hire_starts_its_flow() {
        let effects = guard(&host(), &Change::creating(hire("new")).within(hana())).unwrap();
        let data = &effects.iter().next().unwrap().data;
        assert_eq!((effects.kinds(), &data["process"]), (vec!["start-flow"], &json!("onboarding")));
        assert_eq!(data["variables"]["groups"]["facilities"], "facilities");

        let import = Change::creating(hire("new")).within(hana().with_origin(Origin::Import));
        assert_eq!(guard(&host(), &import), Ok(Effects::new()));
    }

    #[test]
    fn cat_04_the_start_date_moves_until_it_was() {
        let moved =
            |state: &str| guard(&host(), &Change::of(&hire(state), hire(state).with("start_date", "2026-04-15")));
        assert_eq!(moved("preparing"), Ok(Effects::new()), "the timers of the flow follow by themselves");
        assert_eq!(moved("settling-in").unwrap_err().issues[0].code, "started");
    }

    #[test]
    fn cat_05_a_withdrawn_hire_tells_the_flow() {
        let withdrawn = Change::of(&hire("preparing"), hire("cancelled"))
            .asking(Effects::new().comment_public("She took another offer."))
            .within(hana());
        let message = SendMessage::new(WITHDRAWN, "O1").variable("reason", "She took another offer.");
        assert_eq!(guard(&host(), &withdrawn), Ok(Effects::new().send_message(message)));
        let by_flow = withdrawn.within(Context::of_plugin("ticket-steps"));
        assert_eq!(guard(&host(), &by_flow), Ok(Effects::new()));
    }

    #[test]
    fn the_flow_is_there_and_waits_for_the_message() {
        let model = include_str!("../flows/onboarding.bpmn");
        assert!(model.contains(&format!("<bpmn:process id=\"{PROCESS}\"")));
        assert!(model.contains(&format!("name=\"{WITHDRAWN}\"")));
        let workplace = include_str!("../flows/onboarding-workplace.bpmn");
        assert!(workplace.contains("<bpmn:process id=\"onboarding-workplace\""), "what it calls");
    }

    #[test]
    fn the_kind_has_what_the_flow_reads() {
        let kind: Value = toml::from_str(include_str!("../kinds/onboarding.toml")).unwrap();
        for field in ["start_date", "manager", "laptop_model", "employee", "employee_name", "cost_centre"] {
            assert!(kind["field"].get(field).is_some(), "{field}");
        }
    }
}
