//! The log of one run: every line goes into a hash, so that two runs are compared by 64 digits; the text is kept only on demand.

use sha2::{Digest, Sha256};
use std::fmt::Arguments;
use std::fmt::Write;

/// Lines that are kept for a person to read.
const LINES_MAX: usize = 2_000_000;

#[derive(Debug, Default)]
pub struct Log {
    hasher: Sha256,
    line: String,
    keeps: bool,
    lines: Vec<String>,
}

impl Log {
    #[must_use]
    pub fn keeping() -> Self {
        Self { keeps: true, ..Self::default() }
    }

    pub fn write(&mut self, at_micros: i64, text: Arguments<'_>) {
        self.line.clear();
        let (seconds, micros) = (at_micros.div_euclid(1_000_000), at_micros.rem_euclid(1_000_000));
        // Writing into a text cannot fail.
        let _ = write!(self.line, "{seconds}.{micros:06} {text}");
        self.hasher.update(self.line.as_bytes());
        self.hasher.update(b"\n");
        if self.keeps && self.lines.len() < LINES_MAX {
            self.lines.push(self.line.clone());
        }
    }

    #[must_use]
    pub fn hash(&self) -> String {
        self.hasher.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
