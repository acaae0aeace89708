//! Whole models in, values, notes, explanations and problems out.

mod explain;
mod hostile;
mod lint;
mod reading;
mod table;

use feel::{Budget, Context, FixedEnvironment, Value};

use super::{Definitions, Evaluated, Sources, read};

pub(super) const DMN: &str = "https://www.omg.org/spec/DMN/20230324/MODEL/";

/// A model around some elements.
pub(super) fn model(body: &str) -> String {
    format!("<definitions xmlns=\"{DMN}\" namespace=\"urn:test\" name=\"test\" id=\"test\">\n{body}\n</definitions>")
}

pub(super) fn definitions(body: &str) -> Definitions {
    read(&model(body), &Sources::none()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The value of a FEEL text.
pub(super) fn feel(text: &str) -> Value {
    let expression = feel::Expression::parse(text, &feel::Names::default()).unwrap();
    expression.evaluate(&feel::Scope::new(), &FixedEnvironment::default(), &mut Budget::default()).unwrap().value
}

/// Inputs from the text of a FEEL context.
pub(super) fn inputs(text: &str) -> Context {
    match feel(text) {
        Value::Context(context) => (*context).clone(),
        other => panic!("{text} is {other}"),
    }
}

pub(super) fn decide(definitions: &Definitions, decision: &str, given: &str) -> Evaluated {
    definitions
        .evaluate(decision, &inputs(given), &FixedEnvironment::default(), &mut Budget::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The problems of a model as `line:rule`.
pub(super) fn problems(xml: &str) -> Vec<String> {
    let found = match read(xml, &Sources::none()) {
        Ok(definitions) => definitions.warnings().to_vec(),
        Err(problems) => problems,
    };
    found.iter().map(|problem| format!("{}:{}", problem.line, problem.rule)).collect()
}

/// A table over number and text inputs: `columns` are input names, `rules` are cells with the output last.
pub(super) fn table(policy: &str, columns: &[&str], output: &str, rules: &[&[&str]]) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut xml = String::new();
    for column in columns {
        xml.push_str(&format!(
            "<inputData id=\"i_{column}\" name=\"{column}\"><variable name=\"{column}\"/></inputData>"
        ));
    }
    xml.push_str("<decision id=\"d\" name=\"Approval level\"><variable name=\"Approval level\"/>");
    for column in columns {
        xml.push_str(&format!(
            "<informationRequirement><requiredInput href=\"#i_{column}\"/></informationRequirement>"
        ));
    }
    xml.push_str(&format!("<decisionTable {policy}>"));
    for column in columns {
        xml.push_str(&format!("<input><inputExpression><text>{column}</text></inputExpression></input>"));
    }
    xml.push_str(output);
    for (number, cells) in rules.iter().enumerate() {
        xml.push_str(&format!("\n<rule id=\"r{}\">", number + 1));
        for (at, cell) in cells.iter().enumerate() {
            let tag = if at < columns.len() { "inputEntry" } else { "outputEntry" };
            xml.push_str(&format!("<{tag}><text>{}</text></{tag}>", escape(cell)));
        }
        xml.push_str("</rule>");
    }
    xml.push_str("</decisionTable></decision>");
    xml
}
