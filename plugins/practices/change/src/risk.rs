//! How risky a change is: the highest of what the table, the questionnaire, the rules and the group's record say.

use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Risk {
    Low,
    Moderate,
    High,
}

impl Risk {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Points {
    moderate: i64,
    high: i64,
    weights: BTreeMap<String, i64>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    title: String,
    when: Object,
    risk: Risk,
}

#[derive(Debug, Deserialize)]
struct Score {
    low: i64,
    changes: u32,
}

/// Sets the risk when it is lower than what is known of the change. A person may judge it higher.
pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, inputs) = (&change.after, ["impact", "success_probability", "answers", "risk", "type", "cis", "group"]);
    let ended = ["closed", "cancelled"].contains(&after.state.as_str());
    if ended || !(change.is_create() || inputs.into_iter().any(|field| change.changed(field))) {
        return Ok(Effects::new());
    }
    let found = [table(host, after)?, questionnaire(host, after)?, rules(host, after)?, record(host, after)?];
    // The first of equals gives the reason.
    let highest = found.into_iter().flatten().rev().max_by_key(|(risk, _)| *risk);
    let given: Option<Risk> = after.read("risk")?;
    Ok(match highest {
        Some((risk, reason)) if given < Some(risk) => {
            Effects::new().set_field("risk", risk.as_str()).set_field("risk_reason", reason)
        }
        _ => Effects::new(),
    })
}

type Found = Option<(Risk, String)>;

fn table(host: &impl Host, ticket: &Ticket) -> Result<Found, Rejection> {
    let column = ticket
        .text("success_probability")
        .and_then(|chance| ["high", "medium", "low"].into_iter().position(|name| name == chance));
    let row = ticket.integer("impact").and_then(|impact| usize::try_from(impact - 1).ok());
    let rows: Vec<Vec<Risk>> = host.setting("risk-table")?;
    Ok(row.zip(column).and_then(|(row, column)| rows.get(row)?.get(column).copied()).map(|risk| {
        let chance = ticket.text("success_probability").unwrap_or_default();
        (risk, format!("impact {}, {chance} probability of success", ticket.field("impact")))
    }))
}

fn questionnaire(host: &impl Host, ticket: &Ticket) -> Result<Found, Rejection> {
    let points: Points = host.setting("risk-points")?;
    let Some(answers) = ticket.read::<BTreeMap<String, i64>>("answers")? else { return Ok(None) };
    let sum: i64 = answers.iter().map(|(question, answer)| answer * points.weights.get(question).unwrap_or(&1)).sum();
    let risk = match sum {
        sum if sum >= points.high => Risk::High,
        sum if sum >= points.moderate => Risk::Moderate,
        _ => Risk::Low,
    };
    Ok(Some((risk, format!("{sum} points in the questionnaire"))))
}

fn rules(host: &impl Host, ticket: &Ticket) -> Result<Found, Rejection> {
    let rules: Vec<Rule> = host.setting("risk-rules")?;
    let fits = |rule: &Rule| rule.when.iter().all(|(field, value)| ticket.value(field) == *value);
    Ok(rules
        .into_iter()
        .filter(fits)
        .map(|rule| (rule.risk, format!("rule: {}", rule.title)))
        .max_by_key(|(risk, _)| *risk))
}

/// A group whose changes go wrong has more of its changes approved by the board.
fn record(host: &impl Host, ticket: &Ticket) -> Result<Found, Rejection> {
    let score: Score = host.setting("success-score")?;
    let Some(group) = ticket.group.as_deref().filter(|_| score.changes > 0) else { return Ok(None) };
    let done = host.tickets(&TicketFilter::new().kind("change").group(group), 200)?;
    let mut sum = 0;
    for one in done.iter().filter(|one| one.state == "closed").take(score.changes as usize) {
        let caused = host.find(&Search::of("incident").field("caused-by", one.number.as_str()), 50)?;
        sum += points(one.text("close_code"), caused.iter().filter_map(|incident| incident.integer("priority")));
    }
    Ok((sum < score.low).then(|| (Risk::High, format!("the last changes of {group} score {sum}"))))
}

/// What one finished change counts, with the priorities of the incidents that it caused.
pub(crate) fn points(close_code: Option<&str>, caused: impl Iterator<Item = i64>) -> i64 {
    let own = match close_code {
        Some("successful") => 3,
        Some("successful-with-issues") => -2,
        Some("unsuccessful") => -5,
        _ => 0,
    };
    own + caused
        .map(|priority| [0, -10, -5, -2].get(usize::try_from(priority).unwrap_or(0)).copied().unwrap_or(0))
        .sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};

    fn judged(host: &FakeHost, ticket: Ticket) -> (String, String) {
        let effects = decide(host, &Change::creating(ticket)).unwrap();
        let said = |field: &str| {
            let effect = effects.iter().find(|effect| effect.text("field") == Some(field));
            effect.and_then(|effect| effect.text("value")).unwrap_or_default().to_owned()
        };
        (said("risk"), said("risk_reason"))
    }

    fn change() -> Ticket {
        of_type("normal", "new").with("risk", "low")
    }

    #[test]
    fn chg_09_nine_rows_of_impact_and_probability() {
        let rows = [["moderate", "high", "high"], ["low", "moderate", "high"], ["low", "low", "moderate"]];
        for (impact, row) in (1..).zip(rows) {
            for (chance, expected) in ["high", "medium", "low"].into_iter().zip(row) {
                let ticket = change().with("impact", impact).with("success_probability", chance);
                let expected = if expected == "low" { "" } else { expected };
                assert_eq!(judged(&host(), ticket).0, expected, "{impact} {chance}");
            }
        }
    }

    #[test]
    fn chg_09_the_highest_of_table_questionnaire_and_rules_counts() {
        let host = host()
            .with_setting("risk-points", json!({"moderate": 10, "high": 20, "weights": {"tested": 3}}))
            .with_setting(
                "risk-rules",
                json!([{"title": "Emergencies", "when": {"type": "emergency"}, "risk": "high"}]),
            );
        let answers = change().with("answers", json!({"tested": 3, "users": 2}));
        assert_eq!(judged(&host, answers.clone()), ("moderate".into(), "11 points in the questionnaire".into()));
        let table = answers.with("impact", 1).with("success_probability", "low");
        assert_eq!(judged(&host, table), ("high".into(), "impact 1, low probability of success".into()));
        let emergency = change().with("type", "emergency");
        assert_eq!(judged(&host, emergency), ("high".into(), "rule: Emergencies".into()));
        assert_eq!(judged(&host, change()), (String::new(), String::new()), "nothing is known");
        let by_hand = change().with("risk", "high").with("impact", 3).with("success_probability", "high");
        assert_eq!(judged(&host, by_hand).0, "", "a person may judge it higher");
    }

    #[test]
    fn chg_09_what_a_finished_change_counts() {
        for (code, expected) in [("successful", 3), ("successful-with-issues", -2), ("unsuccessful", -5)] {
            assert_eq!(points(Some(code), [].into_iter()), expected);
        }
        for (priority, expected) in [(1, -10), (2, -5), (3, -2), (4, 0)] {
            assert_eq!(points(None, [priority].into_iter()), expected);
        }
    }

    #[test]
    fn chg_09_a_low_success_score_makes_changes_of_the_group_high_risk() {
        let done =
            |id: &str| of_type("normal", "closed").with("close_code", "unsuccessful").assigned("net", None).renamed(id);
        let host = (0..3).fold(host(), |host, n| host.with_ticket(done(&format!("D{n}"))));
        let planned = change().assigned("net", None);
        assert_eq!(judged(&host, planned.clone()).0, "", "-15 is not below -20");
        let caused = Ticket::new("I1", "incident").with("caused-by", "#D0").with("priority", 1);
        let reason = "the last changes of net score -25".to_owned();
        assert_eq!(judged(&host.with_ticket(caused), planned), ("high".into(), reason));
    }

    trait Renamed {
        fn renamed(self, id: &str) -> Self;
    }

    impl Renamed for Ticket {
        fn renamed(self, id: &str) -> Self {
            Self { id: id.to_owned(), number: format!("#{id}"), ..self }
        }
    }
}
