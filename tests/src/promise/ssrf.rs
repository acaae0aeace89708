//! 29: no spelling of an address makes the host connect to this machine, its network, or a place with secrets.
//!
//! The tricks are those of the outbound crate's own tests: whole URLs and spellings of hosts, some with a resolver that answers with bad
//! addresses beside good ones, or with another address each time it is asked. Listeners on every address of this machine see who comes.
//! The control lets private networks be reached, as an administrator may: then the listeners do see somebody.

use super::{Size, Verdict, block_on};
use jiff::Timestamp;
use outbound::http::Request;
use outbound::{HttpSender, NotSent, Policy, Reach, Redirects, Resolve, SendError, SystemResolver, Transport, Trust};
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

const HOSTS: &str = include_str!("../../../host/outbound/tests/tricks/hosts.txt");
const URLS: &str = include_str!("../../../host/outbound/tests/tricks/urls.json");
const TRICKS_MIN: usize = 150;
/// For one trick of the control, where some lead nowhere.
const PATIENCE: Duration = Duration::from_millis(300);

/// Names of the tricks by hand, all others by the system.
#[derive(Debug, Default)]
struct Tricky {
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Resolve for Tricky {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses: &[&str] = match name {
            "all-private.test" => &["127.0.0.1", "::1"],
            "mixed.test" => &["127.0.0.1", "93.184.215.14"],
            // The bad one is the last: one that stops at the first good address would connect.
            "mixed-last.test" => &["93.184.215.14", "127.0.0.1"],
            "mapped.test" => &["::ffff:127.0.0.1"],
            "nat64.test" => &["64:ff9b::7f00:1"],
            "zero.test" => &["0.0.0.0"],
            "metadata.test" => &["169.254.169.254"],
            "v6.test" => &["::1"],
            "sixtofour.test" => &["2002:7f00:1::"],
            "empty.test" => &[],
            // Another answer each time: whoever asks once more after the check connects to what was not checked.
            "rebinding.test" if self.asked.fetch_add(1, Ordering::SeqCst) == 0 => &["192.0.2.1"],
            "rebinding.test" => &["127.0.0.1"],
            "public.test" => return Err(io::Error::other("no such name")),
            _ => return SystemResolver.resolve(name).await,
        };
        Ok(addresses.iter().map(|text| text.parse().expect("an address")).collect())
    }
}

/// Listeners on one port of this machine, and how many came.
struct Listeners {
    port: u16,
    came: Arc<AtomicUsize>,
}

impl Listeners {
    async fn start() -> Result<Self, String> {
        let failed = |error: io::Error| format!("nothing can listen here: {error}");
        let v4 = TcpListener::bind("0.0.0.0:0").await.map_err(failed)?;
        let port = v4.local_addr().map_err(failed)?.port();
        let came = Arc::new(AtomicUsize::new(0));
        let mut all = vec![v4];
        // A machine without IPv6 has one listener less.
        all.extend(TcpListener::bind(("::1", port)).await.ok());
        for listener in all {
            let came = Arc::clone(&came);
            tokio::spawn(async move {
                while listener.accept().await.is_ok() {
                    came.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Ok(Self { port, came })
    }
}

/// How many tricks were tried, what was not refused, and how many connections came.
async fn run(reach: Reach) -> Result<(usize, Vec<String>, usize), String> {
    let listeners = Listeners::start().await?;
    let port = listeners.port;
    let whole: Vec<String> = serde_json::from_str(URLS).map_err(|error| format!("the list of tricks: {error}"))?;
    let mut urls: BTreeSet<String> = whole.iter().map(|url| url.replace("{}", &port.to_string())).collect();
    urls.extend(HOSTS.split_whitespace().map(|host| format!("http://{host}:{port}/latest/meta-data/")));
    urls.insert(format!("http://rebinding.test:{port}/"));
    // Everything that may be allowed is: only what is checked about URLs and addresses stands in the way.
    let policy =
        Policy { reach, transport: Transport::HttpToo, redirects: Redirects::Follow, ..Policy::any_host(&["GET"]) };
    let trust = Trust::of_system([]).map_err(|error| format!("no certificates: {error}"))?;
    let tricky = Arc::new(Tricky::default());
    let sender = HttpSender::new(Arc::clone(&tricky) as Arc<dyn Resolve>, trust);
    let mut passed = Vec::new();
    for url in &urls {
        let request = Request {
            method: "GET".to_owned(),
            url: url.clone(),
            headers: Vec::new(),
            body: Vec::<u8>::new().into(),
            idempotency_key: "trick".to_owned(),
            timeout: PATIENCE,
        };
        match sender.send(&request, &policy, Timestamp::UNIX_EPOCH).await {
            Err(SendError::NotSent(NotSent::Refused(_) | NotSent::Resolve { .. })) => {}
            other => passed.push(format!("{url:?}: {other:?}")),
        }
    }
    let asked = tricky.asked.load(Ordering::SeqCst);
    if asked != 1 {
        passed.push(format!("rebinding.test was resolved {asked} times for one request"));
    }
    #[expect(clippy::disallowed_methods, reason = "connections arrive in real time")]
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok((urls.len(), passed, listeners.came.load(Ordering::SeqCst)))
}

pub(super) fn check(_: Size) -> Result<Verdict, String> {
    let (tricks, passed, came) = block_on(run(Reach::Public))?;
    let (_, _, control) = block_on(run(Reach::PrivateToo))?;
    let shown: Vec<&str> = passed.iter().take(3).map(String::as_str).collect();
    Ok(Verdict {
        figure: format!("{tricks} tricks, {} not refused, {came} connections {}", passed.len(), shown.join("; "))
            .trim_end()
            .to_owned(),
        limit: format!("at least {TRICKS_MIN} tricks, 0 connections"),
        kept: tricks >= TRICKS_MIN && came == 0 && passed.is_empty(),
        control: format!("with private networks allowed {control} connections came"),
        control_failed: control > 0,
    })
}
