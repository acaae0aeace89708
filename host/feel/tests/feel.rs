//! What expressions mean: text in, value out, as people write them.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;
use weft_feel::{
    Budget, Environment, Exceeded, Expression, FixedEnvironment, Names, Scope, UnaryTests, Value, explain,
};

fn world() -> (Names, Scope) {
    let data = json!({
        "amount": 12000,
        "department": "HR",
        "loan amount": 500,
        "a-b": 7,
        "applicant": { "first name": "Ana", "monthly income": 3000, "tags": ["new", "vip"] },
        "items": [{ "name": "laptop", "unit price": 900, "count": 2 }, { "name": "mouse", "unit price": 20, "count": 1 }],
        "nothing": null,
    });
    let mut names = Names::new(["amount", "department", "loan amount", "a-b", "nothing"]);
    names.add_with_members("applicant", Names::new(["first name", "monthly income", "tags"]));
    names.add_with_members("items", Names::new(["name", "unit price", "count"]));
    let Value::Context(context) = Value::from_json(&data) else { panic!("the data is an object") };
    (names, Scope::from_context(context))
}

fn environment() -> FixedEnvironment {
    let now = "2026-11-22T12:00:00Z".parse::<Timestamp>().expect("a time");
    FixedEnvironment::new(now, TimeZone::UTC)
}

fn evaluated(text: &str) -> String {
    let (names, scope) = world();
    let expression = match Expression::parse(text, &names) {
        Ok(expression) => expression,
        Err(problems) => return problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    };
    match expression.evaluate(&scope, &environment(), &mut Budget::default()) {
        Ok(evaluation) if evaluation.value.is_null() => {
            let notes = evaluation.notes.iter().map(ToString::to_string).collect::<Vec<_>>();
            if notes.is_empty() { "null".to_owned() } else { format!("null ({})", notes.join("; ")) }
        }
        Ok(evaluation) => evaluation.value.to_string(),
        Err(exceeded) => format!("exceeded: {exceeded}"),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(evaluated(text), *expected, "{text}");
    }
}

#[test]
fn names_may_have_spaces_and_operators() {
    check(&[
        ("loan amount + 1", "501"),
        ("loan  amount*2", "1000"),
        ("a-b", "7"),
        ("amount - a-b", "11993"),
        ("applicant.first name + \"!\"", "Ana!"),
        ("applicant.monthly income > 2000 and department = \"HR\"", "true"),
        ("items[unit price > 100].name", "[\"laptop\"]"),
        ("sum(for i in items return i.unit price * i.count)", "1820"),
        ("{total price: 3, tax: total price * 2}.tax", "6"),
        ("for loan item in [1, 2] return loan item + loan amount", "[501, 502]"),
        ("(function(the rate, b) the rate * b)(2, 3)", "6"),
        ("(function(the rate, b) the rate - b)(b: 3, the rate: 2)", "-1"),
        ("amount /* of money */ + 1 // and one", "12001"),
        (
            "unknown + 1",
            "null (unknown: there is no value of this name; check its spelling, or pass it in; +: null + number 1 is not defined; convert one of them)",
        ),
    ]);
}

#[test]
fn lists_contexts_and_functions() {
    check(&[
        ("[1, 2, 3, 4][item > 2]", "[3, 4]"),
        ("[1, 2, 3][-1]", "3"),
        ("[{x: 1, y: 2}, {x: 2, y: 3}][x = 1]", "[{x: 1, y: 2}]"),
        ("[{x: 1}, {x: 2}].x", "[1, 2]"),
        ("items[1].name", "laptop"),
        ("for i in 3..1 return i", "[3, 2, 1]"),
        ("for i in 1..4 return if i = 1 then 1 else i * partial[-1]", "[1, 2, 6, 24]"),
        ("for x in [1, 2], y in [x, 10] return x * y", "[1, 10, 4, 20]"),
        ("{fact: function(n) if n < 2 then 1 else n * fact(n - 1), r: fact(20)}.r", "2432902008176640000"),
        ("{add: function(x) function(y) x + y, r: add(2)(3)}.r", "5"),
        ("{a: 5, f: function(x) x + a + amount, r: f(1)}.r", "12006"),
        ("sort([3, 1, 2], function(x, y) x > y)", "[3, 2, 1]"),
        ("some x in [1, 2] satisfies x > 1", "true"),
        (
            "every x in [1, null] satisfies x > 0",
            "null (>: null and number 0 cannot be compared; convert one of them; every: a condition is neither true nor false)",
        ),
        ("list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", "[5, 5, 7, 8]"),
        ("get value({a: {b: 3}}, [\"a\", \"b\"])", "3"),
        ("[1..5)", "[1..5)"),
        ("5 in (> 3)", "true"),
        ("[1..[2, 3][1]]", "[1..2]"),
        ("(function(x: string) x)(1)", "null (function: number 1 is not what the parameter x takes)"),
        ("string([1, \"a\", {b c: @\"2020-01-01\"}])", "[1, \"a\", {b c: 2020-01-01}]"),
    ]);
}

#[test]
fn time_is_exact() {
    check(&[
        ("now()", "2026-11-22T12:00:00Z"),
        ("today() + duration(\"P1M\")", "2026-12-22"),
        ("date(\"2024-01-31\") + @\"P1M\"", "2024-02-29"),
        ("@\"2026-03-28T12:00:00@Europe/Berlin\" + @\"P1D\"", "2026-03-29T13:00:00@Europe/Berlin"),
        ("@\"2026-03-29T12:00:00@Europe/Berlin\" - @\"2026-03-28T12:00:00@Europe/Berlin\"", "PT23H"),
        ("week of year(@\"2021-01-03\")", "53"),
        ("day of week(today())", "Sunday"),
        ("years and months duration(@\"2020-02-29\", @\"2026-02-28\")", "P5Y11M"),
        ("@\"PT90M\" * 2", "PT3H"),
        (
            "@\"2026-01-01T00:00:00\" < @\"2026-01-01T00:00:00Z\"",
            "null (<: date and time 2026-01-01T00:00:00 and date and time 2026-01-01T00:00:00Z cannot be compared; convert one of them)",
        ),
        ("for d in @\"2026-02-27\"..@\"2026-03-01\" return d.day", "[27, 28, 1]"),
    ]);
}

#[test]
fn problems_say_where_and_what_to_do() {
    check(&[
        ("1 +", "line 1, column 4: the end of the text where a value, a name or an expression is expected"),
        (
            "if true then 1",
            "line 1, column 15: the end of the text where \"else\" after the first branch of \"if\"; FEEL has no \"if\" without it is expected",
        ),
        (
            "due date > 1",
            "line 1, column 5: \"date\" is not expected after a complete expression; put an operator before it, or if it is part of a name with spaces, make that name known",
        ),
        ("\"abc", "line 1, column 1: this text has no end; put a quotation mark after it"),
        ("1 +\n  ]", "line 2, column 4: the end of the text where a value, a name or an expression is expected"),
        ("? > 1", "line 1, column 2: \"?\" stands for the input of a test and has no meaning here; use a name"),
    ]);
}

#[test]
fn cells_test_their_input() {
    let check = |cell: &str, input: Value, expected: &str| {
        let (names, scope) = world();
        let tests = UnaryTests::parse(cell, &names).unwrap_or_else(|problems| panic!("{cell}: {}", problems[0]));
        let found = tests.evaluate(&input, &scope, &environment(), &mut Budget::default()).expect("it is cheap");
        assert_eq!(found.value.to_string(), expected, "{cell}");
    };
    check("-", Value::Null, "true");
    check("< 5, [10..20)", Value::from(19), "true");
    check("< 5, [10..20)", Value::from(20), "false");
    check("not(\"a\", \"b\")", Value::from("c"), "true");
    check("not(< 5)", Value::from(4), "false");
    check("? > 3 and ? < loan amount", Value::from(400), "true");
    check("loan amount", Value::from(500), "true");
    check("> loan amount", Value::from(501), "true");
    check("count(items) = 2", Value::from("x"), "true");
    check("true", Value::from(false), "false");
    check("null", Value::Null, "true");
    check("[\"new\", \"old\"]", Value::from("old"), "true");
    check("starts with(?, \"in\")", Value::from("incident"), "true");
    check("date(\"2026-01-01\")", Value::from(1), "null");
}

#[test]
fn results_are_explained() {
    let check = |text: &str, expected: &str| {
        let (names, scope) = world();
        let expression = Expression::parse(text, &names).expect("it is right");
        let found = explain(&expression, &scope, &environment(), &mut Budget::default()).expect("it is cheap");
        assert_eq!(found, expected, "{text}");
    };
    check("amount > 10000", "amount 12000 > 10000 is true");
    check("amount > 1000 and department = \"IT\"", "department \"HR\" = \"IT\" is false");
    check("amount > 90000 or department = \"HR\"", "department \"HR\" = \"HR\" is true");
    check("amount between 1 and loan amount", "amount 12000 between 1 and loan amount 500 is false");
    check("not(amount > 1)", "amount 12000 > 1 is true; so not(…) is false");
    check("if nothing = null then 1 else 2", "nothing null = null is true; so the value is that after \"then\", 1");
    check("count(items)", "count(items) is 2");
    check("nothing > 1 and amount > 1", "nothing null > 1 is null");
}

#[test]
fn the_host_may_offer_functions_and_sets_limits() {
    struct Host(FixedEnvironment);
    impl Environment for Host {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
        fn zone(&self) -> &TimeZone {
            self.0.zone()
        }
        fn has_function(&self, name: &str) -> bool {
            name == "due"
        }
        fn call(&self, _: &str, arguments: &[Value]) -> Result<Value, String> {
            if arguments.len() == 2 { Ok(arguments[1].clone()) } else { Err("takes a start and a length".to_owned()) }
        }
    }
    let host = Host(environment());
    let evaluate = |text: &str, budget: &mut Budget| {
        let expression = Expression::parse(text, &Names::default()).expect("it is right");
        expression.evaluate(&Scope::new(), &host, budget)
    };

    let found = evaluate("due(now(), \"PT4H\")", &mut Budget::default()).expect("it is cheap");
    assert_eq!(found.value.to_string(), "PT4H");
    let refused = evaluate("due(1)", &mut Budget::default()).expect("it is cheap");
    assert_eq!(refused.notes[0].to_string(), "due: takes a start and a length");

    let mut small = Budget { steps: 10, ..Budget::default() };
    assert_eq!(evaluate("for i in 1..100 return i", &mut small).expect_err("ten steps are few"), Exceeded::Steps);
    let mut small = Budget { memory_bytes: 100, ..Budget::default() };
    assert_eq!(evaluate("for i in 1..100 return i", &mut small).expect_err("little memory"), Exceeded::Memory);
    let mut small = Budget { depth: 3, ..Budget::default() };
    let recursion = "{f: function(n) if n = 0 then 0 else f(n - 1), r: f(10)}.r";
    assert_eq!(evaluate(recursion, &mut small).expect_err("a deep recursion"), Exceeded::Depth);
}

#[test]
fn json_goes_in_and_out() {
    let data = json!({ "a": [1, 2.5, -3e2, null, true, "x"], "b": { "c": 12_345_678_901_i64 } });
    assert_eq!(
        Value::from_json(&data).to_json(),
        json!({ "a": [1, 2.5, -300, null, true, "x"], "b": { "c": 12_345_678_901_i64 } })
    );
}
