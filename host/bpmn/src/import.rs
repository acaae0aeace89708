//! Models of Camunda 7 and 8 (and of Camunda 7's relatives) as models of Weft, with a line about everything that was looked at.
//!
//! *Architecture Invariant:* never silently wrong. What has no equal here is refused in the report, stays in the file as it was, and keeps
//! the model from being deployed.

mod camunda7;
mod edit;
mod juel;

use crate::{compile, report::Report, xml};
use domain::Problem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A model after the import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The file as far as it could be translated.
    pub xml: String,
    pub report: Vec<Line>,
    /// What the rules say about the result.
    pub check: Report,
}

/// What became of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Id of the element; of the nearest one with an id.
    pub element: String,
    /// `camunda:assignee`.
    pub what: String,
    pub outcome: Outcome,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It means the same here.
    Mapped,
    /// It was changed, or left out, and somebody should look at it.
    Changed,
    /// It has no equal; the model does not deploy until somebody has replaced it.
    Refused,
}

impl Imported {
    /// Whether it can be deployed as it is.
    #[must_use]
    pub fn is_deployable(&self) -> bool {
        !self.check.refuses() && self.report.iter().all(|line| line.outcome != Outcome::Refused)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Mapped => "mapped",
            Outcome::Changed => "changed",
            Outcome::Refused => "refused",
        };
        write!(formatter, "{outcome}: {} at `{}`: {}", self.what, self.element, self.detail)
    }
}

/// Import a model. One of Camunda 8 stays as it is; one of Camunda 7 is translated.
///
/// # Errors
/// What keeps the file from being read as BPMN at all.
pub fn import(file: &str, text: &str) -> Result<Imported, Vec<Problem>> {
    let document = xml::open(file, text)?;
    let mut report = Vec::new();
    let xml = camunda7::translate(&document, text, &mut report);
    let check = compile::validate(file, &xml);
    // Whatever still stands in the way is told here too, so that one list is enough to work through.
    for error in &check.errors {
        let element = error.pointer.trim_start_matches('/').to_owned();
        if !report.iter().any(|line| line.element == element && line.outcome == Outcome::Refused) {
            report.push(Line {
                element,
                what: error.code.clone(),
                outcome: Outcome::Refused,
                detail: error.message.clone(),
            });
        }
    }
    for warning in &check.warnings {
        let element = warning.pointer.trim_start_matches('/').to_owned();
        report.push(Line {
            element,
            what: warning.code.clone(),
            outcome: Outcome::Changed,
            detail: warning.message.clone(),
        });
    }
    Ok(Imported { xml, report, check })
}
