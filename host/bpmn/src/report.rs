//! Everything that was found in a model, at once: errors refuse it, warnings do not.

use crate::rule::Rule;
use domain::Problem;
use std::{
    collections::{HashMap, HashSet},
    fmt,
};

/// Problems of one model that are told; more would not be read.
const PROBLEMS_MAX: usize = 500;

/// What was found in a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl Report {
    #[must_use]
    pub fn refuses(&self) -> bool {
        !self.errors.is_empty()
    }

    /// A report of errors only.
    pub(crate) fn refused(errors: Vec<Problem>) -> Self {
        Self { errors, warnings: Vec::new() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(formatter, "error: {error}")?;
        }
        for warning in &self.warnings {
            writeln!(formatter, "warning: {warning}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// The element that a problem is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    /// What people call it: `user task`.
    pub kind: String,
    pub id: String,
    pub name: String,
    /// Absent for the JSON form, and for what the file's index of lines tells.
    pub line: Option<u32>,
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match (self.name.trim().is_empty(), self.id.is_empty()) {
            (true, true) => write!(formatter, "{}", self.kind),
            (true, false) => write!(formatter, "{} `{}`", self.kind, self.id),
            (false, true) => write!(formatter, "{} “{}”", self.kind, clean(&self.name)),
            (false, false) => write!(formatter, "{} “{}” (`{}`)", self.kind, clean(&self.name), self.id),
        }
    }
}

/// Collects what is found.
#[derive(Debug)]
pub(crate) struct Findings<'f> {
    file: &'f str,
    /// Where the elements of the file stand; empty for the JSON form.
    pub lines: HashMap<String, u32>,
    /// Elements whose own problem was told and which stand in the graph as a task: what follows from that is not told.
    pub placeholders: HashSet<String>,
    report: Report,
}

impl<'f> Findings<'f> {
    pub fn new(file: &'f str) -> Self {
        Self { file, lines: HashMap::new(), placeholders: HashSet::new(), report: Report::default() }
    }

    pub fn error(&mut self, rule: Rule, subject: &Subject, message: impl fmt::Display) {
        let problem = self.problem(rule, subject, message);
        push(&mut self.report.errors, problem);
    }

    pub fn warning(&mut self, rule: Rule, subject: &Subject, message: impl fmt::Display) {
        let problem = self.problem(rule, subject, message);
        push(&mut self.report.warnings, problem);
    }

    /// Whether anything was found that refuses the model.
    pub fn refuses(&self) -> bool {
        self.report.refuses()
    }

    /// Whether a rule has spoken about an element already, so that what follows from it is not told again.
    pub fn has(&self, rule: Rule, id: &str) -> bool {
        self.report.errors.iter().any(|problem| problem.code == rule.id() && problem.pointer == pointer(id))
    }

    /// Errors in the order of the file, warnings too.
    pub fn finish(mut self) -> Report {
        for problems in [&mut self.report.errors, &mut self.report.warnings] {
            problems.sort_by_key(|problem| problem.line);
            problems.dedup();
        }
        self.report
    }

    fn problem(&self, rule: Rule, subject: &Subject, message: impl fmt::Display) -> Problem {
        let message = match subject.kind.is_empty() {
            true => message.to_string(),
            false => format!("{subject}: {message}"),
        };
        let problem = Problem::new(pointer(&subject.id), rule.id(), message);
        match subject.line.or_else(|| self.lines.get(&subject.id).copied()) {
            Some(line) => problem.at(self.file, line),
            None => Problem { file: Some(self.file.to_owned()), ..problem },
        }
    }
}

/// The id of the element as a pointer, so that an editor can show the problem at its shape.
fn pointer(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!("/{}", id.replace('~', "~0").replace('/', "~1")) }
}

fn push(problems: &mut Vec<Problem>, problem: Problem) {
    if problems.len() < PROBLEMS_MAX {
        problems.push(problem);
    }
}
