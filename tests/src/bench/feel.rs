//! What an expression costs once it is parsed, and that lists cost what their length says.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "a benchmark's table is for a terminal")]

use feel::{Budget, Expression, FixedEnvironment, Names, Scope, Value};
use serde_json::{Value as Json, json};
use std::hint::black_box;
use std::time::Instant;

const SAMPLES: [(&str, &str); 6] = [
    ("condition of a gateway", "amount > 1000 and department = \"HR\""),
    ("choice", "if amount > 1000 then \"board\" else \"manager\""),
    ("interval", "amount in [1000..20000]"),
    ("quantified", "every vote in votes satisfies vote = \"approve\""),
    ("date", "date(start) + duration(\"P1M\")"),
    ("list", "sum(for i in 1..10 return i * 2)"),
];
const LENGTHS: [u32; 3] = [1_000, 10_000, 100_000];
const ROUNDS: usize = 7;

/// Measure, print a table, and give the figures back as JSON. The calibration is a look-up in a hash map, in the same run.
///
/// # Panics
/// A sample does not parse.
#[must_use]
pub fn run() -> Json {
    let variables = json!({
        "amount": 12_000, "department": "HR", "start": "2026-01-31",
        "votes": ["approve", "approve", "approve", "approve", "approve"],
    });
    let Value::Context(context) = Value::from_json(&variables) else { panic!("variables are an object") };
    let scope = Scope::from_context(context);
    let environment = FixedEnvironment::default();
    let calibration = look_up();
    println!("{:<26}{:>10}{:>14}", "pre-parsed, evaluated", "ns", "of a look-up");
    let mut rows = Vec::new();
    for (name, text) in SAMPLES {
        let parsed = Instant::now();
        let expression = Expression::parse(text, &Names::default()).expect("a sample parses");
        let parse_ns = parsed.elapsed().as_nanos();
        let ns = nanoseconds(200_000, || {
            let mut budget = Budget::default();
            black_box(expression.evaluate(&scope, &environment, &mut budget).expect("within its budget"));
        });
        println!("{name:<26}{ns:>10.0}{:>14.1}", ns / calibration);
        rows.push(
            json!({ "name": name, "expression": text, "ns": ns, "of_look_up": ns / calibration, "parse_ns": parse_ns }),
        );
    }
    let mut per_item = Vec::new();
    for length in LENGTHS {
        let text = format!("count(for i in 1..{length} return i)");
        let expression = Expression::parse(&text, &Names::default()).expect("it parses");
        let ns = nanoseconds(10, || {
            let mut budget = Budget::default();
            black_box(expression.evaluate(&scope, &environment, &mut budget).expect("within its budget"));
        });
        per_item.push(ns / f64::from(length));
        println!("{:<26}{:>10.1} ns an item", format!("for over {length}"), ns / f64::from(length));
    }
    let growth = per_item[LENGTHS.len() - 1] / per_item[0];
    println!("an item of the longest list costs {growth:.2}x one of the shortest");
    json!({ "id": "feel", "figure": rows[0]["ns"], "limit": 80, "rows": rows, "look_up_ns": calibration, "growth": growth })
}

fn look_up() -> f64 {
    let map: std::collections::HashMap<String, u64> =
        (0..64).map(|number| (format!("name-{number}"), number)).collect();
    nanoseconds(1_000_000, || {
        black_box(map.get(black_box("name-33")));
    })
}

/// Nanoseconds of one run: the best of some rounds, because a busy machine only ever adds.
fn nanoseconds(times: u32, mut run: impl FnMut()) -> f64 {
    let round = |run: &mut dyn FnMut()| {
        let started = Instant::now();
        (0..times).for_each(|_| run());
        started.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    (0..ROUNDS).map(|_| round(&mut run)).fold(f64::INFINITY, f64::min)
}
