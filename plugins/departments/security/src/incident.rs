//! Incidents: restricted to those who respond and those whom they name, as severe as impact and spread make them, and with a flow of
//! their own once they are major.

use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (case, context) = (&change.after, &change.context);
    let mut refused = Rejection::none();
    if !change.is_create() && !case.restricted {
        refused.add("/restricted", "locked", "a security incident stays restricted");
    }
    // Who reported it sees it; whom else it is shown to, the team decides.
    let others = change.command_effects("watch").filter_map(|effect| effect.data.get("add")?.as_array());
    let shown = others.flatten().any(|person| person.as_str() != Some(&context.actor));
    if shown && context.is_person() && !context.has_role("agent") {
        refused.add("/watchers", "not-yours", "who else may see it is decided by those who work on it: ask them");
    }
    let groups: Value = host.setting("groups")?;
    let responders = groups["responders"].as_str().unwrap_or_default();
    let access = change.is_create()
        || change.changed("people")
        || ["set-access", "change-access"].iter().any(|kind| change.command_effects(kind).next().is_some());
    let named: Vec<&str> = case.list("people").collect();
    let severity = severity(host, case)?;
    let mut effects = Effects::new()
        .when(change.is_create() && !case.restricted, |effects| effects.set_field("restricted", true))
        .when(access, |effects| effects.set_access(&named, &[responders]))
        .when(change.is_create() && case.group.is_none(), |effects| effects.assign_in_group(responders, None));
    if let Some(severity) = severity.filter(|severity| case.integer("severity") != Some(*severity)) {
        effects = effects.set_field("severity", severity);
    }
    if severity == Some(1) && case.text("major_since").is_none() {
        let flow = StartFlow::new("security-major")
            .variable("groups", groups)
            .variable("rota", host.setting::<Value>("rota")?);
        effects = effects.set_field("major_since", context.now.to_string()).start_flow(flow);
    }
    refused.or_ok(effects)
}

fn severity(host: &impl Host, case: &Ticket) -> Result<Option<i64>, Fault> {
    let place = |field: &str| case.integer(field).and_then(|level| usize::try_from(level - 1).ok());
    let (Some(impact), Some(spread)) = (place("impact"), place("spread")) else { return Ok(None) };
    let matrix: Vec<Vec<i64>> = host.setting("severity-matrix")?;
    Ok(matrix.get(impact).and_then(|row| row.get(spread)).copied())
}
