//! Between a node and PostgreSQL: reads the protocol, and does to it what networks and other transactions do.
//!
//! It cuts the connection after a `COMMIT` was carried out and before its answer arrives, stays away for a while, and takes transactions
//! back as a server does that finds two in each other's way. Messages: <https://www.postgresql.org/docs/15/protocol-message-formats.html>.

use crate::cluster::pause;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Larger messages are no statements of ours.
const MESSAGE_MAX: usize = 64 << 20;

/// What it does, and how often it did. Zero is never.
#[derive(Debug, Default)]
pub struct Faults {
    /// Cut after one `COMMIT` in so many.
    pub cut_each: AtomicU64,
    /// Stay away after one cut in so many, for so long.
    pub away_each: AtomicU64,
    pub away_ms: AtomicU64,
    /// Of a hundred transactions and single statements, so many are taken back.
    pub percent_taken_back: AtomicU64,
    pub commits: AtomicU64,
    pub cuts: AtomicU64,
    pub taken_back: AtomicU64,
    is_away: AtomicBool,
    dice: AtomicU64,
}

impl Faults {
    /// No more of it.
    pub fn stop(&self) {
        self.cut_each.store(0, Ordering::SeqCst);
        self.percent_taken_back.store(0, Ordering::SeqCst);
    }

    fn cuts_now(&self) -> bool {
        let commits = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        let each = self.cut_each.load(Ordering::SeqCst);
        each > 0 && commits.is_multiple_of(each)
    }

    fn takes_back_now(&self) -> bool {
        let thrown = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let thrown = (thrown ^ (thrown >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (thrown >> 33) % 100 < self.percent_taken_back.load(Ordering::SeqCst)
    }

    /// Called when a connection is being cut.
    fn cut(self: &Arc<Self>) {
        let cuts = self.cuts.fetch_add(1, Ordering::SeqCst) + 1;
        let each = self.away_each.load(Ordering::SeqCst);
        if each > 0 && cuts.is_multiple_of(each) {
            self.is_away.store(true, Ordering::SeqCst);
            let me = Arc::clone(self);
            tokio::spawn(async move {
                pause(Duration::from_millis(me.away_ms.load(Ordering::SeqCst))).await;
                me.is_away.store(false, Ordering::SeqCst);
            });
        }
    }
}

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    pub address: String,
    pub faults: Arc<Faults>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listen on loopback and lead to `server`.
    ///
    /// # Errors
    /// Loopback is not there.
    pub async fn start(server: String) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?.to_string();
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if shared.is_away.load(Ordering::SeqCst) {
                    continue;
                }
                let (server, faults) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(server).await {
                        lead(client, server, faults).await;
                    }
                });
            }
        });
        Ok(Self { address, faults, task })
    }
}

/// What both directions of a connection know.
#[derive(Debug)]
struct Shared {
    to_client: Mutex<OwnedWriteHalf>,
    /// The answer to this `COMMIT` must not arrive.
    is_cutting: AtomicBool,
    /// What is rolled back instead of committed must look taken back.
    is_replacing: AtomicBool,
    is_in_transaction: AtomicBool,
    over: CancellationToken,
    faults: Arc<Faults>,
}

async fn lead(client: TcpStream, server: TcpStream, faults: Arc<Faults>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let shared = Arc::new(Shared {
        to_client: Mutex::new(to_client),
        is_cutting: AtomicBool::new(false),
        is_replacing: AtomicBool::new(false),
        is_in_transaction: AtomicBool::new(false),
        over: CancellationToken::new(),
        faults,
    });
    let over = shared.over.clone();
    let there = async {
        let _ = ask(from_client, to_server, &shared).await;
        shared.over.cancel();
    };
    let back = async {
        let _ = answer(from_server, &shared).await;
        shared.over.cancel();
    };
    tokio::select! {
        () = async { tokio::join!(there, back); } => {}
        () = over.cancelled() => {}
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) -> std::io::Result<()> {
    // The first message has no type.
    let size = from.read_u32().await?;
    let mut startup = vec![0; bounded(size)?];
    from.read_exact(&mut startup).await?;
    to.write_u32(size).await?;
    to.write_all(&startup).await?;
    let mut group: Vec<(u8, Vec<u8>)> = Vec::new();
    loop {
        group.push(read(&mut from).await?);
        let (kind, body) = group.last().expect("one was just added");
        // Everything up to a point at which an answer is due is one request.
        if !matches!(kind, b'Q' | b'S' | b'X' | b'H' | b'p') {
            continue;
        }
        if *kind == b'Q' && body.starts_with(b"COMMIT") {
            if shared.faults.takes_back_now() {
                shared.faults.taken_back.fetch_add(1, Ordering::SeqCst);
                shared.is_replacing.store(true, Ordering::SeqCst);
                group = vec![(b'Q', b"ROLLBACK\0".to_vec())];
            } else if shared.faults.cuts_now() {
                shared.is_cutting.store(true, Ordering::SeqCst);
            }
        } else if group[0].0 == b'B'
            && *kind == b'S'
            && !shared.is_in_transaction.load(Ordering::SeqCst)
            && shared.faults.takes_back_now()
        {
            // A statement that stands for itself: it never reaches the server.
            shared.faults.taken_back.fetch_add(1, Ordering::SeqCst);
            let mut refused = taken_back("40P01");
            refused.extend_from_slice(&[b'Z', 0, 0, 0, 5, b'I']);
            shared.to_client.lock().await.write_all(&refused).await?;
            group.clear();
            continue;
        }
        let mut message = Vec::new();
        for (kind, body) in group.drain(..) {
            write(&mut message, kind, &body);
        }
        to.write_all(&message).await?;
    }
}

async fn answer(mut from: OwnedReadHalf, shared: &Shared) -> std::io::Result<()> {
    loop {
        let (kind, body) = read(&mut from).await?;
        if kind == b'Z' {
            shared.is_in_transaction.store(body.first() == Some(&b'T'), Ordering::SeqCst);
            if shared.is_cutting.load(Ordering::SeqCst) {
                shared.faults.cut();
                return Ok(());
            }
        }
        if shared.is_cutting.load(Ordering::SeqCst) {
            continue;
        }
        let mut message = Vec::new();
        if kind == b'C' && shared.is_replacing.swap(false, Ordering::SeqCst) {
            message = taken_back("40001");
        } else {
            write(&mut message, kind, &body);
        }
        shared.to_client.lock().await.write_all(&message).await?;
    }
}

async fn read(from: &mut OwnedReadHalf) -> std::io::Result<(u8, Vec<u8>)> {
    let kind = from.read_u8().await?;
    let mut body = vec![0; bounded(from.read_u32().await?)?];
    from.read_exact(&mut body).await?;
    Ok((kind, body))
}

/// The length of a message counts itself.
fn bounded(size: u32) -> std::io::Result<usize> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if (4..MESSAGE_MAX).contains(&size) {
        Ok(size - 4)
    } else {
        Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "no message of the protocol"))
    }
}

fn write(into: &mut Vec<u8>, kind: u8, body: &[u8]) {
    into.push(kind);
    into.extend_from_slice(&u32::try_from(body.len() + 4).expect("a message is bounded").to_be_bytes());
    into.extend_from_slice(body);
}

fn taken_back(code: &str) -> Vec<u8> {
    let body = format!("SERROR\0VERROR\0C{code}\0Mtaken back because of another transaction\0\0");
    let mut message = Vec::new();
    write(&mut message, b'E', body.as_bytes());
    message
}
