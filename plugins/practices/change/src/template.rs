//! Templates of standard changes: proposed, approved by somebody else, counted, retired with a reason. Whoever edits an approved
//! one proposes it again.

use weft_sdk::prelude::*;

/// What an approval is about.
const CONTENT: [&str; 4] = ["title", "description", "implementation_plan", "backout_plan"];

pub(crate) fn decide(change: &Change) -> Result<Effects, Rejection> {
    let (after, context) = (&change.after, &change.context);
    let edited = CONTENT.into_iter().any(|field| change.changed(field));
    if change.entered("retired") && after.text("retired_because").is_none() {
        return Err(Rejection::new("/fields/retired_because", "required", "say why it is retired"));
    }
    if change.entered("approved") {
        if edited {
            let message = "what was proposed is approved as it is: change it first, then have it approved";
            return Err(Rejection::new("/state", "edited", message));
        }
        if after.text("proposed_by") == Some(&context.actor) {
            return Err(Rejection::new("/state", "self-approval", "you proposed it: somebody else approves it"));
        }
        let edition = after.integer("edition").unwrap_or(0) + 1;
        return Ok(Effects::new().set_field("edition", edition).set_field("approved_by", context.actor.as_str()));
    }
    let again = change.stayed("approved") && edited;
    if change.entered("proposed") || again {
        let effects = Effects::new().set_field("proposed_by", context.actor.as_str()).clear_field("approved_by");
        return Ok(effects.when(again, |effects| effects.transition("proposed")));
    }
    if change.stayed("proposed") && edited {
        return Ok(Effects::new().set_field("proposed_by", context.actor.as_str()));
    }
    Ok(Effects::new())
}

/// A standard change takes its plans from its template, which must be approved.
pub(crate) fn follow(host: &impl Host, ticket: &Ticket, refused: &mut Rejection) -> Result<Effects, Fault> {
    if ticket.text("type") != Some("standard") {
        return Ok(Effects::new());
    }
    let Some(id) = ticket.text("template") else {
        if host.setting("standard-needs-template")? {
            refused.add("/fields/template", "required", "name the approved template that this change follows");
        }
        return Ok(Effects::new());
    };
    let found = host.record(id)?.filter(|record| record.kind == "change-template");
    let Some(template) = found.filter(|template| template.state == "approved") else {
        refused.add("/fields/template", "not-approved", "a standard change follows a template that is approved now");
        return Ok(Effects::new());
    };
    let copy = |effects: Effects, field: &str| match (ticket.text(field), template.text(field)) {
        (None, Some(text)) => effects.set_field(field, text),
        _ => effects,
    };
    Ok(["implementation_plan", "backout_plan"].into_iter().fold(Effects::new(), copy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};
    use weft_sdk::Record;

    fn template(state: &str) -> Ticket {
        Ticket::new("R1", "change-template").in_state(state).with("implementation_plan", "One by one.")
    }

    fn by(who: &str, before: &Ticket, after: Ticket) -> Result<Effects, Vec<String>> {
        let change = Change::of(before, after).within(Context::of_person(who, &["agent", "manager"]));
        crate::guard(&host(), &change).map_err(|refused| refused.codes().into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn chg_02_a_template_is_proposed_and_approved_by_somebody_else() {
        let proposed = template("proposed").with("proposed_by", "ada").with("edition", 1);
        let noted = Effects::new().set_field("proposed_by", "ada").clear_field("approved_by");
        assert_eq!(by("ada", &template("draft"), template("proposed")), Ok(noted));
        assert_eq!(by("ada", &proposed, proposed.clone().in_state("approved")), Err(vec!["self-approval".into()]));
        let approved = Effects::new().set_field("edition", 2).set_field("approved_by", "mona");
        assert_eq!(by("mona", &proposed, proposed.clone().in_state("approved")), Ok(approved));
        let slipped = proposed.clone().in_state("approved").with("implementation_plan", "All at once.");
        assert_eq!(by("mona", &proposed, slipped), Err(vec!["edited".into()]));
    }

    #[test]
    fn chg_02_editing_an_approved_template_needs_a_new_approval() {
        let edited = template("approved").with("implementation_plan", "All at once.");
        let again = Effects::new().set_field("proposed_by", "ada").clear_field("approved_by").transition("proposed");
        assert_eq!(by("ada", &template("approved"), edited), Ok(again));
    }

    #[test]
    fn chg_02_a_template_is_retired_with_a_reason() {
        assert_eq!(by("mona", &template("approved"), template("retired")), Err(vec!["required".into()]));
        let said = template("retired").with("retired_because", "The model is gone.");
        assert_eq!(by("mona", &template("approved"), said), Ok(Effects::new()));
    }

    #[test]
    fn chg_02_a_standard_change_follows_an_approved_template() {
        let record =
            |state: &str| Record::new("R1", "change-template", state).with("implementation_plan", "One by one.");
        let create = |host: FakeHost, ticket: Ticket| {
            let mut refused = Rejection::none();
            let effects = follow(&host, &ticket, &mut refused).unwrap();
            (effects, refused.codes().into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let standard = of_type("standard", "new");
        let named = standard.clone().with("template", "R1");
        let copied = Effects::new().set_field("implementation_plan", "One by one.");
        assert_eq!(create(host().with_record(record("approved")), named.clone()), (copied, vec![]));
        for state in ["draft", "proposed", "retired"] {
            let refused = (Effects::new(), vec!["not-approved".to_owned()]);
            assert_eq!(create(host().with_record(record(state)), named.clone()), refused, "{state}");
        }
        assert_eq!(create(host(), standard.clone()).1, Vec::<String>::new());
        assert_eq!(create(host().with_setting("standard-needs-template", true), standard).1, ["required"]);
    }
}
