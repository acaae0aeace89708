//! The JSON form of a model: written canonically, so that the same model always has the same digest, and read as strictly as XML.

use crate::{
    compile::{Compiled, finish},
    diagram::Diagram,
    graph::Graph,
    report::{Findings, Report, Subject},
    rule::Rule,
    rules, xml,
};
use sha2::{Digest as _, Sha256};

impl Graph {
    /// The graph as JSON without spaces and with sorted keys; what does not hold is left out.
    #[must_use]
    pub fn to_canonical_json(&self) -> String {
        let value = serde_json::to_value(self).expect("a graph has only string keys and finite numbers");
        let mut out = String::new();
        write_sorted(&value, &mut out);
        out
    }

    /// SHA-256 of the canonical JSON, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(self.to_canonical_json()) {
            write!(hex, "{byte:02x}").expect("a string takes every write");
        }
        hex
    }
}

/// Keys are sorted here rather than by a feature of the JSON library, which another crate may switch.
fn write_sorted(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::String(key.clone()).to_string());
                out.push(':');
                write_sorted(&entries[key], out);
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_sorted(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Compile the JSON form. `file` is its name in the problems.
///
/// # Errors
/// Everything that is wrong, by the same rules as for XML, and indexes that point to nothing.
pub fn compile_json(file: &str, json: &str) -> Result<Compiled, Report> {
    let mut findings = Findings::new(file);
    if json.len() > xml::MODEL_MAX {
        let message = format!("a model has at most {} bytes, this one has {}", xml::MODEL_MAX, json.len());
        findings.error(Rule::TooLarge, &Subject::default(), message);
        return Err(findings.finish());
    }
    let graph: Graph = match serde_json::from_str(json) {
        Ok(graph) => graph,
        Err(error) => {
            let subject = Subject { line: u32::try_from(error.line()).ok(), ..Subject::default() };
            findings.error(Rule::NotJson, &subject, format!("this is not a model in JSON: {error}"));
            return Err(findings.finish());
        }
    };
    unknown_fields(json, &graph, &mut findings);
    rules::of_indexes(&graph, &mut findings);
    if !findings.refuses() {
        rules::of_graph(&graph, &mut findings);
    }
    finish(graph, Diagram::default(), findings)
}

/// A field that nothing reads is a mistake: what it says would have no effect.
fn unknown_fields(json: &str, graph: &Graph, findings: &mut Findings<'_>) {
    const TOLD_MAX: usize = 20;
    let read: Result<serde_json::Value, _> = serde_json::from_str(json);
    let (Ok(read), Ok(written)) = (read, serde_json::to_value(graph)) else { return };
    let mut told = Vec::new();
    compare("", &read, &written, &mut told);
    for path in told.into_iter().take(TOLD_MAX) {
        findings.error(
            Rule::NotJson,
            &Subject::default(),
            format!("`{path}` is not known and would have no effect; remove it"),
        );
    }
}

/// Recursion is as deep as the JSON reader lets a text be.
fn compare(path: &str, read: &serde_json::Value, written: &serde_json::Value, told: &mut Vec<String>) {
    use serde_json::Value::{Array, Null, Object};
    match (read, written) {
        (Object(read), Object(written)) => {
            for (key, value) in read {
                let path = format!("{path}/{key}");
                match written.get(key) {
                    Some(written) => compare(&path, value, written, told),
                    // What is empty is left out when it is written.
                    None if matches!(value, Null)
                        || *value == false
                        || *value == ""
                        || *value == serde_json::json!([]) => {}
                    None if *value == serde_json::json!({}) => {}
                    None => told.push(path),
                }
            }
        }
        (Array(read), Array(written)) => {
            for (at, (read, written)) in read.iter().zip(written).enumerate() {
                compare(&format!("{path}/{at}"), read, written, told);
            }
        }
        _ => {}
    }
}
