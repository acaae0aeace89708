//! The line that people read.

use super::{decide, definitions, table};

const RULES: &[&[&str]] = &[
    &["<= 100", "-", "\"none\""],
    &["(100..10000]", "not(\"legal\")", "\"manager\""],
    &["(100..10000]", "\"legal\"", "\"counsel\""],
    &["> 10000", "\"legal\"", "\"board\""],
    &["> 10000", "\"it\", \"hr\"", "\"director\""],
];

fn why(given: &str) -> String {
    let definitions = definitions(&table("", &["amount", "category"], "<output name=\"level\"/>", RULES));
    decide(&definitions, "Approval level", given).trace.pop().expect("the decision is traced").why
}

#[test]
fn a_table_tells_the_rule_and_why_it_matched() {
    assert_eq!(
        why(r#"{amount: 12000, category: "legal"}"#),
        r#"because rule 4 of "Approval level": amount 12,000 > 10,000, category = "legal""#
    );
    assert_eq!(why(r#"{amount: 5, category: "hr"}"#), r#"because rule 1 of "Approval level": amount 5 <= 100"#);
    assert_eq!(
        why(r#"{amount: 500, category: "hr"}"#),
        r#"because rule 2 of "Approval level": amount 500 in (100..10000], category "hr" not("legal")"#
    );
    assert_eq!(
        why(r#"{amount: 20000, category: "hr"}"#),
        r#"because rule 5 of "Approval level": amount 20,000 > 10,000, category "hr" in ("it", "hr")"#
    );
}

#[test]
fn where_no_rule_matches_the_inputs_are_told() {
    assert_eq!(
        why(r#"{amount: 20000, category: "art"}"#),
        r#"because no rule of "Approval level" matches amount 20,000, category "art""#
    );
}

#[test]
fn a_trace_has_every_decision_and_what_matched() {
    let definitions = definitions(&table("", &["amount", "category"], "<output name=\"level\"/>", RULES));
    let evaluated = decide(&definitions, "Approval level", r#"{amount: 12000, category: "legal"}"#);
    let [decision] = &evaluated.trace[..] else { panic!("{:?}", evaluated.trace) };
    let rule = &decision.tables[0].matched[0];
    assert_eq!((rule.number, &*rule.id, rule.conditions.len()), (4, "r4", 2));
    assert_eq!(rule.conditions[0].test, "> 10000");
    assert_eq!(decision.inputs.len(), 2);
    assert_eq!(evaluated.value.to_string(), "board");
}

#[test]
fn what_is_no_table_tells_what_it_was_made_of() {
    let body = r##"<inputData id="i" name="amount"/><decision id="d" name="Double">
        <informationRequirement><requiredInput href="#i"/></informationRequirement>
        <literalExpression><text>amount * 2</text></literalExpression></decision>"##;
    let trace = decide(&definitions(body), "Double", "{amount: 1234567}").trace;
    assert_eq!(trace[0].why, "because of amount * 2 with amount 1,234,567");
}
