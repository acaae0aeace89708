//! Why a part of an expression became null.

use std::fmt;

/// More are counted and not kept: the first ones are those that explain.
const NOTES_MAX: usize = 32;
const REASON_BYTES_MAX: usize = 400;

/// Why something became null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The function or operator, such as `substring` or `+`.
    pub function: String,
    /// Byte offset in the text of the expression.
    pub offset: usize,
    pub reason: String,
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.function, self.reason)
    }
}

/// The notes of one evaluation, capped.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    kept: Vec<Note>,
}

impl Notes {
    pub fn add(&mut self, function: &str, offset: usize, reason: impl Into<String>) {
        if self.kept.len() < NOTES_MAX {
            let mut reason = reason.into();
            if reason.len() > REASON_BYTES_MAX {
                let end = (0..=REASON_BYTES_MAX).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
                reason.truncate(end);
                reason.push('…');
            }
            self.kept.push(Note { function: function.to_owned(), offset, reason });
        }
    }

    pub fn extend(&mut self, notes: impl IntoIterator<Item = Note>) {
        let room = NOTES_MAX.saturating_sub(self.kept.len());
        self.kept.extend(notes.into_iter().take(room));
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<Note> {
        self.kept
    }

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kept.len() >= NOTES_MAX
    }
}
