//! What somebody types as a query: all words must be there, as they are written, by their stems, and the last one, which may not be at its
//! end yet, as a beginning too. The exact number of a ticket comes first.
//!
//! How well something fits is told by BM25 with fixed figures about the index: real ones would count tickets that the reader may not see,
//! and the order of what they may see would tell of them. As every word must be there, little is lost.

use crate::Result;
use crate::document::Columns;
use crate::words::{Word, Words};
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, Query, RegexQuery,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Term};

/// Words of a question; the rest is not looked at.
const WORDS_MAX: usize = 12;
/// Letters from which on a word may be looked for as a beginning, inside of others, and with a slip of the pen.
const BEGINNING_MIN: usize = 2;
const INSIDE_MIN: usize = 4;
const SLIP_MIN: usize = 5;
/// Digits from which on a word may be the beginning of a number.
const DIGITS_MIN: usize = 3;

const NUMBER_SCORE: Score = 1_000.0;
const WRITTEN_BOOST: Score = 2.0;
const BEGINNING_SCORE: Score = 0.5;

/// How words are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As they are written, by their stems, the last one as a beginning.
    Exact,
    /// As a part of a longer word.
    Within,
    /// With one letter too many, too few, changed, or two swapped.
    Slips,
}

/// The figures that are the same for everybody.
pub(crate) struct Figures;

impl Bm25StatisticsProvider for Figures {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(12_000_000)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(1_000_000)
    }

    fn doc_freq(&self, _: &Term) -> tantivy::Result<u64> {
        Ok(1_000)
    }
}

impl Columns {
    /// A query for words among the tickets of a condition; nothing if there is no word in the text, or none that can be compared so.
    pub(crate) fn question(
        &self,
        words: &mut Words,
        text: &str,
        reading: Reading,
        condition: Box<dyn Query>,
    ) -> Result<Option<Box<dyn Query>>> {
        let mut asked = words.of(text);
        asked.truncate(WORDS_MAX);
        if asked.is_empty() {
            return Ok(None);
        }
        let is_finished = text.ends_with(char::is_whitespace);
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(asked.len() + 2);
        let mut compared = reading == Reading::Exact;
        for (place, word) in asked.iter().enumerate() {
            let mut ways = self.written(word);
            match reading {
                Reading::Exact if !is_finished && place + 1 == asked.len() && word.letters() >= BEGINNING_MIN => {
                    let pattern = format!("{}.*", escaped(word.written()));
                    ways.push(found_by(&pattern, self.title)?);
                    // Every number of a kind begins with its letters.
                    if word.digits() >= DIGITS_MIN {
                        ways.push(found_by(&pattern, self.number)?);
                    }
                }
                Reading::Within if word.letters() >= INSIDE_MIN => {
                    let pattern = format!(".*{}.*", escaped(word.written()));
                    ways.push(found_by(&pattern, self.title)?);
                    compared = true;
                }
                Reading::Slips if word.letters() >= SLIP_MIN => {
                    let slip = FuzzyTermQuery::new(Term::from_field_text(self.title, word.written()), 1, true);
                    ways.push(Box::new(ConstScoreQuery::new(Box::new(slip), BEGINNING_SCORE)));
                    compared = true;
                }
                _ => {}
            }
            parts.push((Occur::Must, Box::new(BooleanQuery::union(ways))));
        }
        if !compared {
            return Ok(None);
        }
        let number = Term::from_field_text(self.number, &text.trim().to_lowercase());
        let number = TermQuery::new(number, IndexRecordOption::Basic);
        parts.push((Occur::Should, Box::new(ConstScoreQuery::new(Box::new(number), NUMBER_SCORE))));
        parts.push((Occur::Must, Box::new(ConstScoreQuery::new(condition, 0.0))));
        Ok(Some(Box::new(BooleanQuery::new(parts))))
    }

    fn written(&self, word: &Word) -> Vec<Box<dyn Query>> {
        let mut ways: Vec<Box<dyn Query>> = Vec::with_capacity(word.forms.len() + 3);
        for (place, form) in word.forms.iter().enumerate() {
            let term = TermQuery::new(Term::from_field_text(self.title, form), IndexRecordOption::WithFreqs);
            let boost = if place == 0 { WRITTEN_BOOST } else { 1.0 };
            ways.push(Box::new(BoostQuery::new(Box::new(term), boost)));
        }
        let number = TermQuery::new(Term::from_field_text(self.number, word.written()), IndexRecordOption::Basic);
        ways.push(Box::new(ConstScoreQuery::new(Box::new(number), WRITTEN_BOOST)));
        ways
    }
}

fn found_by(pattern: &str, column: Field) -> Result<Box<dyn Query>> {
    let found = RegexQuery::from_pattern(pattern, column)?;
    Ok(Box::new(ConstScoreQuery::new(Box::new(found), BEGINNING_SCORE)))
}

/// A word in a pattern. Words are letters and digits; what else may ever be in one stands for itself too.
fn escaped(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len());
    for letter in word.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
