//! Why a decision was made, in one line for people: `because rule 4 of "Approval level": amount 12,000 > 10,000, category = "legal"`.

use std::sync::Arc;

use feel::Value;

use super::trace::{MatchedRule, TableOutcome, TableTrace};

/// Texts are cut so that the line stays one.
const VALUE_CHARS_MAX: usize = 60;
const LINE_CHARS_MAX: usize = 600;
/// Rules and inputs that are named.
const NAMED_MAX: usize = 8;

/// The line for a decision that asked these tables; the last one is nearest to the result.
pub(crate) fn line(tables: &[TableTrace], text: Option<&str>, inputs: &[(Arc<str>, Value)]) -> String {
    let line = match (tables, text) {
        ([], Some(text)) => {
            let text = short(&text.split_whitespace().collect::<Vec<_>>().join(" "));
            match listed(inputs) {
                inputs if inputs.is_empty() => format!("because it is always {text}"),
                inputs => format!("because of {text} with {inputs}"),
            }
        }
        ([], None) => match listed(inputs) {
            inputs if inputs.is_empty() => "because its parts say so, without any input".to_owned(),
            inputs => format!("because of {inputs}"),
        },
        ([only], _) => format!("because {}", table(only)),
        (several, _) => {
            let parts: Vec<String> = several.iter().rev().take(3).rev().map(table).collect();
            format!("because {}", parts.join("; and "))
        }
    };
    cut(&line, LINE_CHARS_MAX)
}

fn table(table: &TableTrace) -> String {
    let name = &table.name;
    match (&table.outcome, table.matched.as_slice()) {
        (TableOutcome::Matched, [rule]) if table.matched_count == 1 => {
            format!("rule {} of \"{name}\": {}", rule.number, conditions(rule, table))
        }
        (TableOutcome::Matched, rules) => {
            let numbers: Vec<String> = rules.iter().take(NAMED_MAX).map(|rule| rule.number.to_string()).collect();
            let more = table.matched_count.saturating_sub(numbers.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("rules {}{more} of \"{name}\" match {}", numbers.join(", "), listed(&table.inputs))
        }
        (TableOutcome::Default, _) => {
            format!(
                "no rule of \"{name}\" matches {}, so the default {} holds",
                listed(&table.inputs),
                value(&table.value)
            )
        }
        (TableOutcome::Nothing, _) => format!("no rule of \"{name}\" matches {}", listed(&table.inputs)),
        (TableOutcome::Refused(reason), _) => {
            format!("\"{name}\" has no result for {}: {reason}", listed(&table.inputs))
        }
    }
}

fn conditions(rule: &MatchedRule, table: &TableTrace) -> String {
    if rule.conditions.is_empty() {
        return "it holds for everything".to_owned();
    }
    let condition = |condition: &super::trace::MatchedCondition| {
        let (label, input) = &table.inputs[condition.column];
        compared(label, input, &condition.test)
    };
    rule.conditions.iter().map(condition).collect::<Vec<_>>().join(", ")
}

/// An input and the test that it passed: `amount 12,000 > 10,000`, `category = "legal"`, `age 17 in [16..18]`.
fn compared(label: &str, input: &Value, test: &str) -> String {
    let test = test.split_whitespace().collect::<Vec<_>>().join(" ");
    let input = value(input);
    for operator in ["<=", ">=", "!=", "<", ">", "="] {
        // One comparison; where there are several, they stand as they are.
        if let Some(rest) = test.strip_prefix(operator).filter(|rest| !rest.contains(',')) {
            return format!("{label} {input} {operator} {}", number(rest.trim()));
        }
    }
    if number(&test) == input || test == input {
        return format!("{label} = {input}");
    }
    if test.contains('?') {
        return format!("{label} {input} with {}", short(&test));
    }
    if test.starts_with("not(") {
        return format!("{label} {input} {}", short(&test));
    }
    match test.starts_with(['[', '(', ']']) {
        true => format!("{label} {input} in {}", short(&test)),
        false => format!("{label} {input} in ({})", short(&test)),
    }
}

/// Names with their values.
fn listed(inputs: &[(Arc<str>, Value)]) -> String {
    let mut parts: Vec<String> =
        inputs.iter().take(NAMED_MAX).map(|(name, input)| format!("{name} {}", value(input))).collect();
    if inputs.len() > NAMED_MAX {
        parts.push(format!("and {} more", inputs.len() - NAMED_MAX));
    }
    parts.join(", ")
}

/// A value as people read it: numbers with thousands apart, texts in quotes.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", short(text)),
        Value::Number(decimal) => number(&decimal.to_string()),
        Value::Context(_) | Value::List(_) => short(&value.to_string()),
        other => other.to_string(),
    }
}

/// A number with its thousands apart; any other text as it is.
fn number(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(whole) || !fraction.is_none_or(numeric) {
        return short(text);
    }
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

fn short(text: &str) -> String {
    cut(text, VALUE_CHARS_MAX)
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars_max).collect();
    cut.push('…');
    cut
}
