//! The first look at a model, as far as installing a plugin needs it: is this a model at all, which processes does it have, and can every
//! later step rely on its ids. What is in them is said by [`crate::compile`].

use crate::xml;
use domain::Problem;
use std::collections::BTreeMap;

/// What a model offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    pub processes: Vec<Process>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: String,
    pub name: String,
    pub executable: bool,
}

/// Read the outline of a model. `file` is its name in the problems.
///
/// # Errors
/// Everything that is wrong: not XML, a document type (refused: it is how XML bombs are built), too large or too deep, not BPMN, ids
/// that are missing or used twice, no executable process.
pub fn outline(file: &str, text: &str) -> Result<Outline, Vec<Problem>> {
    let at = |line: u32, code: &str, message: String| Problem::new("", code, message).at(file, line);
    let document = xml::open(file, text)?;
    let lines = xml::Lines::new(text);
    let root = document.root_element();
    if !root.has_tag_name((xml::BPMN, "definitions")) {
        let message = format!("the root is `{}`, not `definitions` of {}", root.tag_name().name(), xml::BPMN);
        return Err(vec![at(1, "not-bpmn", message)]);
    }
    let line = |node: roxmltree::Node<'_, '_>| lines.of(node);
    let mut problems = Vec::new();
    let mut ids: BTreeMap<&str, u32> = BTreeMap::new();
    let mut processes = Vec::new();
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        if let Some(id) = node.attribute("id").filter(|_| node.tag_name().namespace() == Some(xml::BPMN))
            && let Some(first) = ids.insert(id, line(node))
        {
            problems.push(at(line(node), "duplicate-id", format!("the id `{id}` is used in line {first} already")));
        }
        if node.has_tag_name((xml::BPMN, "process")) {
            match node.attribute("id") {
                None => problems.push(at(line(node), "missing-id", "a process needs an id".to_owned())),
                Some(id) => processes.push(Process {
                    id: id.to_owned(),
                    name: node.attribute("name").unwrap_or_default().to_owned(),
                    executable: node.attribute("isExecutable") == Some("true"),
                }),
            }
        }
    }
    if !processes.iter().any(|process| process.executable) {
        let message = "no process has isExecutable=\"true\", so there is nothing to run".to_owned();
        problems.push(at(line(root), "nothing-executable", message));
    }
    if problems.is_empty() { Ok(Outline { processes }) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(xml: &str) -> Vec<String> {
        match outline("flow.bpmn", xml) {
            Ok(outline) => outline.processes.into_iter().map(|process| process.id).collect(),
            Err(problems) => {
                problems.into_iter().map(|problem| format!("{}:{}", problem.line.unwrap_or(0), problem.code)).collect()
            }
        }
    }

    fn model(body: &str) -> String {
        format!("<b:definitions xmlns:b=\"{}\">\n{body}\n</b:definitions>", xml::BPMN)
    }

    #[test]
    fn a_model_tells_its_processes() {
        assert_eq!(
            check(&model("<b:process id=\"p\" isExecutable=\"true\"><b:startEvent id=\"s\"/></b:process>")),
            ["p"]
        );
    }

    #[test]
    fn everything_wrong_is_told_with_its_line() {
        let twice = "<b:process isExecutable=\"false\">\n<b:task id=\"t\"/>\n<b:task id=\"t\"/>\n</b:process>";
        assert_eq!(check(&model(twice)), ["2:missing-id", "4:duplicate-id", "1:nothing-executable"]);
        assert_eq!(check("<!DOCTYPE x [<!ENTITY a \"b\">]><x/>"), ["1:document-type"]);
        assert_eq!(check("<x><y></x>"), ["1:not-xml"]);
        assert_eq!(check("<x/>"), ["1:not-bpmn"]);
        let deep = format!("{}{}", "<b:lane>".repeat(150), "</b:lane>".repeat(150));
        assert_eq!(check(&model(&deep)), ["2:too-deep"]);
        assert_eq!(check(&" ".repeat(xml::MODEL_MAX + 1)), ["1:model-too-large"]);
    }
}
