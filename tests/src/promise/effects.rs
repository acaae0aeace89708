//! 04: requests and mails while replies are lost and the server is killed. Every effect arrives, under one key however often it is sent,
//! and what nobody can know is in front of an operator within seconds.
//!
//! The receivers are sockets of this process: one speaks HTTP, one SMTP. Every tenth delivery they take and then hang up without a word.
//! The server is the real binary on a real disk, killed at random moments of its work. An operator looks at the list of what is unknown
//! all the time: what the receiver has is settled, what it does not have is sent again.
//!
//! The control counts arrivals without looking at the key: there the same effects happen more often than they were decided.

use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server, free_address, path};
use crate::fsck;
use crate::guests::{self, Function, Guest};
use app::{PersonChange, SpaceChange};
use domain::{PersonId, Role, SpaceId};
use serde_json::{Value, json};
use server::config::Settings;
use server::open::{Durability, open, operator};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::Instant;

/// One reply of so many is lost.
const LOST_EACH: u64 = 10;
const LISTED_MAX: Duration = Duration::from_secs(5);
/// For everything to arrive once nobody is killed any more.
const SETTLED_MAX: Duration = Duration::from_secs(90);
const DOMAIN: &str = "weft.example";

/// What a receiver saw, by key.
#[derive(Debug, Default)]
struct Seen {
    arrivals: BTreeMap<String, u64>,
    lost: BTreeMap<String, Instant>,
    count: u64,
}

impl Seen {
    /// Whether the reply to this one is lost.
    fn arrived(&mut self, key: String) -> bool {
        self.count += 1;
        let is_lost = self.count % LOST_EACH == LOST_EACH / 2;
        if is_lost {
            self.lost.insert(key.clone(), Instant::now());
        }
        *self.arrivals.entry(key).or_default() += 1;
        is_lost
    }
}

type Shared = Arc<Mutex<Seen>>;

#[derive(Debug)]
struct Sink {
    port: u16,
    seen: Shared,
}

impl Sink {
    async fn http() -> Result<Self, String> {
        Self::start(|stream, seen| async move {
            let _ = http(stream, &seen).await;
        })
        .await
    }

    async fn smtp() -> Result<Self, String> {
        Self::start(|stream, seen| async move {
            let _ = smtp(stream, &seen).await;
        })
        .await
    }

    async fn start<F, T>(talk: F) -> Result<Self, String>
    where
        F: Fn(TcpStream, Shared) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.map_err(|error| format!("no port on loopback: {error}"))?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let seen = Shared::default();
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { port, seen })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it holds this")
    }
}

async fn http(stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_lowercase().as_str() {
            "idempotency-key" => value.clone_into(&mut key),
            "content-length" => length = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    if seen.lock().expect("nothing panics while it holds this").arrived(key) {
        return Ok(());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await
}

async fn smtp(stream: TcpStream, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.split([' ', '\r']).next().unwrap_or_default() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "DATA" => "354 go\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        if !line.starts_with("DATA") {
            continue;
        }
        let mut mail = String::new();
        while !mail.ends_with("\r\n.\r\n") {
            if stream.read_line(&mut mail).await? == 0 {
                return Ok(());
            }
        }
        // A long header goes on in the next line.
        let unfolded = mail.replace("\r\n ", " ");
        let id = unfolded.lines().find_map(|line| line.strip_prefix("Message-ID:")).unwrap_or_default();
        let id = id.trim().to_owned();
        if seen.lock().expect("nothing panics while it holds this").arrived(id) {
            return Ok(());
        }
        stream.write_all(b"250 taken\r\n").await?;
    }
}

/// The Message-ID of an item with this key.
fn message_id(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("<{hash}@{DOMAIN}>")
}

const KIND: &str = "id = \"task\"\ntype = \"ticket\"\ntitle = \"Task\"\nplural = \"Tasks\"\nprefix = \"TSK\"\ndigits = 5\ncreate = [\"requester\", \"agent\"]\n\
[[state]]\nid = \"new\"\ntitle = \"New\"\ncategory = \"new\"\n\
[[state]]\nid = \"done\"\ntitle = \"Done\"\ncategory = \"closed\"\n[[transition]]\nfrom = [\"new\"]\nto = \"done\"\ntitle = \"Finish\"\nroles = [\"agent\"]\n";

/// A practice whose every new task makes a request and writes a mail.
fn practice(port: u16) -> Vec<u8> {
    let manifest = format!(
        "id = \"tasks\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Tasks\"\nsummary = \"A component of the checks.\"\n\
         [[kind]]\nfile = \"kinds/task.toml\"\n[guard]\nkinds = [\"task\"]\n\
         [[grant]]\nread = \"ticket:task\"\nreason = \"Its own.\"\n\
         [[grant]]\neffect = [\"call\", \"mail\"]\non = \"ticket:task\"\nreason = \"To tell others.\"\n\
         [[grant]]\nhttp = {{ host = \"localhost:{port}\", methods = [\"POST\"], path = \"/\" }}\nreason = \"To tell them.\"\n"
    );
    let call = json!({
        "method": "POST", "url": format!("http://localhost:{port}/effect"), "body": "{}", "backoff": "PT1S,PT1S,PT1S,PT1S,PT1S",
    });
    let mail = json!({ "to": ["somebody@elsewhere.example"], "subject": "Task", "text": "A task was made." });
    let guest = Guest::new("tasks").manifest(Some(&manifest)).asset("kinds/task.toml", KIND.as_bytes());
    guests::returning(guest, Function::Guard, &[("call", &call.to_string()), ("mail", &mail.to_string())])
}

/// A database with somebody who may do everything; gives their token.
async fn prepare(database: &Path, port: u16) -> Result<String, String> {
    let mut settings = Settings::default();
    settings.store.path = database.to_owned();
    let app = open(&settings, false, Durability::Full).await.map_err(|error| error.to_string())?;
    let failed = |error: app::AppError| format!("the database cannot be prepared: {error}");
    let admin = operator();
    let space = SpaceChange { id: "it".into(), title: "IT".to_owned(), confidential: false, calendar: None };
    app.space_put(&admin, space).await.map_err(failed)?;
    let change =
        PersonChange { login: Some("ada".to_owned()), name: Some("Ada".to_owned()), ..PersonChange::default() };
    let ada = PersonId::from("ada");
    app.person_put(&admin, Some(&ada), change).await.map_err(failed)?;
    let roles = vec![(SpaceId::from("*"), Role::Administrator), (SpaceId::from("it"), Role::Agent)];
    app.roles_put(&admin, &ada, roles).await.map_err(failed)?;
    let plugin = app.plugin_install(&admin, practice(port)).await.map_err(failed)?;
    app.plugin_enable(&admin, &plugin.id).await.map_err(failed)?;
    let actor = app.actor_by_login("ada").await.map_err(failed)?;
    let token = app.token_create(&actor, "check", 1).await.map_err(failed)?.token;
    app.store().close().await;
    Ok(token)
}

async fn serve(database: &Path, http: &Sink, smtp: &Sink) -> Server {
    let address = free_address();
    let mut command = Command::new(path());
    command.arg("serve").arg("--store-path").arg(database).arg("--http-listen").arg(&address);
    // So that what a killed server had claimed is looked at soon after the next start.
    command.args(["--jobs-lease-seconds", "2"]);
    command.args(["--outbound-private-networks", "true", "--outbound-plain-http", "true"]);
    command.arg("--outbound-idempotent-hosts").arg(format!("localhost:{}", http.port));
    command.arg("--mail-url").arg(format!("smtp://127.0.0.1:{}", smtp.port));
    command.args(["--mail-tls", "local", "--mail-notify", "false", "--mail-from", &format!("weft@{DOMAIN}")]);
    Server::start(command, address).await
}

/// Somebody with a token. A server that was killed breaks the connection, which is an answer like any other.
async fn client(server: &Server, token: &str) -> Option<Client> {
    let mut client = Client::connect(&server.address).await.ok()?;
    client.headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    Some(client)
}

async fn get(client: &mut Client, path: &str) -> Option<Value> {
    let (status, _, body) = client.request("GET", &format!("/api/v1{path}"), &[], None).await.ok()?;
    (status == 200).then(|| serde_json::from_slice(&body).ok()).flatten()
}

async fn post(client: &mut Client, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
    let text = body.to_string();
    let reply =
        client.request("POST", &format!("/api/v1{path}"), &[("Idempotency-Key", key)], Some(text.as_bytes())).await;
    let (status, _, body) = reply.ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

#[expect(clippy::disallowed_methods, reason = "other processes work in real time")]
async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// What an operator saw.
#[derive(Debug, Default)]
struct Operator {
    /// Longest time between the loss of a reply, or the start of a server that finds an interrupted attempt, and the list.
    slowest: Duration,
    listed: BTreeSet<String>,
}

impl Operator {
    /// Look at the list once, and decide about everything in it.
    async fn look(&mut self, client: &mut Client, ready: Instant, sinks: [&Sink; 2]) -> Option<()> {
        let list = get(client, "/outbox?state=unknown&limit=200").await?;
        for item in list["items"].as_array()? {
            let id = item["id"].as_str()?.to_owned();
            let key = item["idempotency_key"].as_str()?;
            let is_mail = item["item_type"] == "mail";
            let (sink, name) = (sinks[usize::from(is_mail)], if is_mail { message_id(key) } else { key.to_owned() });
            let (arrived, lost) = {
                let seen = sink.lock();
                (seen.arrivals.contains_key(&name), seen.lost.get(&name).copied())
            };
            if self.listed.insert(format!("{id}/{}", item["attempts"])) {
                // Nobody can list anything while no server runs.
                let since = lost.map_or(ready, |lost| lost.max(ready));
                self.slowest = self.slowest.max(since.elapsed());
            }
            let (path, body) = if arrived {
                (format!("/outbox/{id}/settle"), json!({ "settlement": "delivered" }))
            } else {
                (format!("/outbox/{id}/retry"), json!({}))
            };
            post(client, &path, &format!("{id}/{}", item["version"]), &body).await?;
        }
        Some(())
    }
}

#[derive(Debug)]
struct Outcome {
    tickets: usize,
    items: usize,
    kills: usize,
    lost: usize,
    arrivals: u64,
    listed: usize,
    slowest: Duration,
    wrong: Vec<String>,
}

/// SplitMix64: the moments of the kills.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    let seed = 4;
    let outcome = block_on(run(size.pick(3, 100), size.pick(8, 12), seed))?;
    let Outcome { tickets, items, kills, lost, arrivals, listed, slowest, wrong } = &outcome;
    let shown: Vec<&str> = wrong.iter().take(5).map(String::as_str).collect();
    Ok(Verdict {
        figure: format!(
            "{items} effects of {tickets} tickets under {kills} kills (seed {seed}), {lost} replies lost: {} wrong{}{}; {listed} unknown, \
             listed after {} ms at most",
            wrong.len(),
            if wrong.is_empty() { "" } else { ": " },
            shown.join("; "),
            slowest.as_millis()
        ),
        limit: format!(
            "every effect delivered, one key each, unknown ones listed within {} ms",
            LISTED_MAX.as_millis()
        ),
        kept: wrong.is_empty() && *slowest <= LISTED_MAX && *items > 0 && *lost > 0 && *listed > 0,
        control: format!("receivers that do not look at the key do {arrivals} effects for {items} that were decided"),
        control_failed: *arrivals > *items as u64,
    })
}

async fn run(kills: usize, tickets_each: usize, seed: u64) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let database = folder.path().join("weft.db");
    let (http, smtp) = (Sink::http().await?, Sink::smtp().await?);
    let token = prepare(&database, http.port).await?;
    let mut dice = Dice(seed);
    let mut operator = Operator::default();
    let mut acknowledged = BTreeSet::new();
    for round in 0..=kills {
        let server = serve(&database, &http, &smtp).await;
        let ready = Instant::now();
        let mut watching = client(&server, &token).await.ok_or("the server does not answer")?;
        let mut working = client(&server, &token).await.ok_or("the server does not answer")?;
        let last = round == kills;
        let until = ready + if last { SETTLED_MAX } else { Duration::from_millis(150 + dice.below(600)) };
        let work = async {
            let mut made = Vec::new();
            for number in 0..tickets_each {
                let task = json!({ "kind": "task", "space": "it", "title": format!("Task {round}.{number}") });
                match post(&mut working, "/tickets", &format!("task-{round}-{number}"), &task).await {
                    Some((201, ticket)) => made.push(ticket["id"].as_str().unwrap_or_default().to_owned()),
                    Some((status, problem)) => return Err(format!("a ticket was answered with {status}: {problem}")),
                    None => break,
                }
            }
            Ok(made)
        };
        let watch = async {
            while Instant::now() < until {
                if operator.look(&mut watching, ready, [&http, &smtp]).await.is_none() {
                    break;
                }
                if last && is_quiet(&mut watching).await {
                    break;
                }
                pause(40).await;
            }
        };
        if last {
            let (made, ()) = tokio::join!(work, watch);
            acknowledged.extend(made?);
            let wrong = judge(&mut watching, &acknowledged, &http, &smtp).await.ok_or("the outbox cannot be read")?;
            let (items, mut wrong) = wrong;
            server.stop().await;
            let report = fsck::sqlite(&database).await;
            if !report.is_clean() {
                wrong.push(report.text());
            }
            let (requests, mails) = (http.lock(), smtp.lock());
            return Ok(Outcome {
                tickets: acknowledged.len(),
                items,
                kills,
                lost: requests.lost.len() + mails.lost.len(),
                arrivals: requests.count + mails.count,
                listed: operator.listed.len(),
                slowest: operator.slowest,
                wrong,
            });
        }
        let kill = async {
            while Instant::now() < until {
                pause(5).await;
            }
            server.kill().await;
        };
        let (made, (), ()) = tokio::join!(work, watch, kill);
        acknowledged.extend(made?);
    }
    unreachable!("the last round returns")
}

/// Nothing waits, is sent or is unknown.
async fn is_quiet(client: &mut Client) -> bool {
    let counts = get(client, "/outbox/counts").await;
    counts.is_some_and(|counts| counts["counts"].as_object().is_some_and(serde_json::Map::is_empty))
}

/// How many items there are, and what is wrong with them.
async fn judge(
    client: &mut Client,
    acknowledged: &BTreeSet<String>,
    http: &Sink,
    smtp: &Sink,
) -> Option<(usize, Vec<String>)> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(client, &format!("/outbox?limit=200{after}")).await?;
        items.extend(page["items"].as_array()?.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut wrong = Vec::new();
    let (mut keys, mut of_ticket) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for item in &items {
        let key = item["idempotency_key"].as_str()?.to_owned();
        let is_mail = item["item_type"] == "mail";
        let arrived = if is_mail {
            smtp.lock().arrivals.contains_key(&message_id(&key))
        } else {
            http.lock().arrivals.contains_key(&key)
        };
        if item["state"] != "delivered" || !arrived {
            wrong.push(format!("{key} is {} and {}", item["state"], if arrived { "arrived" } else { "never arrived" }));
        }
        *of_ticket.entry(item["ticket"].as_str()?.to_owned()).or_default() += 1;
        if !keys.insert(if is_mail { message_id(&key) } else { key.clone() }) {
            wrong.push(format!("two effects have the key {key}"));
        }
    }
    for (ticket, effects) in &of_ticket {
        if *effects != 2 {
            wrong.push(format!("ticket {ticket} has {effects} effects and not 2"));
        }
    }
    wrong.extend(
        acknowledged.iter().filter(|id| !of_ticket.contains_key(*id)).map(|id| format!("ticket {id} has no effect")),
    );
    let known: Vec<String> = http.lock().arrivals.keys().chain(smtp.lock().arrivals.keys()).cloned().collect();
    wrong.extend(
        known.into_iter().filter(|key| !keys.contains(key)).map(|key| format!("{key} arrived and was never decided")),
    );
    Some((items.len(), wrong))
}
