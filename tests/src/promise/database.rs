//! 09: PostgreSQL is killed again and again, and a fifth of all transactions and statements is taken back as a server does that finds two
//! in each other's way. Nobody sees an error that is not "try again", nothing that was acknowledged is lost, and no update is lost.
//!
//! The history that is checked: clients append words to the titles of a few tickets, each with the version that it has seen. Every word
//! that was acknowledged must be in the title at the end, once. The control appends without saying what it has seen.

use super::proxy::Proxy;
use super::{Size, Verdict, block_on};
use crate::cluster::{Admin, Cluster, incident, pause};
use crate::fsck;
use crate::postgres::Postgres;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const CLIENTS: usize = 8;
/// Few, so that clients meet.
const TICKETS: usize = 4;
/// Words of a title, before it is begun anew: a title has room for 300 characters.
const WORDS_MAX: usize = 20;
const TRIES_MAX: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Append {
    ToWhatWasSeen,
    ToWhateverThereIs,
}

#[derive(Debug, Default)]
struct Seen {
    errors: AtomicU64,
    conflicts: AtomicU64,
    again: AtomicU64,
}

struct Found {
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    errors: u64,
    conflicts: u64,
    again: u64,
    taken_back: u64,
    kills: usize,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let lasts = size.pick(Duration::from_secs(5), Duration::from_secs(120));
        let found = run(lasts, size.pick(1, 12), Append::ToWhatWasSeen).await?;
        let control = run(Duration::from_secs(2), 0, Append::ToWhateverThereIs).await?;
        if found.taken_back == 0 || found.conflicts == 0 {
            return Err("nothing was put to the test: nobody met anybody".to_owned());
        }
        Ok(Verdict {
            figure: format!(
                "{} acknowledged updates, {} lost, {} applied twice, {} answers with 500; {} kills, {} statements taken back, {} conflicts, {} answers \"try again\"",
                found.acknowledged,
                found.lost,
                found.doubled,
                found.errors,
                found.kills,
                found.taken_back,
                found.conflicts,
                found.again
            ),
            limit: "0 lost, 0 twice, 0 answers with 500".to_owned(),
            kept: found.lost == 0 && found.doubled == 0 && found.errors == 0 && found.acknowledged > 0,
            control: format!(
                "without the version that was seen {} of {} updates were lost",
                control.lost, control.acknowledged
            ),
            control_failed: control.lost > 0,
        })
    })
}

async fn run(lasts: Duration, kills: usize, append: Append) -> Result<Found, String> {
    let postgres = Postgres::start()?;
    let cluster = Arc::new(Cluster::new(postgres.url(), &[]).await?);
    cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
    let proxy = Proxy::start(format!("127.0.0.1:{}", postgres.port)).await?;
    let nodes = [
        cluster.node_at(&postgres.url_at(&proxy.address)).await,
        cluster.node_at(&postgres.url_at(&proxy.address)).await,
    ];
    let mut admin = cluster.client(&nodes[0]).await?;
    let mut tickets = Vec::new();
    for _ in 0..TICKETS {
        let ticket = admin.post("/tickets", &incident("-")).await?;
        tickets.push(ticket["id"].as_str().ok_or("a ticket has an id")?.to_owned());
    }
    if append == Append::ToWhatWasSeen {
        proxy.faults.percent_taken_back.store(20, Ordering::SeqCst);
    }
    let (seen, until) = (Arc::new(Seen::default()), Instant::now() + lasts);
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let admin = cluster.client(&nodes[client % nodes.len()]).await?;
        let (tickets, seen) = (tickets.clone(), Arc::clone(&seen));
        clients.spawn(async move { client_loop(admin, client, &tickets, (append, until), &seen).await });
    }
    for _ in 0..kills {
        pause(lasts / u32::try_from(kills + 1).unwrap_or(1)).await;
        postgres.crash_and_restart()?;
    }
    let mut acknowledged: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for client in clients.join_all().await {
        for (ticket, word) in client? {
            acknowledged.entry(ticket).or_default().push(word);
        }
    }
    proxy.faults.stop();
    let (mut lost, mut doubled, mut count) = (0, 0, 0);
    for (place, words) in &acknowledged {
        // The whole history of a title: it is begun anew when it has grown long.
        let titles = postgres.ask(&format!(
            "SELECT string_agg(data, E'\\n') FROM event WHERE subject = '{}' AND kind = 'ticket.changed'",
            tickets[*place]
        ))?;
        let last = admin.get(&format!("/tickets/{}", tickets[*place])).await?;
        let last = last["title"].as_str().unwrap_or_default().to_owned();
        for word in words {
            count += 1;
            let in_last = last.split(' ').filter(|one| one == word).count();
            let in_ended = titles.lines().filter(|line| ended(line).split(' ').any(|one| one == word)).count();
            lost += usize::from(in_last + in_ended == 0);
            doubled += usize::from(in_last + in_ended > 1);
        }
    }
    let number = |value: &AtomicU64| value.load(Ordering::SeqCst);
    let found = Found {
        acknowledged: count,
        lost,
        doubled,
        errors: number(&seen.errors),
        conflicts: number(&seen.conflicts),
        again: number(&seen.again),
        taken_back: number(&proxy.faults.taken_back),
        kills,
    };
    for node in nodes {
        node.kill().await;
    }
    fsck::fits_together(&postgres.url()).await?;
    Ok(found)
}

/// What a title was when an event began it anew; nothing for other events.
fn ended(event: &str) -> String {
    let data: Value = serde_json::from_str(event).unwrap_or_default();
    let changes = data["changes"].as_array().into_iter().flatten();
    let mut begun = changes.filter(|change| change["field"] == "title" && change["to"] == "-");
    begun.next().and_then(|change| change["from"].as_str()).unwrap_or_default().to_owned()
}

async fn client_loop(
    mut admin: Admin,
    client: usize,
    tickets: &[String],
    (append, until): (Append, Instant),
    seen: &Seen,
) -> Result<Vec<(usize, String)>, String> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while Instant::now() < until {
        number += 1;
        let (ticket, word) = ((client + number) % tickets.len(), format!("c{client}n{number}"));
        if append_word(&mut admin, &tickets[ticket], &word, append, seen).await? {
            acknowledged.push((ticket, word));
        }
    }
    Ok(acknowledged)
}

/// Append a word, however often it takes. A command whose end is unknown is repeated with its key.
async fn append_word(admin: &mut Admin, ticket: &str, word: &str, append: Append, seen: &Seen) -> Result<bool, String> {
    let path = format!("/tickets/{ticket}");
    for attempt in 0..TRIES_MAX {
        let Ok((200, headers, body)) =
            admin.try_send("GET", &path, &[], None).await.inspect(|(status, ..)| note(seen, *status))
        else {
            pause(Duration::from_millis(50)).await;
            continue;
        };
        let current: Value = serde_json::from_slice(&body).unwrap_or_default();
        let title = current["title"].as_str().unwrap_or_default();
        let title = if title.split(' ').count() > WORDS_MAX { "-".to_owned() } else { format!("{title} {word}") };
        let is_new_line = title == "-";
        let etag = headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.clone()).unwrap_or_default();
        let key = format!("{word}-{attempt}");
        let mut sent = vec![("Idempotency-Key", key.as_str())];
        if append == Append::ToWhatWasSeen {
            sent.push(("If-Match", etag.as_str()));
        }
        let change = json!({ "title": title });
        for _ in 0..TRIES_MAX {
            let answer = admin.try_send("PATCH", &path, &sent, Some(&change)).await;
            if let Ok((status, ..)) = &answer {
                note(seen, *status);
            }
            match answer {
                Ok((200, ..)) if is_new_line => break,
                Ok((200, ..)) => return Ok(true),
                Ok((412, ..)) => break,
                Ok((status @ 400..=499, _, answer)) if !matches!(status, 408 | 409 | 429) => {
                    return Err(format!("an update was answered with {status}: {}", String::from_utf8_lossy(&answer)));
                }
                _ => pause(Duration::from_millis(100)).await,
            }
        }
    }
    Ok(false)
}

fn note(seen: &Seen, status: u16) {
    let counter = match status {
        500..=502 => &seen.errors,
        412 => &seen.conflicts,
        409 | 429 | 503 => &seen.again,
        _ => return,
    };
    counter.fetch_add(1, Ordering::SeqCst);
}
