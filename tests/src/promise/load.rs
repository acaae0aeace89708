//! Load on a real server: agents at their screens and integrations with tokens, who ask as fast as they get answers, or as often as they
//! please whether it can be served or not.
//!
//! The server is the built binary on SQLite, on a real disk. It must not know what is promised.

use crate::binary::{Client, Server, free_address, path};
use crate::cluster::{incident, pause};
use app::{PersonChange, SpaceChange};
use domain::{PersonId, PluginId, Role, SpaceId};
use serde_json::{Value, json};
use server::config::Settings;
use server::open::{Durability, open, operator};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

const PASSWORD: &str = "correct horse battery";
const TOKENS: usize = 8;
const AGENTS: usize = 6;
/// Tickets that agents read and comment on.
const TICKETS: usize = 24;
/// A request that is not answered for so long is given up.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A database with a company in it, and the secrets of those who use it.
pub(super) struct Site {
    folder: tempfile::TempDir,
    url: String,
    pub(super) integrations: Vec<Vec<(String, String)>>,
    pub(super) people: Vec<Vec<(String, String)>>,
    pub(super) tickets: Vec<String>,
}

/// What one request came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) took: Duration,
    /// 0 where there was no answer.
    pub(super) status: u16,
    /// A refusal that says when to come back.
    pub(super) says_when: bool,
    pub(super) is_person: bool,
}

impl Sample {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What somebody asks for, by the number of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Report an incident.
    Create,
    /// Read a ticket, and the next time comment on it.
    ReadAndComment,
}

impl Site {
    /// # Errors
    /// The database cannot be prepared.
    pub(super) async fn prepare() -> Result<Self, String> {
        Self::prepare_on("").await
    }

    /// The same on a PostgreSQL at an address.
    ///
    /// # Errors
    /// The database cannot be prepared.
    pub(super) async fn prepare_on(url: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let settings = settings(&folder.path().join("weft.db"), url);
        let app = open(&settings, false, Durability::Full).await.map_err(|error| error.to_string())?;
        let failed = |error: app::AppError| format!("the database cannot be prepared: {error}");
        let admin = operator();
        let space = SpaceChange { id: "it".into(), title: "IT".to_owned(), confidential: false, calendar: None };
        app.space_put(&admin, space).await.map_err(failed)?;
        let plugin = bundle::plugin("incident").ok_or("there is no practice `incident`")?;
        app.plugin_install(&admin, plugin.bytes.to_vec()).await.map_err(failed)?;
        app.plugin_enable(&admin, &PluginId::from("incident")).await.map_err(failed)?;
        let (mut integrations, mut people) = (Vec::new(), Vec::new());
        for number in 0..TOKENS + AGENTS {
            let login = format!("user{number}");
            let id = PersonId::from(login.as_str());
            let name = Some(format!("User {number}"));
            let change = PersonChange { login: Some(login.clone()), name, ..PersonChange::default() };
            app.person_put(&admin, Some(&id), change).await.map_err(failed)?;
            let roles = vec![(SpaceId::from("*"), Role::Administrator), (SpaceId::from("it"), Role::Agent)];
            app.roles_put(&admin, &id, roles).await.map_err(failed)?;
            if number < TOKENS {
                let actor = app.actor_by_login(&login).await.map_err(failed)?;
                let token = app.token_create(&actor, "load", 1).await.map_err(failed)?.token;
                integrations.push(vec![("Authorization".to_owned(), format!("Bearer {token}"))]);
            } else {
                app.password_put(&admin, &id, Some(PASSWORD)).await.map_err(failed)?;
                let token = app.sign_in(&login, PASSWORD).await.map_err(failed)?.token;
                let own = [("Cookie", format!("weft={token}")), ("X-Weft", "1".to_owned())];
                people.push(own.map(|(name, value)| (name.to_owned(), value)).to_vec());
            }
        }
        app.store().close().await;
        Ok(Self { folder, url: url.to_owned(), integrations, people, tickets: Vec::new() })
    }

    /// The file of the database, where it is one.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join("weft.db")
    }

    /// Start a server on it.
    pub(super) async fn serve(&self, flags: &[(&str, &str)]) -> Server {
        let address = free_address();
        let mut command = Command::new(path());
        command.arg("serve").arg("--store-path").arg(self.database()).arg("--http-listen").arg(&address);
        command.env("WEFT_STORE_URL", &self.url).env("WEFT_PLUGINS_CACHE_DIR", cache()).env("RUST_LOG", "error");
        for (name, value) in flags {
            command.arg(format!("--{name}")).arg(value);
        }
        Server::start(command, address).await
    }

    /// Everybody shows who they are, and agents find tickets to work on.
    ///
    /// # Errors
    /// The server refuses.
    pub(super) async fn greet(&mut self, server: &Server) -> Result<(), String> {
        for headers in self.integrations.iter().chain(&self.people) {
            get(&server.address, headers, "/session").await?;
        }
        while self.tickets.len() < TICKETS {
            let title = format!("Ticket {}", self.tickets.len());
            let ticket = post(&server.address, &self.integrations[0], "/tickets", &incident(&title)).await?;
            self.tickets.push(ticket["id"].as_str().ok_or("a ticket has an id")?.to_owned());
        }
        Ok(())
    }

    fn request(&self, work: Work, number: u64) -> (&'static str, String, Option<Value>) {
        let ticket = || &self.tickets[usize::try_from(number / 2).unwrap_or(0) % self.tickets.len()];
        match (work, number % 2) {
            (Work::Create, _) => {
                ("POST", "/api/v1/tickets".to_owned(), Some(incident(&format!("Printer {number} is on fire"))))
            }
            (Work::ReadAndComment, 0) => ("GET", format!("/api/v1/tickets/{}", ticket()), None),
            (Work::ReadAndComment, _) => {
                let body = json!({ "visibility": "internal", "body": format!("Looked at it: {number}") });
                ("POST", format!("/api/v1/tickets/{}/comments", ticket()), Some(body))
            }
        }
    }

    fn callers(&self, work: Work) -> &[Vec<(String, String)>] {
        if work == Work::Create { &self.integrations } else { &self.people }
    }

    /// So many clients ask as fast as they are answered.
    pub(super) async fn closed(
        self: &Arc<Self>,
        server: &Server,
        work: Work,
        clients: usize,
        lasts: Duration,
    ) -> Vec<Sample> {
        let turn = Arc::new(AtomicU64::new(0));
        self.crowd(server, work, clients, move |began: Instant| {
            let number = turn.fetch_add(1, Ordering::Relaxed);
            (began.elapsed() < lasts).then(|| (number, Instant::now()))
        })
        .await
    }

    /// So many requests a second are sent, whatever becomes of them, over at most so many connections.
    pub(super) async fn open(
        self: &Arc<Self>,
        server: &Server,
        work: Work,
        connections: usize,
        per_second: f64,
        lasts: Duration,
    ) -> Vec<Sample> {
        let turn = Arc::new(AtomicU64::new(0));
        self.crowd(server, work, connections, move |began: Instant| {
            let number = turn.fetch_add(1, Ordering::Relaxed);
            #[expect(clippy::cast_precision_loss, reason = "requests of a minute")]
            let at = Duration::from_secs_f64(number as f64 / per_second);
            (at < lasts && began.elapsed() < lasts).then(|| (number, began + at))
        })
        .await
    }

    /// Clients that each do what `next` tells them, at its time, until it tells nothing any more. They are connected before they begin: how
    /// fast a machine makes connections is another question.
    async fn crowd(
        self: &Arc<Self>,
        server: &Server,
        work: Work,
        clients: usize,
        next: impl Fn(Instant) -> Option<(u64, Instant)> + Clone + Send + 'static,
    ) -> Vec<Sample> {
        let callers = self.callers(work);
        let mut lines = Vec::new();
        for place in 0..clients {
            let mut line = Line::new(server.address.clone(), callers[place % callers.len()].clone());
            line.open().await;
            lines.push(line);
        }
        let mut crowd = tokio::task::JoinSet::new();
        let began = Instant::now();
        for mut line in lines {
            let (site, next) = (Arc::clone(self), next.clone());
            crowd.spawn(async move {
                let mut samples = Vec::new();
                while let Some((number, at)) = next(began) {
                    pause(at.saturating_duration_since(Instant::now())).await;
                    let (method, path, body) = site.request(work, number);
                    let began = Instant::now();
                    let answer = line.ask(method, &path, body.as_ref()).await;
                    let took = began.elapsed();
                    let (status, says_when) = answer.map_or((0, false), |(status, says_when, _)| (status, says_when));
                    samples.push(Sample { took, status, says_when, is_person: work == Work::ReadAndComment });
                }
                samples
            });
        }
        crowd.join_all().await.into_iter().flatten().collect()
    }
}

/// Settings of a program that opens the database itself.
pub(super) fn settings(database: &Path, url: &str) -> Settings {
    let mut settings = Settings::default();
    settings.store.path = database.to_owned();
    url.clone_into(&mut settings.store.url);
    settings.plugins.cache_dir = cache().display().to_string();
    settings
}

/// Compiled once for all checks: it holds nothing of anybody.
fn cache() -> PathBuf {
    path().with_file_name("weft-components")
}

/// A connection that is made again when the server has closed it.
struct Line {
    address: String,
    headers: Vec<(String, String)>,
    client: Option<Client>,
}

impl Line {
    fn new(address: String, headers: Vec<(String, String)>) -> Self {
        Self { address, headers, client: None }
    }

    async fn open(&mut self) {
        if let Ok(mut client) = Client::connect(&self.address).await {
            client.headers.clone_from(&self.headers);
            self.client = Some(client);
        }
    }

    /// Status, whether a refusal says when to come back, and the body.
    async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, bool, Vec<u8>)> {
        let text = body.map(Value::to_string);
        let text = text.as_deref().map(str::as_bytes);
        // A kept connection may have been closed since: then a new one is the first try.
        for _ in 0..2 {
            let kept = self.client.take();
            let was_kept = kept.is_some();
            let mut client = match kept {
                Some(client) => client,
                None => {
                    let mut client = Client::connect(&self.address).await.ok()?;
                    client.headers.clone_from(&self.headers);
                    client
                }
            };
            match tokio::time::timeout(ANSWER_MAX, client.request(method, path, &[], text)).await {
                Ok(Ok((status, headers, body))) => {
                    let has = |name: &str, value: &str| headers.iter().any(|(n, v)| n == name && v.contains(value));
                    if !has("connection", "close") {
                        self.client = Some(client);
                    }
                    let says_when = has("retry-after", "") && has("content-type", "application/problem+json");
                    return Some((status, says_when, body));
                }
                Ok(Err(_)) if was_kept => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
        None
    }
}

/// One request that must succeed.
///
/// # Errors
/// It does not.
pub(super) async fn get(address: &str, headers: &[(String, String)], path: &str) -> Result<Value, String> {
    ask(address, headers, "GET", path, None).await
}

/// One change that must succeed.
///
/// # Errors
/// It does not.
pub(super) async fn post(
    address: &str,
    headers: &[(String, String)],
    path: &str,
    body: &Value,
) -> Result<Value, String> {
    ask(address, headers, "POST", path, Some(body)).await
}

/// One request, whatever comes of it: its status and its body.
pub(super) async fn attempt(
    address: &str,
    headers: &[(String, String)],
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let mut line = Line::new(address.to_owned(), headers.to_vec());
    let (status, _, body) = line.ask(method, &format!("/api/v1{path}"), body).await?;
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

async fn ask(
    address: &str,
    headers: &[(String, String)],
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, String> {
    match attempt(address, headers, method, path, body).await {
        Some((status, value)) if (200..300).contains(&status) => Ok(value),
        Some((status, value)) => Err(format!("{method} {path}: {status} {value}")),
        None => Err(format!("{method} {path}: no answer")),
    }
}

/// The time within which so many of a hundred were answered.
pub(super) fn percentile(samples: impl IntoIterator<Item = Duration>, percent: usize) -> Duration {
    let mut sorted: Vec<Duration> = samples.into_iter().collect();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// Answers that did what was asked, a second.
pub(super) fn good_per_second(samples: &[Sample], lasts: Duration) -> f64 {
    let good = samples.iter().filter(|sample| sample.is_good()).count();
    #[expect(clippy::cast_precision_loss, reason = "requests of a minute")]
    let good = good as f64;
    good / lasts.as_secs_f64()
}
