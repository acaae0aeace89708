//! Every hit policy over one table whose rules overlap.

use super::{decide, definitions, table};

const OUTPUT: &str =
    "<output name=\"level\"><outputValues><text>\"high\", \"middle\", \"low\"</text></outputValues></output>";
const NUMBERS: &str = "<output name=\"points\"/>";
const RULES: &[&[&str]] = &[&["> 10", "\"low\""], &["> 100", "\"middle\""], &["> 1000", "\"high\""]];
const POINTS: &[&[&str]] = &[&["> 10", "1"], &["> 100", "5"], &["> 1000", "3"]];

fn check(policy: &str, output: &str, rules: &[&[&str]], amount: &str) -> String {
    let definitions = definitions(&table(policy, &["amount"], output, rules));
    decide(&definitions, "Approval level", &format!("{{amount: {amount}}}")).value.to_string()
}

#[test]
fn each_hit_policy_makes_one_result_of_the_rules_that_match() {
    let level = |policy: &str, amount: &str| check(policy, OUTPUT, RULES, amount);
    assert_eq!(level("hitPolicy=\"UNIQUE\"", "50"), "low");
    assert_eq!(level("hitPolicy=\"UNIQUE\"", "500"), "null");
    assert_eq!(level("hitPolicy=\"ANY\"", "500"), "null");
    assert_eq!(level("hitPolicy=\"FIRST\"", "5000"), "low");
    assert_eq!(level("hitPolicy=\"PRIORITY\"", "5000"), "high");
    assert_eq!(level("hitPolicy=\"RULE ORDER\"", "5000"), r#"["low", "middle", "high"]"#);
    assert_eq!(level("hitPolicy=\"OUTPUT ORDER\"", "5000"), r#"["high", "middle", "low"]"#);
    assert_eq!(level("hitPolicy=\"COLLECT\"", "500"), r#"["low", "middle"]"#);
    assert_eq!(level("hitPolicy=\"FIRST\"", "5"), "null");
}

#[test]
fn collecting_tables_aggregate() {
    let points = |aggregation: &str| {
        check(&format!("hitPolicy=\"COLLECT\" aggregation=\"{aggregation}\""), NUMBERS, POINTS, "5000")
    };
    assert_eq!(points("SUM"), "9");
    assert_eq!(points("COUNT"), "3");
    assert_eq!(points("MIN"), "1");
    assert_eq!(points("MAX"), "5");
}

#[test]
fn a_default_holds_where_no_rule_matches() {
    let output = "<output name=\"level\"><defaultOutputEntry><text>\"none\"</text></defaultOutputEntry></output>";
    assert_eq!(check("", output, RULES, "5"), "none");
    assert_eq!(check("", output, RULES, "50"), "low");
}

#[test]
fn several_outputs_make_a_context() {
    let outputs = "<output name=\"level\"/><output name=\"days\"/>";
    assert_eq!(check("", outputs, &[&["> 10", "\"high\"", "2 * 3"]], "50"), r#"{level: "high", days: 6}"#);
}

#[test]
fn an_output_that_is_not_allowed_is_refused_with_the_rule() {
    let body = table("", &["amount"], OUTPUT, &[&["> 10", "\"enormous\""]]);
    let evaluated = decide(&definitions(&body), "d", "{amount: 50}");
    assert_eq!(evaluated.value.to_string(), "null");
    assert!(evaluated.notes[0].to_string().contains("rule 1"), "{:?}", evaluated.notes);
}
