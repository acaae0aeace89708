//! `weft restore`: a database from a backup. It is read and checked completely before anything that is there is touched.

use super::backup::bar;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Existing, open_restore, store_name};
use crate::out;
use crate::platform::WallClock;
use app::fsck::{Depth, fsck};
use app::port::clock::Clock;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use store::backup::{self, BackupError, Counted, Reader};

pub(super) async fn run(settings: Settings, file: PathBuf, dry_run: bool, existing: Existing) -> Result<(), Failure> {
    if dry_run {
        return look(&settings, &file, existing).await;
    }
    let mut reader = open(&file)?;
    let mut target = open_restore(&settings, existing).await?;
    let bar = bar("rows");
    let counts =
        backup::fill(&mut reader, &mut *target, |rows| bar.inc(rows)).await.map_err(|error| refused(&error))?;
    out::note("Everything is in; now it is checked.");
    let view = target.complete().await.map_err(|error| Failure::of("the database cannot be completed", &error))?;
    let report = fsck(view, Depth::Full, WallClock.now()).await;
    let report = report.map_err(|error| Failure::of("the restored database cannot be checked", &error))?;
    bar.finish_and_clear();
    if !report.is_clean() {
        out::line(report.text().trim_end());
        return Err(Failure::new("the backup holds a database that does not fit together; nothing was replaced"));
    }
    let said = target.keep().await.map_err(|error| Failure::of("the restored database cannot be kept", &error))?;
    let rows: u64 = counts.iter().map(|one| one.rows).sum();
    out::line(&format!("{rows} rows are restored and fit together; {said}."));
    Ok(())
}

/// Say what would happen.
async fn look(settings: &Settings, file: &Path, existing: Existing) -> Result<(), Failure> {
    let mut reader = open(file)?;
    while reader.next_block().map_err(|error| refused(&error))?.is_some() {}
    let counts = reader.finish().map_err(|error| refused(&error))?;
    let header = reader.header();
    out::line(&format!(
        "`{}` was made by Weft {} from {} at {}, with schema {}; every digest is right.",
        file.display(),
        header.weft,
        header.database,
        header.made_at,
        header.schema.last().map_or(0, |one| one.number)
    ));
    print(&counts);
    // Everything but the rows, and nothing of it is kept.
    let mut target = open_restore(settings, existing).await?;
    let tables = target.begin(&header.schema).await;
    tables.map_err(|error| Failure::of("it cannot be restored here", &error))?;
    drop(target);
    out::line(&format!("It would be restored into {}.", store_name(settings)));
    Ok(())
}

fn open(file: &Path) -> Result<Reader<BufReader<File>>, Failure> {
    let open =
        File::open(file).map_err(|error| Failure::of(&format!("`{}` cannot be read", file.display()), &error))?;
    Reader::open(BufReader::with_capacity(1 << 20, open)).map_err(|error| refused(&error))
}

fn refused(error: &BackupError) -> Failure {
    Failure::of("the backup cannot be restored, and nothing was changed", error)
}

fn print(counts: &[Counted]) {
    let rows: Vec<Vec<String>> = counts
        .iter()
        .filter(|one| one.rows > 0)
        .map(|one| vec![format!("  {}", one.name), one.rows.to_string(), one.digest.chars().take(16).collect()])
        .collect();
    out::table(&rows);
}
