//! What somebody types as a query: all words must be there, as they are written, by their stems, and the last one, which may not be at its
//! end yet, as a beginning too. The exact number of a ticket comes first. `"two words"` are next to each other as they are written,
//! `one OR other` is either, `-word` or `NOT word` is not there.
//!
//! How well something fits is told by BM25 with fixed figures about the index: real ones would count tickets that the reader may not see,
//! and the order of what they may see would tell of them. As every word must be there, little is lost.

use crate::Result;
use crate::document::{Columns, field_prefix};
use crate::words::{Word, Words};
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    RegexQuery, TermQuery,
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
const TEXT_BOOST: Score = 0.25;

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

/// Where words are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    column: Field,
    /// What is before each word there.
    prefix: String,
}

impl Place {
    pub(crate) fn all(column: Field) -> Self {
        Self { column, prefix: String::new() }
    }

    pub(crate) fn field(column: Field, name: &str) -> Self {
        Self { column, prefix: field_prefix(name) }
    }

    fn term(&self, word: &str) -> Term {
        Term::from_field_text(self.column, &format!("{}{word}", self.prefix))
    }
}

/// One of these must be there, or none.
struct Clause {
    any: Vec<Item>,
    is_not: bool,
}

struct Item {
    text: String,
    is_phrase: bool,
}

/// Whether a text is more than words.
#[must_use]
pub fn has_operators(text: &str) -> bool {
    clauses(text).iter().any(|clause| clause.is_not || clause.any.len() > 1 || clause.any[0].is_phrase)
}

fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let (mut is_not, mut is_or) = (false, false);
    for (place, part) in text.split('"').enumerate() {
        let is_phrase = place % 2 == 1;
        let items: Vec<&str> = if is_phrase { vec![part] } else { part.split_whitespace().collect() };
        for item in items {
            match item {
                "AND" if !is_phrase => continue,
                "OR" | "|" if !is_phrase => {
                    is_or = true;
                    continue;
                }
                "NOT" | "-" if !is_phrase => {
                    is_not = true;
                    continue;
                }
                _ => {}
            }
            let bare = item.strip_prefix('-').filter(|_| !is_phrase);
            let item = Item { text: bare.unwrap_or(item).to_owned(), is_phrase };
            let negated = std::mem::take(&mut is_not) || bare.is_some();
            match clauses.last_mut() {
                Some(last) if std::mem::take(&mut is_or) && !negated && !last.is_not => last.any.push(item),
                _ => clauses.push(Clause { any: vec![item], is_not: negated }),
            }
        }
    }
    clauses
}

impl Columns {
    /// A query for words in these places of what a condition holds for; nothing if there is no word in the text, or none that can be
    /// compared so.
    pub(crate) fn question(
        &self,
        words: &mut Words,
        text: &str,
        reading: Reading,
        places: &[Place],
        condition: Box<dyn Query>,
    ) -> Result<Option<Box<dyn Query>>> {
        let mut asked: Vec<(Clause, Vec<Vec<Word>>)> = Vec::new();
        let mut left = WORDS_MAX;
        for clause in clauses(text) {
            let mut taken = Vec::new();
            for item in &clause.any {
                let mut some = words.of(&item.text);
                some.truncate(left);
                left -= some.len();
                taken.push(some);
            }
            if taken.iter().any(|some| !some.is_empty()) {
                asked.push((clause, taken));
            }
        }
        if asked.iter().all(|(clause, _)| clause.is_not) {
            return Ok(None);
        }
        let is_finished = text.ends_with(|end: char| end.is_whitespace() || end == '"');
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(asked.len() + 2);
        let mut compared = reading == Reading::Exact;
        let last = asked.len() - 1;
        for (place, (clause, items)) in asked.iter().enumerate() {
            let mut any: Vec<Box<dyn Query>> = Vec::with_capacity(items.len());
            for (item, some) in clause.any.iter().zip(items).filter(|(_, some)| !some.is_empty()) {
                if item.is_phrase && some.len() > 1 {
                    any.push(phrase(places, some));
                    continue;
                }
                // What is not to be there is known to its end.
                let is_begun = !is_finished && place == last && !clause.is_not && !item.is_phrase;
                let mut all: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(some.len());
                for (place, word) in some.iter().enumerate() {
                    let reading = if clause.is_not { Reading::Exact } else { reading };
                    let mut ways = self.written(places, word);
                    let more = self.near(places, word, reading, is_begun && place + 1 == some.len())?;
                    compared |= reading != Reading::Exact && !more.is_empty();
                    ways.extend(more);
                    all.push((Occur::Must, Box::new(BooleanQuery::union(ways))));
                }
                any.push(Box::new(BooleanQuery::new(all)));
            }
            let occur = if clause.is_not { Occur::MustNot } else { Occur::Must };
            parts.push((occur, Box::new(BooleanQuery::union(any))));
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

    /// Other words that count as this one.
    fn near(&self, places: &[Place], word: &Word, reading: Reading, is_begun: bool) -> Result<Vec<Box<dyn Query>>> {
        let mut ways: Vec<Box<dyn Query>> = Vec::new();
        let written = escaped(word.written());
        match reading {
            Reading::Exact if is_begun && word.letters() >= BEGINNING_MIN => {
                for place in places {
                    ways.push(found_by(&format!("{}{written}.*", place.prefix), place.column)?);
                }
                // Every number of a kind begins with its letters.
                if word.digits() >= DIGITS_MIN {
                    ways.push(found_by(&format!("{written}.*"), self.number)?);
                }
            }
            Reading::Within if word.letters() >= INSIDE_MIN => {
                for place in places {
                    ways.push(found_by(&format!("{}.*{written}.*", place.prefix), place.column)?);
                }
            }
            Reading::Slips if word.letters() >= SLIP_MIN => {
                for place in places {
                    let slip = FuzzyTermQuery::new(place.term(word.written()), 1, true);
                    ways.push(Box::new(ConstScoreQuery::new(Box::new(slip), BEGINNING_SCORE)));
                }
            }
            _ => {}
        }
        Ok(ways)
    }

    fn written(&self, places: &[Place], word: &Word) -> Vec<Box<dyn Query>> {
        let mut ways: Vec<Box<dyn Query>> = Vec::with_capacity(places.len() * word.forms.len() + 1);
        for place in places {
            // A title says more than a text.
            let weight = if place.column == self.title { 1.0 } else { TEXT_BOOST };
            for (number, form) in word.forms.iter().enumerate() {
                let term = TermQuery::new(place.term(form), IndexRecordOption::WithFreqs);
                let boost = if number == 0 { WRITTEN_BOOST } else { 1.0 };
                ways.push(Box::new(BoostQuery::new(Box::new(term), boost * weight)));
            }
        }
        let number = TermQuery::new(Term::from_field_text(self.number, word.written()), IndexRecordOption::Basic);
        ways.push(Box::new(ConstScoreQuery::new(Box::new(number), WRITTEN_BOOST)));
        ways
    }
}

/// Words next to each other, as they are written.
fn phrase(places: &[Place], words: &[Word]) -> Box<dyn Query> {
    let each = places.iter().map(|place| {
        let terms = words.iter().map(|word| place.term(word.written())).collect();
        Box::new(ConstScoreQuery::new(Box::new(PhraseQuery::new(terms)), WRITTEN_BOOST)) as Box<dyn Query>
    });
    Box::new(BooleanQuery::union(each.collect()))
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
