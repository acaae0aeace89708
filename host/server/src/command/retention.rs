//! `weft retention`: what is old enough to be forgotten or archived, and doing it now instead of within the hour.

use crate::cli::RetentionCommand;
use crate::config::{Retention, Settings};
use crate::failure::Failure;
use crate::open::{Durability, open};
use crate::out;
use app::retention::{KEPT, Retained, RetentionPolicy};

pub(super) async fn run(action: RetentionCommand, settings: Settings) -> Result<(), Failure> {
    let RetentionCommand::Run { dry_run } = action else {
        out::table(&KEPT.iter().map(|(table, why)| vec![(*table).to_owned(), (*why).to_owned()]).collect::<Vec<_>>());
        return Ok(());
    };
    let app = open(&settings, false, Durability::Full).await?;
    let policy = policy(&settings.retention);
    let done = if dry_run { app.retention_count(policy).await } else { app.retention_run(policy).await };
    app.store().close().await;
    print(&done?, if dry_run { "WOULD GO" } else { "GONE" });
    Ok(())
}

pub(crate) fn policy(settings: &Retention) -> RetentionPolicy {
    RetentionPolicy {
        answers_days: settings.answers_days,
        sessions_days: settings.sessions_days,
        read_notifications_days: settings.read_notifications_days,
        notifications_days: settings.notifications_days,
        dead_jobs_days: settings.dead_jobs_days,
        closed_tickets_days: settings.closed_tickets_days,
    }
}

fn print(done: &[Retained], what: &str) {
    let mut rows = vec![["RULE", "TABLE", "OLDER THAN", what, "HELD"].map(str::to_owned).to_vec()];
    rows.extend(done.iter().map(|one| {
        let before = one.before.map_or_else(|| "kept for ever".to_owned(), |before| before.to_string());
        vec![one.rule.to_owned(), one.table.to_owned(), before, one.rows.to_string(), one.held.to_string()]
    }));
    out::table(&rows);
}
