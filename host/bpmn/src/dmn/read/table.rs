//! Reading decision tables.

use roxmltree::Node;

use super::item::tests;
use super::reader::{Reader, shown, spaced};
use crate::dmn::model::{Aggregation, HitPolicy, Rule, Table, TableInput, TableOutput, Text};

/// A decision table with as many entries in each rule as it has columns; other rules are left out, with a problem.
pub(super) fn table(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Table {
    let policy = hit_policy(node, reader);
    let inputs: Vec<TableInput> = reader.all(node, "input").map(|part| input(part, reader)).collect();
    let outputs: Vec<TableOutput> = reader.all(node, "output").map(|part| output(part, reader)).collect();
    if outputs.is_empty() {
        reader.error(node, "no-output", "a decision table needs an output column; add one");
    }
    if outputs.len() > 1 && outputs.iter().any(|output| output.name.is_none()) {
        let message = "a table with several output columns needs a name for each of them; add the missing names";
        reader.error(node, "missing-name", message);
    }
    if outputs.len() > 1 && matches!(policy, HitPolicy::Collect(Aggregation::Sum | Aggregation::Min | Aggregation::Max))
    {
        let message = "a table that collects a sum, minimum or maximum has one output column; move the others to a table of their own";
        reader.error(node, "aggregated-columns", message);
    }
    let rules = reader
        .all(node, "rule")
        .enumerate()
        .filter_map(|(at, part)| rule(part, at + 1, (inputs.len(), outputs.len()), reader));
    Table {
        rules: rules.collect(),
        spot: reader.spot(node),
        annotations: reader.all(node, "annotation").map(|part| label(part, "name").unwrap_or_default()).collect(),
        policy,
        inputs,
        outputs,
    }
}

fn hit_policy(node: Node<'_, '_>, reader: &mut Reader<'_>) -> HitPolicy {
    match node.attribute("hitPolicy").unwrap_or("UNIQUE") {
        "UNIQUE" | "U" => HitPolicy::Unique,
        "ANY" | "A" => HitPolicy::Any,
        "PRIORITY" | "P" => HitPolicy::Priority,
        "FIRST" | "F" => HitPolicy::First,
        "RULE ORDER" | "R" => HitPolicy::RuleOrder,
        "OUTPUT ORDER" | "O" => HitPolicy::OutputOrder,
        "COLLECT" | "C" => HitPolicy::Collect(aggregation(node, reader)),
        other => {
            let message = format!(
                "`{}` is no hit policy; it is UNIQUE, ANY, PRIORITY, FIRST, RULE ORDER, OUTPUT ORDER or COLLECT",
                shown(other)
            );
            reader.error(node, "unknown-hit-policy", message);
            HitPolicy::Unique
        }
    }
}

fn aggregation(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Aggregation {
    match node.attribute("aggregation") {
        None | Some("LIST") => Aggregation::List,
        Some("SUM") => Aggregation::Sum,
        Some("COUNT") => Aggregation::Count,
        Some("MIN") => Aggregation::Min,
        Some("MAX") => Aggregation::Max,
        Some(other) => {
            let message = format!("`{}` is no aggregation; it is SUM, COUNT, MIN or MAX", shown(other));
            reader.error(node, "unknown-aggregation", message);
            Aggregation::List
        }
    }
}

fn label(node: Node<'_, '_>, attribute: &str) -> Option<String> {
    node.attribute(attribute).map(spaced).filter(|label| !label.is_empty())
}

fn input(node: Node<'_, '_>, reader: &mut Reader<'_>) -> TableInput {
    let part = reader.first(node, "inputExpression");
    let expression = reader.text(part.unwrap_or(node));
    if expression.text.is_empty() {
        reader.error(node, "missing-expression", "an input column needs an `inputExpression` with a text; add it");
    }
    TableInput {
        label: label(node, "label"),
        expression,
        type_ref: part.and_then(|part| reader.type_ref(part)),
        values: tests(node, "inputValues", reader),
    }
}

fn output(node: Node<'_, '_>, reader: &mut Reader<'_>) -> TableOutput {
    let default = reader.first(node, "defaultOutputEntry").map(|part| reader.text(part));
    TableOutput {
        name: label(node, "name").map(Into::into),
        label: label(node, "label"),
        type_ref: reader.type_ref(node),
        values: tests(node, "outputValues", reader),
        default: default.filter(|text| !text.text.is_empty()),
    }
}

fn rule(node: Node<'_, '_>, number: usize, width: (usize, usize), reader: &mut Reader<'_>) -> Option<Rule> {
    let mut texts = |name| -> Vec<Text> { reader.all(node, name).map(|part| reader.text(part)).collect() };
    let (inputs, outputs) = (texts("inputEntry"), texts("outputEntry"));
    let annotations = texts("annotationEntry").into_iter().map(|text| text.text).collect();
    if (inputs.len(), outputs.len()) != width {
        let message = format!(
            "rule {number} has {} conditions and {} outputs; the table has {} and {} columns: give it one for each",
            inputs.len(),
            outputs.len(),
            width.0,
            width.1
        );
        reader.error(node, "rule-width", message);
        return None;
    }
    let id = node.attribute("id").unwrap_or_default().to_owned();
    Some(Rule { id, spot: reader.spot(node), inputs, outputs, annotations })
}
