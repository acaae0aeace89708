//! Licences: what was bought against what is installed, by user, device or core.

use serde::Deserialize;
use std::collections::BTreeSet;
use weft_sdk::prelude::*;

#[derive(Debug, Deserialize)]
struct Installation {
    user: Option<String>,
    device: Option<String>,
    #[serde(default = "one")]
    cores: i64,
}

fn one() -> i64 {
    1
}

pub(crate) fn decide(change: &Change) -> Result<Effects, Rejection> {
    let (licence, inputs) = (&change.after, ["metric", "purchased", "expires", "installations"]);
    if !change.is_create() && !inputs.into_iter().any(|field| change.changed(field)) {
        return Ok(Effects::new());
    }
    let list: Vec<Installation> = licence.read("installations")?.unwrap_or_default();
    let metric = licence.text("metric").unwrap_or("none");
    let installed = count(metric, &list);
    let today: String = change.context.now.to_string().chars().take(10).collect();
    let expired = licence.text("expires").is_some_and(|last| last < today.as_str());
    let status = status(metric, licence.integer("purchased").unwrap_or(0), installed, expired);
    Ok(Effects::new()
        .when(licence.integer("installed") != Some(installed), |effects| effects.set_field("installed", installed))
        .when(licence.text("status") != Some(status), |effects| effects.set_field("status", status)))
}

/// A person or a device counts once, however often it has the product; cores add up.
fn count(metric: &str, installations: &[Installation]) -> i64 {
    let distinct = |names: Vec<&Option<String>>| names.into_iter().flatten().collect::<BTreeSet<_>>().len() as i64;
    match metric {
        "user" => distinct(installations.iter().map(|one| &one.user).collect()),
        "device" => distinct(installations.iter().map(|one| &one.device).collect()),
        "core" => installations.iter().map(|one| one.cores).sum(),
        _ => installations.len() as i64,
    }
}

fn status(metric: &str, purchased: i64, installed: i64, expired: bool) -> &'static str {
    match metric {
        "none" => "Unlicensed",
        _ if expired || installed > purchased => "Non-Compliant",
        _ => "Compliant",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(licence: Ticket) -> (i64, String) {
        let change = Change::creating(licence).within(Context::of_person("ada", &["agent"]).at("2026-03-02T09:00:00Z"));
        let effects = decide(&change).unwrap();
        let value = |at: usize| effects.iter().nth(at).map(|effect| effect.data["value"].clone()).unwrap_or_default();
        (value(0).as_i64().unwrap(), value(1).as_str().unwrap().to_owned())
    }

    fn licence(metric: &str, purchased: i64) -> Ticket {
        let on = |user: &str, device: &str, cores: i64| json!({"user": user, "device": device, "cores": cores});
        let list = json!([on("erin", "L1", 4), on("erin", "L2", 8), on("bo", "L2", 8)]);
        Ticket::new("L1", "licence").with("metric", metric).with("purchased", purchased).with("installations", list)
    }

    #[test]
    fn ast_04_users_devices_and_cores_are_counted() {
        assert_eq!(judged(licence("user", 2)), (2, "Compliant".into()));
        assert_eq!(judged(licence("device", 1)), (2, "Non-Compliant".into()));
        assert_eq!(judged(licence("core", 20)), (20, "Compliant".into()));
        assert_eq!(judged(licence("core", 19)), (20, "Non-Compliant".into()));
    }

    #[test]
    fn ast_04_expired_is_not_compliant_and_without_a_licence_nothing_is_licensed() {
        assert_eq!(judged(licence("user", 9).with("expires", "2026-03-01")).1, "Non-Compliant");
        assert_eq!(judged(licence("user", 9).with("expires", "2026-03-02")).1, "Compliant");
        assert_eq!(judged(licence("none", 0)).1, "Unlicensed");
    }
}
