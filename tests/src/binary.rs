//! The built binary `weft` as a person runs it: started, waited for, stopped; and a small HTTP client that talks to it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Longest wait for a start: a debug build compiles its components then.
const START_MAX: Duration = Duration::from_secs(180);

/// Where the binary is: beside the tests, in the target folder they were built into.
#[must_use]
pub fn path() -> PathBuf {
    let me = std::env::current_exe().expect("a running program has a path");
    let folder = me.parent().expect("it is in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("deps is in a folder") } else { folder };
    folder.join("weft")
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    pub address: String,
    child: Child,
}

impl Server {
    /// Start `weft demo` with its data in a folder of its own, on a free port: a company with no more past than it always has.
    ///
    /// # Panics
    /// It does not start.
    pub async fn demo(folder: &std::path::Path) -> Self {
        Self::demo_with(folder, &["--days", "0"]).await
    }

    /// The same as people see it, with all of its past.
    ///
    /// # Panics
    /// It does not start.
    pub async fn company(folder: &std::path::Path) -> Self {
        Self::demo_with(folder, &[]).await
    }

    async fn demo_with(folder: &std::path::Path, arguments: &[&str]) -> Self {
        let address = free_address();
        let mut command = Command::new(path());
        command.arg("demo").args(arguments).arg("--dir").arg(folder).arg("--http-listen").arg(&address);
        Self::start(command, address).await
    }

    /// Start any `weft` command that serves on `address`.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(mut command: Command, address: String) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the binary is built before the tests run");
        drain(child.stdout.take().expect("it is piped"));
        drain(child.stderr.take().expect("it is piped"));
        let started = tokio::time::Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("the child can be asked") {
                panic!("weft ended while it started: {status}");
            }
            if let Ok(mut client) = Client::connect(&address).await
                && client.request("GET", "/readyz", &[], None).await.is_ok_and(|(status, _, _)| status == 200)
            {
                break;
            }
            assert!(started.elapsed() < START_MAX, "weft is not ready after {START_MAX:?}");
            #[expect(clippy::disallowed_methods, reason = "another process gets ready in real time")]
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { address, child }
    }

    /// The process.
    ///
    /// # Panics
    /// It has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Send it a signal by name: `KILL`, `STOP`, `CONT`.
    ///
    /// # Panics
    /// It has ended.
    pub fn signal(&self, name: &str) {
        let id = self.id();
        let status = std::process::Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the process {id} takes no signal {name}");
    }

    /// End it as a power cut would, and wait until it is gone.
    ///
    /// # Panics
    /// It cannot be waited for.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Ask it to stop, and wait until it did.
    ///
    /// # Panics
    /// It ends with an error or not at all.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it runs");
        let status = Command::new("kill").args(["-TERM", &id.to_string()]).status().await.expect("kill is everywhere");
        assert!(status.success());
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it ends in time");
        assert!(ended.expect("it can be waited for").success(), "a graceful stop is no failure");
    }
}

/// Read a pipe to its end, so that the child never waits for us.
fn drain(mut pipe: impl tokio::io::AsyncRead + Unpin + Send + 'static) {
    tokio::spawn(async move { tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await });
}

/// An address on loopback that nobody listens on.
///
/// # Panics
/// Loopback is not there.
#[must_use]
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    listener.local_addr().expect("it is bound").to_string()
}

/// One connection that is kept open.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    address: String,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
}

async fn open(address: &str) -> std::io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// Status, headers (names in lower case), body.
pub type Reply = (u16, Vec<(String, String)>, Vec<u8>);

impl Client {
    /// # Errors
    /// Nobody listens.
    pub async fn connect(address: &str) -> std::io::Result<Self> {
        Ok(Self { stream: open(address).await?, address: address.to_owned(), headers: Vec::new() })
    }

    /// Sign in as a persona of the demo; later requests carry the session.
    ///
    /// # Panics
    /// The demo does not let that persona in.
    pub async fn sign_in(&mut self, login: &str) {
        let body = serde_json::json!({ "login": login }).to_string();
        self.headers =
            vec![("X-Weft".to_owned(), "1".to_owned()), ("Sec-Fetch-Site".to_owned(), "same-origin".to_owned())];
        let reply = self
            .request("POST", "/api/v1/session/persona", &[], Some(body.as_bytes()))
            .await
            .expect("the server answers");
        assert_eq!(reply.0, 200, "{}", String::from_utf8_lossy(&reply.2));
        let cookie = reply.1.iter().find(|(name, _)| name == "set-cookie").expect("a session is a cookie");
        let cookie = cookie.1.split(';').next().unwrap_or_default().to_owned();
        self.headers.push(("Cookie".to_owned(), cookie));
    }

    /// One request with a JSON body, and its whole answer.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> std::io::Result<Reply> {
        // A server closes what was silent for long; nothing was asked on it then.
        if self.stream.buffer().is_empty() && matches!(self.stream.get_ref().try_read(&mut [0]), Ok(0)) {
            self.stream = open(&self.address).await?;
        }
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(body.unwrap_or_default());
        self.stream.get_mut().write_all(&message).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> std::io::Result<Reply> {
        let invalid = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| invalid("no status"))?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let mut body = Vec::new();
        if let Some(length) = header("content-length").and_then(|length| length.parse::<usize>().ok()) {
            body.resize(length, 0);
            self.stream.read_exact(&mut body).await?;
        } else if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            loop {
                line.clear();
                self.stream.read_line(&mut line).await?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| invalid("no chunk size"))?;
                let mut chunk = vec![0; size + 2];
                self.stream.read_exact(&mut chunk).await?;
                body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    break;
                }
            }
        }
        Ok((status, headers, body))
    }
}
