//! 01, kill loop: a server that is killed at any moment has everything that it acknowledged when it is back, exactly once.
//!
//! Clients create tickets, comment on them and change them over HTTP, and note what was acknowledged. What was under way when the server
//! died is repeated with the same key afterwards. The control takes what was sent for what was acknowledged, as a server would do that
//! answers before it commits: it has to lose.

#![expect(clippy::disallowed_methods, reason = "real processes and real disks take real time")]

use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server};
use crate::fsck;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::Snapshot;
use store::snapshot::Pages;
use store_sqlite::{SqliteConfig, SqliteSnapshot};
use tokio::sync::Mutex;

const READY_MAX: Duration = Duration::from_secs(5);
/// Times that somebody comes back who was turned away, and how long between them.
const TRIES_MAX: usize = 60;
const REST: Duration = Duration::from_millis(250);
const ANSWER_MAX: Duration = Duration::from_secs(30);
const PERSONAS: [&str; 2] = ["ada", "erin"];

/// What clients know.
#[derive(Debug, Default)]
struct Notes {
    /// Title of each acknowledged ticket, with its id.
    tickets: BTreeMap<String, String>,
    comments: BTreeSet<String>,
    /// The title that a ticket got by its last acknowledged change, by id.
    changes: BTreeMap<String, String>,
    /// Sent, and no answer came.
    unanswered: Vec<Step>,
    /// Titles that were under way when the server died.
    under_way: BTreeSet<String>,
    refused: Vec<String>,
}

#[derive(Debug, Clone)]
struct Step {
    method: &'static str,
    path: String,
    key: String,
    body: Value,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Create { title: String },
    Comment { body: String },
    Change { id: String, title: String },
}

/// # Errors
/// The binary was not built, or does not serve.
pub fn check(size: Size) -> Result<Verdict, String> {
    block_on(run(size.pick(5, 200), size.pick(8, 32)))
}

async fn run(kills: u32, clients: usize) -> Result<Verdict, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let data = folder.path().join("data");
    let mut server = Server::demo(&data).await;
    let notes = Arc::new(Mutex::new(Notes::default()));
    let mut slowest = Duration::ZERO;
    for kill in 0..kills {
        let stop = Arc::new(AtomicBool::new(false));
        let crowd: Vec<_> = (0..clients)
            .map(|client| {
                let (notes, stop) = (Arc::clone(&notes), Arc::clone(&stop));
                let address = server.address.clone();
                tokio::spawn(async move { client_loop(&address, kill, client, &notes, &stop).await })
            })
            .collect();
        // Another moment each time; the numbers repeat, so that a failure can be found again.
        pause(Duration::from_millis(400 + u64::from(kill) * 7919 % 900)).await;
        server.kill().await;
        stop.store(true, Ordering::SeqCst);
        for client in crowd {
            let _ = client.await;
        }
        let started = Instant::now();
        server = Server::demo(&data).await;
        slowest = slowest.max(started.elapsed());
        repeat(&server.address, &notes).await?;
    }
    server.stop().await;
    judge(&data.join("weft.db"), &*notes.lock().await, kills, slowest).await
}

async fn client_loop(address: &str, kill: u32, client: usize, notes: &Mutex<Notes>, stop: &AtomicBool) {
    let Ok(mut http) = Client::connect(address).await else { return };
    if signed_in(&mut http, PERSONAS[client % PERSONAS.len()]).await.is_err() {
        return;
    }
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let name = format!("kill {kill} client {client} number {number}");
        let create = Step {
            method: "POST",
            path: "/api/v1/tickets".to_owned(),
            key: name.replace(' ', "-"),
            body: json!({ "kind": "incident", "space": "it", "title": name }),
            kind: Kind::Create { title: name.clone() },
        };
        let Some(id) = send(&mut http, create, notes).await else { return };
        let comment = Step {
            method: "POST",
            path: format!("/api/v1/tickets/{id}/comments"),
            key: format!("{name} comment").replace(' ', "-"),
            body: json!({ "visibility": "public", "body": format!("About {name}") }),
            kind: Kind::Comment { body: format!("About {name}") },
        };
        if send(&mut http, comment, notes).await.is_none() {
            return;
        }
        // Only who works on tickets may change them.
        if PERSONAS[client % PERSONAS.len()] == "ada" {
            let title = format!("{name}, looked at");
            let change = Step {
                method: "PATCH",
                path: format!("/api/v1/tickets/{id}"),
                key: format!("{name} change").replace(' ', "-"),
                body: json!({ "title": title }),
                kind: Kind::Change { id: id.clone(), title },
            };
            if send(&mut http, change, notes).await.is_none() {
                return;
            }
        }
    }
}

async fn signed_in(http: &mut Client, login: &str) -> Result<(), String> {
    let body = json!({ "login": login }).to_string();
    http.headers = vec![("X-Weft".to_owned(), "1".to_owned()), ("Sec-Fetch-Site".to_owned(), "same-origin".to_owned())];
    let asked = http.request("POST", "/api/v1/session/persona", &[], Some(body.as_bytes()));
    let reply = tokio::time::timeout(ANSWER_MAX, asked).await.map_err(|error| error.to_string())?;
    let (status, headers, _) = reply.map_err(|error| error.to_string())?;
    let cookie = headers.iter().find(|(name, _)| name == "set-cookie");
    let cookie = cookie.ok_or_else(|| format!("no session but {status}"))?;
    http.headers.push(("Cookie".to_owned(), cookie.1.split(';').next().unwrap_or_default().to_owned()));
    Ok(())
}

/// Send a step and note what came of it. The id of the ticket, or nothing when the server is gone.
async fn send(http: &mut Client, step: Step, notes: &Mutex<Notes>) -> Option<String> {
    let body = step.body.to_string();
    let key = [("Idempotency-Key", step.key.as_str())];
    let asked = http.request(step.method, &step.path, &key, Some(body.as_bytes()));
    let reply = tokio::time::timeout(ANSWER_MAX, asked).await;
    let mut notes = notes.lock().await;
    match reply {
        Ok(Ok((status, _, body))) if (200..300).contains(&status) => {
            let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
            Some(notes.acknowledge(&step, answer["id"].as_str().unwrap_or_default()))
        }
        // Who is told to come back comes back when the others do.
        Ok(Ok((status, _, body))) if !is_turned_away(status) => {
            notes.refused.push(format!("{status} {}", String::from_utf8_lossy(&body)));
            None
        }
        _ => {
            if let Kind::Create { title } = &step.kind {
                notes.under_way.insert(title.clone());
            }
            notes.unanswered.push(step);
            None
        }
    }
}

impl Notes {
    fn acknowledge(&mut self, step: &Step, id: &str) -> String {
        match &step.kind {
            Kind::Create { title } => {
                self.tickets.insert(title.clone(), id.to_owned());
            }
            Kind::Comment { body } => {
                self.comments.insert(body.clone());
            }
            Kind::Change { id, title } => {
                self.changes.insert(id.clone(), title.clone());
                return id.clone();
            }
        }
        id.to_owned()
    }
}

/// Repeat what has no answer, with the same keys, as any client does. What was under way and was not there before this is noted.
async fn repeat(address: &str, notes: &Mutex<Notes>) -> Result<(), String> {
    let waiting = std::mem::take(&mut notes.lock().await.unanswered);
    let mut http = BTreeMap::new();
    for login in PERSONAS {
        let mut client = Client::connect(address).await.map_err(|error| error.to_string())?;
        let mut tries = 0;
        while let Err(error) = signed_in(&mut client, login).await {
            tries += 1;
            if tries == TRIES_MAX {
                return Err(error);
            }
            pause(REST).await;
        }
        http.insert(login, client);
    }
    for step in waiting {
        let client: usize = step.key.split('-').nth(3).and_then(|word| word.parse().ok()).unwrap_or(0);
        let http = http.get_mut(PERSONAS[client % PERSONAS.len()]).expect("everybody is signed in");
        let body = step.body.to_string();
        let key = [("Idempotency-Key", step.key.as_str())];
        let mut tries = 0;
        let (status, headers, body) = loop {
            let reply = http.request(step.method, &step.path, &key, Some(body.as_bytes())).await;
            let reply = reply.map_err(|error| format!("the server that was started again does not answer: {error}"))?;
            tries += 1;
            if !is_turned_away(reply.0) || tries == TRIES_MAX {
                break reply;
            }
            pause(REST).await;
        };
        let mut notes = notes.lock().await;
        if !(200..300).contains(&status) {
            notes.refused.push(format!("{status} {}", String::from_utf8_lossy(&body)));
            continue;
        }
        // Carried out before the server died, and only not answered.
        if headers.iter().any(|(name, _)| name == "idempotency-replayed")
            && let Kind::Create { title } = &step.kind
        {
            notes.under_way.remove(title);
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        notes.acknowledge(&step, answer["id"].as_str().unwrap_or_default());
    }
    Ok(())
}

/// 429 and 503 with nothing done: the machine has too much to do just now.
const fn is_turned_away(status: u16) -> bool {
    matches!(status, 429 | 503)
}

async fn judge(file: &Path, notes: &Notes, kills: u32, slowest: Duration) -> Result<Verdict, String> {
    let (titles, comments) = stored(file).await?;
    let mut wrong = Vec::new();
    for (title, id) in &notes.tickets {
        let expected = notes.changes.get(id).unwrap_or(title);
        match titles.get(id) {
            Some(found)
                if found == expected || found.starts_with(title.as_str()) && !notes.changes.contains_key(id) => {}
            found => wrong.push(format!("ticket `{expected}` is {found:?}")),
        }
    }
    let known: BTreeSet<&String> = notes.tickets.values().collect();
    let ours = titles.iter().filter(|(_, title)| title.starts_with("kill "));
    wrong.extend(
        ours.filter(|(id, _)| !known.contains(id))
            .map(|(_, title)| format!("`{title}` is there twice or was never asked for")),
    );
    for body in &notes.comments {
        match comments.get(body) {
            Some(1) => {}
            found => wrong.push(format!("comment `{body}` is there {} times", found.unwrap_or(&0))),
        }
    }
    let findings = fsck::sqlite(file).await;
    let acked = notes.tickets.len() + notes.comments.len() + notes.changes.len();
    let problems: Vec<&String> = wrong.iter().chain(&notes.refused).take(3).collect();
    Ok(Verdict {
        figure: format!(
            "{kills} kills: {} of {acked} acknowledged lost or doubled, {} refused, {} findings of fsck, ready after {} ms at most{}",
            wrong.len(),
            notes.refused.len(),
            findings.counts.values().sum::<u64>(),
            slowest.as_millis(),
            if problems.is_empty() { String::new() } else { format!(": {problems:?} {}", findings.text()) }
        ),
        limit: format!("0 lost or doubled, 0 findings, ready within {} ms", READY_MAX.as_millis()),
        kept: wrong.is_empty() && notes.refused.is_empty() && findings.is_clean() && slowest <= READY_MAX && acked > 0,
        control: format!("of what was only sent when a server died, {} tickets were not there", notes.under_way.len()),
        control_failed: !notes.under_way.is_empty(),
    })
}

type Stored = (BTreeMap<String, String>, BTreeMap<String, u32>);

/// Titles of tickets by id, and how often each comment is there.
async fn stored(file: &Path) -> Result<Stored, String> {
    let failed = |error: store::StoreError| format!("`{}` cannot be read: {error:?}", file.display());
    let mut snapshot: Box<dyn Snapshot> =
        Box::new(SqliteSnapshot::open(&SqliteConfig::new(file)).await.map_err(failed)?);
    let tables = snapshot.tables().await.map_err(failed)?;
    let (mut titles, mut comments) = (BTreeMap::new(), BTreeMap::new());
    for table in &tables {
        let column = match table.name.as_str() {
            "ticket" => "title",
            "comment" => "body",
            _ => continue,
        };
        let mut pages = Pages::of(table, &[column]);
        while let Some(rows) = pages.next(&mut *snapshot).await.map_err(failed)? {
            for row in rows {
                let text = row.text(column).unwrap_or_default().to_owned();
                if column == "title" {
                    titles.insert(row.text("id").unwrap_or_default().to_owned(), text);
                } else {
                    *comments.entry(text).or_default() += 1;
                }
            }
        }
    }
    snapshot.end().await;
    Ok((titles, comments))
}

async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
