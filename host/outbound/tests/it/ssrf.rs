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
const HOSTS: &str = "
127.0.0.1 127.0.0.1. 127.0.0.2 127.1 127.0.1 127.255.255.254 0.0.0.0 0 0.0 00 0x0 1.0.0.127.in-addr.arpa
2130706433 2130706433. 02130706433 017700000001 0177.0.0.1 0177.1 0177.0.0.01 00000177.0.0.1 0x7f000001 0x7F000001 0x7f.1 0x7f.0.0.1
0x7f.0x0.0x0.0x1 0x7f.0.1 127.0x1 127.0.0.0x1 0x0.0x7f.0 4294967295 4294967296 0x100000000 0x7f0000010 127.0.0.256 127.0.0.1.1 127.0.0
127..1 .127.0.0.1 127.0.0.1.. 0127.0.0.1 127.000.000.001 127.0.0.1%00 127.0.0.1%2e 127%2e0%2e0%2e1 %31%32%37.0.0.1 127.0.0.1%20 127.0.0.1%0d%0a
[::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:127.0.0.1]
[0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::]
[2002:7f00:0001::1] [2001::7f00:1] [::1%25lo] [::1%lo] [fe80::1%25eth0] [fe80::1] [fc00::1] [fd00::1] [fd00:ec2::254] [ff02::1] [ff01::1]
[fec0::1] [100::1] [5f00::1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [::ffff:10.0.0.1] [2001:db8::1] [3fff::1] [::1].nip.io [::1 ::1 ::1] [1]
[127.0.0.1] [v1.127.0.0.1] [::ffff:0x7f.1] [::%31]
localhost localhost. LOCALHOST LocalHost localhost%00 localhost%2e localhost%20 local%68ost localhost.localdomain ip6-localhost foo.localhost
ｌocalhost ⓛⓞⓒⓐⓛⓗⓞⓢⓣ １２７.0.0.1 127。0。0。1 127．0．0．1 127｡0｡0｡1 ①②⑦.0.0.1 ⑯⑨。②⑤④。⑯⑨｡②⑤④ loc\u{ad}alhost localhost\u{200b} lo\u{2060}calhost ʟocalhost
xn--localhost- xn-- xn--a xn--127-0-0-1 a_b..c -a.example a-.example .example. .. . %2e a%2fb a%5cb a%40b a%3ab a%23b a%3fb
10.0.0.1 10.1 0xa.1 012.1 167772161 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1 3232235521 0xc0a80001 100.64.0.1 169.254.169.254 0xa9fea9fe
2852039166 0251.0376.0251.0376 169.254.43518 169.254.169.254. 100.100.100.200 168.63.129.16 192.0.0.192 198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.88.99.1
all-private.test mixed.test mixed-last.test mapped.test nat64.test zero.test metadata.test v6.test sixtofour.test empty.test
";

/// Whole URLs; `{}` is the port of the listener.
const URLS: &[&str] = &[
    "http://public.test@127.0.0.1:{}/",
    "http://127.0.0.1:{}@public.test/",
    "http://user:password@127.0.0.1:{}/",
    "http://:@127.0.0.1:{}/",
    "http://@127.0.0.1:{}/",
    "http://public.test:80@127.0.0.1:{}/",
    "http://public.test%40127.0.0.1:{}/",
    "http://public.test#@127.0.0.1:{}/",
    "http://127.0.0.1:{}#@public.test/",
    "http://public.test?@127.0.0.1:{}/",
    "http://public.test\\@127.0.0.1:{}/",
    "http://127.0.0.1:{}\\@public.test/",
    "http:\\\\127.0.0.1:{}\\",
    "http:/\\127.0.0.1:{}/",
    "http:/127.0.0.1:{}/",
    "http:127.0.0.1:{}/",
    "http:///127.0.0.1:{}/",
    "http:////127.0.0.1:{}/",
    "//127.0.0.1:{}/",
    "/\\127.0.0.1:{}/",
    "127.0.0.1:{}",
    "HTTP://127.0.0.1:{}/",
    "hTtP://127.0.0.1:{}/",
    " http://127.0.0.1:{}/",
    "http://127.0.0.1:{}/ ",
    "\thttp://127.0.0.1:{}/",
    "ht\ntp://127.0.0.1:{}/",
    "http://127.0\n.0.1:{}/",
    "http://127.0.\t0.1:{}/",
    "http://local\rhost:{}/",
    "http://127.0.0.1:{}\r\nHost: public.test/",
    "http://127.0.0.1:{}/\r\nX-Evil: 1",
    "http://127.0.0.1:{}/%0d%0aX-Evil:1",
    "http://127.0.0.1:{}/a b",
    "http://127.0.0.1:{}/\0",
    "http://127.0.0.1 :{}/",
    "http:// 127.0.0.1:{}/",
    "http://127.0.0.1:0{}/",
    "http://127.0.0.1:+{}/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65536/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:/",
    "http://127.0.0.1::{}/",
    "http://127.0.0.1:{}:80/",
    "http://127.0.0.1:{}/../",
    "http://127.0.0.1:{}/%2e%2e/",
    "http://127.0.0.1:{}/a/..;/b",
    "http://127.0.0.1:{}/%252e%252e/",
    "http://[::1]:{}",
    "http://[::1]{}/",
    "http://::1:{}/",
    "http://[::1:{}/",
    "http://::1]:{}/",
    "https://127.0.0.1:{}/",
    "https://localhost:{}/",
    "https://[::1]:{}/",
    "ftp://127.0.0.1:{}/",
    "gopher://127.0.0.1:{}/_GET",
    "dict://127.0.0.1:{}/",
    "file:///etc/passwd",
    "file://127.0.0.1:{}/",
    "ws://127.0.0.1:{}/",
    "jar:http://127.0.0.1:{}/!/",
    "url:http://127.0.0.1:{}/",
    "data:text/plain,x",
    "javascript:1",
    "blob:http://127.0.0.1:{}/",
    "http+unix://%2fvar%2frun%2fdocker.sock/",
    "unix:/var/run/docker.sock",
    "http://127.0.0.1:{}/#fragment",
    "http://127.0.0.1:{}/<x>",
    "http://",
    "http:",
    "",
];

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
    let mut urls: BTreeSet<String> = URLS.iter().map(|url| url.replace("{}", &port.to_string())).collect();
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
