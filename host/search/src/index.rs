//! The index in its folder: opened or made anew, taught, asked.
//!
//! Whoever teaches says with each commit up to where it is complete; that is kept in the same file as the commit itself. A folder that was
//! damaged is made empty when it is opened: every file has a checksum.

use crate::document::{Columns, Entry, RECORD_ID, RecordEntry, TIE, UPDATED_AT};
use crate::folder::Folder;
use crate::question::{Figures, Place, Reading};
use crate::words::Words;
use crate::{Hits, Result, SearchError};
use domain::filter::Filter;
use domain::{RecordId, RecordScope, TicketId};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use tantivy::collector::{Count, TopDocs};
use tantivy::directory::MmapDirectory;
use tantivy::query::{BooleanQuery, Query};
use tantivy::schema::Value;
use tantivy::tokenizer::TokenizerManager;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

/// Bytes in which new tickets are collected before they are written.
const MEMORY_BYTES: usize = 50_000_000;
/// Goes up when the columns or the words change: an index of another format is made anew.
const FORMAT: u32 = 2;

/// Up to where an index is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub org: String,
    /// Position in the journal.
    pub seq: i64,
    /// The hash of the event there, which says that it is the same journal.
    pub hash: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    format: u32,
    mark: Mark,
}

/// An index, for one who teaches it and everybody who asks.
pub struct Index {
    columns: Columns,
    reader: IndexReader,
    words: Words,
    teacher: Mutex<Teacher>,
    /// Held for as long as the index is open, and let go of last.
    _folder: Folder,
}

struct Teacher {
    writer: IndexWriter,
    words: Words,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Index").field("documents", &self.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// Open the index in a folder, and say up to where it is complete. One that is damaged or of another format is made anew, and is not.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(folder: Folder) -> Result<(Self, Option<Mark>)> {
        let whole = Whole::open(&folder).or_else(|_| {
            folder.clear()?;
            Whole::open(&folder)
        });
        let Whole { columns, writer, reader, mark } = whole?;
        let words = Words::default();
        let teacher = Mutex::new(Teacher { writer, words: words.clone() });
        Ok((Self { columns, reader, words, teacher, _folder: folder }, mark))
    }

    fn teach<T>(&self, work: impl FnOnce(&Columns, &mut Teacher) -> tantivy::Result<T>) -> Result<T> {
        let mut teacher = self.teacher.lock().expect("nothing panics while it holds this lock");
        Ok(work(&self.columns, &mut teacher)?)
    }

    /// Forget everything.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn clear(&self) -> Result<()> {
        self.teach(|_, teacher| {
            teacher.writer.delete_all_documents()?;
            teacher.writer.commit()
        })?;
        Ok(self.reader.reload()?)
    }

    /// A ticket that is not known, or was removed. It is found after the next [`Index::commit`].
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn add(&self, entry: Entry<'_>) -> Result<()> {
        self.teach(|columns, teacher| {
            let document = columns.document(&mut teacher.words, &entry);
            teacher.writer.add_document(document).map(drop)
        })
    }

    /// Forget a ticket with the next [`Index::commit`], if it is known.
    pub fn remove(&self, id: &TicketId) {
        let teacher = self.teacher.lock().expect("nothing panics while it holds this lock");
        teacher.writer.delete_term(Term::from_field_text(self.columns.id, id.as_str()));
    }

    /// A record that is not known, or was removed. It is found after the next [`Index::commit`].
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn add_record(&self, entry: RecordEntry<'_>) -> Result<()> {
        self.teach(|columns, teacher| {
            let document = columns.record_document(&mut teacher.words, &entry);
            teacher.writer.add_document(document).map(drop)
        })
    }

    /// Forget a record with the next [`Index::commit`], if it is known.
    pub fn remove_record(&self, id: &RecordId) {
        let teacher = self.teacher.lock().expect("nothing panics while it holds this lock");
        let id = format!("{RECORD_ID}{}", id.0);
        teacher.writer.delete_term(Term::from_field_text(self.columns.id, &id));
    }

    /// Keep what was taught, complete up to a mark, and show it to who asks.
    ///
    /// # Errors
    /// The folder cannot be written: what was taught since the last commit may be lost.
    pub fn commit(&self, mark: &Mark) -> Result<()> {
        let payload = Payload { format: FORMAT, mark: mark.clone() };
        let payload = serde_json::to_string(&payload).expect("a mark is texts and a number");
        self.teach(|_, teacher| {
            let mut prepared = teacher.writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()
        })?;
        Ok(self.reader.reload()?)
    }

    /// Tickets and records that can be found.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The best tickets with all these words among those of a condition, and how many there are: what fits best first, of two that fit
    /// equally the one that changed last. Nothing when the condition or the text cannot be asked for here.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(&self, filter: &Filter, text: &str, reading: Reading, limit: usize) -> Result<Option<Hits<TicketId>>> {
        let Some(condition) = self.columns.tickets(filter) else { return Ok(None) };
        let mut words = self.words.clone();
        let places = [Place::all(self.columns.title)];
        let Some(query) = self.columns.question(&mut words, text, reading, &places, condition)? else {
            return Ok(None);
        };
        let (best, total) = self.best(&*query, limit)?;
        Ok(Some(Hits { best: best.into_iter().map(TicketId).collect(), total }))
    }

    /// The best records with these words in what somebody may read of them, and how many there are. Where they may read some fields only,
    /// a word in another one is not there for them. Nothing when the scope or the text cannot be asked for here.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find_records(
        &self,
        scope: &RecordScope,
        text: &str,
        reading: Reading,
        limit: usize,
    ) -> Result<Option<Hits<RecordId>>> {
        let columns = &self.columns;
        let title = Place::all(columns.title);
        let Some(whole) = columns.records(scope.spaces.as_deref()) else { return Ok(None) };
        let mut asked = vec![(whole, vec![title.clone(), Place::all(columns.text)])];
        for part in &scope.shown {
            let Some(condition) = columns.shown_records(part) else { return Ok(None) };
            let fields = part.fields.iter().map(|name| Place::field(columns.shown, name));
            asked.push((condition, std::iter::once(title.clone()).chain(fields).collect()));
        }
        let mut words = self.words.clone();
        let mut parts: Vec<Box<dyn Query>> = Vec::with_capacity(asked.len());
        for (condition, places) in asked {
            match columns.question(&mut words, text, reading, &places, condition)? {
                Some(query) => parts.push(query),
                None => return Ok(None),
            }
        }
        let (best, total) = self.best(&BooleanQuery::union(parts), limit)?;
        let ids = best.iter().map(|id| id.strip_prefix(RECORD_ID).map(RecordId::from));
        let best = ids.collect::<Option<_>>().ok_or_else(|| damage("a record has the id of a ticket"))?;
        Ok(Some(Hits { best, total }))
    }

    fn best(&self, query: &dyn Query, limit: usize) -> Result<(Vec<String>, u64)> {
        let searcher = self.reader.searcher();
        // The later columns are read only for what is equal in the ones before.
        let best = TopDocs::with_limit(limit.max(1)).order_by((
            SortBySimilarityScore,
            SortByStaticFastValue::<i64>::for_field(UPDATED_AT),
            SortByStaticFastValue::<u64>::for_field(TIE),
        ));
        let (best, total) = searcher.search_with_statistics_provider(query, &(best, Count), &Figures)?;
        let mut ids = Vec::with_capacity(best.len());
        for (_, place) in best {
            let document: TantivyDocument = searcher.doc(place)?;
            let id = document.get_first(self.columns.id).and_then(|id| id.as_str()).map(str::to_owned);
            ids.push(id.ok_or_else(|| damage("a document has no id"))?);
        }
        Ok((ids, total as u64))
    }
}

/// What is in a folder, when all of it is as it was written.
struct Whole {
    columns: Columns,
    writer: IndexWriter,
    reader: IndexReader,
    mark: Option<Mark>,
}

impl Whole {
    fn open(folder: &Folder) -> Result<Self> {
        let failed = |error| SearchError::Folder { folder: folder.path().display().to_string(), error };
        std::fs::create_dir_all(folder.path()).map_err(failed)?;
        let columns = Columns::default();
        let directory = MmapDirectory::open(folder.path()).map_err(TantivyError::from)?;
        let index = tantivy::Index::builder()
            .schema(columns.schema.clone())
            .tokenizers(TokenizerManager::default())
            .open_or_create(directory)?;
        if let Some(file) = index.validate_checksum()?.iter().next() {
            return Err(damage(&format!("`{}` is not as it was written", file.display())));
        }
        let payload = index.load_metas()?.payload;
        let payload = payload.map(|text| serde_json::from_str::<Payload>(&text)).transpose();
        let payload = payload.map_err(|error| damage(&error.to_string()))?;
        if payload.as_ref().is_some_and(|payload| payload.format != FORMAT) {
            return Err(damage("it has another format"));
        }
        let writer = index.writer_with_num_threads(1, MEMORY_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { columns, writer, reader, mark: payload.map(|payload| payload.mark) })
    }
}

fn damage(what: &str) -> SearchError {
    SearchError::Index(TantivyError::DataCorruption(tantivy::error::DataCorruption::comment_only(what)))
}

#[cfg(test)]
mod tests;
