//! Characters, words and names. A known name may contain spaces and operators; the longest that fits wins.

use super::{Parsed, Parser};
use crate::builtin;

/// Names of properties with a space in them.
const PROPERTIES: [&str; 3] = ["time offset", "start included", "end included"];
const SYMBOLS: &str = "./-'+*";
const NAME_BYTES_MAX: usize = 1_000;

pub(super) fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_' || (character as u32 >= 0xA1 && is_name_symbol(character))
}

/// Beyond ASCII everything but spaces and marks of punctuation may be in a name, as the grammar has it.
fn is_name_symbol(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !('\u{2000}'..='\u{206F}').contains(&character)
}

pub(super) fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_numeric() || character == '\u{B7}' || character == '\u{200D}'
}

impl Parser<'_> {
    pub(super) fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    pub(super) fn peek_character(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// What stands here, for a message.
    pub(super) fn found(&self) -> String {
        const SHOWN_MAX: usize = 20;
        let word = self.word();
        if !word.is_empty() {
            return format!("\"{}\"", word.chars().take(SHOWN_MAX).collect::<String>());
        }
        self.peek_character().map_or_else(|| "the end of the text".to_owned(), |character| format!("\"{character}\""))
    }

    /// Skips spaces and comments.
    pub(super) fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|character: char| {
                character.is_whitespace()
                    || character == '\u{FEFF}'
                    || character == '\u{180E}'
                    || character == '\u{200B}'
            });
            let skipped = rest.len() - trimmed.len();
            let comment = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                0
            };
            self.position += skipped + comment;
            if comment == 0 {
                return;
            }
        }
    }

    /// Whether these characters stand here.
    pub(super) fn sees(&mut self, symbol: &str) -> bool {
        self.skip_space();
        self.rest().starts_with(symbol)
    }

    pub(super) fn takes(&mut self, symbol: &str) -> bool {
        let is_here = self.sees(symbol);
        if is_here {
            self.position += symbol.len();
        }
        is_here
    }

    pub(super) fn expect(&mut self, symbol: &str, what: &str) -> Parsed<()> {
        if self.takes(symbol) { Ok(()) } else { Err(self.expected(&format!("\"{symbol}\" {what}"))) }
    }

    /// The plain word that begins here, without spaces or operators; empty if none does.
    pub(super) fn word(&self) -> &str {
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return "";
        }
        let end = rest.find(|character| !is_name_part(character)).unwrap_or(rest.len());
        &rest[..end]
    }

    pub(super) fn sees_word(&mut self, word: &str) -> bool {
        self.skip_space();
        self.word() == word
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let is_here = self.sees_word(word);
        if is_here {
            self.position += word.len();
        }
        is_here
    }

    /// Takes several words, such as `instance of`, or none of them.
    pub(super) fn takes_words(&mut self, words: &[&str]) -> bool {
        let start = self.position;
        let is_here = words.iter().all(|word| self.takes_word(word));
        if !is_here {
            self.position = start;
        }
        is_here
    }

    pub(super) fn expect_word(&mut self, word: &str, what: &str) -> Parsed<()> {
        if self.takes_word(word) { Ok(()) } else { Err(self.expected(&format!("\"{word}\" {what}"))) }
    }

    /// The known name that begins here and where it ends; a plain word where none is longer.
    pub(super) fn name(&self) -> Option<(String, usize)> {
        let mut best = self.plain_name();
        let mut consider = |name: &str| {
            if let Some(length) = matched(name, self.rest())
                && best.as_ref().is_none_or(|(_, end)| self.position + length > *end)
            {
                best = Some((name.to_owned(), self.position + length));
            }
        };
        self.scopes.names().for_each(&mut consider);
        self.names.iter().for_each(|(name, _)| consider(name));
        builtin::names_with_spaces().for_each(&mut consider);
        if self.scopes.is_in_filter() {
            self.members.iter().for_each(|name| consider(name));
        }
        best
    }

    /// The name of a member that begins here.
    pub(super) fn member_name(&self) -> Option<(String, usize)> {
        let mut best = self.plain_name();
        for name in self.members.iter().map(String::as_str).chain(PROPERTIES) {
            if let Some(length) = matched(name, self.rest())
                && best.as_ref().is_none_or(|(_, end)| self.position + length > *end)
            {
                best = Some((name.to_owned(), self.position + length));
            }
        }
        best
    }

    fn plain_name(&self) -> Option<(String, usize)> {
        let word = self.word();
        (!word.is_empty()).then(|| (word.to_owned(), self.position + word.len()))
    }

    /// A new name, which ends where one of these characters stands, or the word `in`.
    pub(super) fn new_name(&mut self, ends: &[char], what: &str) -> Parsed<String> {
        self.skip_space();
        let start = self.position;
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return Err(self.expected(what));
        }
        let mut end = 0;
        let mut last_word = 0;
        for (at, character) in rest.char_indices() {
            let is_word = is_name_part(character);
            if !is_word && rest[last_word..at] == *"in" && ends.is_empty() {
                end = last_word;
                break;
            }
            if !is_word {
                last_word = at + character.len_utf8();
            }
            if ends.contains(&character) || !(is_word || character.is_whitespace() || SYMBOLS.contains(character)) {
                end = at;
                break;
            }
            end = at + character.len_utf8();
        }
        if end > NAME_BYTES_MAX {
            return Err(self.problem("this name is longer than 1,000 bytes; use a shorter one"));
        }
        let name = crate::names::normal(&rest[..end]);
        self.position = start + end;
        if name.is_empty() { Err(self.expected(what)) } else { Ok(name) }
    }
}

/// How many bytes of a text a name covers: its spaces stand for any spaces, and its operators may have spaces around them.
fn matched(name: &str, text: &str) -> Option<usize> {
    // Most names are ruled out by their first byte.
    if name.as_bytes().first() != text.as_bytes().first() {
        return None;
    }
    let mut rest = text;
    let mut last = ' ';
    for character in name.chars() {
        if character == ' ' {
            if !SYMBOLS.contains(last)
                && !rest.starts_with(char::is_whitespace)
                && !rest.starts_with(|c| SYMBOLS.contains(c))
            {
                return None;
            }
            rest = rest.trim_start();
        } else {
            if SYMBOLS.contains(character) || SYMBOLS.contains(last) {
                rest = rest.trim_start();
            }
            rest = rest.strip_prefix(character)?;
        }
        if character != ' ' {
            last = character;
        }
    }
    if is_name_part(last) && rest.starts_with(is_name_part) {
        return None;
    }
    Some(text.len() - rest.len())
}
