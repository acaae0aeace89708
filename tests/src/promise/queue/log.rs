//! The half of promise 14 that is about SQLite: jobs come and go while somebody reads for minutes, and the write-ahead log stays small.
//!
//! Weft's readers end with their statement, and a statement at its deadline; here they follow one another so closely that the log is never
//! without one. The control is a reader who stays at one moment, as another program with the file open may.

use crate::cluster::pause;
use jiff::SignedDuration;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::conformance::data::{at, changes, event, job, org};
use store::{Changeset, Commits, JobDone, Jobs, Journal};
use store_sqlite::{SqliteConfig, SqliteSnapshot, SqliteStore};
use tokio::time::Instant;

/// Jobs a second, put in portions.
const PORTION: usize = 15;
const PORTION_EVERY: Duration = Duration::from_millis(50);
/// Readers that take turns.
const READERS: usize = 3;

/// Who reads meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Weft's own, one after another.
    Weft,
    /// Somebody who stays at one moment.
    Stranger,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    pub(super) bytes_max: u64,
    pub(super) jobs: usize,
}

/// Let jobs run for so long, or until the log is larger than `enough`, with a log that is emptied from `wal_bytes` on.
pub(super) async fn grow(reader: Reader, lasts: Duration, enough: u64, wal_bytes: u64) -> Result<Log, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("weft.db");
    let config = SqliteConfig { wal_bytes_max: wal_bytes, ..SqliteConfig::new(&path) };
    let store = SqliteStore::open(config.clone()).await.map_err(|error| error.to_string())?;
    // Something to read.
    run_jobs(&store, "before", 200).await?;
    let stranger = match reader {
        Reader::Weft => None,
        Reader::Stranger => Some(SqliteSnapshot::open(&config).await.map_err(|error| error.to_string())?),
    };
    let (is_over, bytes_max) = (AtomicBool::new(false), AtomicU64::new(0));
    let work = async {
        let (began, mut portions) = (Instant::now(), 0_u32);
        while began.elapsed() < lasts && bytes_max.load(Ordering::Relaxed) <= enough {
            run_jobs(&store, &format!("p{portions}"), PORTION).await?;
            bytes_max.fetch_max(log_bytes(&path), Ordering::Relaxed);
            portions += 1;
            pause((began + PORTION_EVERY * portions).saturating_duration_since(Instant::now())).await;
        }
        is_over.store(true, Ordering::Relaxed);
        Ok::<usize, String>(portions as usize * PORTION)
    };
    let read = async || {
        while reader == Reader::Weft && !is_over.load(Ordering::Relaxed) {
            store.event_list(&org(), 0, 500).await.map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    };
    let readers = futures_util::future::join_all((0..READERS).map(|_| read()));
    let (jobs, read) = tokio::join!(work, readers);
    read.into_iter().collect::<Result<Vec<()>, String>>()?;
    drop(stranger);
    store::Store::close(&store).await;
    Ok(Log { bytes_max: bytes_max.into_inner(), jobs: jobs? })
}

fn log_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |file| file.len())
}

/// Put jobs, claim each and end it with an event, as the worker does.
async fn run_jobs(store: &SqliteStore, name: &str, count: usize) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let jobs = (0..count).map(|number| job(&format!("{name}-{number}"), &format!("{name}-{number}"), 0)).collect();
    store.commit(Changeset { jobs, ..changes() }).await.map_err(|error| text(&error))?;
    let mut left = count;
    while left > 0 {
        let now = at(3_600);
        let lease = now + SignedDuration::from_secs(15);
        let claimed = store.job_claim(&org(), now, lease, "check", 16).await.map_err(|error| text(&error))?;
        if claimed.is_empty() {
            return Err(format!("{left} of {count} jobs are due and nobody can claim them"));
        }
        left = left.saturating_sub(claimed.len());
        let ends = claimed.iter().map(|one| {
            let job_done = Some(JobDone { id: one.job.id.clone(), fence: one.fence });
            store.commit(Changeset { job_done, events: vec![event(one.job.id.as_str(), "done")], ..changes() })
        });
        for end in futures_util::future::join_all(ends).await {
            end.map_err(|error| text(&error))?;
        }
    }
    Ok(())
}
