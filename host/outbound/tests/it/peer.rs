//! Servers for the tests: real listeners on free ports of this machine that answer by a script and remember what they saw.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use weft_outbound::{Resolve, Trust};

/// What a server does with one connection after it read the request.
#[derive(Debug, Clone)]
pub enum Reply {
    Bytes(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Says nothing and keeps the connection.
    Hang,
    /// These bytes, and then nothing more while the connection stays.
    ThenHang(Vec<u8>),
}

impl Reply {
    pub fn status(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
    }
}

/// A server of HTTP.
pub struct Peer {
    pub port: u16,
    pub trust: Trust,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Answers the first connections with these, all later ones with 200.
    pub async fn plain(replies: Vec<Reply>) -> Self {
        Self::start(replies, None).await
    }

    /// Encrypted, for `localhost` and `first.test`, with a certificate that only its own `trust` believes.
    pub async fn encrypted(replies: Vec<Reply>) -> Self {
        Self::start(replies, Some(identity())).await
    }

    async fn start(replies: Vec<Reply>, identity: Option<(TlsAcceptor, Trust)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (acceptor, trust) =
            identity.map_or_else(|| (None, no_trust()), |(acceptor, trust)| (Some(acceptor), trust));
        let remembers = seen.clone();
        tokio::spawn(async move {
            let mut replies = replies.into_iter();
            while let Ok((stream, _)) = listener.accept().await {
                let reply = replies.next().unwrap_or_else(|| Reply::status("200 OK", "", "fine"));
                let (remembers, acceptor) = (remembers.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, reply, &remembers).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, reply, &remembers).await,
                            Err(_) => Ok(()),
                        },
                    }
                });
            }
        });
        Self { port, trust, seen }
    }

    /// The requests so far, as they came.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no test panics while it holds this").clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: Reply,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_string();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                seen.lock().expect("no test panics while it holds this").push(text);
                break;
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    match reply {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reply::Close => Ok(()),
        Reply::Hang => std::future::pending().await,
        Reply::ThenHang(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            std::future::pending().await
        }
    }
}

/// A certificate made now, and who believes it.
pub fn identity() -> (TlsAcceptor, Trust) {
    let names = vec!["localhost".to_owned(), "first.test".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    let trust = Trust::from_pem([("the test", cert.pem().as_bytes())]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a key that fits");
    (TlsAcceptor::from(Arc::new(config)), trust)
}

pub fn no_trust() -> Trust {
    Trust::from_pem([]).expect("nothing to read")
}

/// A resolver that knows what it is told, and counts how often it is asked.
#[derive(Debug, Default)]
pub struct Names {
    answers: Vec<(&'static str, Vec<IpAddr>)>,
    pub asked: AtomicUsize,
}

impl Names {
    pub fn new(answers: &[(&'static str, &[&str])]) -> Arc<Self> {
        let address = |text: &&str| text.parse().expect("an address");
        let answers = answers.iter().map(|(name, list)| (*name, list.iter().map(address).collect())).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

#[async_trait::async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let known = self.answers.iter().find(|(known, _)| *known == name);
        known.map(|(_, addresses)| addresses.clone()).ok_or_else(|| io::Error::other("no such name"))
    }
}
