//! A client for a running server, for the few commands that can talk to one. Plain HTTP only: TLS is what a proxy is for, and whoever
//! is on another machine has `curl`.

use crate::failure::Failure;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of an answer.
const ANSWER_MAX: u64 = 64 << 20;

#[derive(Debug)]
pub(crate) struct Client {
    host: String,
    token: String,
}

impl Client {
    pub(crate) fn new(url: &str, token: String) -> Result<Self, Failure> {
        let host =
            url.trim_end_matches('/').strip_prefix("http://").filter(|host| !host.is_empty() && !host.contains('/'));
        let host = host.ok_or_else(|| Failure::new(format!("--url is an address such as http://127.0.0.1:7171, not `{url}`; for https use the API with another client")))?;
        if token.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(Failure::new("--token has characters that no token has"));
        }
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { host, token })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.request("GET", path, "application/json", b"").await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        self.request(method, path, "application/json", body.to_string().as_bytes()).await
    }

    /// An answer that is not JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Failure> {
        let (status, body) = self.exchange("GET", path, "application/json", b"").await?;
        if (200..300).contains(&status) {
            return Ok(String::from_utf8_lossy(&body).into_owned());
        }
        Err(problem(status, &serde_json::from_slice(&body).unwrap_or_default()))
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: &[u8],
    ) -> Result<Value, Failure> {
        let (status, body) = self.exchange(method, path, media_type, body).await?;
        let value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
        if (200..300).contains(&status) {
            return Ok(value);
        }
        Err(problem(status, &value))
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Failure> {
        let failed = |error: std::io::Error| Failure::of(&format!("{} does not answer", self.host), &error);
        let mut stream = TcpStream::connect(&self.host).await.map_err(failed)?;
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.host,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.map_err(failed)?;
        stream.write_all(body).await.map_err(failed)?;
        let mut answer = Vec::new();
        stream.take(ANSWER_MAX).read_to_end(&mut answer).await.map_err(failed)?;
        let (status, body) =
            split(&answer).ok_or_else(|| Failure::new(format!("{} does not answer as Weft does", self.host)))?;
        Ok((status, body.to_vec()))
    }
}

fn split(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((status, &answer[end + 4..]))
}

/// A problem of the server, in its own words.
fn problem(status: u16, value: &Value) -> Failure {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let mut lines = format!("{} (status {status}): {}", text("title"), text("detail"));
    for error in value["errors"].as_array().into_iter().flatten() {
        lines.push_str(&format!(
            "\n  {}: {}",
            error["pointer"].as_str().unwrap_or_default(),
            error["message"].as_str().unwrap_or_default()
        ));
    }
    if !text("trace_id").is_empty() {
        lines.push_str(&format!("\n  trace id: {}", text("trace_id")));
    }
    Failure::new(lines)
}
