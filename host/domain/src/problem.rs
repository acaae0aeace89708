//! One thing that is wrong, where, and what to do. Lists of these travel unchanged to the API, the command line and the screens.

use serde::{Deserialize, Serialize};

/// What is wrong, where, why and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) into the input; empty for the whole.
    pub pointer: String,
    /// Stable word for programs, for example `unknown-field`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// File of a multi-file input, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in that file, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Problem {
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), message: message.into(), file: None, line: None }
    }

    /// The same problem, placed in a file.
    #[must_use]
    pub fn at(mut self, file: &str, line: u32) -> Self {
        self.file = Some(file.to_owned());
        self.line = Some(line);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}:{line}: {} [{}]", self.message, self.code),
            _ if self.pointer.is_empty() => write!(f, "{} [{}]", self.message, self.code),
            _ => write!(f, "{}: {} [{}]", self.pointer, self.message, self.code),
        }
    }
}
