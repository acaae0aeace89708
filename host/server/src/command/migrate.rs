//! `weft migrate`: bring the database to this program's schema before a server does, or only say what would be done.

use crate::cli::MigrateCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, known_migrations, open_snapshot, open_store};
use crate::out;
use store::migration::{self, CONTRACT, Migration};
use store::snapshot::Applied;

pub(super) async fn run(
    mut settings: Settings,
    action: Option<MigrateCommand>,
    dry_run: bool,
    i_have_a_backup: bool,
) -> Result<(), Failure> {
    let known = known_migrations(&settings);
    let applied = applied(&settings).await?;
    let plan =
        migration::plan(&applied, known).map_err(|error| Failure::of("this Weft must not migrate it", &error))?;
    if let Some(MigrateCommand::Status) = action {
        status(&applied, known);
        return Ok(());
    }
    if plan.pending == 0 {
        out::line(&match plan.ahead {
            0 => "The database has this Weft's schema.".to_owned(),
            ahead => format!("The database is {ahead} ahead of this Weft, which can work with it."),
        });
        return Ok(());
    }
    for migration in &known[plan.applied..] {
        out::line(&format!("{:04} {}: {}", migration.number, migration.slug, nature(migration.slug)));
    }
    if dry_run {
        out::line(&format!("{} migrations would be applied.", plan.pending));
        return Ok(());
    }
    settings.migrate.i_have_a_backup |= i_have_a_backup;
    open_store(&settings, Durability::Full).await?.close().await;
    out::line(&format!("{} migrations are applied.", plan.pending));
    Ok(())
}

/// A database that does not exist yet has none.
async fn applied(settings: &Settings) -> Result<Vec<Applied>, Failure> {
    if settings.store.url.is_empty() && !settings.store.path.exists() {
        return Ok(Vec::new());
    }
    let mut snapshot = open_snapshot(settings).await?;
    let applied = snapshot.migrations().await;
    snapshot.end().await;
    applied.map_err(|error| Failure::of("the migrations of the database cannot be read", &error))
}

fn nature(slug: &str) -> &'static str {
    if slug.starts_with(CONTRACT) {
        "takes something away; stop every older node first"
    } else {
        "adds; older nodes may go on"
    }
}

fn status(applied: &[Applied], known: &[Migration]) {
    let mut rows: Vec<Vec<String>> = applied
        .iter()
        .map(|one| {
            let is_known = known.iter().any(|migration| migration.number == one.number);
            let state = if is_known { "applied" } else { "of a newer Weft" };
            vec![format!("{:04}", one.number), one.slug.clone(), state.to_owned()]
        })
        .collect();
    let pending = known.iter().filter(|migration| applied.iter().all(|one| one.number != migration.number));
    rows.extend(pending.map(|one| vec![format!("{:04}", one.number), one.slug.to_owned(), "pending".to_owned()]));
    out::table(&rows);
}
