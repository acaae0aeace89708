//! From text to what is looked up: words in lower case without accents, each also by its English and German stem at the same place. What
//! language a text is in is not asked: a word that only one of them knows stays as it is in the other.

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, PreTokenizedString, SimpleTokenizer, Stemmer, TextAnalyzer, Token,
};

/// Letters of a word; a longer one is no word that anybody looks for.
const LETTERS_MAX: usize = 60;
/// Characters of one text that are looked at.
const TEXT_MAX: usize = 200_000;

/// Takes texts apart. Each thread has its own.
#[derive(Clone)]
pub(crate) struct Words {
    plain: TextAnalyzer,
    stemmed: [TextAnalyzer; 2],
}

/// One word of a text in all the ways it is found by, the first as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) forms: Vec<String>,
}

impl Word {
    pub(crate) fn written(&self) -> &str {
        &self.forms[0]
    }

    pub(crate) fn letters(&self) -> usize {
        self.written().chars().count()
    }

    /// Digits without the zeros in front.
    pub(crate) fn digits(&self) -> usize {
        let digits = self.written().chars().filter(char::is_ascii_digit);
        digits.skip_while(|digit| *digit == '0').count()
    }
}

impl Default for Words {
    fn default() -> Self {
        let lower = || TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
        // German stems are told by their umlauts: accents go last. `über` and `uber` are one word, `straße` and `strasse` too.
        let stemmed = |language| lower().filter(Stemmer::new(language)).filter(AsciiFoldingFilter).build();
        Self {
            plain: lower().filter(AsciiFoldingFilter).build(),
            stemmed: [Language::English, Language::German].map(stemmed),
        }
    }
}

impl Words {
    /// The words of a text, in order.
    pub(crate) fn of(&mut self, text: &str) -> Vec<Word> {
        let text: String = text.chars().take(TEXT_MAX).collect();
        let plain = all(&mut self.plain, &text);
        let [english, german] = self.stemmed.each_mut().map(|analyzer| all(analyzer, &text));
        let stems = english.into_iter().zip(german);
        plain
            .into_iter()
            .zip(stems)
            .filter(|(word, _)| word.chars().count() <= LETTERS_MAX)
            .map(|(word, (english, german))| {
                let mut forms: Vec<String> = Vec::with_capacity(3);
                for form in [word, english, german] {
                    if !form.is_empty() && !forms.contains(&form) {
                        forms.push(form);
                    }
                }
                Word { forms }
            })
            .filter(|word| !word.forms.is_empty())
            .collect()
    }

    /// A text as the index takes it. Forms of a word are at its place; how often it is there and how long the text is say how well it fits.
    pub(crate) fn tokens(&mut self, text: &str) -> PreTokenizedString {
        let mut tokens = Vec::new();
        for (position, word) in self.of(text).into_iter().enumerate() {
            tokens.extend(word.forms.into_iter().map(|text| Token { position, text, ..Token::default() }));
        }
        PreTokenizedString { text: String::new(), tokens }
    }

    /// How a ticket's number is asked for: as a whole, by its parts, and by its digits without the zeros in front.
    pub(crate) fn number(&mut self, number: &str) -> Vec<String> {
        let whole = number.trim().to_lowercase();
        let mut forms: Vec<String> = self.of(&whole).into_iter().map(|word| word.forms[0].clone()).collect();
        let digits =
            whole.trim_start_matches(|letter: char| !letter.is_ascii_digit()).trim_start_matches('0').to_owned();
        forms.extend([digits, whole].into_iter().filter(|form| !form.is_empty()));
        forms.sort();
        forms.dedup();
        forms
    }
}

fn all(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut stream = analyzer.token_stream(text);
    let mut words = Vec::new();
    while stream.advance() {
        words.push(std::mem::take(&mut stream.token_mut().text));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> Vec<Vec<String>> {
        Words::default().of(text).into_iter().map(|word| word.forms).collect()
    }

    #[test]
    fn a_word_is_found_by_its_stem_in_both_languages() {
        let meets = |one: &str, other: &str| {
            let (one, other) = (forms(one), forms(other));
            one[0].iter().any(|form| other[0].contains(form))
        };
        for (one, other) in [
            ("printers", "printer"),
            ("flickering", "flickers"),
            ("Drucker", "druckers"),
            ("Häuser", "haus"),
            ("Übersicht", "ubersicht"),
            ("Straße", "STRASSE"),
            ("café", "cafe"),
        ] {
            assert!(meets(one, other), "{one} and {other}: {:?} {:?}", forms(one), forms(other));
        }
        for (one, other) in [("printer", "paper"), ("haus", "maus")] {
            assert!(!meets(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn numbers_are_asked_for_as_people_call_them() {
        assert_eq!(Words::default().number("INC0001234"), ["1234", "inc0001234"]);
        assert_eq!(Words::default().number("CHG-0042"), ["0042", "42", "chg", "chg-0042"]);
    }

    #[test]
    fn what_is_no_word_is_none() {
        assert_eq!(forms("!! -- ").len(), 0);
        assert_eq!(forms(&"x".repeat(61)).len(), 0);
    }
}
