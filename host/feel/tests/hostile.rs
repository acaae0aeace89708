//! Expressions that are meant to hurt: each ends, quickly and within its memory, as `Exceeded`, as null with a note, or as a problem
//! of its text.

use std::time::{Duration, Instant};

use weft_feel::{Budget, Expression, FixedEnvironment, Names, Scope};

#[derive(Debug, PartialEq)]
enum Ending {
    Problem,
    Exceeded,
    Null,
    Value,
}

/// In a release build; an unoptimised one gets more.
const LIMIT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 50 });

/// The fastest of a few runs counts: other work on the machine is not what is tested.
const RUNS_MAX: usize = 5;

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn check(name: &str, text: &str, expected: &[Ending]) {
    let mut fastest = Duration::MAX;
    for _ in 0..RUNS_MAX {
        let start = Instant::now();
        let ending = end_of(name, text);
        fastest = fastest.min(start.elapsed());
        assert!(expected.contains(&ending), "{name} ended as {ending:?}");
        if fastest < LIMIT {
            break;
        }
    }
    assert!(fastest < LIMIT, "{name} took {fastest:?}");
}

fn end_of(name: &str, text: &str) -> Ending {
    let expression = match Expression::parse(text, &Names::default()) {
        Ok(expression) => expression,
        Err(problems) => {
            assert!(!problems.is_empty());
            return Ending::Problem;
        }
    };
    match expression.evaluate(&Scope::new(), &FixedEnvironment::default(), &mut Budget::default()) {
        Err(_) => Ending::Exceeded,
        Ok(evaluation) if evaluation.value.is_null() => {
            assert!(!evaluation.notes.is_empty(), "{name}: null without a note");
            Ending::Null
        }
        Ok(_) => Ending::Value,
    }
}

#[test]
fn deep_texts_are_problems() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{a:", "}"), ("-(", ")"), ("abs(", ")"), ("if true then (", ") else 1")]
    {
        let text = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        check(open, &text, &[Ending::Problem]);
    }
    check("unclosed", &"(".repeat(100_000), &[Ending::Problem]);
    check("unclosed lists", &"[1..a".repeat(30_000), &[Ending::Problem]);
    check("open ranges", &"]1..".repeat(30_000), &[Ending::Problem]);
    check("in in in", &"1 in (".repeat(30_000), &[Ending::Problem]);
    check("not", &"not(".repeat(30_000), &[Ending::Problem]);
    check("filters", &format!("a{}", "[a".repeat(30_000)), &[Ending::Problem]);
    check("functions", &"function(a) ".repeat(10_000), &[Ending::Problem]);
    check("types", &format!("1 instance of {}", "list<".repeat(20_000)), &[Ending::Problem]);
    check("else", &format!("{}1", "if true then 1 else ".repeat(5_000)), &[Ending::Problem]);
}

#[test]
fn long_texts_are_read() {
    check("sum", &format!("1{}", "+1".repeat(20_000)), &[Ending::Value]);
    check("or", &format!("false{}", " or false".repeat(10_000)), &[Ending::Value]);
    check("signs", &format!("{}1", "-".repeat(10_000)), &[Ending::Value]);
    check("paths", &format!("{{a: 1}}{}", ".a".repeat(10_000)), &[Ending::Null]);
    check("long name", &"a".repeat(200_000), &[Ending::Null, Ending::Problem]);
    check("unicode", &"é".repeat(100_000), &[Ending::Null, Ending::Problem]);
}

#[test]
fn recursion_and_loops_end() {
    check("recursion", "{f: function(x) f(x), r: f(1)}.r", &[Ending::Exceeded]);
    check("growing recursion", "{f: function(x) f([x, x]), r: f(1)}.r", &[Ending::Exceeded]);
    check("fibonacci", "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(100)}.r", &[Ending::Exceeded]);
    check("self application", "(function(f) f(f))(function(f) f(f))", &[Ending::Exceeded]);
    check("long range", "for i in 1..1e9 return i", &[Ending::Exceeded]);
    check("long range down", "count(for i in 1e15..-1e15 return i)", &[Ending::Exceeded]);
    check("nested loops", "for a in 1..1e4, b in 1..1e4, c in 1..1e4 return a", &[Ending::Exceeded]);
    check("every", "every i in 1..1e12 satisfies true", &[Ending::Exceeded]);
    check("dates", "for d in @\"-999999999-01-01\"..@\"999999999-12-31\" return d", &[Ending::Exceeded]);
}

#[test]
fn growth_ends() {
    let doubling = "{f: function(s, n) if n = 0 then s else f(s + s, n - 1), r: string length(f(\"ab\", 60))}.r";
    check("doubling a text", doubling, &[Ending::Exceeded]);
    let entries = (1..60).map(|at| format!("a{at}: [a{0}, a{0}]", at - 1)).collect::<Vec<_>>().join(", ");
    check("laughs", &format!("string({{a0: [1, 1], {entries}}})"), &[Ending::Exceeded]);
    check("laughs compared", &format!("{{a0: [1, 1], {entries}}} = {{a0: [1, 1], {entries}}}"), &[Ending::Exceeded]);
    check("partial in partial", "for i in 1..1e5 return [partial]", &[Ending::Exceeded]);
    check("functions in functions", "for i in 1..1e5 return function() partial", &[Ending::Exceeded]);
    check("copies of partial", "for i in 1..1e5 return count(append(partial, i))", &[Ending::Exceeded]);
    let tenfold = "$0".repeat(1_000);
    let many = "string join(for i in 1..9999 return \"a\")";
    check(
        "replace",
        &format!("replace(replace({many}, \"a\", \"{tenfold}\"), \"a\", \"{tenfold}\")"),
        &[Ending::Exceeded],
    );
}

#[test]
fn huge_numbers_end() {
    check("power", "10**9999999", &[Ending::Null]);
    check("power of power", "9**(9**(9**9))", &[Ending::Null]);
    check("exp", "exp(1e6000)", &[Ending::Null]);
    check("exp of little", "exp(-1e6000)", &[Ending::Value]);
    check("literal", "1e999999999999999999999", &[Ending::Problem]);
    check("literal digits", &"9".repeat(9_000), &[Ending::Problem]);
    check("modulo", "modulo(9e6000, 7e-6000)", &[Ending::Null, Ending::Value]);
    check("root", "sqrt(1e6144)", &[Ending::Value]);
    check("durations", "duration(\"P999999999999999999D\") * 1e30", &[Ending::Null]);
    check("years", "date(\"999999999-12-31\") + duration(\"P9999999999Y\")", &[Ending::Null]);
    check("roots in a loop", "for i in 1..1e6 return log(i) ** 0.37", &[Ending::Exceeded]);
}

#[test]
fn patterns_end() {
    let many = "string join(for i in 1..20000 return \"a\")";
    check("nested stars", &format!("matches({many}, \"^(a+)+$b\")"), &[Ending::Value, Ending::Exceeded]);
    check("alternatives", &format!("matches({many}, \"^(a|a)*b\")"), &[Ending::Value, Ending::Exceeded]);
    check("counted", "matches(\"a\", \"((a{1000}){1000}){1000}\")", &[Ending::Null, Ending::Exceeded]);
    check("counted classes", "matches(\"a\", \"(\\w{200}){200}\")", &[Ending::Null, Ending::Exceeded]);
    check(
        "optional",
        &format!("matches({many}, \"{}{}\")", "a?".repeat(500), "a".repeat(500)),
        &[Ending::Value, Ending::Exceeded],
    );
    check("nesting", &format!("matches(\"a\", \"{}a{}\")", "(".repeat(3_000), ")".repeat(3_000)), &[Ending::Null]);
}

#[test]
fn large_lists_end() {
    check("sort", "sort(for i in 1..1e5 return -i, function(x, y) x < y)", &[Ending::Exceeded]);
    check(
        "sort against itself",
        "count(sort(for i in 1..1e4 return i, function(x, y) true))",
        &[Ending::Value, Ending::Exceeded],
    );
    check("distinct", "count(distinct values(for i in 1..1e5 return i))", &[Ending::Exceeded]);
    check("pairs", "for i in 1..1e4 return list contains(for j in 1..1e4 return j, i)", &[Ending::Exceeded]);
}
