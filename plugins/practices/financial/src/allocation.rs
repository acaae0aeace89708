//! Sharing out costs: rates make expenses of quantities, and units make shares of their sum. No cent is lost or made.

use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::{Effects, Fault, json};

#[derive(Debug, Deserialize)]
struct Inputs {
    #[serde(default)]
    expenses: Vec<Expense>,
    #[serde(default)]
    rates: BTreeMap<String, i64>,
    units: BTreeMap<String, i64>,
}

/// An amount, or so many units of a card: of an item, or of labour.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expense {
    Amount { cents: i64 },
    Rated { card: String, quantity: i64 },
}

pub(crate) fn run(call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Inputs>()?;
    let mut total: i64 = 0;
    for expense in &inputs.expenses {
        total += match expense {
            Expense::Amount { cents } => *cents,
            Expense::Rated { card, quantity } => {
                let no_card = || Fault::Permanent(format!("there is no rate card `{card}`"));
                quantity * inputs.rates.get(card).ok_or_else(no_card)?
            }
        };
    }
    let units: Vec<i64> = inputs.units.values().copied().collect();
    let shares: BTreeMap<&String, i64> = inputs.units.keys().zip(shares(total, &units)).collect();
    Ok(Outcome::done(json!({"total_cents": total, "shares": shares}), Effects::new()))
}

/// The largest remainder: every share is rounded down, and the cents that are left go to those who lost most, the first of equals
/// first.
pub(crate) fn shares(total: i64, units: &[i64]) -> Vec<i64> {
    let sum: i128 = units.iter().map(|&unit| i128::from(unit)).sum();
    if sum == 0 {
        return vec![0; units.len()];
    }
    let exact = |unit: &i64| i128::from(total) * i128::from(*unit);
    let mut shares: Vec<i64> = units.iter().map(|unit| exact(unit).div_euclid(sum) as i64).collect();
    let left = total - shares.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(exact(&units[at]).rem_euclid(sum)));
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::Value;

    fn allocate(inputs: Value) -> Value {
        match run(&StepCall::new("allocate", inputs)).unwrap() {
            Outcome::Done { outputs, .. } => outputs,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fin_01_a_cost_centre_bears_its_share_of_the_units() {
        let shared = allocate(json!({"expenses": [{"cents": 2500}], "units": {"sales": 10, "rest": 40}}));
        assert_eq!(shared, json!({"total_cents": 2500, "shares": {"sales": 500, "rest": 2000}}));
    }

    #[test]
    fn fin_01_rate_cards_of_items_and_labour_make_expenses() {
        let inputs = json!({"expenses": [{"card": "server", "quantity": 3}, {"card": "senior hour", "quantity": 2}, {"cents": 1}],
            "rates": {"server": 10_000, "senior hour": 9_000}, "units": {"it": 1}});
        assert_eq!(allocate(inputs)["total_cents"], 48_001);
        assert!(
            run(&StepCall::new("allocate", json!({"expenses": [{"card": "no", "quantity": 1}], "units": {}}))).is_err()
        );
    }

    #[test]
    fn fin_01_sums_are_exact_to_the_cent() {
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(-100, &[1, 1, 1]).iter().sum::<i64>(), -100);
        assert_eq!(shares(100, &[0, 0]), [0, 0]);
        let mut state: u64 = 7;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        for _ in 0..500 {
            let (total, units) =
                (random(1_000_000_000), (0..1 + random(20)).map(|_| 1 + random(1000)).collect::<Vec<_>>());
            let shared = shares(total, &units);
            assert_eq!(shared.iter().sum::<i64>(), total, "{units:?}");
            let sum = units.iter().sum::<i64>() as f64;
            let fair = shared
                .iter()
                .zip(&units)
                .all(|(share, unit)| (*share as f64 - total as f64 * *unit as f64 / sum).abs() < 1.0);
            assert!(fair, "nobody is more than a cent away: {units:?}");
        }
    }
}
