//! What the table linter claims, and what it does not claim.

use super::{definitions, table};

fn check(policy: &str, columns: &[&str], rules: &[&[&str]]) -> Vec<String> {
    let definitions = definitions(&table(policy, columns, "<output name=\"level\"/>", rules));
    definitions.warnings().iter().map(|warning| warning.message.clone()).collect()
}

#[test]
fn a_table_without_gaps_and_overlaps_has_no_warnings() {
    let rules: &[&[&str]] = &[&["< 10", "-", "1"], &["[10..20)", "-", "2"], &[">= 20", "-", "3"]];
    assert_eq!(check("", &["amount", "category"], rules), Vec::<String>::new());
}

#[test]
fn a_gap_is_told_with_its_values() {
    let rules: &[&[&str]] = &[&["< 10", "1"], &["> 20", "2"]];
    assert_eq!(
        check("", &["amount"], rules),
        ["no rule of \"Approval level\" matches amount in [10..20]; add a rule or a default output"]
    );
    assert_eq!(check("hitPolicy=\"COLLECT\"", &["amount"], rules), Vec::<String>::new());
}

#[test]
fn rules_that_overlap_where_one_may_match_are_told() {
    let rules: &[&[&str]] = &[&["<= 10", "1"], &[">= 10", "2"]];
    assert_eq!(
        check("", &["amount"], rules),
        [
            "rules 1 and 2 of \"Approval level\" both match amount = 10; only one may: narrow one of them, or use the hit policy FIRST"
        ]
    );
    assert_eq!(check("hitPolicy=\"FIRST\"", &["amount"], rules), Vec::<String>::new());
}

#[test]
fn a_rule_that_earlier_rules_hide_is_told() {
    let rules: &[&[&str]] = &[&["< 10", "1"], &[">= 10", "2"], &["5", "3"]];
    assert_eq!(
        check("hitPolicy=\"FIRST\"", &["amount"], rules),
        [
            "rule 3 of \"Approval level\" is never used, because earlier rules match all that it matches; move it up or remove it"
        ]
    );
    let rules: &[&[&str]] = &[&["[20..10]", "1"], &["-", "2"]];
    assert_eq!(
        check("", &["amount"], rules),
        [
            "rule 1 of \"Approval level\" can never match, because a condition excludes every value; mend it or remove it"
        ]
    );
}

#[test]
fn what_depends_on_other_values_is_not_claimed() {
    let rules: &[&[&str]] = &[&["< limit", "-", "1"], &[">= limit", "-", "2"], &["-", "10", "3"]];
    assert_eq!(check("", &["amount", "limit"], rules), Vec::<String>::new());
    let words: &[&[&str]] = &[&["\"a\"", "1"], &["\"b\"", "2"]];
    assert_eq!(check("", &["word"], words), Vec::<String>::new());
}
