//! A ticket or a record as the index keeps it: its words, and one mark for everything that a condition may ask about it.
//!
//! Texts of records are kept twice: all words together for those who read every field, and each word under its field for those who
//! read some. So a word in a field that somebody may not read is no word for them, not even in a total.

use crate::words::Words;
use domain::filter::{Field, Set};
use domain::ticket::AccessList;
use domain::{PersonId, Record, Ticket};
use serde_json::Value;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field as Column, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::PreTokenizedString;

/// Bytes of a mark. A longer value is not kept, and a condition about one is not answered from here.
pub(crate) const MARK_MAX: usize = 300;

/// What is read of a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub ticket: &'a Ticket,
    pub watchers: &'a [PersonId],
    pub access: &'a AccessList,
}

/// What is read of a record.
#[derive(Debug, Clone, Copy)]
pub struct RecordEntry<'a> {
    pub record: &'a Record,
    /// Names of fields that hold words.
    pub texts: &'a [String],
}

/// The columns of the index.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) schema: Schema,
    pub(crate) id: Column,
    /// Words of the title.
    pub(crate) title: Column,
    /// Words of all texts of a record.
    pub(crate) text: Column,
    /// Words of a record, each behind the name of its field.
    pub(crate) shown: Column,
    pub(crate) number: Column,
    pub(crate) marks: Column,
    pub(crate) updated_at: Column,
    pub(crate) tie: Column,
}

/// The name of the column of the time of the last change, which ranks what fits equally well.
pub(crate) const UPDATED_AT: &str = "updated_at";
/// The name of the column that orders what is alike in everything else, on every node the same.
pub(crate) const TIE: &str = "tie";

impl Default for Columns {
    fn default() -> Self {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(indexing.clone().set_fieldnorms(true));
        // How long all fields are together would tell, by the order of what is found, of those that are not seen.
        let fields = TextOptions::default().set_indexing_options(indexing.set_fieldnorms(false));
        let id = schema.add_text_field("id", STRING | STORED);
        let title = schema.add_text_field("title", words.clone());
        let text = schema.add_text_field("text", words);
        let shown = schema.add_text_field("shown", fields);
        let number = schema.add_text_field("number", STRING);
        let marks = schema.add_text_field("marks", STRING);
        let updated_at = schema.add_i64_field(UPDATED_AT, FAST);
        let tie = schema.add_u64_field(TIE, FAST);
        Self { schema: schema.build(), id, title, text, shown, number, marks, updated_at, tie }
    }
}

/// The name of a column of tickets in marks.
pub(crate) fn column_name(field: Field) -> &'static str {
    match field {
        Field::Id => "id",
        Field::Number => "number",
        Field::Kind => "kind",
        Field::Space => "space",
        Field::State => "state",
        Field::Category => "category",
        Field::Requester => "requester",
        Field::OpenedBy => "opened-by",
        Field::Group => "group",
        Field::Assignee => "assignee",
        Field::Parent => "parent",
        Field::Restricted => "restricted",
    }
}

/// The name of a set in marks. Links are said by two tickets, of which only one changes: they are not kept.
pub(crate) fn set_name(set: Set) -> Option<&'static str> {
    match set {
        Set::Watchers => Some("watcher"),
        Set::AccessPeople => Some("access-person"),
        Set::AccessGroups => Some("access-group"),
        Set::Links => None,
    }
}

/// A column or set with a value. A name has no NUL in it, so that no value can be taken for another column.
pub(crate) fn mark(name: &str, value: &str) -> String {
    format!("{name}\0{value}")
}

/// A field of the kind with a value that is no list and no object.
pub(crate) fn field_mark(name: &str, value: &Value) -> Option<String> {
    let is_plain = !value.is_array() && !value.is_object() && !name.contains('\0');
    Some(format!("field\0{name}\0{value}")).filter(|mark| is_plain && mark.len() <= MARK_MAX)
}

/// What says that a document is a record. Tickets, of which there are far more, go without.
pub(crate) fn record_mark() -> String {
    mark("noun", "record")
}

/// How the id of a record is kept: apart from those of tickets.
pub(crate) const RECORD_ID: &str = "record\0";

/// What is before the words of a field. Names that are alike have nothing in common here: a slip of the pen leads into no other field.
pub(crate) fn field_prefix(name: &str) -> String {
    format!("{:016x}", scattered(name))
}

/// The texts of a field: itself, or the texts of its list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A number for a text, the same everywhere and always (FNV-1a).
fn scattered(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Columns {
    pub(crate) fn document(&self, words: &mut Words, entry: &Entry<'_>) -> TantivyDocument {
        let ticket = entry.ticket;
        let mut document = TantivyDocument::default();
        document.add_text(self.id, &ticket.id.0);
        document.add_i64(self.updated_at, ticket.updated_at.as_microsecond());
        document.add_u64(self.tie, scattered(&ticket.id.0));
        document.add_pre_tokenized_text(self.title, words.tokens(&ticket.title));
        for form in words.number(&ticket.number) {
            document.add_text(self.number, form);
        }
        let text = |id: Option<&str>| id.map(str::to_owned);
        let columns = [
            (Field::Id, Some(ticket.id.0.clone())),
            (Field::Number, Some(ticket.number.clone())),
            (Field::Kind, Some(ticket.kind.0.clone())),
            (Field::Space, Some(ticket.space.0.clone())),
            (Field::State, Some(ticket.state.clone())),
            (Field::Category, Some(ticket.category.as_str().to_owned())),
            (Field::Requester, text(ticket.requester.as_ref().map(|id| id.as_str()))),
            (Field::OpenedBy, text(ticket.opened_by.as_ref().map(|id| id.as_str()))),
            (Field::Group, text(ticket.group.as_ref().map(|id| id.as_str()))),
            (Field::Assignee, text(ticket.assignee.as_ref().map(|id| id.as_str()))),
            (Field::Parent, text(ticket.parent.as_ref().map(|id| id.as_str()))),
            (Field::Restricted, Some(ticket.restricted.to_string())),
        ];
        for (field, value) in columns {
            match value {
                Some(value) => document.add_text(self.marks, mark(column_name(field), &value)),
                None => document.add_text(self.marks, mark("empty", column_name(field))),
            }
        }
        let people = |set, people: &[PersonId]| {
            let name = set_name(set).expect("people and groups of a ticket are kept");
            people.iter().map(|id| mark(name, id.as_str())).collect::<Vec<_>>()
        };
        let groups = entry.access.groups.iter().map(|id| mark("access-group", id.as_str()));
        let watchers = people(Set::Watchers, entry.watchers).into_iter();
        for member in watchers.chain(people(Set::AccessPeople, &entry.access.people)).chain(groups) {
            document.add_text(self.marks, member);
        }
        for mark in ticket.fields.iter().filter_map(|(name, value)| field_mark(name, value)) {
            document.add_text(self.marks, mark);
        }
        document
    }

    pub(crate) fn record_document(&self, words: &mut Words, entry: &RecordEntry<'_>) -> TantivyDocument {
        let record = entry.record;
        let mut document = TantivyDocument::default();
        document.add_text(self.id, format!("{RECORD_ID}{}", record.id.0));
        document.add_i64(self.updated_at, record.updated_at.as_microsecond());
        document.add_u64(self.tie, scattered(&record.id.0));
        document.add_pre_tokenized_text(self.title, words.tokens(&record.title));
        for form in words.number(&record.number) {
            document.add_text(self.number, form);
        }
        for name in entry.texts {
            let prefix = field_prefix(name);
            for text in record.fields.get(name).map(texts).unwrap_or_default() {
                let tokens = words.tokens(text);
                document.add_pre_tokenized_text(self.shown, behind(&prefix, tokens.clone()));
                document.add_pre_tokenized_text(self.text, tokens);
            }
        }
        let columns = [("kind", &record.kind.0), ("space", &record.space.0), ("state", &record.state)];
        document.add_text(self.marks, record_mark());
        for (name, value) in columns {
            document.add_text(self.marks, mark(name, value));
        }
        for mark in record.fields.iter().filter_map(|(name, value)| field_mark(name, value)) {
            document.add_text(self.marks, mark);
        }
        document
    }
}

fn behind(prefix: &str, mut text: PreTokenizedString) -> PreTokenizedString {
    text.tokens.iter_mut().for_each(|token| token.text.insert_str(0, prefix));
    text
}
