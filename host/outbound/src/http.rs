//! One HTTP request and its answer. One connection for each, HTTP/1.1, no pool and no cookies: so it is always known whether anything was
//! sent, and nothing of one sender meets another. Knows no outbox and no plugin.

mod header;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::schedule::Outcome;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::connect::{self, Resolve};
use crate::error::{NotSent, Refusal, SendError, status_outcome};
use crate::policy::{Policy, Redirects};
use crate::stream::{Stream, Watched};
use crate::target::{Scheme, Target};
use crate::tls::Trust;

pub const BODY_BYTES_MAX: usize = 1 << 20;
pub const HEADER_BYTES_MAX: usize = 64 << 10;
pub const HEADERS_MAX: usize = 100;
pub const TIMEOUT_MAX: Duration = Duration::from_secs(30);
pub const REDIRECTS_MAX: usize = 3;

/// What to send.
#[derive(Clone)]
pub struct Request {
    /// In capitals.
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// The same for each attempt at the same delivery, so that the other side can do it once.
    pub idempotency_key: String,
    /// For everything from the first look-up to the last byte; at most [`TIMEOUT_MAX`].
    pub timeout: Duration,
}

/// A complete answer, whatever its status.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    /// Names in small letters; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What the other side asked for with 429 or 503, as seconds from now.
    pub retry_after_seconds: Option<u32>,
}

impl Response {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What it means for the next attempt.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        status_outcome(self.status, self.retry_after_seconds, || format!("the other side answered {}", self.status))
    }
}

/// Sends requests.
#[derive(Debug, Clone)]
pub struct HttpSender {
    resolver: Arc<dyn Resolve>,
    trust: Trust,
}

impl HttpSender {
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolve>, trust: Trust) -> Self {
        Self { resolver, trust }
    }

    /// Sends a request if `policy` allows it. `now` is for answers that say until when to wait.
    ///
    /// # Errors
    /// When there is no complete answer: the three cases of [`SendError`] say what that means.
    pub async fn send(&self, request: &Request, policy: &Policy, now: Timestamp) -> Result<Response, SendError> {
        // The clock of the runtime measures the wait; it is not the time of any decision.
        let deadline = Instant::now() + request.timeout.min(TIMEOUT_MAX);
        let mut target = Target::parse(&request.url).map_err(NotSent::Refused)?;
        let mut headers = header::of_request(request).map_err(NotSent::Refused)?;
        let follows = policy.redirects == Redirects::Follow && matches!(request.method.as_str(), "GET" | "HEAD");
        for redirects in 0..=REDIRECTS_MAX {
            policy.check(&request.method, &target).map_err(NotSent::Refused)?;
            let response = self.exchange(request, &target, &headers, policy, deadline, now).await?;
            let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
            let Some(location) = response.header("location").filter(|_| follows && is_redirect) else {
                return Ok(response);
            };
            if redirects == REDIRECTS_MAX {
                let why = format!("it redirected more than {REDIRECTS_MAX} times");
                return Err(answered(&target, response.status, why));
            }
            let next = target
                .join(location)
                .map_err(|why| answered(&target, response.status, format!("redirected badly: {why}")))?;
            if next.origin() != target.origin() {
                // Any header of the caller may hold a secret that is meant for the first host only.
                headers = header::of_another_origin();
            }
            target = next;
        }
        unreachable!("the last round of the loop returns")
    }

    async fn exchange(
        &self,
        request: &Request,
        target: &Target,
        headers: &hyper::HeaderMap,
        policy: &Policy,
        deadline: Instant,
        now: Timestamp,
    ) -> Result<Response, SendError> {
        let host = target.host.to_string();
        let opened = timeout_at(deadline, self.open(target, policy)).await;
        let late = |_| NotSent::Connect { host: host.clone(), why: "the time for the request was over".to_owned() };
        let watched = opened.map_err(late)??;
        let wrote = watched.wrote();
        // Until the first byte is handed to the connection nothing can have happened.
        let broken = |why: String| {
            let host = host.clone();
            if wrote.get() { SendError::Unknown { host, why } } else { NotSent::Connect { host, why }.into() }
        };

        let handshake = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEADER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(watched));
        let (mut sender, connection) = handshake.await.map_err(|error| broken(chain(&error)))?;
        // It ends with the guard: when the answer is read, the time is over, or the caller gives up.
        let _guard = AbortOnDrop(tokio::spawn(connection));
        let mut message = hyper::Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.parse().expect("a granted method was checked");
        *message.uri_mut() = target
            .path_and_query()
            .parse()
            .map_err(|_| NotSent::Refused(Refusal::Url("its path cannot be sent".to_owned())))?;
        *message.headers_mut() = headers.clone();
        let authority = target.authority().parse().expect("a host that was read fits into a header");
        message.headers_mut().insert(hyper::header::HOST, authority);

        let answer = match timeout_at(deadline, sender.send_request(message)).await {
            Ok(answer) => answer.map_err(|error| broken(chain(&error)))?,
            Err(_) => return Err(broken("the time for the answer was over".to_owned())),
        };
        read(answer, &host, deadline, now).await
    }

    async fn open(&self, target: &Target, policy: &Policy) -> Result<Watched, NotSent> {
        let stream = connect::connect(&*self.resolver, &target.host, target.port, policy.reach).await?;
        let stream = match target.scheme {
            Scheme::Http => Stream::Plain(stream),
            Scheme::Https => Stream::Tls(Box::new(self.trust.handshake(&target.host, stream).await?)),
        };
        Ok(Watched::new(stream))
    }
}

/// Reads an answer up to its limits.
async fn read(
    answer: hyper::Response<Incoming>,
    host: &str,
    deadline: Instant,
    now: Timestamp,
) -> Result<Response, SendError> {
    let status = answer.status().as_u16();
    let retry_after_seconds = answer
        .headers()
        .get(hyper::header::RETRY_AFTER)
        .and_then(|value| header::retry_after_seconds(value.to_str().ok()?, now));
    let incomplete = |why: String| SendError::Answered { host: host.to_owned(), status, why, retry_after_seconds };
    // The buffer of the connection is a limit only to within what came in one piece.
    let header_bytes: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if header_bytes > HEADER_BYTES_MAX {
        return Err(incomplete(format!("its headers are longer than {HEADER_BYTES_MAX} bytes")));
    }
    let text = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers: Vec<_> = answer.headers().iter().filter_map(text).collect();
    let mut body = answer.into_body();
    let mut bytes = BytesMut::new();
    loop {
        let frame = match timeout_at(deadline, body.frame()).await {
            Ok(None) => break,
            Ok(Some(frame)) => frame.map_err(|error| incomplete(format!("its body broke off: {}", chain(&error))))?,
            Err(_) => return Err(incomplete("the time for its body was over".to_owned())),
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > BODY_BYTES_MAX {
            return Err(incomplete(format!("its body is longer than {BODY_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Response { status, headers, body: bytes.freeze(), retry_after_seconds })
}

fn answered(target: &Target, status: u16, why: String) -> SendError {
    SendError::Answered { host: target.host.to_string(), status, why, retry_after_seconds: None }
}

/// An error with its causes: the outer ones of hyper say little.
fn chain(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::fmt::Debug for Request {
    /// Without headers, query and body: they hold secrets and personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("Request").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Response {
    /// Without headers and body, for the same reason.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
