//! 02, power loop: what was acknowledged is there after a power cut.
//!
//! The database is on a file system of its own, an ext4 in a file in memory. A cut shuts that file system down without writing its log, so
//! that everything that was not flushed is gone, as when the power goes; then it is mounted again. Only what was acknowledged before the
//! cut counts. The control commits with `synchronous=NORMAL`, which flushes only now and then, and has to lose.

#![expect(clippy::disallowed_methods, reason = "real processes and real disks take real time")]

use super::writer::{Process, tickets};
use super::{Size, Verdict, block_on};
use crate::fsck;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const CLIENTS: u32 = 32;
/// Bytes of the file system.
const SIZE: &str = "256M";
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Cuts of one database; then another is begun, so that looking at all of it after each cut stays cheap.
const CUTS_EACH: u32 = 10;

/// # Errors
/// The machine does not let us mount: not root, or no loop devices.
pub fn check(size: Size) -> Result<Verdict, String> {
    let cuts = size.pick(2, 100);
    let full = run("full", cuts)?;
    let control_cuts = size.pick(4, 40);
    let normal = run("normal", control_cuts)?;
    let least = size.pick(1, 5);
    let mut figure = String::new();
    let _ = write!(
        figure,
        "{} of {} acknowledged commits lost in {cuts} cuts, {} findings of fsck; {} committed and not acknowledged",
        full.lost, full.acked, full.findings, full.unacknowledged
    );
    Ok(Verdict {
        figure,
        limit: format!("0 lost, 0 findings in {cuts} cuts"),
        kept: full.lost == 0 && full.findings == 0 && full.acked > 0,
        control: format!(
            "synchronous=NORMAL lost {} of {} in {} of {control_cuts} cuts; at least {least} have to",
            normal.lost, normal.acked, normal.cuts_with_loss
        ),
        control_failed: normal.cuts_with_loss >= least,
    })
}

#[derive(Default)]
struct Outcome {
    acked: usize,
    lost: usize,
    unacknowledged: usize,
    cuts_with_loss: u32,
    findings: u64,
}

fn run(mode: &str, cuts: u32) -> Result<Outcome, String> {
    let disk = Disk::make()?;
    let mut outcome = Outcome::default();
    let mut known = std::collections::BTreeSet::new();
    for cut in 0..cuts {
        disk.mount()?;
        let file = disk.folder().join(format!("weft-{}.db", cut / CUTS_EACH));
        if cut % CUTS_EACH == 0 {
            known.clear();
        }
        let mut writer = Process::start(&file, mode, CLIENTS, u64::from(cut) * 1_000_000, &[])?;
        // A different moment each time, and never before there is something to lose.
        let wanted = 200 + (cut as usize * 37) % 300;
        if !writer.wait(WAIT_MAX, |said| said.acks.len() >= wanted) {
            return Err(format!("only {} commits were acknowledged in {WAIT_MAX:?}", writer.said().acks.len()));
        }
        let acks = writer.said().acks;
        disk.cut()?;
        writer.kill();
        disk.unmount()?;
        disk.mount()?;
        let found = block_on(tickets(&file))?;
        let lost = acks.iter().filter(|id| !found.contains(*id)).count();
        outcome.acked += acks.len();
        outcome.lost += lost;
        outcome.cuts_with_loss += u32::from(lost > 0);
        outcome.unacknowledged += found.iter().filter(|id| !acks.contains(*id) && !known.contains(*id)).count();
        known = found;
        outcome.findings += block_on(fsck::sqlite(&file)).counts.values().sum::<u64>();
        disk.unmount()?;
    }
    Ok(outcome)
}

/// An ext4 in a file in memory. Everything goes when this does, whatever state it is in.
struct Disk {
    root: tempfile::TempDir,
}

impl Disk {
    fn make() -> Result<Self, String> {
        let root = tempfile::Builder::new().prefix("weft-power-").tempdir().map_err(|error| error.to_string())?;
        let disk = Self { root };
        for name in ["memory", "disk"] {
            std::fs::create_dir(disk.root.path().join(name)).map_err(|error| error.to_string())?;
        }
        command("mount", &["-t", "tmpfs", "-o", "size=300M", "weft-power", disk.path("memory")?.as_str()])?;
        let image = disk.image();
        command("truncate", &["-s", SIZE, text(&image)?])?;
        command("mkfs.ext4", &["-q", "-F", text(&image)?])?;
        Ok(disk)
    }

    fn path(&self, name: &str) -> Result<String, String> {
        Ok(text(&self.root.path().join(name))?.to_owned())
    }

    fn image(&self) -> PathBuf {
        self.root.path().join("memory").join("disk.ext4")
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("disk")
    }

    fn mount(&self) -> Result<(), String> {
        command("mount", &["-o", "loop", text(&self.image())?, text(&self.folder())?])
    }

    /// `EXT4_IOC_SHUTDOWN` without flushing the log.
    fn cut(&self) -> Result<(), String> {
        let script =
            "open(my $f, '<', $ARGV[0]) or die $!; my $how = pack('L', 2); ioctl($f, 0x8004587D, $how) or die $!";
        command("perl", &["-e", script, text(&self.folder())?])
    }

    fn unmount(&self) -> Result<(), String> {
        // Who had files open may take a moment to be gone.
        let mut tries = 0;
        loop {
            match command("umount", &[text(&self.folder())?]) {
                Ok(()) => return Ok(()),
                Err(why) if tries >= 50 => return Err(why),
                Err(_) => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for folder in [self.folder(), self.root.path().join("memory")] {
            let _ = Command::new("umount").arg("-l").arg(folder).stderr(std::process::Stdio::null()).status();
        }
    }
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("`{}` is no text", path.display()))
}

pub(super) fn command(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("`{program}` does not run ({error}): install it (mount, e2fsprogs, perl)"))?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{program} {}` failed, it needs root and loop devices: {}", arguments.join(" "), why.trim()))
}

/// Whether this process may mount at all.
#[must_use]
pub fn is_possible() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    root && Path::new("/dev/loop-control").exists()
}
