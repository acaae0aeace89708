//! Ways to make the host ask a machine that it must not ask. Real listeners on this machine see nobody.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;
use weft_outbound::{HttpSender, NotSent, Policy, Redirects, Resolve, SendError, SystemResolver, Transport};

use crate::http::request;
use crate::peer::no_trust;

/// Spellings of hosts that some reader takes for this machine, its network, or a place with secrets.
const HOSTS: &str = include_str!("../tricks/hosts.txt");

/// Whole URLs; `{}` is the port of the listener.
const URLS: &str = include_str!("../tricks/urls.json");

/// Names of the tests by hand, all others by the system.
#[derive(Debug)]
struct Tricky;

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
            "public.test" => return Err(io::Error::other("no such name")),
            _ => return SystemResolver.resolve(name).await,
        };
        Ok(addresses.iter().map(|text| text.parse().expect("an address")).collect())
    }
}

#[tokio::test]
async fn no_trick_reaches_a_listener() {
    let listeners = listeners().await;
    let port = listeners[0].local_addr().expect("it is bound").port();
    let whole: Vec<String> = serde_json::from_str(URLS).expect("a list of texts");
    let mut urls: BTreeSet<String> = whole.iter().map(|url| url.replace("{}", &port.to_string())).collect();
    for host in HOSTS.split_whitespace() {
        urls.insert(format!("http://{host}:{port}/latest/meta-data/"));
    }
    urls.insert(format!("http://{}.example:{port}/", "a".repeat(64)));
    urls.insert(format!("http://127.0.0.1:{port}/{}", "a".repeat(5_000)));
    assert!(urls.len() >= 240, "only {} tricks", urls.len());
    // Everything that may be allowed is: only what is checked about URLs and addresses stands in the way.
    let policy = Policy { transport: Transport::HttpToo, redirects: Redirects::Follow, ..Policy::any_host(&["GET"]) };
    let sender = HttpSender::new(Arc::new(Tricky), no_trust());
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");

    for url in &urls {
        match sender.send(&request("GET", url), &policy, now).await {
            Err(SendError::NotSent(NotSent::Refused(_) | NotSent::Resolve { .. })) => {}
            other => panic!("{url:?} must be refused before a connection, not {other:?}"),
        }
    }

    for listener in listeners {
        let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "{:?} was connected to", listener.local_addr());
    }
}

/// On one port of all addresses of this machine.
async fn listeners() -> Vec<TcpListener> {
    for _ in 0..20 {
        let v4 = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
        let port = v4.local_addr().expect("it is bound").port();
        match TcpListener::bind(("::1", port)).await {
            Ok(v6) => return vec![v4, v6],
            // Somebody else has the port there, or there is no IPv6 here.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(_) => return vec![v4],
        }
    }
    panic!("no port is free for both");
}
