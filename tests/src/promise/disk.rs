//! 10, disk: a disk that is full, or that fails once, takes nothing back that was acknowledged, and is no reason to start again.
//!
//! Full: a real server on a small file system that is filled at different moments: writes are answered with 507 and a problem, reads go on,
//! and both work again when there is room. Failing: a library before the C library lets the N-th write or flush of the database fail; the
//! commits that share it are refused, and the next ones are taken. The control takes what was refused for what was acknowledged.

#![expect(clippy::disallowed_methods, reason = "real processes and real disks take real time")]

use super::power::command;
use super::writer::{Process, tickets};
use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server};
use crate::fsck;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time to a 507.
const REFUSED_MAX: Duration = Duration::from_secs(2);
/// Longest time after there is room again.
const RESUMED_MAX: Duration = Duration::from_secs(10);
/// Tickets that may fit before the disk is full.
const TICKETS_MAX: u32 = 2_000;

/// # Errors
/// Not root, or no C compiler.
pub fn check(size: Size) -> Result<Verdict, String> {
    let full = block_on(full_disk(size.pick(2, 50)))?;
    let failing = failing_disk(size.pick(4, 500))?;
    let wrong: Vec<&String> = full.wrong.iter().chain(&failing.wrong).collect();
    let lost = full.lost + failing.lost;
    Ok(Verdict {
        figure: format!(
            "{lost} of {} acknowledged lost; {} times full, slowest refusal {} ms; {} of {} I/O errors met; {} findings of fsck{}",
            full.acked + failing.acked,
            full.rounds,
            full.slowest.as_millis(),
            failing.met,
            failing.rounds,
            full.findings + failing.findings,
            if wrong.is_empty() { String::new() } else { format!(": {:?}", wrong.iter().take(3).collect::<Vec<_>>()) }
        ),
        limit: format!(
            "0 lost, 0 findings, 507 within {} ms, reads served, goes on without a restart",
            REFUSED_MAX.as_millis()
        ),
        kept: lost == 0
            && wrong.is_empty()
            && full.findings + failing.findings == 0
            && full.slowest <= REFUSED_MAX
            && full.acked + failing.acked > 0
            && failing.met > 0,
        control: format!("of {} refused writes, {} were not there", full.refused, full.refused_absent),
        control_failed: full.refused_absent > 0,
    })
}

#[derive(Default)]
struct Outcome {
    rounds: u32,
    acked: usize,
    lost: usize,
    refused: usize,
    refused_absent: usize,
    slowest: Duration,
    findings: u64,
    /// I/O errors that a commit ran into.
    met: u32,
    wrong: Vec<String>,
}

/// A small file system in memory. It goes when this does.
struct Small(tempfile::TempDir);

impl Small {
    fn make() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("weft-disk-").tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().to_str().ok_or("the folder for temporary files is no text")?.to_owned();
        command("mount", &["-t", "tmpfs", "-o", "size=256M", "weft-disk", &path])?;
        Ok(Self(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Leave so many bytes.
    fn fill(&self, left: u64) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("the small disk cannot be filled: {error}");
        let mut file = File::create(self.filler()).map_err(failed)?;
        let block = vec![0; 64 << 10];
        let mut bytes = 0_u64;
        while let Ok(written) = file.write(&block) {
            bytes += written as u64;
            if written == 0 {
                break;
            }
        }
        file.set_len(bytes.saturating_sub(left)).map_err(failed)
    }

    fn make_room(&self) {
        let _ = std::fs::remove_file(self.filler());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).stderr(Stdio::null()).status();
    }
}

async fn full_disk(rounds: u32) -> Result<Outcome, String> {
    let disk = Small::make()?;
    let data = disk.0.path().join("data");
    let server = Server::demo(&data).await;
    let mut ada = Client::connect(&server.address).await.map_err(|error| error.to_string())?;
    ada.sign_in("ada").await;
    let mut outcome = Outcome { rounds, ..Outcome::default() };
    let (mut acked, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..rounds {
        disk.fill(u64::from(round) * 31_337 % 400_000)?;
        let mut is_full = false;
        for number in 0..TICKETS_MAX {
            let title = format!("full {round} number {number}");
            let started = Instant::now();
            let (status, media_type) = create(&mut ada, &title).await?;
            if status == 201 {
                acked.insert(title);
                continue;
            }
            outcome.slowest = outcome.slowest.max(started.elapsed());
            refused.insert(title);
            if status != 507 || media_type != "application/problem+json" {
                outcome.wrong.push(format!("a write on a full disk is answered with {status} {media_type}"));
            }
            is_full = true;
            break;
        }
        if !is_full {
            outcome.wrong.push(format!("{TICKETS_MAX} tickets fit on a full disk"));
        }
        for path in ["/api/v1/tickets?limit=5", "/readyz"] {
            let (status, _, _) = ada.request("GET", path, &[], None).await.map_err(|error| error.to_string())?;
            if status != 200 {
                outcome.wrong.push(format!("{path} is answered with {status} on a full disk"));
            }
        }
        disk.make_room();
        let started = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let title = format!("room {round} try {tries}");
            if create(&mut ada, &title).await?.0 == 201 {
                acked.insert(title);
                break;
            }
            refused.insert(title);
            if started.elapsed() > RESUMED_MAX {
                outcome.wrong.push(format!("there is room again, and nothing is written after {RESUMED_MAX:?}"));
                break;
            }
            pause(Duration::from_millis(100)).await;
        }
    }
    server.stop().await;
    let file = data.join("weft.db");
    let there = titles(&file).await?;
    (outcome.acked, outcome.refused) = (acked.len(), refused.len());
    outcome.lost = acked.iter().filter(|title| !there.contains(*title)).count();
    outcome.refused_absent = refused.iter().filter(|title| !there.contains(*title)).count();
    let report = fsck::sqlite(&file).await;
    outcome.findings = report.counts.values().sum();
    if !report.is_clean() {
        outcome.wrong.push(report.text());
    }
    Ok(outcome)
}

async fn create(http: &mut Client, title: &str) -> Result<(u16, String), String> {
    let body = json!({ "kind": "incident", "space": "it", "title": title }).to_string();
    let key = title.replace(' ', "-");
    let asked = http.request("POST", "/api/v1/tickets", &[("Idempotency-Key", &key)], Some(body.as_bytes())).await;
    let (status, headers, _) = asked.map_err(|error| format!("the server does not answer: {error}"))?;
    let media_type = headers.into_iter().find(|(name, _)| name == "content-type").map(|(_, value)| value);
    Ok((status, media_type.unwrap_or_default()))
}

async fn titles(file: &Path) -> Result<BTreeSet<String>, String> {
    let events = super::writer::texts(file, "event", "data").await?;
    let title = |data: String| serde_json::from_str::<Value>(&data).ok()?["title"].as_str().map(str::to_owned);
    let told: BTreeSet<String> = events.into_iter().filter_map(title).collect();
    let stored = super::writer::texts(file, "ticket", "title").await?;
    Ok(stored.into_iter().filter(|title| told.contains(title)).collect())
}

async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Lets the N-th write or flush of a database file fail, once. Everything else is handed on.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static atomic_long seen;
static int fails(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, "weft.db") || strstr(path, ".lock") || strstr(path, "-shm")) return 0;
    const char *at = getenv("FAULT_AT"), *mark = getenv("FAULT_MARK");
    if (!at || atomic_fetch_add(&seen, 1) + 1 != atol(at)) return 0;
    FILE *file = mark ? fopen(mark, "w") : NULL;
    if (file) fclose(file);
    errno = EIO;
    return 1;
}
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t); return fails(fd) ? -1 : real(fd, b, n, o); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(ssize_t, "pwrite", int, const void *, size_t, off_t); return fails(fd) ? -1 : real(fd, b, n, o); }
ssize_t write(int fd, const void *b, size_t n) { REAL(ssize_t, "write", int, const void *, size_t); return fails(fd) ? -1 : real(fd, b, n); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return fails(fd) ? -1 : real(fd); }
int fsync(int fd) { REAL(int, "fsync", int); return fails(fd) ? -1 : real(fd); }
"#;

/// Writers of a process whose disk fails at one place each.
fn failing_disk(rounds: u32) -> Result<Outcome, String> {
    const ROUND_MAX: Duration = Duration::from_secs(20);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let shim = shim(folder.path())?;
    let mut outcome = Outcome { rounds, ..Outcome::default() };
    for round in 0..rounds {
        // Each place of the first 500 in full; some of them when it has to be quick.
        let place = if rounds >= 500 { round + 1 } else { 120 + round * 97 };
        let home = folder.path().join(format!("round-{round}"));
        std::fs::create_dir(&home).map_err(|error| error.to_string())?;
        let (file, mark) = (home.join("weft.db"), home.join("met"));
        let path = |path: &Path| path.to_str().unwrap_or_default().to_owned();
        let environment = [("LD_PRELOAD", path(&shim)), ("FAULT_AT", place.to_string()), ("FAULT_MARK", path(&mark))];
        let mut writer = Process::start(&file, "full", 8, 0, &environment)?;
        let is_met = || mark.exists();
        // Until it failed and commits go on, or the process could not even open its database.
        let until = Instant::now() + ROUND_MAX;
        let mut after = None;
        let went_on = loop {
            let acks = writer.said().acks.len();
            let before = *after.get_or_insert_with(|| if is_met() { acks } else { usize::MAX });
            if before == usize::MAX {
                after = None;
            }
            if is_met() && before != usize::MAX && acks >= before + 16 {
                break true;
            }
            if writer.has_ended() || Instant::now() > until {
                break false;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let has_opened = !writer.said().acks.is_empty();
        if !went_on && has_opened {
            outcome.wrong.push(format!("after the failure at {place} nothing is committed any more"));
        }
        outcome.met += u32::from(is_met());
        let acks = writer.said().acks;
        writer.kill();
        if has_opened {
            let there = block_on(tickets(&file))?;
            outcome.acked += acks.len();
            outcome.lost += acks.iter().filter(|id| !there.contains(*id)).count();
            let report = block_on(fsck::sqlite(&file));
            outcome.findings += report.counts.values().sum::<u64>();
            if !report.is_clean() {
                outcome.wrong.push(format!("failure at {place}: {}", report.text()));
            }
        }
        std::fs::remove_dir_all(&home).map_err(|error| error.to_string())?;
    }
    Ok(outcome)
}

fn shim(folder: &Path) -> Result<PathBuf, String> {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    std::fs::write(&source, SHIM).map_err(|error| error.to_string())?;
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .map_err(|error| format!("`cc` does not run ({error}): install a C compiler"))?;
    if output.status.success() {
        return Ok(library);
    }
    Err(format!("the shim cannot be compiled: {}", String::from_utf8_lossy(&output.stderr)))
}
