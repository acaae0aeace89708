//! The search index of this node: built from the store, fed from the journal, and asked instead of the store when it is complete.
//!
//! The rows are the truth. What the index found is read from the store under the caller's rights once more, and a row that is not there for
//! them is looked at again; while the index is built, damaged or gone, the store answers alone. What nodes commit is taken from the journal,
//! so it makes no difference which node it was.

use crate::app::App;
use crate::error::Result;
use domain::filter::{Field, Filter};
use domain::{Actor, Event, KindId, Record, RecordId, RecordScope, Ticket, TicketId};
use jiff::{SignedDuration, Timestamp};
use search::{Entry, Folder, Hits, Index, Mark, Reading, RecordEntry, SearchError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{IndexRow, IndexScope, Sort, StoreError, TicketQuery};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Tickets that are read at once while the index is built, and when some have changed.
const BUILD_PAGE: u32 = 1_000;
const CHANGES_PAGE: u32 = 200;
const RECORDS_PAGE: u32 = 200;
const EVENTS_MAX: u32 = 500;
/// How long one question for news may wait for an answer.
const NEWS_WAIT: Duration = Duration::from_secs(5);
/// Changes are gathered for so long when nobody asks: each commit of the index flushes files.
const GATHER: Duration = Duration::from_millis(300);
/// A question waits for what was committed before it, but not longer than this.
const CATCH_UP: Duration = Duration::from_millis(200);
/// How long to wait before what failed is begun again; doubled each time, so that a folder that cannot be written is not told of all day.
const AGAIN: Duration = Duration::from_secs(10);
const AGAIN_MAX: Duration = Duration::from_secs(600);
/// Rows to look at again that are remembered.
const DOUBTS_MAX: usize = 10_000;
/// A run of retention archives for less than this before it says so.
const ARCHIVING: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug)]
pub struct SearchIndex {
    /// Absent while the index cannot answer.
    open: Mutex<Option<Arc<Index>>>,
    /// The place in the journal up to which it is complete.
    place: watch::Sender<i64>,
    /// Somebody waits for it to get further.
    asked: Notify,
    /// What is not as the index says.
    doubts: Mutex<Changed>,
    doubted: Notify,
}

impl Default for SearchIndex {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            place: watch::Sender::new(0),
            asked: Notify::new(),
            doubts: Mutex::default(),
            doubted: Notify::new(),
        }
    }
}

impl SearchIndex {
    fn ready(&self) -> Option<Arc<Index>> {
        self.open.lock().expect("nothing panics while it holds this lock").clone()
    }

    /// Let this one answer from now on, or none; what answered before comes back.
    fn set(&self, index: Option<Arc<Index>>) -> Option<Arc<Index>> {
        std::mem::replace(&mut *self.open.lock().expect("nothing panics while it holds this lock"), index)
    }

    /// Wait a little until the index has what was committed before.
    async fn catch_up(&self, head: i64) {
        let mut place = self.place.subscribe();
        if *place.borrow() >= head {
            return;
        }
        self.asked.notify_one();
        // Whoever is too late gets what is there: never more than they may see, as rows are read from the store.
        let _ = tokio::time::timeout(CATCH_UP, place.wait_for(|place| *place >= head)).await;
    }

    fn doubt(&self, gone: Changed) {
        let mut doubts = self.doubts.lock().expect("nothing panics while it holds this lock");
        if doubts.len() + gone.len() <= DOUBTS_MAX {
            doubts.extend(gone);
        }
        if !doubts.is_empty() {
            self.doubted.notify_one();
        }
    }

    fn take_doubts(&self) -> Changed {
        std::mem::take(&mut *self.doubts.lock().expect("nothing panics while it holds this lock"))
    }
}

/// What has to be looked at again.
#[derive(Debug, Default)]
struct Changed {
    tickets: BTreeSet<TicketId>,
    records: BTreeSet<RecordId>,
    /// What holds words may be another field now.
    kinds: bool,
}

impl Changed {
    fn extend(&mut self, other: Self) {
        self.tickets.extend(other.tickets);
        self.records.extend(other.records);
        self.kinds |= other.kinds;
    }

    fn len(&self) -> usize {
        self.tickets.len() + self.records.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0 && !self.kinds
    }
}

/// Why the index is not kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("tickets, records and events cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] SearchError),
    #[error("the journal has no event {0} although it is its last one; `weft fsck` says what else is missing")]
    Gap(i64),
}

/// The fields of each kind that hold words.
type Texts = BTreeMap<KindId, Vec<String>>;

type Kept<T> = std::result::Result<T, KeepError>;

impl App {
    /// The tickets with these words that the caller may see, the best first, and how many there are. Nothing where the index cannot say.
    pub(super) async fn indexed(
        &self,
        actor: &Actor,
        text: &str,
        reading: Reading,
        limit: u32,
    ) -> Result<Option<(Vec<Ticket>, u64)>> {
        let Some(index) = self.search_index.ready() else { return Ok(None) };
        self.search_index.catch_up(self.publisher.head()).await;
        let (visible, text) = (self.authz.ticket_filter(actor), text.to_owned());
        let hits = aside(move || index.find(&visible, &text, reading, limit as usize)).await;
        let hits = match hits {
            Ok(Some(hits)) => hits,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%error, "a question went to the database instead");
                return Ok(None);
            }
        };
        self.as_they_are(actor, hits).await.map(Some)
    }

    /// Rows of what was found, as the store has them for the caller now.
    async fn as_they_are(&self, actor: &Actor, hits: Hits<TicketId>) -> Result<(Vec<Ticket>, u64)> {
        if hits.best.is_empty() {
            return Ok((Vec::new(), hits.total));
        }
        let ids = hits.best.iter().map(|id| id.0.clone()).collect();
        // Behind an OR it is a list like any other, and archived tickets are in none.
        let filter = Filter::Or(vec![Filter::In(Field::Id, ids)]);
        let limit = u32::try_from(hits.best.len()).unwrap_or(u32::MAX);
        let query = TicketQuery { filter, sort: Sort::UpdatedAt, descending: true, after: None, limit };
        let rows = self.ticket_list(actor, query).await?.items;
        let mut rows: BTreeMap<TicketId, Ticket> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let gone: BTreeSet<TicketId> = hits.best.iter().filter(|id| !rows.contains_key(*id)).cloned().collect();
        let total = hits.total.saturating_sub(gone.len() as u64);
        self.search_index.doubt(Changed { tickets: gone, ..Changed::default() });
        Ok((hits.best.iter().filter_map(|id| rows.remove(id)).collect(), total))
    }

    /// The records with these words in what the caller may read of them, the best first. Nothing where the index cannot say.
    pub(super) async fn indexed_records(
        &self,
        text: &str,
        scope: &RecordScope,
        reading: Reading,
        limit: u32,
    ) -> Result<Option<Vec<Record>>> {
        let Some(index) = self.search_index.ready() else { return Ok(None) };
        self.search_index.catch_up(self.publisher.head()).await;
        let (asked, text) = (scope.clone(), text.to_owned());
        let hits = match aside(move || index.find_records(&asked, &text, reading, limit as usize)).await {
            Ok(Some(hits)) => hits,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%error, "a question went to the database instead");
                return Ok(None);
            }
        };
        let (mut records, mut gone) = (Vec::with_capacity(hits.best.len()), BTreeSet::new());
        for id in hits.best {
            let row = self.store.record_get(self.org(), id.as_str()).await?;
            match row.filter(|row| row.id == id).and_then(|row| scope.view(row)) {
                Some(record) => records.push(record),
                None => {
                    gone.insert(id);
                }
            }
        }
        self.search_index.doubt(Changed { records: gone, ..Changed::default() });
        Ok(Some(records))
    }

    /// Keep an index in a folder until told to stop. What fails is begun again; the store answers meanwhile.
    pub async fn keep_search_index(self: Arc<Self>, folder: PathBuf, stop: CancellationToken) {
        let mut again = AGAIN;
        while !stop.is_cancelled() {
            let kept = self.keep_once(&folder, &stop).await;
            let was_ready = self.search_index.set(None).is_some();
            let Err(error) = kept else { return };
            again = if was_ready { AGAIN } else { again };
            let seconds = again.as_secs();
            tracing::warn!(%error, seconds, "the search index is not kept; the database answers, and it is tried again in some seconds");
            tokio::select! {
                () = self.clock.sleep(again) => {}
                () = stop.cancelled() => return,
            }
            again = (2 * again).min(AGAIN_MAX);
        }
    }

    async fn keep_once(&self, folder: &Path, stop: &CancellationToken) -> Kept<()> {
        let folder = folder.to_owned();
        let (index, known) = aside(move || Folder::take(&folder).and_then(Index::open)).await?;
        let index = Arc::new(index);
        let texts = self.texts();
        let (mark, texts) = match known {
            // Which fields held words then is not known: the records are read once more beside what is asked.
            Some(mark) if self.is_of_this_journal(&mark).await? => (mark, None),
            _ => match self.build_index(&index, stop).await? {
                Some(mark) => (mark, Some(texts)),
                None => return Ok(()),
            },
        };
        self.feed_index(&index, mark, texts, stop).await
    }

    /// Another database, or this one from before a backup was restored, has another event there or none.
    async fn is_of_this_journal(&self, mark: &Mark) -> Kept<bool> {
        Ok(mark.org == self.org().0 && self.mark_at(mark.seq).await?.is_some_and(|here| here == *mark))
    }

    async fn mark_at(&self, seq: i64) -> Kept<Option<Mark>> {
        let hash = if seq == 0 {
            Some(String::new())
        } else {
            self.store.event_get(self.org(), seq).await?.map(|event| event.hash)
        };
        Ok(hash.map(|hash| Mark { org: self.org().0.clone(), seq, hash }))
    }

    /// Read every ticket and record. Nothing when told to stop.
    async fn build_index(&self, index: &Arc<Index>, stop: &CancellationToken) -> Kept<Option<Mark>> {
        // What is committed from here on is fed afterwards, whether its row was read or not.
        let head = self.store.event_head(self.org()).await?;
        let mark = self.mark_at(head).await?.ok_or(KeepError::Gap(head))?;
        index.clear()?;
        let mut after = None;
        loop {
            let rows = self.store.ticket_index_rows(self.org(), &IndexScope::After(after), BUILD_PAGE).await?;
            let is_last = rows.len() < BUILD_PAGE as usize;
            after = rows.last().map(|row| row.ticket.id.clone());
            let index = Arc::clone(index);
            aside(move || rows.iter().try_for_each(|row| index.add(entry(row)))).await?;
            if is_last {
                break;
            }
            if stop.is_cancelled() {
                return Ok(None);
            }
        }
        self.add_records(index).await?;
        self.commit_index(index, &mark).await?;
        tracing::info!(documents = index.len(), "the search index was built");
        Ok(Some(mark))
    }

    async fn commit_index(&self, index: &Arc<Index>, mark: &Mark) -> Kept<()> {
        let (index, kept) = (Arc::clone(index), mark.clone());
        aside(move || index.commit(&kept)).await?;
        self.search_index.place.send_replace(mark.seq);
        Ok(())
    }

    async fn feed_index(
        &self,
        index: &Arc<Index>,
        mut mark: Mark,
        mut texts: Option<Texts>,
        stop: &CancellationToken,
    ) -> Kept<()> {
        self.search_index.place.send_replace(mark.seq);
        let mut is_ready = false;
        loop {
            let wait = if is_ready { NEWS_WAIT } else { Duration::ZERO };
            let events = tokio::select! {
                events = self.store.event_wait(self.org(), mark.seq, EVENTS_MAX, wait) => events?,
                () = self.search_index.doubted.notified(), if is_ready => Vec::new(),
                () = stop.cancelled() => return Ok(()),
            };
            let mut changed = self.search_index.take_doubts();
            changed.extend(touched(&events));
            changed.tickets.extend(self.archived(&events).await?);
            // A practice that was installed or upgraded says anew which fields hold words.
            let now = self.texts();
            if is_ready && texts.as_ref() != Some(&now) {
                changed.kinds = true;
                texts = Some(now);
            }
            let is_changed = !changed.is_empty();
            if is_changed {
                self.look_again(index, changed).await?;
            }
            let is_behind = events.len() == EVENTS_MAX as usize;
            if let Some(last) = events.last() {
                mark = Mark { seq: last.seq, hash: last.hash.clone(), ..mark };
            }
            if is_changed {
                self.commit_index(index, &mark).await?;
            } else {
                // Nothing to flush for: after a crash these events are read once more.
                self.search_index.place.send_replace(mark.seq);
            }
            if !is_ready && !is_behind {
                self.search_index.set(Some(Arc::clone(index)));
                is_ready = true;
            }
            if is_changed && !is_behind {
                tokio::select! {
                    () = self.clock.sleep(GATHER) => {}
                    () = self.search_index.asked.notified() => {}
                    () = stop.cancelled() => return Ok(()),
                }
            }
        }
    }

    /// What a run of retention has taken out of lists, if these events tell of one.
    async fn archived(&self, events: &[Event]) -> Kept<BTreeSet<TicketId>> {
        let mut ids = BTreeSet::new();
        let runs = events.iter().filter(|event| event.subject_kind == "retention" && event.data["table"] == "ticket");
        let Some(since) = runs.map(|event| event.at).min() else { return Ok(ids) };
        let since = since.checked_sub(ARCHIVING).unwrap_or(Timestamp::MIN);
        let mut after = None;
        loop {
            let scope = IndexScope::ArchivedSince(since, after);
            let rows = self.store.ticket_index_rows(self.org(), &scope, BUILD_PAGE).await?;
            let is_last = rows.len() < BUILD_PAGE as usize;
            after = rows.last().map(|row| row.ticket.id.clone());
            ids.extend(rows.into_iter().map(|row| row.ticket.id));
            if is_last {
                return Ok(ids);
            }
        }
    }

    /// Every record of every kind, in the place of what is known of it.
    async fn add_records(&self, index: &Arc<Index>) -> Kept<()> {
        let kinds: Vec<KindId> = self.registry().kinds.iter().map(|kind| kind.id.clone()).collect();
        for kind in kinds {
            let texts = self.texts_of(&kind);
            let mut after: Option<String> = None;
            loop {
                let scope = RecordScope::everything();
                let after_id = after.as_deref();
                let page = self.store.record_list(self.org(), &kind, None, &scope, after_id, RECORDS_PAGE).await?;
                after = page.next.map(|next| next.id);
                let (index, texts) = (Arc::clone(index), texts.clone());
                let put = aside(move || {
                    page.items.iter().try_for_each(|record| {
                        index.remove_record(&record.id);
                        index.add_record(RecordEntry { record, texts: &texts })
                    })
                });
                put.await?;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn texts(&self) -> Texts {
        let kinds: Vec<KindId> = self.registry().kinds.iter().map(|kind| kind.id.clone()).collect();
        kinds.into_iter().map(|kind| (kind.clone(), self.texts_of(&kind))).collect()
    }

    /// The fields of a kind that hold words and that everybody sees who sees all of a record.
    fn texts_of(&self, kind: &KindId) -> Vec<String> {
        let registry = self.registry();
        let Some(kind) = registry.kinds.get(kind) else { return Vec::new() };
        let texts = kind.fields.iter().filter(|(_, rule)| rule.read.is_empty() && holds_words(&rule.schema));
        texts.map(|(name, _)| name.clone()).collect()
    }

    /// Ask how some tickets and records stand now.
    async fn look_again(&self, index: &Arc<Index>, changed: Changed) -> Kept<()> {
        if changed.kinds {
            self.add_records(index).await?;
        }
        for id in changed.records {
            let row = self.store.record_get(self.org(), id.as_str()).await?.filter(|row| row.id == id);
            let texts = row.as_ref().map(|row| self.texts_of(&row.kind)).unwrap_or_default();
            let index = Arc::clone(index);
            let put = aside(move || {
                index.remove_record(&id);
                row.iter().try_for_each(|record| index.add_record(RecordEntry { record, texts: &texts }))
            });
            put.await?;
        }
        let ids: Vec<TicketId> = changed.tickets.into_iter().collect();
        for some in ids.chunks(CHANGES_PAGE as usize) {
            let scope = IndexScope::Among(some.to_vec());
            let rows = self.store.ticket_index_rows(self.org(), &scope, CHANGES_PAGE).await?;
            let (index, some) = (Arc::clone(index), some.to_vec());
            let put = aside(move || {
                some.iter().for_each(|id| index.remove(id));
                rows.iter().filter(|row| !row.archived).try_for_each(|row| index.add(entry(row)))
            });
            put.await?;
        }
        Ok(())
    }
}

fn touched(events: &[Event]) -> Changed {
    let mut changed = Changed::default();
    for event in events {
        match event.subject_kind.as_str() {
            "ticket" => {
                changed.tickets.insert(TicketId(event.subject.clone()));
            }
            "record" => {
                changed.records.insert(RecordId(event.subject.clone()));
            }
            _ => {}
        }
    }
    changed
}

/// Text that people write, or a list of it: no date, no choice, nothing of a given form.
fn holds_words(schema: &serde_json::Value) -> bool {
    let is = |schema: &serde_json::Value| {
        let has_form = ["format", "enum", "const", "pattern"].iter().any(|key| schema.get(key).is_some());
        schema["type"] == "string" && !has_form
    };
    is(schema) || (schema["type"] == "array" && is(&schema["items"]))
}

fn entry(row: &IndexRow) -> Entry<'_> {
    Entry { ticket: &row.ticket, watchers: &row.watchers, access: &row.access }
}

/// Work on files, which nobody else should wait for.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the index does not panic, and its work is not aborted")
}
