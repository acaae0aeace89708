//! What an asset loses in each fiscal year, pro rata by months, exact to the cent.

use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::{Effects, Fault, Value, json};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Plan {
    cost_cents: i64,
    #[serde(default)]
    salvage_cents: i64,
    life_months: i64,
    in_service: String,
    #[serde(default = "january")]
    year_begins: i64,
    #[serde(default)]
    method: Method,
    #[serde(default = "fifth")]
    rate_percent: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Method {
    #[default]
    Linear,
    Declining,
}

fn january() -> i64 {
    1
}

fn fifth() -> i64 {
    20
}

pub(crate) fn run(call: &StepCall) -> Result<Outcome, Fault> {
    let years = call.inputs::<Plan>()?.years().map_err(Fault::Permanent)?;
    let list: Vec<Value> = years.into_iter().map(|(year, cents)| json!({"year": year, "cents": cents})).collect();
    Ok(Outcome::done(json!({"years": list}), Effects::new()))
}

impl Plan {
    /// Fiscal years, named by the calendar year in which they begin, and cents.
    fn years(&self) -> Result<Vec<(i64, i64)>, String> {
        let wrong = || format!("`{}` is not a date such as 2026-03-01", self.in_service);
        let number = |range| self.in_service.get(range).and_then(|text: &str| text.parse::<i64>().ok());
        let (year, month) = number(0..4).zip(number(5..7)).ok_or_else(wrong)?;
        let loss = self.cost_cents - self.salvage_cents;
        if loss < 0 || !(1..=12).contains(&month) {
            return Err(format!("from {} to {} cents there is nothing to lose", self.cost_cents, self.salvage_cents));
        }
        let into_year = (month - self.year_begins).rem_euclid(12);
        let first = if month >= self.year_begins { year } else { year - 1 };
        let (mut years, mut months, mut lost) = (Vec::new(), 0, 0);
        while months < self.life_months {
            let served = (12 - if months == 0 { into_year } else { 0 }).min(self.life_months - months);
            months += served;
            let total = match self.method {
                // Rounded from the beginning each time, so nothing is lost between the years.
                Method::Linear => divide(loss * months, self.life_months),
                Method::Declining if months >= self.life_months => loss,
                Method::Declining => {
                    (lost + divide((self.cost_cents - lost) * self.rate_percent * served, 1200)).min(loss)
                }
            };
            years.push((first + years.len() as i64, total - lost));
            lost = total;
        }
        Ok(years)
    }
}

/// Rounded half up; both are positive.
fn divide(value: i64, by: i64) -> i64 {
    (2 * value + by) / (2 * by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years(inputs: Value) -> Vec<(i64, i64)> {
        StepCall::new("depreciate", inputs).inputs::<Plan>().unwrap().years().unwrap()
    }

    #[test]
    fn ast_02_linear_pro_rata_by_fiscal_year() {
        let laptop = json!({"cost_cents": 120_000, "life_months": 36, "in_service": "2026-04-15"});
        assert_eq!(years(laptop), [(2026, 30_000), (2027, 40_000), (2028, 40_000), (2029, 10_000)]);
        let july = json!({"cost_cents": 120_000, "life_months": 36, "in_service": "2026-04-15", "year_begins": 7});
        assert_eq!(years(july), [(2025, 10_000), (2026, 40_000), (2027, 40_000), (2028, 30_000)]);
    }

    #[test]
    fn ast_02_every_schedule_adds_up_to_the_cent() {
        for method in ["linear", "declining"] {
            for (cost, salvage, life) in [(100_001, 7, 37), (99_999, 0, 7), (1, 0, 600), (250_000, 50_000, 60)] {
                let plan = json!({"cost_cents": cost, "salvage_cents": salvage, "life_months": life,
                    "in_service": "2026-11-30", "method": method, "rate_percent": 30});
                let all = years(plan);
                assert_eq!(all.iter().map(|(_, cents)| cents).sum::<i64>(), cost - salvage, "{method} {cost} {life}");
                assert!(all.iter().all(|(_, cents)| *cents >= 0));
            }
        }
    }

    #[test]
    fn ast_02_declining_balance_takes_a_share_of_the_rest() {
        let plan = json!({"cost_cents": 100_000, "life_months": 48, "in_service": "2026-01-01", "method": "declining"});
        assert_eq!(years(plan), [(2026, 20_000), (2027, 16_000), (2028, 12_800), (2029, 51_200)]);
    }
}
