//! 15: a backup that is made while many clients commit has everything that was acknowledged before it began, and comes back as a database
//! that fits together; and nodes are upgraded one by one (`rolling.rs`). The control looks for what was acknowledged after the backup was
//! finished, and has to miss it.

#![expect(clippy::disallowed_methods, reason = "real processes and real disks take real time")]

use super::writer::{Process, tickets};
use super::{Size, Verdict, block_on, rolling};
use crate::{binary, fsck};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const CLIENTS: u32 = 16;
const FILL_MAX: Duration = Duration::from_secs(540);
const RESTORE_MAX: Duration = Duration::from_secs(120);

/// # Errors
/// The binary was not built, or refuses.
pub fn check(size: Size) -> Result<Verdict, String> {
    let wanted = size.pick(2_000, 1_000_000);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("weft.db");
    let mut writer = Process::start(&file, "full", size.pick(CLIENTS, 256), 0, &[])?;
    if !writer.wait(FILL_MAX, |said| said.acks.len() >= wanted) {
        return Err(format!("only {} commits were acknowledged in {FILL_MAX:?}", writer.said().acks.len()));
    }
    let before = writer.said().acks;
    let started = Instant::now();
    weft(folder.path(), &["backup", "one.weft"])?;
    let backup = started.elapsed();
    let during = writer.said().acks;
    if !writer.wait(FILL_MAX, |said| said.acks.len() > during.len() + 100) {
        return Err("nothing is committed any more after the backup".to_owned());
    }
    let after = writer.said().acks;
    writer.kill();
    let started = Instant::now();
    weft(folder.path(), &["restore", "one.weft", "--store-path", "restored.db"])?;
    let restore = started.elapsed();
    let restored = folder.path().join("restored.db");
    let there = block_on(tickets(&restored))?;
    let lost = before.iter().filter(|id| !there.contains(*id)).count();
    let missed = after.iter().filter(|id| !during.contains(*id) && !there.contains(*id)).count();
    let findings: u64 = block_on(fsck::sqlite(&restored)).counts.values().sum();
    let meanwhile = during.len() - before.len();
    let rolled = block_on(rolling::run(size.pick(Duration::from_secs(6), Duration::from_secs(60))))?;
    Ok(Verdict {
        figure: format!(
            "{lost} of {} acknowledged before the mark lost, {findings} findings of fsck; {meanwhile} commits during a backup of {} ms; {} tickets restored in {} ms; \
             nodes upgraded one by one: {} of {} commands failed, {} were repeated",
            before.len(),
            backup.as_millis(),
            there.len(),
            restore.as_millis(),
            rolled.failed,
            rolled.commands,
            rolled.repeated
        ),
        limit: format!("0 lost, 0 findings, commits go on, restored within {} s; 0 failed", RESTORE_MAX.as_secs()),
        kept: lost == 0
            && findings == 0
            && meanwhile > 0
            && restore <= RESTORE_MAX
            && rolled.failed == 0
            && rolled.commands > 0,
        control: format!(
            "{missed} commits after the mark are not in it; a schema that something was taken away from is {}",
            if rolled.refused { "refused" } else { "taken" }
        ),
        control_failed: missed > 0 && rolled.refused,
    })
}

fn weft(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = binary::path();
    let output = Command::new(&program).args(arguments).current_dir(folder).output().map_err(|error| {
        format!("`{}` does not run ({error}): run `cargo build --workspace --bins`", program.display())
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`weft {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)))
}
