//! What answers say together: satisfaction, effort, and whether people recommend a service.

use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::{Effects, Fault, Host, Search, Ticket, json};

#[derive(Debug, Deserialize)]
struct Inputs {
    service: Option<String>,
    supplier: Option<String>,
}

pub(crate) fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Inputs>()?;
    let mut search = Search::of("survey").states(&["answered"]);
    for (field, value) in [("service", inputs.service), ("supplier", inputs.supplier)] {
        if let Some(value) = value {
            search = search.field(field, value);
        }
    }
    let answers = host.find(&search, 200)?;
    let numbers = |field: &str| answers.iter().filter_map(|answer| answer.integer(field)).collect::<Vec<_>>();
    let outputs = json!({
        "answers": answers.len(),
        "satisfied_percent": percent(&numbers("satisfaction"), |score| score >= 4),
        "effort": mean(&answers, "effort"),
        "net_promoter": net_promoter(&numbers("recommend")),
    });
    Ok(Outcome::done(outputs, Effects::new()))
}

fn percent(numbers: &[i64], is: impl Fn(i64) -> bool) -> Option<i64> {
    let count = numbers.iter().filter(|number| is(**number)).count() as f64;
    (!numbers.is_empty()).then(|| (count * 100.0 / numbers.len() as f64).round() as i64)
}

fn mean(answers: &[Ticket], field: &str) -> Option<f64> {
    let numbers: Vec<i64> = answers.iter().filter_map(|answer| answer.integer(field)).collect();
    (!numbers.is_empty()).then(|| (numbers.iter().sum::<i64>() as f64 * 10.0 / numbers.len() as f64).round() / 10.0)
}

/// Percent of those who would recommend it (9, 10) without those who would not (0 to 6).
fn net_promoter(numbers: &[i64]) -> Option<i64> {
    let promoters = numbers.iter().filter(|number| **number >= 9).count() as f64;
    let detractors = numbers.iter().filter(|number| **number <= 6).count() as f64;
    (!numbers.is_empty()).then(|| ((promoters - detractors) * 100.0 / numbers.len() as f64).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;
    use weft_sdk::Value;

    #[test]
    fn rel_01_satisfaction_effort_and_recommendation_by_service_and_supplier() {
        let rows = [("mail", 5, 7, 10), ("mail", 4, 6, 9), ("mail", 2, 3, 3), ("mail", 4, 4, 8), ("erp", 1, 1, 0)];
        let host =
            rows.into_iter().enumerate().fold(host(), |host, (n, (service, satisfaction, effort, recommend))| {
                let answer = Ticket::new(&format!("S{n}"), "survey").in_state("answered").with("service", service);
                host.with_ticket(
                    answer.with("satisfaction", satisfaction).with("effort", effort).with("recommend", recommend),
                )
            });
        let scores = |inputs: Value| match crate::run(&host, &StepCall::new("scores", inputs)) {
            Ok(Outcome::Done { outputs, .. }) => outputs,
            other => panic!("{other:?}"),
        };
        let mail = json!({"answers": 4, "satisfied_percent": 75, "effort": 5.0, "net_promoter": 25});
        assert_eq!(scores(json!({"service": "mail"})), mail);
        assert_eq!(scores(json!({}))["answers"], 5);
        let none = json!({"answers": 0, "satisfied_percent": null, "effort": null, "net_promoter": null});
        assert_eq!(scores(json!({"supplier": "Acme"})), none);
    }
}
