//! Major incidents: which ones are proposed. Accepting, telling people and looking back are the flow's (`flows/major-incident.bpmn`).

use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

const PROCESS: &str = "major-incident";

/// An incident is proposed once: whoever rejected or took back one does not find it proposed again.
pub(crate) fn propose(host: &impl Host, ticket: &Ticket) -> Result<Effects, Fault> {
    let open = matches!(ticket.state.as_str(), "new" | "in-progress" | "on-hold");
    let highest = ticket.integer("priority") == Some(1);
    if !open || !highest || ticket.parent.is_some() || ticket.text("major-state").is_some() {
        return Ok(Effects::new());
    }
    if host.setting::<String>("major-candidates")? != "priority-1" {
        return Ok(Effects::new());
    }
    let minutes: u32 = host.setting("major-update-minutes")?;
    let flow = StartFlow::new(PROCESS)
        .variable("groups", host.setting::<Value>("major-groups")?)
        .variable("update_every", format!("PT{minutes}M"));
    Ok(Effects::new().set_field("major-state", "candidate").start_flow(flow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, incident, plugin};

    fn proposing() -> FakeHost {
        host().with_setting("major-candidates", "priority-1")
    }

    fn critical(state: &str) -> Ticket {
        incident("T1", state).with("priority", 1)
    }

    #[test]
    fn inc_08_the_highest_priority_is_proposed_when_the_setting_says_so() {
        let effects = propose(&proposing(), &critical("new")).unwrap();
        let groups = json!({"managers": "major-incident-managers", "communication": "service-desk"});
        let flow = StartFlow::new(PROCESS).variable("groups", groups).variable("update_every", "PT30M");
        assert_eq!(effects, Effects::new().set_field("major-state", "candidate").start_flow(flow));
        assert_eq!(propose(&host(), &critical("new")), Ok(Effects::new()), "the default proposes none");
    }

    #[test]
    fn inc_08_only_active_no_child_and_only_once() {
        let quiet = |ticket: Ticket| assert_eq!(propose(&proposing(), &ticket), Ok(Effects::new()));
        quiet(critical("resolved"));
        quiet(critical("new").child_of("P"));
        quiet(critical("new").with("priority", 2));
        for state in ["candidate", "accepted", "rejected", "demoted"] {
            quiet(critical("in-progress").with("major-state", state));
        }
    }

    #[test]
    fn inc_08_on_creation_and_on_every_change() {
        let react = |event: Event| crate::react(&proposing(), &plugin(), &event, Some(&critical("new"))).unwrap();
        let created = react(Event::about("ticket.created", "T1", json!({})));
        assert_eq!(created.kinds(), ["set-field", "start-flow"]);
        let raised = json!({"changes": [{"field": "fields.priority", "from": 3, "to": 1}]});
        assert_eq!(react(Event::about("ticket.changed", "T1", raised)).kinds(), ["set-field", "start-flow"]);
    }

    #[test]
    fn the_flow_is_there() {
        let model = include_str!("../flows/major-incident.bpmn");
        assert!(model.contains(&format!("<bpmn:process id=\"{PROCESS}\"")));
    }
}
