//! Edits of a text by places in it, applied at once, so that everything that is not touched stays as its author wrote it.

use std::ops::Range;

#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.0.push((range, with.into()));
    }

    pub fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// The text with all edits. Of two that overlap the outer one counts.
    pub fn apply(mut self, text: &str) -> String {
        // What is put in at a place comes before what is taken out there.
        self.0.sort_by_key(|(range, _)| (range.start, !range.is_empty(), std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (range, with) in self.0 {
            if range.start < from {
                continue;
            }
            out.push_str(&text[from..range.start]);
            out.push_str(&with);
            from = range.end;
        }
        out.push_str(&text[from..]);
        out
    }
}
