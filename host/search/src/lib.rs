//! Tickets and records by their words: an index in a folder of its own, beside the database.
//!
//! The rows of the database are the truth; this only finds them, and can be thrown away and made anew at any time. Who may see one, and what of it, is
//! part of each question: the same condition that the database would get is compiled into the query, so that totals are exact and
//! nothing is taken away afterwards. It knows tickets, records and conditions over them; it must not know the application, a database, or a clock.

mod condition;
mod document;
mod folder;
mod index;
mod question;
mod words;

pub use document::{Entry, RecordEntry};
pub use folder::Folder;
pub use index::{Index, Mark};
pub use question::{Reading, has_operators};

/// What a question found: the best, best first, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits<Id> {
    pub best: Vec<Id>,
    pub total: u64,
}

/// Why the index does not answer or does not learn. It can always be made anew.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(
        "the folder `{folder}` of the search index cannot be used: {error}; it has to be writable, with room for a few hundred megabytes"
    )]
    Folder { folder: String, error: std::io::Error },
    #[error(
        "every place in the folder `{folder}` of the search index is taken by another server: give this one a folder of its own (`search.folder`)"
    )]
    Taken { folder: String },
    #[error("the search index failed: {0}; it is made anew from the database")]
    Index(#[from] tantivy::TantivyError),
}

pub(crate) type Result<T, E = SearchError> = std::result::Result<T, E>;
