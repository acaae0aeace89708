//! What a change proposes for configuration items: looked at when it is proposed, carried out when the change completes.

use serde::{Deserialize, Serialize};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CreateTicket, UpsertCi};

const FIELD: &str = "proposals";
/// States in which it is still decided what will be done.
const OPEN: [&str; 3] = ["new", "assess", "authorize"];

/// Values of one item, with what they were when this was proposed.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
struct Proposal {
    ci: String,
    attributes: Object,
    #[serde(default)]
    was: Object,
}

fn of(ticket: &Ticket) -> Result<Vec<Proposal>, Fault> {
    Ok(ticket.read(FIELD)?.unwrap_or_default())
}

fn values(ci: &Ci, proposal: &Proposal) -> Object {
    let value = |name: &String| ci.attributes.get(name).cloned().unwrap_or(Value::Null);
    proposal.attributes.keys().map(|name| (name.clone(), value(name))).collect()
}

/// Every item is there and may have these values; what it has now is noted, so that nobody's later change is lost.
pub(crate) fn check(host: &impl Host, change: &Change, refused: &mut Rejection) -> Result<Effects, Fault> {
    if !change.changed(FIELD) {
        return Ok(Effects::new());
    }
    if change.context.is_person() && change.before.as_ref().is_some_and(|before| !OPEN.contains(&before.state.as_str()))
    {
        let message = "what was approved is what is done: cancel this change and open another one";
        refused.add("/fields/proposals", "approved", message);
        return Ok(Effects::new());
    }
    let proposed = of(&change.after)?;
    let mut noted = proposed.clone();
    for (index, proposal) in noted.iter_mut().enumerate() {
        let at = format!("/fields/{FIELD}/{index}");
        let Some(ci) = host.ci(&proposal.ci)? else {
            let message =
                format!("there is no configuration item `{}` that you may see; name another one", proposal.ci);
            refused.add(format!("{at}/ci"), "unknown-ci", message);
            continue;
        };
        let mut whole = ci.attributes.clone();
        whole.extend(proposal.attributes.clone());
        for issue in host.check_ci(&ci.class, &whole)? {
            refused.add(format!("{at}{}", issue.pointer), issue.code, issue.message);
        }
        // Conflicts and impact are found by the items that the change names.
        if !change.after.list("cis").any(|named| named == proposal.ci) {
            let message =
                format!("`{}` is changed by this, so name it among the configuration items of the change", ci.name);
            refused.add(format!("{at}/ci"), "not-named", message);
        }
        proposal.was = values(&ci, proposal);
    }
    Ok(Effects::new().when(noted != proposed, |effects| effects.set_field(FIELD, json!(noted))))
}

/// A change that was carried out makes its items what it proposed. An item that became another one meanwhile is left alone and looked at.
pub(crate) fn carry_out(host: &impl Host, event: &Event, change: &Ticket) -> Result<Effects, Fault> {
    let done = change.text("close_code").is_some_and(|code| code != "unsuccessful");
    if !event.entered("closed") || !done {
        return Ok(Effects::new());
    }
    let mut effects = Effects::new();
    for proposal in of(change)? {
        let found = host.ci(&proposal.ci)?;
        let now = found.as_ref().map(|ci| values(ci, &proposal));
        effects = match (found, now) {
            (Some(_), Some(now)) if now == proposal.attributes => effects,
            (Some(ci), Some(now)) if now == proposal.was => {
                let item = UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(&ci.id);
                let changes = proposal.attributes.iter();
                effects.upsert_ci(changes.fold(item, |item, (name, value)| item.attribute(name, value.clone())))
            }
            (found, _) => {
                let name = found.map_or(proposal.ci, |ci| ci.name);
                let title = format!("{name} is not what {} found: see what holds", change.number);
                let task = CreateTicket::new("change-task", &change.space, &title).parent(&change.id);
                effects.create_ticket(task.field("type", "review"))
            }
        };
    }
    Ok(effects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};

    fn database(memory: i64) -> Ci {
        Ci { attributes: object(json!({ "memory": memory })), ..Ci::new("db", "database") }
    }

    fn object(value: Value) -> Object {
        value.as_object().cloned().expect("an object")
    }

    fn proposing(state: &str, was: Value) -> Ticket {
        of_type("normal", state)
            .with("proposals", json!([{ "ci": "db", "attributes": { "memory": 64 }, "was": was }]))
            .with("cis", json!(["db"]))
    }

    #[test]
    fn cfg_06_what_an_item_is_when_something_is_proposed_is_noted() {
        let mut refused = Rejection::none();
        let host = host().with_ci(database(32));
        let proposals = json!([{ "ci": "db", "attributes": { "memory": 64 } }]);
        let given = of_type("normal", "new").with("proposals", proposals.clone()).with("cis", json!(["db"]));
        let noted = check(&host, &Change::creating(given), &mut refused).expect("no fault");
        let all = json!([{ "ci": "db", "attributes": { "memory": 64 }, "was": { "memory": 32 } }]);
        assert_eq!(noted, Effects::new().set_field("proposals", all));
        assert_eq!(refused.issues.len(), 0);

        let unknown =
            of_type("normal", "new").with("proposals", json!([{ "ci": "none", "attributes": { "memory": 1 } }]));
        check(&host, &Change::creating(unknown), &mut refused).expect("no fault");
        let silent = of_type("normal", "new").with("proposals", proposals);
        check(&host, &Change::creating(silent), &mut refused).expect("no fault");
        let late = Change::of(&proposing("scheduled", json!({})), of_type("normal", "scheduled"));
        check(&host, &late, &mut refused).expect("no fault");
        let codes: Vec<&str> = refused.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!(codes, ["unknown-ci", "not-named", "approved"]);
    }

    #[test]
    fn cfg_06_a_change_that_is_done_makes_the_item_what_it_proposed_unless_somebody_was_faster() {
        let closed = |memory: i64, code: &str| {
            let host = host().with_ci(database(memory));
            let change = proposing("closed", json!({ "memory": 32 })).with("close_code", code);
            carry_out(&host, &Event::state_change("C1", "review", "closed"), &change).expect("no fault")
        };
        let applied = UpsertCi::new("db", "database", "it").ci("db").attribute("memory", 64);
        assert_eq!(closed(32, "successful"), Effects::new().upsert_ci(applied));
        assert_eq!(closed(64, "successful"), Effects::new());
        assert_eq!(closed(32, "unsuccessful"), Effects::new());
        assert_eq!(closed(48, "successful").kinds(), ["create-ticket"]);
    }
}
