//! Major incidents: which ones are proposed. Accepting, telling people and looking back are the flow's (`flows/major-incident.bpmn`).

use serde::Deserialize;
use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

const PROCESS: &str = "major-incident";

/// What an administrator says about incidents whose fields all have these values.
#[derive(Debug, Deserialize)]
struct Rule {
    order: i64,
    title: String,
    when: Object,
    propose: bool,
}

/// The rule with the lowest order that fits decides, and no other is looked at. Without one, the setting for the highest priority.
fn is_proposed(host: &impl Host, ticket: &Ticket) -> Result<Option<String>, Fault> {
    let mut rules: Vec<Rule> = host.setting("major-rules")?;
    rules.sort_by_key(|rule| rule.order);
    let fits = |rule: &Rule| rule.when.iter().all(|(field, value)| ticket.value(field) == *value);
    if let Some(rule) = rules.into_iter().find(fits) {
        return Ok(rule.propose.then_some(rule.title));
    }
    let highest = ticket.integer("priority") == Some(1) && host.setting::<String>("major-candidates")? == "priority-1";
    Ok(highest.then(|| "the highest priority".to_owned()))
}

/// An incident is proposed once: whoever rejected or took back one does not find it proposed again.
pub(crate) fn propose(host: &impl Host, ticket: &Ticket) -> Result<Effects, Fault> {
    let open = matches!(ticket.state.as_str(), "new" | "in-progress" | "on-hold");
    if !open || ticket.parent.is_some() || ticket.text("major-state").is_some() {
        return Ok(Effects::new());
    }
    let Some(reason) = is_proposed(host, ticket)? else { return Ok(Effects::new()) };
    let minutes: u32 = host.setting("major-update-minutes")?;
    let flow = StartFlow::new(PROCESS)
        .variable("groups", host.setting::<Value>("major-groups")?)
        .variable("update_every", format!("PT{minutes}M"));
    let note = format!("Proposed as a major incident: {reason}.");
    Ok(Effects::new().set_field("major-state", "candidate").comment_internal(note).start_flow(flow))
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
        let note = "Proposed as a major incident: the highest priority.";
        assert_eq!(
            effects,
            Effects::new().set_field("major-state", "candidate").comment_internal(note).start_flow(flow)
        );
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
        assert_eq!(created.kinds(), ["set-field", "comment", "start-flow"]);
        let raised = json!({"changes": [{"field": "fields.priority", "from": 3, "to": 1}]});
        assert_eq!(react(Event::about("ticket.changed", "T1", raised)).kinds(), ["set-field", "comment", "start-flow"]);
    }

    #[test]
    fn inc_08_the_rule_with_the_lowest_order_decides_and_the_rest_is_not_looked_at() {
        let rule = |order: i64, when: Value, propose: bool| json!({"order": order, "title": format!("rule {order}"), "when": when, "propose": propose});
        let host = proposing().with_setting(
            "major-rules",
            json!([
                rule(30, json!({}), true),
                rule(10, json!({"category": "test"}), false),
                rule(20, json!({"ci": "erp"}), true)
            ]),
        );
        let reason = |ticket: Ticket| {
            let effects = propose(&host, &ticket).unwrap();
            effects.iter().find_map(|effect| effect.text("body").map(str::to_owned)).unwrap_or_default()
        };
        let on_erp = incident("T1", "new").with("ci", "erp").with("priority", 3);
        assert_eq!(reason(on_erp.clone()), "Proposed as a major incident: rule 20.");
        assert_eq!(reason(on_erp.with("category", "test")), "", "rule 10 says no, although 20 and 30 fit");
        assert_eq!(reason(incident("T1", "new")), "Proposed as a major incident: rule 30.");
    }

    #[test]
    fn the_flow_is_there() {
        let model = include_str!("../flows/major-incident.bpmn");
        assert!(model.contains(&format!("<bpmn:process id=\"{PROCESS}\"")));
    }
}
