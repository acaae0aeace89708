//! `weft backup`: one moment of the database into a file, beside a running server.

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::open_snapshot;
use crate::out;
use crate::platform::WallClock;
use app::port::clock::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use store::backup::{self, Counted, Header};

/// Until it is complete, a backup has another name.
const UNFINISHED: &str = ".unfinished";

pub(super) async fn run(settings: Settings, file: PathBuf) -> Result<(), Failure> {
    if file.exists() {
        return Err(Failure::new(format!("`{}` is there already: choose another name", file.display())));
    }
    let mut name = file.clone().into_os_string();
    name.push(UNFINISHED);
    let unfinished = Unfinished(Some(name.into()));
    let mut snapshot = open_snapshot(&settings).await?;
    let bar = bar("rows");
    let written = write(&mut *snapshot, unfinished.path(), &bar).await;
    snapshot.end().await;
    let (header, counts) = written?;
    unfinished.finish(&file)?;
    bar.finish_and_clear();
    let rows: u64 = counts.iter().map(|one| one.rows).sum();
    let bytes = std::fs::metadata(&file)?.len();
    out::line(&format!("`{}`: {rows} rows, {bytes} bytes.", file.display()));
    for (org, head) in &header.heads {
        out::line(&format!("Everything of `{org}` up to event {head} of its journal is in it."));
    }
    out::note("It holds everything, secrets' hashes and confidential cases included: keep it as safe as the database.");
    Ok(())
}

async fn write(
    snapshot: &mut dyn store::Snapshot,
    path: &Path,
    bar: &ProgressBar,
) -> Result<(Header, Vec<Counted>), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of("the backup is not finished and was removed", error);
    let open = OpenOptions::new().write(true).create(true).truncate(true).open(path);
    let file = open.map_err(|error| Failure::of(&format!("`{}` cannot be written", path.display()), &error))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let written =
        backup::write(snapshot, &mut out, env!("CARGO_PKG_VERSION"), WallClock.now(), |rows| bar.inc(rows)).await;
    let written = written.map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))?;
    out.get_ref().sync_all().map_err(|error| failed(&error))?;
    Ok(written)
}

/// A file that goes unless it is finished.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn path(&self) -> &Path {
        self.0.as_deref().expect("it is taken only when it is finished, which consumes this")
    }

    fn finish(mut self, file: &Path) -> Result<(), Failure> {
        let unfinished = self.0.take().expect("it is taken only here");
        std::fs::rename(&unfinished, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Shown to people only: a log file gets no bar.
pub(super) fn bar(what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{spinner}} {{pos}} {what}, {{per_sec}}, {{elapsed}}"));
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
