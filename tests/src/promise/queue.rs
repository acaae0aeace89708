//! 14: somebody holds a snapshot for minutes, as a report does that runs on the primary, while jobs come and go. The queue stays as fast as
//! before, and rows that nobody can clean up meanwhile stay few.
//!
//! The control is the plainest queue that there is, one table whose rows are put, updated and deleted, under the same snapshot. On SQLite
//! it is the write-ahead log that may not grow, see `queue/log.rs`.

mod log;

use self::log::Reader;
use super::{Size, Verdict, block_on};
use crate::cluster::{Cluster, eventually, pause, put_jobs};
use crate::postgres::Postgres;
use std::time::Duration;
use tokio::time::Instant;

const DEAD_MAX: i64 = 10_000;
/// Of what it was before; a short measurement says less.
const SPEED_MIN: (f64, f64) = (0.5, 0.9);
const LOG_BYTES_MAX: u64 = 64 << 20;
/// From which size the log is emptied; a quick check has a smaller one, and a limit that is smaller by as much.
const LOG_BYTES: u64 = 16 << 20;
/// Each portion is put at once.
const PORTION: Duration = Duration::from_millis(500);
/// Every table that each job, claim or commit touches.
const DEAD: &str = "SELECT COALESCE(max(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname IN ('job', 'job_gate', 'journal_head', 'node')";

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let lasts = size.pick(Duration::from_secs(3), Duration::from_secs(300));
        let postgres = Postgres::start()?;
        let cluster = Cluster::new(postgres.url(), &[]).await?;
        let node = cluster.node().await;
        let jobs = size.pick(200, 3_000);
        burst(&postgres, "warm", jobs).await?;
        let before = burst(&postgres, "before", jobs).await?;
        let snapshot = postgres.session("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM person")?;
        let per_portion = size.pick(50, 150);
        let (began, mut portions) = (Instant::now(), 0_u32);
        while began.elapsed() < lasts {
            put_jobs(&postgres, &format!("held-{portions}"), per_portion, 0)?;
            portions += 1;
            pause((began + PORTION * portions).saturating_duration_since(Instant::now())).await;
        }
        let during = burst(&postgres, "during", jobs).await?;
        let dead = settled(&postgres, DEAD).await?;
        postgres.ask("CREATE TABLE plain (id BIGINT PRIMARY KEY, is_claimed BOOLEAN NOT NULL)")?;
        let plain = i64::try_from(per_portion).unwrap_or(0) * i64::from(portions);
        postgres.ask(&format!(
            "DO 'BEGIN FOR n IN 1..{} LOOP INSERT INTO plain VALUES (n, false); UPDATE plain SET is_claimed = true WHERE id = n;
                DELETE FROM plain WHERE id = n; END LOOP; END'",
            plain.max(DEAD_MAX)
        ))?;
        let control =
            settled(&postgres, "SELECT COALESCE(max(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname = 'plain'")
                .await?;
        drop(snapshot);
        node.kill().await;
        drop(postgres);
        let part = size.pick(16, 1);
        let (log_max, log_bytes) = (LOG_BYTES_MAX / part, LOG_BYTES / part);
        let log = log::grow(Reader::Weft, lasts, u64::MAX, log_bytes).await?;
        let foreign = log::grow(Reader::Stranger, lasts, log_max, log_bytes).await?;
        let mib = |bytes: u64| bytes / (1 << 20);
        let (speed, speed_min) = (during / before, size.pick(SPEED_MIN.0, SPEED_MIN.1));
        Ok(Verdict {
            figure: format!(
                "{:.0} jobs a second before and {:.0} after {} s under a held snapshot ({:.0} %), {dead} dead rows in the worst hot table; SQLite: {} jobs beside \
                 readers without a gap, a log of {} MiB at most",
                before,
                during,
                lasts.as_secs(),
                speed * 100.0,
                log.jobs,
                mib(log.bytes_max)
            ),
            limit: format!("{:.0} %, {DEAD_MAX} dead rows; {} MiB", speed_min * 100.0, mib(log_max)),
            kept: speed >= speed_min && dead < DEAD_MAX && log.bytes_max <= log_max,
            control: format!(
                "a table that is put, updated and deleted has {control} dead rows after as many jobs; beside a reader who stays at one moment \
                 the log has {} MiB after {} jobs",
                mib(foreign.bytes_max),
                foreign.jobs
            ),
            control_failed: control >= DEAD_MAX && foreign.bytes_max > log_max,
        })
    })
}

/// Jobs a second of a burst.
async fn burst(postgres: &Postgres, name: &str, jobs: usize) -> Result<f64, String> {
    eventually("the queue is empty", Duration::from_secs(120), async || {
        Ok(postgres.count("SELECT count(*) FROM job")? == 0)
    })
    .await?;
    let began = Instant::now();
    put_jobs(postgres, name, jobs, 0)?;
    eventually("the burst is done", Duration::from_secs(300), async || {
        Ok(postgres.count("SELECT count(*) FROM job")? == 0)
    })
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    Ok(jobs as f64 / began.elapsed().as_secs_f64())
}

/// Statistics arrive a little later than what they count.
async fn settled(postgres: &Postgres, sql: &str) -> Result<i64, String> {
    pause(Duration::from_secs(2)).await;
    postgres.count(sql)
}
