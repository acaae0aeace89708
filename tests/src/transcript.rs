//! Transcripts: what people asked of the API in a story, what they were answered, and what the journal says about it, to be read.
//!
//! A story is recorded as it is told; one that ends with [`TestApp::transcript`](crate::app::TestApp::transcript) is written to the
//! folder `transcripts` of the test run's profile. Secrets are never part of it: no header is written down, and no password.

use crate::world::{SimClock, World};
use app::port::clock::Clock;
use domain::Event;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a story asks at most, and bytes of one answer that are kept: some tests ask a lot and write nothing down.
const HEARD_MAX: usize = 400;
const KEPT_MAX: usize = 64 << 10;
/// Bytes of one answer that are shown.
const ANSWER_SHOWN_MAX: usize = 6_000;
/// Bytes of one entry of the journal that are shown.
const ENTRY_SHOWN_MAX: usize = 600;
const PAGE: u32 = 500;

/// Writes down what the callers of a story ask and hear.
#[derive(Debug, Clone)]
pub struct Scribe {
    clock: Arc<SimClock>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

#[derive(Debug)]
struct Heard {
    at: Timestamp,
    who: String,
    asked: String,
    body: Vec<u8>,
    status: u16,
    answer: Vec<u8>,
}

impl Scribe {
    #[must_use]
    pub fn new(clock: Arc<SimClock>) -> Self {
        Self { clock, heard: Arc::default() }
    }

    pub(crate) fn note(&self, who: &str, (method, path): (&str, &str), body: &[u8], (status, answer): (u16, &[u8])) {
        let secret = path.contains("password") || path.starts_with("/session") || path.contains("token");
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= HEARD_MAX {
            return;
        }
        let kept = |bytes: &[u8]| if secret || bytes.len() > KEPT_MAX { Vec::new() } else { bytes.to_vec() };
        let (body, answer, asked) = (kept(body), kept(answer), format!("{method} {path}"));
        heard.push(Heard { at: self.clock.now(), who: who.to_owned(), asked, body, status, answer });
    }

    /// The conversation as Markdown.
    #[must_use]
    pub fn conversation(&self) -> String {
        let mut text = String::new();
        for (number, heard) in self.heard.lock().unwrap_or_else(PoisonError::into_inner).iter().enumerate() {
            let _ =
                writeln!(text, "### {}. {} asks, {}\n\n```http\n{}\n```", number + 1, heard.who, heard.at, heard.asked);
            if !heard.body.is_empty() {
                let _ = writeln!(text, "\n```json\n{}\n```", pretty(&heard.body));
            }
            let _ = writeln!(text, "\nAnswer: **{}**\n", heard.status);
            if !heard.answer.is_empty() {
                let _ = writeln!(text, "```json\n{}\n```\n", shortened(&pretty(&heard.answer), ANSWER_SHOWN_MAX));
            }
        }
        text
    }
}

fn pretty(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => serde_json::to_string_pretty(&value).expect("JSON is text"),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// What the journal says since an event, with the hash of each entry; all chains were verified.
///
/// # Panics
/// The journal cannot be read, or a chain is broken.
pub async fn journal(world: &World, since: i64) -> String {
    let (store, org) = (world.app.store(), &world.app.config.org);
    let (mut after, mut text) = (since, String::new());
    loop {
        let page = store.event_list(org, after, PAGE).await.expect("the journal can be read");
        let Some(last) = page.last() else { break };
        after = last.seq;
        for event in &page {
            entry(&mut text, event);
        }
    }
    let count = store.verify_journal(org).await.expect("the journal's chains hold");
    let _ = writeln!(
        text,
        "\nAll {count} entries of this journal were verified: each hash covers its entry and the hash before it."
    );
    text
}

fn entry(text: &mut String, event: &Event) {
    let Event { seq, at, kind, subject_kind, subject, actor, .. } = event;
    let data = shortened(&event.data.to_string(), ENTRY_SHOWN_MAX);
    let _ = writeln!(
        text,
        "- {seq} · {at} · **{kind}** · {subject_kind} `{subject}` · by `{actor}`\n  hash `{}`\n  `{}`",
        event.hash,
        data.replace('`', "'")
    );
}

fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{} … ({} bytes in all)", &text[..end], text.len())
}

/// Where transcripts go: beside the test binary, which is in `deps` of the target folder's profile.
///
/// # Panics
/// The folder cannot be made.
#[must_use]
pub fn folder() -> PathBuf {
    let binary = std::env::current_exe().expect("a test has a binary");
    let folder = binary.parent().and_then(Path::parent).expect("it is in `deps`").join("transcripts");
    std::fs::create_dir_all(&folder).expect("a folder for transcripts");
    folder
}

/// Write a transcript, and the page that lists all of them.
///
/// # Panics
/// It cannot be written.
pub fn write(name: &str, title: &str, text: &str) {
    let folder = folder();
    put(&folder, &format!("{name}.md"), &format!("# {title}\n\n{text}"));
    let mut pages: Vec<(String, String)> = std::fs::read_dir(&folder)
        .expect("the folder of transcripts can be read")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            let is_page = name.ends_with(".md") && name != "index.md";
            let first = std::fs::read_to_string(&path).ok().filter(|_| is_page)?;
            Some((name, first.lines().next()?.trim_start_matches("# ").to_owned()))
        })
        .collect();
    pages.sort();
    let mut index = String::from("# Transcripts of the last test run\n\n");
    for (file, title) in pages {
        let _ = writeln!(index, "- [{title}]({file})");
    }
    put(&folder, "index.md", &index);
}

/// Tests write at the same time: nobody ever sees half a page.
fn put(folder: &Path, name: &str, text: &str) {
    let part = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::write(&part, text).expect("a transcript can be written");
    std::fs::rename(&part, folder.join(name)).expect("a transcript can be put in its place");
}
