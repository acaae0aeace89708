//! What is wrong with a decision model: where, why, and what to do. Knows nothing of FEEL or of evaluation.

use std::fmt;
use std::sync::Arc;

/// More are counted and not kept: whoever has this many starts with the first ones.
const PROBLEMS_MAX: usize = 200;

/// Whether a model with this problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The model is refused.
    Error,
    /// The model works; somebody should look at it.
    Warning,
}

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// Stable word for programs, such as `unknown-reference`.
    pub rule: &'static str,
    /// The name of the file the model came from.
    pub file: Arc<str>,
    /// The id of the nearest element that has one; empty where there is none.
    pub element: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
    /// A sentence for people.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}: {} [{}]", self.file, self.line, self.column, self.message, self.rule)
    }
}

impl From<Problem> for domain::Problem {
    fn from(problem: Problem) -> Self {
        Self::new(problem.element.to_string(), problem.rule, problem.message).at(&problem.file, problem.line)
    }
}

/// A place in one of the files of a model.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub file: Arc<File>,
    pub element: Arc<str>,
    pub offset: usize,
}

/// A file by its name and where its lines begin, so that a place is found without reading the file again.
#[derive(Debug)]
pub(crate) struct File {
    name: Arc<str>,
    text: String,
    line_starts: Vec<usize>,
}

impl File {
    pub fn new(name: &str, text: &str) -> Arc<Self> {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { name: name.into(), text: text.to_owned(), line_starts })
    }

    /// Line and column of a byte, both from 1.
    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The first place, for what concerns the file as a whole.
    pub fn start(self: &Arc<Self>) -> Spot {
        Spot { file: Arc::clone(self), element: Arc::from(""), offset: 0 }
    }
}

/// Problems as they are found, in no order.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    pub fn error(&mut self, spot: &Spot, rule: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, spot, (0, 0), rule, message.into());
    }

    pub fn warn(&mut self, spot: &Spot, rule: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, spot, (0, 0), rule, message.into());
    }

    /// An error so many lines and columns into a text that starts at `spot`; both from 0.
    pub fn error_within(&mut self, spot: &Spot, within: (u32, u32), rule: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, spot, within, rule, message.into());
    }

    fn add(&mut self, severity: Severity, spot: &Spot, within: (u32, u32), rule: &'static str, message: String) {
        if self.kept.len() >= PROBLEMS_MAX {
            self.left_out += 1;
            return;
        }
        let (line, column) = spot.file.position(spot.offset);
        let (down, right) = within;
        // A text of several lines starts its further lines at their own first column.
        let column = if down == 0 { column + right } else { right + 1 };
        self.kept.push(Problem {
            severity,
            rule,
            file: Arc::clone(&spot.file.name),
            element: Arc::clone(&spot.element),
            line: line + down,
            column,
            message,
        });
    }

    pub fn has_errors(&self) -> bool {
        self.kept.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Whether the model cannot be evaluated even as far as it could be read.
    pub fn are_fatal(&self) -> bool {
        const FATAL: [&str; 4] = ["requirement-cycle", "chain-too-long", "too-many-elements", "too-complex"];
        self.kept.iter().any(|problem| FATAL.contains(&problem.rule))
    }

    /// All of them in the order of file and line, errors before warnings at the same place.
    pub fn finish(mut self) -> Vec<Problem> {
        self.kept.sort_by(|left, right| {
            (&left.file, left.line, left.column, left.severity).cmp(&(
                &right.file,
                right.line,
                right.column,
                right.severity,
            ))
        });
        if let (true, Some(last)) = (self.left_out > 0, self.kept.last_mut()) {
            last.message = format!("{}; and {} more problems are not listed", last.message, self.left_out);
        }
        self.kept
    }
}
