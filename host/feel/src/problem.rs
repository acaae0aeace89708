//! What is wrong with the text of an expression, said so that its author can mend it.

use std::fmt;

/// One problem of a text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxProblem {
    /// In bytes from the start of the text.
    pub offset: usize,
    pub line: usize,
    pub column: usize,
    /// What was found, what was expected, and what to do.
    pub message: String,
}

impl SyntaxProblem {
    /// A problem at a byte offset of a text.
    #[must_use]
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            offset,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for SyntaxProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxProblem {}
