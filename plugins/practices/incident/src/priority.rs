//! Priority from impact and urgency, by a table that an administrator chooses or writes; and the exception by hand.

use weft_sdk::prelude::*;

/// One row for each impact, one column for each urgency.
type Matrix = Vec<Vec<i64>>;

/// The ready matrices, as their products publish them (`four-levels` as found in the logs of a company; it has no 1 x 3 there,
/// so that cell mirrors 3 x 1).
fn preset(name: &str) -> Option<&'static [&'static [i64]]> {
    Some(match name {
        "servicenow" => &[&[1, 2, 3], &[2, 3, 4], &[3, 4, 5]],
        "glpi" => &[&[1, 1, 2, 2, 2], &[1, 2, 2, 3, 3], &[2, 2, 3, 4, 4], &[2, 3, 4, 4, 5], &[2, 3, 4, 5, 5]],
        "itop" => &[&[1, 1, 2, 4], &[1, 2, 3, 4], &[2, 3, 3, 4]],
        "znuny" => &[&[1, 1, 2, 2, 3], &[1, 2, 2, 3, 4], &[2, 2, 3, 4, 4], &[2, 3, 4, 4, 5], &[3, 4, 4, 5, 5]],
        "four-levels" => &[&[1, 2, 3], &[2, 3, 4], &[3, 4, 4]],
        _ => return None,
    })
}

fn matrix(host: &impl Host) -> Result<Matrix, Fault> {
    let setting: Value = host.setting("priority-matrix")?;
    match setting.as_str() {
        Some(name) => preset(name)
            .map(|rows| rows.iter().map(|row| row.to_vec()).collect())
            .ok_or_else(|| Fault::Permanent(format!("there is no priority matrix `{name}`"))),
        None => host.setting("priority-matrix"),
    }
}

/// The cell of an impact and an urgency, both from 1.
///
/// # Errors
/// The field that is outside, and how far its scale goes.
fn look_up(matrix: &Matrix, impact: i64, urgency: i64) -> Result<i64, Issue> {
    fn cell<T>(scale: &[T], value: i64, field: &str) -> Result<usize, Issue> {
        let index = usize::try_from(value - 1).ok().filter(|index| *index < scale.len());
        index.ok_or_else(|| {
            let message =
                format!("{field} {value} is outside of the priority matrix: it goes from 1 to {}", scale.len());
            Issue::new(format!("/fields/{field}"), "outside-matrix", message)
        })
    }
    let row = &matrix[cell(matrix, impact, "impact")?];
    Ok(row[cell(row, urgency, "urgency")?])
}

/// Sets the priority when something that it depends on changed, and writes down who set it by hand and why.
pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let inputs = ["impact", "urgency", "priority-override", "priority"];
    if !change.is_create() && !inputs.iter().any(|field| change.changed(field)) {
        return Ok(Effects::new());
    }
    let after = &change.after;
    let computed = match (after.integer("impact"), after.integer("urgency")) {
        (Some(impact), Some(urgency)) => match look_up(&matrix(host)?, impact, urgency) {
            Ok(priority) => Some(priority),
            Err(issue) if change.context.is_import() => {
                host.log(LogLevel::Warn, &format!("{}: {}", after.label(), issue.message));
                None
            }
            Err(issue) => return Err(issue.into()),
        },
        _ => None,
    };
    let wanted = after.integer("priority-override").or(computed);
    let effects = match wanted {
        Some(priority) if after.integer("priority") != wanted => Effects::new().set_field("priority", priority),
        _ => Effects::new(),
    };
    Ok(effects.and(audit(host, change, computed)?))
}

fn audit(host: &impl Host, change: &Change, computed: Option<i64>) -> Result<Effects, Rejection> {
    if !change.changed("priority-override") || change.context.is_import() {
        return Ok(Effects::new());
    }
    let actor = &change.context.actor;
    let who = host.person(actor).ok().flatten().map_or_else(|| actor.clone(), |person| person.name);
    let matrix =
        computed.map_or_else(|| "the matrix says nothing".to_owned(), |priority| format!("the matrix says {priority}"));
    let Some(priority) = change.after.integer("priority-override") else {
        let text = format!("Priority by hand withdrawn by {who}; {matrix}.");
        return Ok(Effects::new().clear_field("priority-override-reason").comment_internal(text));
    };
    let given = change.changed("priority-override-reason")
        || change.command_effects("set-field").any(|effect| effect.text("field") == Some("priority-override-reason"));
    match change.after.text("priority-override-reason").filter(|_| given) {
        Some(reason) => {
            let text = format!("Priority set by hand to {priority} by {who} ({matrix}): {reason}");
            Ok(Effects::new().comment_internal(text))
        }
        None => {
            Err(Rejection::new("/fields/priority-override-reason", "required", "say why the priority is set by hand"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{agent, codes, host, incident};
    use weft_sdk::Person;

    fn priority(host: &FakeHost, impact: i64, urgency: i64) -> Option<i64> {
        let ticket = incident("T1", "new").with("impact", impact).with("urgency", urgency);
        let effects = decide(host, &Change::creating(ticket)).ok()?;
        effects.iter().find(|effect| effect.text("field") == Some("priority"))?.data["value"].as_i64()
    }

    #[test]
    fn inc_01_priority_by_every_ready_matrix() {
        let check = |name: &str, rows: &[&[i64]]| {
            let host = host().with_setting("priority-matrix", name);
            for (impact, row) in (1..).zip(rows) {
                for (urgency, expected) in (1..).zip(*row) {
                    assert_eq!(priority(&host, impact, urgency), Some(*expected), "{name} {impact} x {urgency}");
                }
            }
            assert_eq!(priority(&host, rows.len() as i64 + 1, 1), None);
        };

        check("servicenow", &[&[1, 2, 3], &[2, 3, 4], &[3, 4, 5]]);
        check("glpi", &[&[1, 1, 2, 2, 2], &[1, 2, 2, 3, 3], &[2, 2, 3, 4, 4], &[2, 3, 4, 4, 5], &[2, 3, 4, 5, 5]]);
        check("itop", &[&[1, 1, 2, 4], &[1, 2, 3, 4], &[2, 3, 3, 4]]);
        check("znuny", &[&[1, 1, 2, 2, 3], &[1, 2, 2, 3, 4], &[2, 2, 3, 4, 4], &[2, 3, 4, 4, 5], &[3, 4, 4, 5, 5]]);
        check("four-levels", &[&[1, 2, 3], &[2, 3, 4], &[3, 4, 4]]);
    }

    #[test]
    fn inc_01_a_matrix_of_any_size() {
        let host =
            host().with_setting("priority-matrix", json!([[1, 7], [2, 8], [3, 9], [4, 10], [5, 11], [6, 12], [7, 13]]));
        assert_eq!(priority(&host, 7, 2), Some(13));
        assert_eq!(priority(&host, 7, 3), None);
    }

    #[test]
    fn inc_01_recomputed_on_change_of_either() {
        let before = incident("T1", "new").with("impact", 3).with("urgency", 3).with("priority", 5);
        let check =
            |after: Ticket, expected: Effects| assert_eq!(decide(&host(), &Change::of(&before, after)), Ok(expected));

        check(before.clone().with("impact", 1), Effects::new().set_field("priority", 3));
        check(before.clone().with("urgency", 2), Effects::new().set_field("priority", 4));
        check(before.clone().with("category", "network"), Effects::new());
        check(before.clone().with("priority", 1), Effects::new().set_field("priority", 5));
    }

    #[test]
    fn inc_01_outside_of_the_matrix_is_refused_by_name() {
        let ticket = incident("T1", "new").with("impact", 1).with("urgency", 4);
        let refused = decide(&host(), &Change::creating(ticket)).unwrap_err();
        assert_eq!(refused.issues[0].pointer, "/fields/urgency");
        assert!(refused.issues[0].message.contains("1 to 3"));
    }

    #[test]
    fn inc_01_audited_override() {
        let host = host().with_person(Person { name: "Ana Alva".into(), ..Person::new("ana") });
        let before = incident("T1", "new").with("impact", 3).with("urgency", 3).with("priority", 5);
        let decide = |before: &Ticket, after: Ticket| decide(&host, &Change::of(before, after).within(agent()));

        let set = before.clone().with("priority-override", 1).with("priority-override-reason", "The board meets.");
        let audit = "Priority set by hand to 1 by Ana Alva (the matrix says 5): The board meets.";
        assert_eq!(decide(&before, set.clone()), Ok(Effects::new().set_field("priority", 1).comment_internal(audit)));
        assert_eq!(codes(decide(&before, before.clone().with("priority-override", 1))), ["required"]);

        let kept = set.with("priority", 1);
        assert_eq!(decide(&kept, kept.clone().with("impact", 2)), Ok(Effects::new()), "it stays until withdrawn");
        assert_eq!(
            codes(decide(&kept, kept.clone().with("priority-override", 2))),
            ["required"],
            "an old reason is none"
        );

        let withdrawn = Effects::new()
            .set_field("priority", 5)
            .clear_field("priority-override-reason")
            .comment_internal("Priority by hand withdrawn by Ana Alva; the matrix says 5.");
        assert_eq!(decide(&kept, kept.clone().with("priority-override", Value::Null)), Ok(withdrawn));
    }
}
