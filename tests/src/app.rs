//! The whole server in a test: the real router over the real host, called in this process, by people who tell a story.

use crate::transcript::{self, Scribe};
use crate::world::World;
use api::{ApiConfig, ApiState, Assets, schema};
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, Request};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Longest wait for anything that must come.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_MAX: usize = 64 << 20;

/// A server without a socket.
#[derive(Debug)]
pub struct TestApp {
    pub world: World,
    pub router: Router,
    pub stop: CancellationToken,
    scribe: Scribe,
    /// Position of the journal when the story began.
    began: std::sync::OnceLock<i64>,
}

/// Somebody who calls the API.
#[derive(Debug, Clone)]
pub struct Caller {
    router: Router,
    scribe: Scribe,
    who: String,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl TestApp {
    /// A company with people, groups and all bundled components; see [`World::new`].
    pub async fn new() -> Self {
        Self::over(World::new().await, ApiConfig::default())
    }

    /// # Panics
    /// Never.
    #[must_use]
    pub fn over(world: World, config: ApiConfig) -> Self {
        let stop = CancellationToken::new();
        let assets = Assets { get: Arc::new(|_| None), missing: "<!doctype html><title>No screens</title>" };
        let state =
            ApiState::new(Arc::clone(&world.app), config, assets, Arc::new(|| "weft_up 1\n".to_owned()), stop.clone());
        let scribe = Scribe::new(Arc::clone(&world.clock));
        Self { router: api::router(state), world, stop, scribe, began: std::sync::OnceLock::new() }
    }

    /// Write down what was asked and answered so far, and what the journal says about it.
    pub async fn transcript(&self, name: &str, title: &str) {
        let since = self.began.get().copied().unwrap_or(0);
        let journal = transcript::journal(&self.world, since).await;
        let text = format!("## What was said\n\n{}## What the journal says\n\n{journal}", self.scribe.conversation());
        transcript::write(name, title, &text);
    }

    /// Somebody with an API token.
    ///
    /// # Panics
    /// There is no such person.
    pub async fn caller(&self, login: &str) -> Caller {
        if self.began.get().is_none() {
            // What founded the company is no part of its story.
            let head = self.world.app.store().event_head(&self.world.app.config.org).await.expect("a position");
            self.began.get_or_init(|| head);
        }
        let actor = self.world.actor(login).await;
        let token = self.world.app.token_create(&actor, "test", 1).await.expect("a token");
        Caller {
            router: self.router.clone(),
            scribe: self.scribe.clone(),
            who: login.to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {}", token.token))],
        }
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Caller {
        let who = "Somebody".to_owned();
        Caller { router: self.router.clone(), scribe: self.scribe.clone(), who, headers: Vec::new() }
    }

    /// Somebody in a browser: signed in with a password, and with the headers that our own pages send.
    ///
    /// # Panics
    /// There is no such person.
    pub async fn browser(&self, login: &str) -> Caller {
        let actor = self.world.actor(login).await;
        let person = actor.person_id().expect("a person");
        self.world.app.password_put(&actor, &person, Some("correct horse battery")).await.expect("a password");
        let mut caller = self.anonymous();
        let reply =
            caller.post("/session", json!({ "login": login, "password": "correct horse battery" })).await.expect(200);
        let cookie = reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        let own = [("cookie", cookie.as_str()), ("x-weft", "1"), ("sec-fetch-site", "same-origin")];
        caller.headers = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        caller
    }
}

impl Caller {
    /// The same caller with one more header.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.into()));
        other
    }

    /// The same caller without a header.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json("POST", path, &body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.json("PATCH", path, &body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.json("PUT", path, &body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None, Vec::new()).await
    }

    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, Some("application/json"), body.to_string().into_bytes()).await
    }

    /// Any request. A path without a leading `//` is below `/api/v1`.
    ///
    /// # Panics
    /// The router never fails.
    pub async fn send(&self, method: &str, path: &str, media_type: Option<&str>, body: Vec<u8>) -> Reply {
        let reply = Reply::of(self.response(method, path, media_type, Body::from(body.clone())).await).await;
        self.scribe.note(&self.who, (method, path), &body, (reply.status, &reply.bytes));
        reply
    }

    async fn response(
        &self,
        method: &str,
        path: &str,
        media_type: Option<&str>,
        body: Body,
    ) -> axum::response::Response {
        let path = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('/'))
            .map_or_else(|| format!("/api/v1{path}"), str::to_owned);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let request = request.body(body).expect("the request of a test is valid");
        self.router.clone().oneshot(request).await.expect("a router does not fail")
    }

    /// Begin a change whose body does not come yet: its request runs until it does.
    #[must_use]
    pub fn slow(&self, method: &str, path: &str) -> Slow {
        let (body, later) = oneshot::channel::<Vec<u8>>();
        let reached = Arc::new(Notify::new());
        let asked = Arc::clone(&reached);
        let stream = futures_util::stream::once(async move {
            asked.notify_one();
            later.await.map(axum::body::Bytes::from)
        });
        let (caller, method, path) = (self.clone(), method.to_owned(), path.to_owned());
        let body_of = Body::from_stream(stream);
        let reply = tokio::spawn(async move {
            Reply::of(caller.response(&method, &path, Some("application/json"), body_of).await).await
        });
        Slow { reached, body, reply }
    }

    /// Report an incident in `it`.
    pub async fn create_incident(&self, title: &str, more: Value) -> schema::Ticket {
        let mut body = json!({ "kind": "incident", "space": "it", "title": title });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post("/tickets", body).await.expect(201).read()
    }

    pub async fn ticket(&self, id: &str) -> schema::TicketDetail {
        self.get(&format!("/tickets/{id}")).await.expect(200).read()
    }

    /// Open the stream of live events.
    ///
    /// # Panics
    /// It is refused.
    pub async fn events(&self) -> Events {
        let response = self.response("GET", "/events", None, Body::empty()).await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body().into_data_stream(), text: String::new(), position: String::new() }
    }
}

/// A request whose body comes later.
#[derive(Debug)]
pub struct Slow {
    reached: Arc<Notify>,
    body: oneshot::Sender<Vec<u8>>,
    reply: JoinHandle<Reply>,
}

impl Slow {
    /// Until the request is served so far that its body is asked for.
    ///
    /// # Panics
    /// It is not for too long.
    pub async fn reached(&self) {
        tokio::time::timeout(WAIT_MAX, self.reached.notified()).await.expect("the body is asked for");
    }

    /// Whether it was refused or waits: nobody asks for its body, for as long as a request needs to get there.
    pub async fn is_waiting(&self) -> bool {
        tokio::time::timeout(Duration::from_millis(50), self.reached.notified()).await.is_err()
    }

    /// Send the body, and wait for the answer.
    ///
    /// # Panics
    /// There is none.
    pub async fn finish(self, body: &Value) -> Reply {
        let _ = self.body.send(body.to_string().into_bytes());
        tokio::time::timeout(WAIT_MAX, self.reply).await.expect("an answer comes").expect("a router does not fail")
    }
}

impl Reply {
    async fn of(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, ANSWER_MAX).await.expect("the answer can be read");
        Self { status: parts.status.as_u16(), headers: parts.headers, bytes: bytes.to_vec() }
    }

    /// The same reply, if it has this status.
    ///
    /// # Panics
    /// It has another one.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The body as one of the API's shapes: a field that the shape does not know is a failure.
    ///
    /// # Panics
    /// It has another shape.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    #[must_use]
    pub fn value(&self) -> Value {
        self.read()
    }

    /// A problem with this status.
    ///
    /// # Panics
    /// Something else was answered.
    pub fn problem(&self, status: u16) -> schema::ProblemBody {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: schema::ProblemBody = self.read();
        assert_eq!((problem.status, problem.trace_id.as_str()), (status, self.header("x-request-id")));
        problem
    }

    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A stream of live events.
pub struct Events {
    body: BodyDataStream,
    text: String,
    position: String,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("text", &self.text).finish_non_exhaustive()
    }
}

impl Events {
    /// The next event about a ticket, or nothing when the stream ends.
    ///
    /// # Panics
    /// Nothing comes for too long.
    pub async fn next(&mut self) -> Option<schema::LiveEvent> {
        self.next_of("ticket").await
    }

    /// The next event about a flow, or nothing when the stream ends.
    ///
    /// # Panics
    /// Nothing comes for too long.
    pub async fn next_flow(&mut self) -> Option<schema::LiveFlow> {
        self.next_of("flow").await
    }

    /// From where to go on, as the last event said it.
    #[must_use]
    pub fn position(&self) -> &str {
        &self.position
    }

    async fn next_of<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let line = format!("event: {name}");
        loop {
            while let Some((event, rest)) =
                self.text.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
            {
                self.text = rest;
                if let Some(position) = event.lines().find_map(|line| line.strip_prefix("id: ")) {
                    position.clone_into(&mut self.position);
                }
                if event.lines().any(|one| one == line) {
                    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event has data");
                    return Some(serde_json::from_str(data).expect("it has its shape"));
                }
            }
            let chunk = tokio::time::timeout(WAIT_MAX, self.body.next()).await.expect("something comes");
            self.text.push_str(std::str::from_utf8(&chunk?.expect("the stream can be read")).expect("it is text"));
        }
    }
}
