//! The decisions of the DMN Technology Compatibility Kit that are one literal expression each, against their expected results.
//!
//! Knows as much of DMN as that takes: input data by type, and the text of the expression. The rest is tested with the reader of
//! decision models. Skipped, visibly, where the kit is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use roxmltree::{Document, Node};
use weft_feel::{
    Budget, Context, Date, DateTime, DaysTime, Expression, FixedEnvironment, Names, Scope, Time, Type, Value,
    YearsMonths,
};

/// `decision: case` that are expected to differ, with the reason. Only shrinks.
const DIFFERENT: &[(&str, &str)] = &[(
    "1111-feel-matches-function/K2-MatchesFunc-17",
    "a back reference needs an engine that backtracks, and so takes time without a limit",
)];

fn kit() -> Option<PathBuf> {
    let start = Path::new(env!("CARGO_MANIFEST_DIR"));
    start.ancestors().map(|folder| folder.join("shared/data/dmn-tck")).find(|folder| folder.is_dir())
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn text<'a>(node: Node<'a, 'a>) -> &'a str {
    node.text().unwrap_or_default()
}

/// A value as the kit writes it, typed by `xsi:type`.
fn value(node: Node<'_, '_>) -> Value {
    if let Some(list) = node.children().find(|child| child.tag_name().name() == "list") {
        if list.attributes().any(|attribute| attribute.name() == "nil" && attribute.value() == "true") {
            return Value::Null;
        }
        let items = list.children().filter(|item| item.tag_name().name() == "item");
        return Value::list(items.map(value).collect());
    }
    let components = node.children().filter(|child| child.tag_name().name() == "component").collect::<Vec<_>>();
    if !components.is_empty() {
        let entries =
            components.iter().map(|component| (component.attribute("name").unwrap_or_default(), value(*component)));
        return Value::from(entries.collect::<Context>());
    }
    let Some(simple) = child(node, "value") else { return Value::Null };
    if simple.attributes().any(|attribute| attribute.name() == "nil" && attribute.value() == "true") {
        return Value::Null;
    }
    let kind = simple.attributes().find(|attribute| attribute.name() == "type").map_or("string", |kind| kind.value());
    let text = text(simple);
    let kind = kind.rsplit(':').next().unwrap_or(kind);
    match kind {
        "decimal" | "double" | "integer" | "int" | "float" => Value::Number(text.trim().parse().expect("a number")),
        "boolean" => Value::Boolean(text.trim() == "true"),
        "date" => Value::Date(Date::parse(text.trim()).expect("a date")),
        "time" => Value::Time(Time::parse(text.trim()).expect("a time")),
        "dateTime" => Value::DateTime(DateTime::parse(text.trim()).expect("a date and time")),
        "duration" => {
            let text = text.trim();
            let days = DaysTime::parse(text).map(Value::DaysTime);
            days.or_else(|| YearsMonths::parse(text).map(Value::YearsMonths)).expect("a duration")
        }
        _ => Value::from(text),
    }
}

/// Numbers may differ behind the eighth digit, as the kit's own runner allows.
fn is_expected(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(expected), Value::Number(found)) => {
            let distance = expected.to_f64() - found.to_f64();
            distance.abs() <= 1e-8 * expected.to_f64().abs().max(1.0)
        }
        (Value::List(expected), Value::List(found)) => {
            expected.len() == found.len() && expected.iter().zip(&**found).all(|(left, right)| is_expected(left, right))
        }
        (Value::Context(expected), Value::Context(found)) => {
            expected.len() == found.len()
                && expected.iter().all(|(name, left)| found.get(name).is_some_and(|right| is_expected(left, right)))
        }
        (Value::Null, found) => found.is_null(),
        // Texts stand for zones, which the kit cannot write.
        (Value::String(expected), found) => **expected == found.to_string(),
        (expected, found) => expected.to_string() == found.to_string(),
    }
}

/// The item definitions of a model, as far as `instance of` needs them.
fn item_type(definition: Node<'_, '_>, known: &BTreeMap<String, Type>) -> Type {
    let mut kind = if let Some(reference) = child(definition, "typeRef") {
        let name = text(reference).trim();
        let name = name.rsplit(':').next().unwrap_or(name);
        known.get(name).cloned().or_else(|| Type::by_name(name)).unwrap_or(Type::Any)
    } else {
        let members = definition.children().filter(|child| child.tag_name().name() == "itemComponent");
        let members =
            members.map(|member| (member.attribute("name").unwrap_or_default().to_owned(), item_type(member, known)));
        Type::Context(members.collect())
    };
    if definition.attribute("isCollection") == Some("true") {
        kind = Type::List(Box::new(kind));
    }
    kind
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    skipped: usize,
}

fn run_folder(folder: &Path, tally: &mut Tally) {
    let files = fs::read_dir(folder).expect("a folder of the kit").map(|entry| entry.expect("an entry").path());
    let files = files.collect::<BTreeSet<_>>();
    let is_cases = |path: &&PathBuf| path.to_string_lossy().ends_with("-test-01.xml");
    for cases in files.iter().filter(is_cases) {
        let cases_text = fs::read_to_string(cases).expect("cases");
        let cases_document = Document::parse(&cases_text).expect("XML");
        let model_name = cases_document.root_element().children().find(|node| node.tag_name().name() == "modelName");
        let model = folder.join(model_name.map(text).unwrap_or_default());
        let Ok(model_text) = fs::read_to_string(model) else { continue };
        let model_document = Document::parse(&model_text).expect("XML");
        run_model(&model_document, &cases_document, folder, tally);
    }
}

fn run_model(model: &Document<'_>, cases: &Document<'_>, folder: &Path, tally: &mut Tally) {
    let root = model.root_element();
    let of_kind = |name: &'static str| root.children().filter(move |child| child.tag_name().name() == name);
    let mut types = BTreeMap::new();
    for definition in of_kind("itemDefinition") {
        let kind = item_type(definition, &types);
        types.insert(definition.attribute("name").unwrap_or_default().to_owned(), kind);
    }
    let mut names = Names::default();
    for input in of_kind("inputData") {
        names.add(input.attribute("name").unwrap_or_default());
    }
    for (name, kind) in types {
        names.add_type(name, kind);
    }
    let mut decisions = BTreeMap::new();
    for decision in of_kind("decision") {
        let has_others = decision
            .descendants()
            .any(|node| matches!(node.tag_name().name(), "requiredDecision" | "requiredKnowledge"));
        let literal = child(decision, "literalExpression").and_then(|literal| child(literal, "text"));
        if let (Some(literal), false) = (literal, has_others) {
            decisions.insert(decision.attribute("name").unwrap_or_default(), text(literal));
        }
    }
    let environment = FixedEnvironment::new(Timestamp::UNIX_EPOCH, TimeZone::UTC);
    for case in cases.root_element().children().filter(|node| node.tag_name().name() == "testCase") {
        let inputs = case.children().filter(|node| node.tag_name().name() == "inputNode");
        let inputs = inputs.map(|input| (input.attribute("name").unwrap_or_default(), value(input)));
        let mut context = inputs.collect::<Context>();
        for input in of_kind("inputData") {
            let name = input.attribute("name").unwrap_or_default();
            if context.get(name).is_none() {
                context.insert(name, Value::Null);
            }
        }
        let scope = Scope::from_context(context);
        for result in case.children().filter(|node| node.tag_name().name() == "resultNode") {
            let name = result.attribute("name").unwrap_or_default();
            let Some(text) = decisions.get(name) else {
                tally.skipped += 1;
                continue;
            };
            let expected = child(result, "expected").map_or(Value::Null, value);
            let found = match Expression::parse(text, &names) {
                Ok(expression) => match expression.evaluate(&scope, &environment, &mut Budget::default()) {
                    Ok(evaluation) => Ok((evaluation.value, evaluation.notes)),
                    Err(exceeded) => Err(exceeded.to_string()),
                },
                // A text that is wrong has no value.
                Err(_) if expected.is_null() => Ok((Value::Null, Vec::new())),
                Err(problems) => Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
            };
            let id = format!("{}/{name}", folder.file_name().unwrap_or_default().to_string_lossy());
            match found {
                Ok((found, _)) if is_expected(&expected, &found) => {
                    tally.passed += 1;
                }
                _ if DIFFERENT.iter().any(|(different, _)| *different == id) => {}
                Ok((found, notes)) => {
                    let notes = notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                    tally
                        .failed
                        .push(format!("{id}: {}\n    expected {expected}\n    found    {found}  {notes}", text.trim()));
                }
                Err(problem) => {
                    tally.failed.push(format!("{id}: {}\n    expected {expected}\n    {problem}", text.trim()));
                }
            }
        }
    }
}

#[test]
fn literal_expressions_have_their_expected_results() {
    let Some(kit) = kit() else {
        println!("SKIPPED: the compatibility kit is not beside the repository");
        return;
    };
    let mut tally = Tally::default();
    for level in ["compliance-level-2", "compliance-level-3"] {
        let folders =
            fs::read_dir(kit.join(level)).expect("a level of the kit").map(|entry| entry.expect("an entry").path());
        for folder in folders.filter(|path| path.is_dir()).collect::<BTreeSet<_>>() {
            run_folder(&folder, &mut tally);
        }
    }
    println!(
        "{} passed, {} failed, {} are not one literal expression",
        tally.passed,
        tally.failed.len(),
        tally.skipped
    );
    assert!(tally.failed.is_empty(), "{} differ:\n{}", tally.failed.len(), tally.failed.join("\n"));
    assert!(tally.passed > 1_000, "the kit has more literal expressions than {}", tally.passed);
}
