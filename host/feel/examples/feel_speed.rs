//! How fast expressions are: nanoseconds of one evaluation for typical ones, and how the time of a loop grows with its length.

#![expect(clippy::print_stdout, reason = "an example shows its result")]
#![expect(clippy::disallowed_methods, reason = "how long it takes is what is shown")]

use std::{hint::black_box, time::Instant};

use weft_feel::{Budget, Context, Expression, FixedEnvironment, Names, Scope, UnaryTests, Value};

const ROUNDS: u32 = 2_000;
const BATCHES: u32 = 100;

fn main() {
    let context = [
        ("amount", Value::from(12_000)),
        ("department", Value::from("HR")),
        ("start", Value::from("2026-11-22T10:00:00@Europe/Paris")),
        ("loan amount", Value::from(1_500)),
    ];
    let names = Names::new(context.iter().map(|(name, _)| *name));
    let scope = Scope::from_context(context.into_iter().collect::<Context>());
    let environment = FixedEnvironment::default();
    let samples = [
        "amount > 1000 and department = \"HR\"",
        "if amount > 10000 then \"two approvers\" else \"one\"",
        "loan amount in [1000..2000]",
        "every x in [1, 2, 3, 4, 5] satisfies x < amount",
        "date and time(start) + duration(\"P1M\")",
        "sum(for i in 1..10 return i * 1.5)",
    ];
    for text in samples {
        let expression = Expression::parse(text, &names).expect("the samples are right");
        let nanoseconds = fastest(|| {
            let mut budget = Budget::default();
            let result = black_box(&expression).evaluate(&scope, &environment, &mut budget);
            black_box(result).expect("the samples are cheap");
        });
        println!("{nanoseconds:>8.1} ns  {text}");
    }
    let cell = UnaryTests::parse("[10000..20000], < 5", &names).expect("the cell is right");
    let nanoseconds = fastest(|| {
        let result = cell.evaluate(&Value::from(12_000), &scope, &environment, &mut Budget::default());
        black_box(result).expect("the cell is cheap");
    });
    println!("{nanoseconds:>8.1} ns  cell [10000..20000], < 5");
    let nanoseconds = fastest(|| {
        black_box(Expression::parse(black_box(samples[0]), &names)).expect("the samples are right");
    });
    println!("{nanoseconds:>8.1} ns  parse {}", samples[0]);
    for length in [1_000, 10_000, 100_000] {
        let text = format!("count(for i in 1..{length} return i)");
        let expression = Expression::parse(&text, &names).expect("the loop is right");
        // A few runs; other work on the machine is not measured.
        let runs = (0..10).map(|_| {
            let start = Instant::now();
            let result = expression.evaluate(&scope, &environment, &mut Budget::default());
            black_box(result).expect("the loop is within the budget");
            per_round(start, length)
        });
        let nanoseconds = runs.fold(f64::MAX, f64::min);
        println!("{nanoseconds:>8.1} ns an item of {length}");
    }
}

/// The fastest batch: what the machine does besides is not measured.
fn fastest(mut run: impl FnMut()) -> f64 {
    let batches = (0..BATCHES).map(|_| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| run());
        per_round(start, ROUNDS)
    });
    batches.fold(f64::MAX, f64::min)
}

fn per_round(start: Instant, rounds: u32) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds)
}
