//! What is said before a connection is encrypted by `STARTTLS`, and a stream that greets once more afterwards: the library expects the
//! greeting that only comes before.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::mail::{MailError, Verdict};
use crate::stream::Stream;

const LINE_BYTES_MAX: usize = 1_000;
const LINES_MAX: usize = 100;

/// Leads a plain connection to the point where it is encrypted.
///
/// It is read byte by byte, so what somebody put behind the answer to `STARTTLS` cannot be taken for something that came encrypted: the
/// handshake reads it and fails.
pub(super) async fn start_tls(mut stream: TcpStream, hello: &str) -> Result<TcpStream, MailError> {
    expect(&mut stream, "the greeting", "220").await?;
    write(&mut stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = expect(&mut stream, "EHLO", "250").await?;
    if !offers.iter().any(|offer| offer.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(rejected("STARTTLS", "the server does not offer it".to_owned()));
    }
    write(&mut stream, "STARTTLS\r\n").await?;
    expect(&mut stream, "STARTTLS", "220").await?;
    Ok(stream)
}

/// The texts of an answer, if it has the code.
async fn expect(stream: &mut TcpStream, stage: &'static str, code: &str) -> Result<Vec<String>, MailError> {
    let mut texts = Vec::new();
    for _ in 0..LINES_MAX {
        let line = line(stream).await.map_err(|error| rejected(stage, error.to_string()))?;
        let text = line.strip_prefix(code).ok_or_else(|| rejected(stage, line.clone()))?;
        texts.push(text.get(1..).unwrap_or_default().to_owned());
        if !text.starts_with('-') {
            return Ok(texts);
        }
    }
    Err(rejected(stage, format!("the answer has more than {LINES_MAX} lines")))
}

async fn line(stream: &mut TcpStream) -> io::Result<String> {
    let mut line = Vec::new();
    while line.len() < LINE_BYTES_MAX {
        match stream.read_u8().await? {
            b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
    Err(io::Error::other(format!("a line is longer than {LINE_BYTES_MAX} bytes")))
}

async fn write(stream: &mut TcpStream, text: &str) -> Result<(), MailError> {
    stream.write_all(text.as_bytes()).await.map_err(|error| rejected("STARTTLS", error.to_string()))
}

fn rejected(stage: &'static str, text: String) -> MailError {
    let text = text.chars().filter(|c| !c.is_control()).take(300).collect();
    MailError::Rejected { stage, verdict: Verdict::ForNow(text) }
}

/// A connection, with what is still to be read before it.
#[derive(Debug)]
pub(super) struct Greeted {
    before: &'static [u8],
    stream: Stream,
}

impl Greeted {
    /// The server will greet.
    pub(super) fn not_yet(stream: Stream) -> Self {
        Self { before: b"", stream }
    }

    /// The server greeted before the connection was encrypted.
    pub(super) fn already(stream: Stream) -> Self {
        Self { before: b"220 encrypted\r\n", stream }
    }
}

impl AsyncTokioStream for Greeted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Greeted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let greeted = self.get_mut();
        if greeted.before.is_empty() {
            return Pin::new(&mut greeted.stream).poll_read(cx, buffer);
        }
        let (now, rest) = greeted.before.split_at(greeted.before.len().min(buffer.remaining()));
        buffer.put_slice(now);
        greeted.before = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
