//! A TOML file as a tree that knows its lines, and the list of what is wrong with it. Knows TOML, not manifests.
//!
//! Reading never stops at the first problem: every accessor reports what is wrong and returns `None`, and a table reports
//! its unknown and missing keys together when it is [`finished`](Table::finish).

use super::near;
use super::words::quoted;
use crate::Problem;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of one file.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024;
/// Dots in one line: bounds how deep dotted keys nest before anything is parsed. Prose has fewer.
const LINE_DOTS_MAX: usize = 64;
/// Tables and lists inside one value.
const VALUE_DEPTH_MAX: usize = 24;
/// Problems that are reported; whoever has more than this repairs these first.
const PROBLEMS_MAX: usize = 500;

/// Problems that a syntax error elsewhere in the file may have caused: what is missing may stand in what was not understood.
const CONSEQUENCES: [&str; 6] =
    ["missing-key", "unknown-state", "unknown-field", "unreachable-state", "dead-end", "no-read-grant"];

/// A place in a file: the pointer for programs, the offset for the line.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) pointer: String,
    pub(super) at: usize,
}

impl Place {
    fn child(&self, key: &str, at: usize) -> Self {
        let key = quoted(key).replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{key}", self.pointer), at }
    }
}

/// One file and everything found wrong so far.
pub(super) struct Reader<'r> {
    file: String,
    line_starts: Vec<usize>,
    broken_lines: BTreeSet<u32>,
    problems: &'r mut Vec<Problem>,
}

impl<'r> Reader<'r> {
    /// Reports what is not TOML; the tree then holds what could be understood, and is absent if nothing could.
    pub(super) fn open<'t>(
        file: &str,
        text: &'t str,
        problems: &'r mut Vec<Problem>,
    ) -> (Self, Option<Spanned<DeTable<'t>>>) {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut reader = Self { file: quoted(file), line_starts, broken_lines: BTreeSet::new(), problems };
        if text.len() > FILE_BYTES_MAX {
            let message = format!(
                "the file has {} bytes; at most {FILE_BYTES_MAX} are allowed, so move texts and tables into assets",
                text.len()
            );
            reader.add(&Place::default(), "too-large", message);
            return (reader, None);
        }
        if let Some(line) = text.split('\n').position(|line| line.matches('.').count() > LINE_DOTS_MAX) {
            let at = reader.line_starts[line];
            let message =
                format!("the line has more than {LINE_DOTS_MAX} dots, so its keys may nest too deep; break the line");
            reader.add(&Place { at, ..Place::default() }, "too-deep", message);
            return (reader, None);
        }
        let (tree, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            reader.syntax(error.message(), error.span().map_or(0, |span| span.start));
        }
        (reader, Some(tree))
    }

    fn syntax(&mut self, message: &str, at: usize) {
        let line = self.line(at);
        let place = Place { at, ..Place::default() };
        if message == "duplicate key" {
            self.add(&place, "duplicate-key", "the key is given twice; keep one of the two");
        } else if self.broken_lines.insert(line) {
            // The parser goes on after an error, so one slip may give several on its line; the first one says it.
            self.problems.retain(|problem| problem.line != Some(line) || problem.file.as_ref() != Some(&self.file));
            self.push(&place, "not-toml", format!("this is not TOML: {}", quoted(message)));
        }
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= at);
        u32::try_from(line).unwrap_or(u32::MAX).max(1)
    }

    pub(super) fn add(&mut self, place: &Place, code: &str, message: impl Into<String>) {
        let line = self.line(place.at);
        let consequence = !self.broken_lines.is_empty() && CONSEQUENCES.contains(&code);
        if !consequence && !self.broken_lines.contains(&line) {
            self.push(place, code, message.into());
        }
    }

    /// Whether this file has a problem of that code: what follows from it is then not worth saying.
    pub(super) fn reported(&self, code: &str) -> bool {
        self.problems.iter().any(|problem| problem.code == code && problem.file.as_ref() == Some(&self.file))
    }

    fn push(&mut self, place: &Place, code: &str, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            let line = self.line(place.at);
            self.problems.push(Problem::new(place.pointer.clone(), code, message).at(&self.file, line));
        } else if self.problems.len() == PROBLEMS_MAX {
            let message = format!("there are more problems; these first {PROBLEMS_MAX} are shown");
            self.problems.push(Problem::new("", "too-many-problems", message));
        }
    }
}

/// A value and where it stands.
pub(super) struct Node<'t> {
    value: &'t DeValue<'t>,
    pub(super) place: Place,
    /// The key it belongs to, for messages.
    key: String,
}

impl<'t> Node<'t> {
    fn wrong(&self, reader: &mut Reader<'_>, expected: &str) {
        let message = format!("`{}` must be {expected}, not {}", self.key, type_name(self.value));
        reader.add(&self.place, "wrong-type", message);
    }

    /// Text that says something, at most `chars_max` characters.
    pub(super) fn text(&self, reader: &mut Reader<'_>, chars_max: usize) -> Option<&'t str> {
        let DeValue::String(text) = self.value else {
            self.wrong(reader, "a text in quotes");
            return None;
        };
        let count = text.chars().count();
        if text.trim().is_empty() {
            reader.add(&self.place, "empty-text", format!("`{}` is empty; write what people shall read", self.key));
            return None;
        }
        if count > chars_max {
            let message = format!("`{}` has {count} characters; at most {chars_max} are allowed", self.key);
            reader.add(&self.place, "too-large", message);
            return None;
        }
        Some(text)
    }

    /// Text of a certain shape: one of the checks of `words`.
    pub(super) fn shaped(
        &self,
        reader: &mut Reader<'_>,
        code: &str,
        shape: fn(&str) -> Result<(), String>,
    ) -> Option<&'t str> {
        let DeValue::String(text) = self.value else {
            self.wrong(reader, "a text in quotes");
            return None;
        };
        match shape(text) {
            Ok(()) => Some(text),
            Err(why) => {
                reader.add(&self.place, code, format!("`{}`: {why}", self.key));
                None
            }
        }
    }

    pub(super) fn boolean(&self, reader: &mut Reader<'_>) -> Option<bool> {
        if let DeValue::Boolean(yes) = self.value {
            return Some(*yes);
        }
        self.wrong(reader, "true or false without quotes");
        None
    }

    pub(super) fn integer(&self, reader: &mut Reader<'_>, min: i64, max: i64) -> Option<i64> {
        let DeValue::Integer(digits) = self.value else {
            self.wrong(reader, "a whole number without quotes");
            return None;
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok().filter(|n| (min..=max).contains(n));
        if number.is_none() {
            let message = format!("`{}` is {}; it must be from {min} to {max}", self.key, quoted(digits.as_str()));
            reader.add(&self.place, "out-of-range", message);
        }
        number
    }

    /// The members of a list; a single text counts as a list of one.
    pub(super) fn list(&self, reader: &mut Reader<'_>, count_max: usize) -> Vec<Node<'t>> {
        match self.value {
            DeValue::Array(values) => {
                if values.len() > count_max {
                    let message =
                        format!("`{}` has {} entries; at most {count_max} are allowed", self.key, values.len());
                    reader.add(&self.place, "too-many", message);
                }
                let node = |(index, value): (usize, &'t Spanned<DeValue<'t>>)| Node {
                    value: value.get_ref(),
                    place: self.place.child(&index.to_string(), value.span().start),
                    key: self.key.clone(),
                };
                values.iter().enumerate().take(count_max).map(node).collect()
            }
            DeValue::String(_) => vec![Node { value: self.value, place: self.place.clone(), key: self.key.clone() }],
            _ => {
                self.wrong(reader, "a list in square brackets");
                Vec::new()
            }
        }
    }

    /// The table; `what` names it in messages, for example "a grant".
    pub(super) fn table(&self, reader: &mut Reader<'_>, what: &'static str) -> Option<Table<'t>> {
        if let DeValue::Table(entries) = self.value {
            return Some(Table::new(entries, self.place.clone(), what));
        }
        self.wrong(reader, "a table");
        None
    }

    /// The value as JSON, as schemas and defaults need it. A date becomes text.
    pub(super) fn json(&self, reader: &mut Reader<'_>) -> Option<serde_json::Value> {
        match json(self.value, 0) {
            Ok(value) => Some(value),
            Err(why) => {
                reader.add(&self.place, "bad-value", format!("`{}` {why}", self.key));
                None
            }
        }
    }
}

fn json(value: &DeValue<'_>, depth: usize) -> Result<serde_json::Value, String> {
    use serde_json::Value;
    if depth > VALUE_DEPTH_MAX {
        return Err(format!("nests deeper than {VALUE_DEPTH_MAX} levels; make it flatter"));
    }
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_err(|_| "holds a whole number that is too large".to_owned())?
            .into(),
        DeValue::Float(digits) => digits
            .as_str()
            .replace('_', "")
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .ok_or("holds a number that JSON does not have")?
            .into(),
        DeValue::Boolean(yes) => Value::from(*yes),
        DeValue::Datetime(instant) => Value::from(instant.to_string()),
        DeValue::Array(values) => {
            values.iter().map(|value| json(value.get_ref(), depth + 1)).collect::<Result<Vec<_>, _>>()?.into()
        }
        DeValue::Table(entries) => entries
            .iter()
            .map(|(key, value)| Ok((key.get_ref().to_string(), json(value.get_ref(), depth + 1)?)))
            .collect::<Result<serde_json::Map<_, _>, String>>()?
            .into(),
    })
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A table of which every key that is asked for counts as known.
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    pub(super) place: Place,
    what: &'static str,
    known: Vec<&'static str>,
    /// Needed and absent, with what the key is for.
    missing: Vec<(&'static str, &'static str)>,
}

impl<'t> Table<'t> {
    pub(super) fn new(entries: &'t DeTable<'t>, place: Place, what: &'static str) -> Self {
        Self { entries, place, what, known: Vec::new(), missing: Vec::new() }
    }

    /// A key that may be absent.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Node<'t>> {
        self.known.push(key);
        let (name, value) = self.entries.iter().find(|(name, _)| name.get_ref() == key)?;
        // A table in brackets has the span of its header, a value that of its key: both are where an author looks.
        let at = if value.get_ref().is_table() { value.span().start } else { name.span().start };
        Some(Node { value: value.get_ref(), place: self.place.child(key, at), key: key.to_owned() })
    }

    /// A key that must be there.
    pub(super) fn need(&mut self, key: &'static str) -> Option<Node<'t>> {
        self.need_for(key, "add it")
    }

    /// A key that must be there; `why` is the end of the sentence that asks for it.
    pub(super) fn need_for(&mut self, key: &'static str, why: &'static str) -> Option<Node<'t>> {
        let node = self.get(key);
        if node.is_none() {
            self.missing.push((key, why));
        }
        node
    }

    /// The key's text or nothing, reported.
    pub(super) fn need_text(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        chars_max: usize,
    ) -> Option<&'t str> {
        self.need(key)?.text(reader, chars_max)
    }

    /// The tables of a `[[key]]`.
    pub(super) fn tables(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        count_max: usize,
        what: &'static str,
    ) -> Vec<Table<'t>> {
        let Some(node) = self.get(key) else { return Vec::new() };
        if let DeValue::Table(_) = node.value {
            let message = format!("`[{key}]` must be written with two brackets, `[[{key}]]`: there may be several");
            reader.add(&node.place, "wrong-type", message);
            return Vec::new();
        }
        node.list(reader, count_max).iter().filter_map(|entry| entry.table(reader, what)).collect()
    }

    /// Every entry in the order of the file: for tables whose keys are names.
    pub(super) fn named(&self) -> Vec<(&'t str, Node<'t>)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let node = |(name, value): (&'t Spanned<toml::de::DeString<'t>>, &'t Spanned<DeValue<'t>>)| {
            let name_text: &'t str = name.get_ref();
            let place = self.place.child(name_text, name.span().start);
            (name_text, Node { value: value.get_ref(), place, key: quoted(name_text) })
        };
        entries.into_iter().map(node).collect()
    }

    pub(super) fn is_given(&self, key: &str) -> bool {
        given(self.entries, key)
    }

    /// Reports keys that nobody asked for and keys that were needed and are absent. A slip is one problem, not two.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        let mut missing = self.missing;
        let absent: Vec<_> = self.known.iter().copied().filter(|key| !given(self.entries, key)).collect();
        for (name, _) in self.entries.iter().filter(|(name, _)| !self.known.contains(&name.get_ref().as_ref())) {
            let name_text = name.get_ref().as_ref();
            let meant = near::nearest(name_text, absent.iter().copied());
            missing.retain(|(key, _)| Some(*key) != meant);
            let hint = match meant {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None => format!("; it knows {}", near::list(&self.known)),
            };
            let message = format!("{} has no key `{}`{hint}", self.what, quoted(name_text));
            reader.add(&self.place.child(name_text, name.span().start), "unknown-key", message);
        }
        for (key, why) in missing {
            reader.add(&self.place, "missing-key", format!("{} needs the key `{key}`; {why}", self.what));
        }
    }
}

fn given(entries: &DeTable<'_>, key: &str) -> bool {
    entries.iter().any(|(name, _)| name.get_ref() == key)
}
