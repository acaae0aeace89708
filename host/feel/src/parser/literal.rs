//! Numbers, texts and `@"…"`.

use super::{Parsed, Parser};
use crate::{Date, DateTime, DaysTime, Number, Time, Value, YearsMonths, node::Node};

impl Parser<'_> {
    pub(super) fn number_literal(&mut self) -> Parsed<Node> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits_from = |start: usize| bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = digits_from(0);
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits_from(end + 1);
            if fraction > 0 {
                end += 1 + fraction;
            }
        }
        if end > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = if end + 1 + sign < bytes.len() { digits_from(end + 1 + sign) } else { 0 };
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        if end == 0 {
            return Err(self.expected("a value, a name or an expression"));
        }
        let number = rest[..end].parse::<Number>().map_err(|error| self.problem(format!("this number {error}")))?;
        self.position += end;
        Ok(Node::Constant(Value::Number(number)))
    }

    pub(super) fn string_literal(&mut self) -> Parsed<String> {
        self.skip_space();
        let start = self.position;
        let rest = &self.text[start + 1..];
        let mut text = String::new();
        let mut characters = rest.char_indices();
        // The first half of a character that was escaped as two.
        let mut high = None;
        while let Some((at, character)) = characters.next() {
            if character == '"' {
                self.position = start + 1 + at + 1;
                push_lone(&mut text, high);
                return Ok(text);
            }
            if character != '\\' {
                push_lone(&mut text, high.take());
                text.push(character);
                continue;
            }
            let Some((_, escape)) = characters.next() else { break };
            let digits = match escape {
                'u' => 4,
                'U' => 6,
                _ => 0,
            };
            let code = rest.get(at + 2..at + 2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            if let (1.., Some(code)) = (digits, code) {
                characters.by_ref().take(digits).for_each(drop);
                high = push_code(&mut text, high, code);
            } else {
                push_lone(&mut text, high.take());
                push_escape(&mut text, escape);
            }
        }
        Err(self.problem("this text has no end; put a quotation mark after it"))
    }

    /// `@"2026-11-22"`: whichever of date, time and duration it is; null if none.
    pub(super) fn at_literal(&mut self) -> Parsed<Node> {
        self.position += 1;
        if !self.sees("\"") {
            return Err(self.expected("a text in quotation marks after \"@\""));
        }
        let text = self.string_literal()?;
        Ok(Node::Constant(temporal(&text).unwrap_or(Value::Null)))
    }
}

/// The date, time or duration that a text writes.
pub(crate) fn temporal(text: &str) -> Option<Value> {
    Date::parse(text)
        .map(Value::Date)
        .or_else(|| DateTime::parse(text).map(Value::DateTime))
        .or_else(|| Time::parse(text).map(Value::Time))
        .or_else(|| YearsMonths::parse(text).map(Value::YearsMonths))
        .or_else(|| DaysTime::parse(text).map(Value::DaysTime))
}

fn push_lone(text: &mut String, high: Option<u32>) {
    if high.is_some() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
}

/// Adds an escaped character; returns the first half if the second has to follow.
fn push_code(text: &mut String, high: Option<u32>, code: u32) -> Option<u32> {
    if let Some(high) = high {
        if (0xDC00..0xE000).contains(&code) {
            let whole = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
            text.push(char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
            return None;
        }
        push_lone(text, Some(high));
    }
    if (0xD800..0xDC00).contains(&code) {
        return Some(code);
    }
    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    None
}

/// What is no escape keeps its backslash, as patterns such as "\d" are written in models.
fn push_escape(text: &mut String, escape: char) {
    match escape {
        'n' => text.push('\n'),
        'r' => text.push('\r'),
        't' => text.push('\t'),
        '"' | '\'' | '\\' => text.push(escape),
        other => {
            text.push('\\');
            text.push(other);
        }
    }
}
