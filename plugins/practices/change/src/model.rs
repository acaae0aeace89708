//! Change models: by type, which state leads to which. Data of an administrator; knows no ticket.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(crate) struct Models(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Models {
    /// Whether a change of this type may go there.
    ///
    /// # Errors
    /// It may not: the sentence says where it can go.
    pub(crate) fn check(&self, kind: &str, from: &str, to: &str) -> Result<(), String> {
        let Some(model) = self.0.get(kind) else {
            let known: Vec<_> = self.0.keys().map(String::as_str).collect();
            return Err(format!("there is no model for {kind} changes; there is {}", known.join(", ")));
        };
        let legal = model.get(from).map(Vec::as_slice).unwrap_or_default();
        if legal.iter().any(|state| state == to) {
            return Ok(());
        }
        let choices: Vec<String> = legal.iter().map(|state| format!("`{state}`")).collect();
        let choices = match choices.as_slice() {
            [] => return Err(format!("a {kind} change cannot leave `{from}`")),
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => choices.join(""),
        };
        Err(format!("a {kind} change cannot go from `{from}` to `{to}`; from `{from}` it can go to {choices}"))
    }

    /// Every movement of every type.
    #[cfg(test)]
    pub(crate) fn movements(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.values().flatten();
        pairs.flat_map(|(from, to)| to.iter().map(move |to| (from.as_str(), to.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::{Value, json};

    /// So many movements that another product publishes, each legal, and so many that it does not have.
    fn check(model: Value, legal: &[(&str, &str, &str)], illegal: &[(&str, &str, &str)]) {
        let models = Models::deserialize(model).unwrap();
        for &(kind, from, to) in legal {
            assert_eq!(models.check(kind, from, to), Ok(()));
        }
        for &(kind, from, to) in illegal {
            assert!(models.check(kind, from, to).is_err(), "{kind} {from} {to}");
        }
    }

    #[test]
    fn chg_01_the_models_of_itop_are_data_of_this_shape() {
        let planned = json!({"assigned": ["plannedscheduled"], "monitored": ["closed"], "closed": []});
        let with = |more: Value| {
            let mut model = planned.clone();
            model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            model
        };
        let approval = json!({"plannedscheduled": ["approved", "notapproved"], "notapproved": ["plannedscheduled"],
            "approved": ["implemented"], "implemented": ["monitored", "closed"], "new": ["assigned"]});
        let mut normal = with(approval.clone());
        normal["new"] = json!(["validated", "rejected"]);
        normal["rejected"] = json!(["new"]);
        normal["validated"] = json!(["assigned"]);
        let routine = with(json!({"new": ["assigned"], "plannedscheduled": ["implemented"],
            "implemented": ["monitored", "closed"]}));
        check(
            json!({"normal": normal, "routine": routine, "emergency": with(approval)}),
            &[
                ("normal", "new", "validated"),
                ("normal", "rejected", "new"),
                ("normal", "notapproved", "plannedscheduled"),
                ("routine", "plannedscheduled", "implemented"),
                ("emergency", "new", "assigned"),
                ("emergency", "plannedscheduled", "approved"),
            ],
            &[
                ("normal", "new", "assigned"),
                ("routine", "plannedscheduled", "approved"),
                ("emergency", "new", "validated"),
                ("normal", "closed", "monitored"),
                ("standard", "new", "assigned"),
            ],
        );
    }

    #[test]
    fn chg_01_the_model_of_znuny_is_data_of_this_shape() {
        let change = json!({
            "requested": ["rejected", "retracted", "pending approval", "in progress"],
            "pending approval": ["rejected", "retracted", "approved"],
            "approved": ["retracted", "in progress"],
            "in progress": ["pending pir", "retracted", "failed", "successful", "canceled"],
            "pending pir": ["failed", "successful"],
            "rejected": [], "retracted": [], "failed": [], "successful": [], "canceled": [],
        });
        let order = json!({"created": ["accepted", "canceled"], "accepted": ["ready", "canceled"],
            "ready": ["in progress", "canceled"], "in progress": ["closed", "canceled"]});
        check(
            json!({"change": change, "work order": order}),
            &[
                ("change", "requested", "in progress"),
                ("change", "in progress", "pending pir"),
                ("change", "pending pir", "successful"),
                ("work order", "created", "accepted"),
            ],
            &[
                ("change", "requested", "approved"),
                ("change", "pending pir", "canceled"),
                ("change", "failed", "requested"),
                ("work order", "created", "ready"),
            ],
        );
    }

    #[test]
    fn a_refusal_names_what_is_possible() {
        let models = Models::deserialize(json!({"normal": {"a": ["b", "c", "d"], "e": ["f"]}})).unwrap();
        let said = |from, to| models.check("normal", from, to).unwrap_err();
        assert_eq!(said("a", "x"), "a normal change cannot go from `a` to `x`; from `a` it can go to `b`, `c` or `d`");
        assert_eq!(said("e", "a"), "a normal change cannot go from `e` to `a`; from `e` it can go to `f`");
        assert_eq!(said("z", "a"), "a normal change cannot leave `z`");
        let unknown = models.check("urgent", "a", "b").unwrap_err();
        assert_eq!(unknown, "there is no model for urgent changes; there is normal");
    }
}
