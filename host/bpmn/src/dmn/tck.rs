//! Runs cases of the DMN Technology Compatibility Kit, given the texts of its files: `<level>/<name>/<name>.dmn` with
//! `<name>-test-NN.xml` beside it. Only for tests and acceptance. *Architecture Invariant:* nothing here knows a case by
//! its name, but for the list of what is excluded, each with its reason.

mod expected;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use feel::{Budget, Context, FixedEnvironment, Value};
use roxmltree::{Document, Node};

use super::{Definitions, Sources, read_leniently};

/// Cases that are not run: the folder's name, what they are, and why.
const EXCLUDED: &[(&str, &str)] = &[("0076-feel-external-java", "external Java functions are never called")];

/// What came of one expected result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// What was expected and what came.
    Failure {
        expected: String,
        actual: String,
    },
    /// Why it is not run.
    Excluded(&'static str),
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder above the model, such as `compliance-level-2`.
    pub level: String,
    /// Model, test file's number and case, such as `0016-some-every/01/001`.
    pub id: String,
    pub outcome: Outcome,
}

/// What came of a folder.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub cases: Vec<Case>,
}

/// How many cases came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub success: usize,
    pub failure: usize,
    pub excluded: usize,
}

impl Count {
    /// Successes of all that was run, in thousandths, rounded down.
    #[must_use]
    pub fn per_mille(&self) -> usize {
        (self.success * 1_000).checked_div(self.success + self.failure).unwrap_or(0)
    }
}

impl Report {
    /// The counts by level.
    #[must_use]
    pub fn levels(&self) -> BTreeMap<&str, Count> {
        let mut levels: BTreeMap<&str, Count> = BTreeMap::new();
        for case in &self.cases {
            let count = levels.entry(&case.level).or_default();
            match case.outcome {
                Outcome::Success => count.success += 1,
                Outcome::Failure { .. } => count.failure += 1,
                Outcome::Excluded(_) => count.excluded += 1,
            }
        }
        levels
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            if let Outcome::Failure { expected, actual } = &case.outcome {
                writeln!(formatter, "{} {}: expected {expected}, got {actual}", case.level, case.id)?;
            }
        }
        for (level, count) in self.levels() {
            let Count { success, failure, excluded } = count;
            writeln!(formatter, "{level}: {success} success, {failure} failure, {excluded} excluded")?;
        }
        Ok(())
    }
}

/// Runs every case of a kit: the texts of its `.dmn` and `-test-….xml` files by their paths, as `level/folder/file`. What cannot be read
/// as a model or as cases is a failure, never left out.
#[must_use]
pub fn run(files: &BTreeMap<PathBuf, String>) -> Report {
    let mut report = Report::default();
    let has =
        |path: &Path, ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
    for (path, xml) in files.iter().filter(|(path, _)| has(path, "xml") && name_of(path).contains("-test-")) {
        let beside = files.iter().filter(|(other, _)| has(other, "dmn") && other.parent() == path.parent());
        let models = beside.map(|(other, text)| (name_of(other), text.clone())).collect();
        test_file(path, xml, &models, &mut report);
    }
    report
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Runs the cases of one file.
fn test_file(path: &Path, xml: &str, models: &BTreeMap<String, String>, report: &mut Report) {
    let folder = path.parent().map(name_of).unwrap_or_default();
    let level = path.parent().and_then(Path::parent).map(name_of).unwrap_or_default();
    let number = name_of(path).trim_end_matches(".xml").rsplit("-test-").next().unwrap_or_default().to_owned();
    let mut add = |case: &str, outcome: Outcome| {
        report.cases.push(Case { level: level.clone(), id: format!("{folder}/{number}/{case}"), outcome });
    };
    let failed = |actual: String| Outcome::Failure { expected: "a file that can be read".to_owned(), actual };
    let document = match Document::parse(xml) {
        Ok(document) => document,
        Err(error) => return add("*", failed(error.to_string())),
    };
    let root = document.root_element();
    let model_name = child(root, "modelName").and_then(|node| node.text()).unwrap_or_default().trim().to_owned();
    let sources = models.iter().fold(Sources::none(), |sources, (name, text)| sources.with(name, text));
    let model = models.get(&model_name).ok_or_else(|| format!("there is no model {model_name}"));
    let definitions = model.and_then(|text| {
        read_leniently(text, &sources)
            .map_err(|problems| problems.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; "))
    });
    let excluded = EXCLUDED.iter().find(|(name, _)| *name == folder).map(|(_, reason)| *reason);
    for case in root.children().filter(|node| node.tag_name().name() == "testCase") {
        let id = case.attribute("id").unwrap_or("?");
        let results: Vec<Node<'_, '_>> =
            case.children().filter(|node| node.tag_name().name() == "resultNode").collect();
        for result in &results {
            let id = match results.len() {
                1 => id.to_owned(),
                _ => format!("{id}/{}", result.attribute("name").unwrap_or("?")),
            };
            match (&definitions, excluded) {
                (_, Some(reason)) => add(&id, Outcome::Excluded(reason)),
                (Ok(definitions), None) => add(&id, one(definitions, case, *result)),
                (Err(reason), None) => add(&id, failed(reason.clone())),
            }
        }
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// Runs one case for one of its results.
fn one(definitions: &Definitions, case: Node<'_, '_>, result: Node<'_, '_>) -> Outcome {
    let mut inputs = Context::new();
    for input in case.children().filter(|node| node.tag_name().name() == "inputNode") {
        let name = input.attribute("name").unwrap_or_default();
        let value = expected::value(input);
        match input.attribute("namespace") {
            Some(namespace) => inputs.insert(format!("{namespace}#{name}"), value),
            None => inputs.insert(name, value),
        }
    }
    let expected = child(result, "expected").map_or(Value::Null, expected::value);
    let name = result.attribute("name").unwrap_or_default();
    let service = case.attribute("invocableName").filter(|_| case.attribute("type") == Some("decisionService"));
    // The zone in which the kit was made does not matter: its cases name theirs.
    let environment = FixedEnvironment::default();
    let evaluated = definitions.evaluate(service.unwrap_or(name), &inputs, &environment, &mut Budget::default());
    let (actual, notes) = match evaluated {
        Ok(evaluated) => (evaluated.value, evaluated.notes),
        Err(error) => return Outcome::Failure { expected: expected.to_string(), actual: error.to_string() },
    };
    // A service with several outputs gives them as a context; each is an expected result of its own.
    let actual = match (&actual, service) {
        (Value::Context(results), Some(_)) => results.get(name).cloned().unwrap_or(actual),
        _ => actual,
    };
    if expected::same(&expected, &actual) {
        return Outcome::Success;
    }
    let notes: Vec<String> = notes.iter().take(4).map(ToString::to_string).collect();
    let actual = match notes.is_empty() {
        true => expected::shown(&actual),
        false => format!("{} ({})", expected::shown(&actual), notes.join("; ")),
    };
    Outcome::Failure { expected: expected::shown(&expected), actual }
}
