//! Legal holds: put by legal for a reason, only ever widened, released by legal with a reason. What a hold keeps from going is said by its
//! kind (`kinds/legal-hold.toml`), and kept by the host.

use weft_sdk::prelude::*;

const SUBJECTS: [&str; 3] = ["people", "tickets", "spaces"];

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (hold, context) = (&change.after, &change.context);
    let space: String = host.setting("hold-space")?;
    if hold.space != space {
        let message = format!("holds are kept in `{space}`, by those who work there");
        return Err(Rejection::new("/space", "not-legal", message));
    }
    if change.stayed("released") {
        return Err(Rejection::new("/state", "released", "it is released: write another one"));
    }
    let mut refused = Rejection::none();
    if hold.state == "active" {
        if let Err(issue) = hold.require_text("reason") {
            refused.add(issue.pointer, issue.code, issue.message);
        }
        if SUBJECTS.iter().all(|field| hold.list(field).next().is_none()) {
            refused.add("/fields/people", "holds-nothing", "name people, cases or departments that it holds");
        }
    }
    if change.entered("released") && hold.text("released_because").is_none() {
        refused.add("/fields/released_because", "required", "say why nothing needs to be kept for it any more");
    }
    // Before it is released, nothing slips out of it; in the change that releases it neither, so that it says for ever what it held.
    if let Some(before) = change.before.as_ref().filter(|before| before.state == "active") {
        for field in SUBJECTS {
            if let Some(gone) = before.list(field).find(|id| !hold.list(field).any(|kept| kept == *id)) {
                let message = format!("`{gone}` is held: release the hold, and hold the rest by another one");
                refused.add(format!("/fields/{field}"), "held", message);
            }
        }
    }
    let put = |effects: Effects| {
        effects.set_field("held_by", context.actor.as_str()).set_field("held_since", context.now.to_string())
    };
    let effects = Effects::new().when(change.entered("active"), put);
    refused.or_ok(
        effects.when(change.entered("released"), |effects| effects.set_field("released_by", context.actor.as_str())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    fn hold(state: &str, people: &[&str]) -> Ticket {
        let ticket = Ticket { space: "legal".into(), ..Ticket::new("H1", "legal-hold").in_state(state) };
        ticket.with("reason", "Proceedings 7 O 12/26.").with("people", json!(people))
    }

    fn codes(before: &Ticket, after: Ticket) -> Vec<String> {
        let refused = decide(&host(), &Change::of(before, after)).expect_err("a refusal");
        refused.issues.into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn esm_04_a_hold_needs_a_reason_and_something_to_hold() {
        let put = decide(&host(), &Change::of(&hold("draft", &["erin"]), hold("active", &["erin"]))).unwrap();
        assert_eq!(put.kinds(), ["set-field", "set-field"], "who put it, and when");
        assert_eq!(codes(&hold("draft", &[]), hold("active", &[])), ["holds-nothing"]);
        assert_eq!(codes(&hold("draft", &["erin"]), hold("active", &["erin"]).with("reason", " ")), ["required"]);
    }

    #[test]
    fn esm_04_only_legal_holds_and_releases_and_only_with_a_reason() {
        let released = |because: &str| hold("released", &["erin"]).with("released_because", because);
        assert_eq!(codes(&hold("active", &["erin"]), released("")), ["required"]);
        let done = decide(&host(), &Change::of(&hold("active", &["erin"]), released("Settled."))).unwrap();
        assert_eq!(done, Effects::new().set_field("released_by", "agent"));
        let elsewhere = Ticket { space: "it".into(), ..released("Settled.") };
        assert_eq!(codes(&hold("active", &["erin"]), elsewhere), ["not-legal"]);
        assert_eq!(codes(&released("Settled."), released("Settled otherwise.")), ["released"]);
    }

    #[test]
    fn esm_04_nothing_slips_out_of_a_hold() {
        assert_eq!(codes(&hold("active", &["erin", "bo"]), hold("active", &["bo"])), ["held"]);
        let sly = hold("released", &["bo"]).with("released_because", "Settled.");
        assert_eq!(codes(&hold("active", &["erin", "bo"]), sly), ["held"]);
        assert_eq!(
            decide(&host(), &Change::of(&hold("active", &["bo"]), hold("active", &["bo", "cy"]))),
            Ok(Effects::new())
        );
    }
}
