//! 14: somebody holds a snapshot for minutes, as a report does that runs on the primary, while jobs come and go. The queue stays as fast as
//! before, and rows that nobody can clean up meanwhile stay few.
//!
//! PostgreSQL only: on SQLite every reader of Weft has a deadline, and nobody else should read its file. The control is the plainest queue
//! that there is, one table whose rows are put, updated and deleted, under the same snapshot.

use super::{Size, Verdict, block_on};
use crate::cluster::{Cluster, eventually, pause, put_jobs};
use crate::postgres::Postgres;
use std::time::Duration;
use tokio::time::Instant;

const DEAD_MAX: i64 = 10_000;
const SPEED_MIN: f64 = 0.9;
/// Jobs of a measurement of speed.
const BURST: usize = 3_000;
/// Each portion is put at once.
const PORTION: Duration = Duration::from_millis(500);
/// Every table that each job, claim or commit touches.
const DEAD: &str = "SELECT COALESCE(max(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname IN ('job', 'job_gate', 'journal_head', 'node')";

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let lasts = size.pick(Duration::from_secs(6), Duration::from_secs(300));
        let postgres = Postgres::start()?;
        let cluster = Cluster::new(postgres.url(), &[]).await?;
        let node = cluster.node().await;
        burst(&postgres, "warm").await?;
        let before = burst(&postgres, "before").await?;
        let snapshot = postgres.session("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM person")?;
        let per_portion = 150;
        let (began, mut portions) = (Instant::now(), 0_u32);
        while began.elapsed() < lasts {
            put_jobs(&postgres, &format!("held-{portions}"), per_portion, 0)?;
            portions += 1;
            pause((began + PORTION * portions).saturating_duration_since(Instant::now())).await;
        }
        let during = burst(&postgres, "during").await?;
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
        let speed = during / before;
        Ok(Verdict {
            figure: format!(
                "{:.0} jobs a second before and {:.0} after {} s under a held snapshot ({:.0} %), {dead} dead rows in the worst hot table",
                before,
                during,
                lasts.as_secs(),
                speed * 100.0
            ),
            limit: format!("90 %, {DEAD_MAX} dead rows"),
            kept: speed >= SPEED_MIN && dead < DEAD_MAX,
            control: format!("a table that is put, updated and deleted has {control} dead rows after as many jobs"),
            control_failed: control >= DEAD_MAX,
        })
    })
}

/// Jobs a second of a burst.
async fn burst(postgres: &Postgres, name: &str) -> Result<f64, String> {
    eventually("the queue is empty", Duration::from_secs(120), async || {
        Ok(postgres.count("SELECT count(*) FROM job")? == 0)
    })
    .await?;
    let began = Instant::now();
    put_jobs(postgres, name, BURST, 0)?;
    eventually("the burst is done", Duration::from_secs(300), async || {
        Ok(postgres.count("SELECT count(*) FROM job")? == 0)
    })
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    Ok(BURST as f64 / began.elapsed().as_secs_f64())
}

/// Statistics arrive a little later than what they count.
async fn settled(postgres: &Postgres, sql: &str) -> Result<i64, String> {
    pause(Duration::from_secs(2)).await;
    postgres.count(sql)
}
