//! Requests as the other side sees them, and each way in which an exchange can end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::schedule::Outcome;
use jiff::Timestamp;
use weft_outbound::{
    HostRule, HttpSender, NotSent, Policy, Reach, Redirects, Refusal, Request, Response, Rule, SendError, Transport,
    Trust,
};

use crate::peer::{Names, Peer, Reply, no_trust};

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("an instant")
}

pub fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![("X-Api-Key".to_owned(), "secret".to_owned())],
        body: if method == "POST" { "{\"a\":1}".into() } else { "".into() },
        idempotency_key: "job-1".to_owned(),
        timeout: Duration::from_secs(5),
    }
}

/// This machine by plain HTTP, on these hosts.
fn policy(hosts: &[String]) -> Policy {
    let methods = vec!["GET".to_owned(), "POST".to_owned()];
    let rule =
        |host: &String| Rule { host: HostRule::Exactly(host.clone()), methods: methods.clone(), path: "/".to_owned() };
    Policy {
        rules: hosts.iter().map(rule).collect(),
        reach: Reach::PrivateToo,
        transport: Transport::HttpToo,
        redirects: Redirects::Stay,
    }
}

fn sender(trust: Trust) -> HttpSender {
    let here: &[&str] = &["127.0.0.1"];
    HttpSender::new(Names::new(&[("first.test", here), ("second.test", here), ("other.test", here)]), trust)
}

/// One request to a server that does this.
async fn exchange(method: &str, reply: Reply) -> (Result<Response, SendError>, Vec<String>) {
    let peer = Peer::plain(vec![reply]).await;
    let host = format!("first.test:{}", peer.port);
    let mut request = request(method, &format!("http://{host}/a?b=c"));
    request.timeout = Duration::from_millis(700);
    let result = sender(no_trust()).send(&request, &policy(&[host]), now()).await;
    (result, peer.seen())
}

#[tokio::test]
async fn a_request_goes_to_its_own_host() {
    let (result, seen) = exchange("POST", Reply::status("201 Created", "X-Id: 7\r\n", "made")).await;

    let response = result.expect("it is answered");
    assert_eq!((response.status, response.header("x-id"), &*response.body), (201, Some("7"), b"made".as_slice()));
    assert_eq!(response.outcome(), Outcome::Delivered);
    let seen = seen[0].to_lowercase();
    let (first, rest) = seen.split_once("\r\n").expect("a first line");
    assert_eq!(first, "post /a?b=c http/1.1");
    let mut lines: Vec<_> = rest.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    let host = lines.iter().position(|line| line.starts_with("host: first.test:")).expect("a host");
    lines.remove(host);
    assert_eq!(
        lines,
        ["content-length: 7", "idempotency-key: job-1", "user-agent: weft", "x-api-key: secret", "{\"a\":1}"]
    );
}

/// The same test in a process with proxy variables: it passes, and the proxy sees nobody.
#[test]
fn proxy_variables_are_not_read() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    proxy.set_nonblocking(true).expect("a listener");
    let url = format!("http://{}", proxy.local_addr().expect("it is bound"));
    let mut child = std::process::Command::new(std::env::current_exe().expect("a test has a file"));
    child.args(["--exact", "http::a_request_goes_to_its_own_host"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &url);
    }
    let output = child.env_remove("no_proxy").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(proxy.accept().map_err(|error| error.kind()).expect_err("nobody came"), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn encrypted_requests_need_a_certificate_that_is_believed() {
    let peer = Peer::encrypted(Vec::new()).await;
    let hosts = [format!("first.test:{}", peer.port), format!("other.test:{}", peer.port)];
    let policy = Policy { transport: Transport::HttpsOnly, ..policy(&hosts) };
    let send = async |trust, host: &str| {
        sender(trust).send(&request("POST", &format!("https://{host}/")), &policy, now()).await
    };

    assert_eq!(send(peer.trust.clone(), &hosts[0]).await.expect("it is answered").status, 200);
    assert!(matches!(send(no_trust(), &hosts[0]).await, Err(SendError::NotSent(NotSent::Tls { .. }))));
    let other_name = send(peer.trust.clone(), &hosts[1]).await;
    assert!(matches!(other_name, Err(SendError::NotSent(NotSent::Tls { .. }))), "{other_name:?}");
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn what_is_known_after_an_exchange_is_said() {
    let (result, seen) = exchange("POST", Reply::Close).await;
    let error = result.expect_err("there is no answer");
    assert!(matches!(error, SendError::Unknown { .. }), "{error:?}");
    assert!(matches!(error.outcome(), Outcome::Unknown { .. }));
    assert_eq!(seen.len(), 1, "it arrived");

    let (result, _) = exchange("POST", Reply::Hang).await;
    assert!(matches!(result, Err(SendError::Unknown { .. })), "{result:?}");

    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec();
    for reply in [Reply::Bytes(half.clone()), Reply::ThenHang(half)] {
        let (result, _) = exchange("POST", reply).await;
        let error = result.expect_err("it is cut");
        assert!(matches!(error, SendError::Answered { status: 200, .. }), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Delivered, "the status says that it was done");
    }

    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat((1 << 20) + 1)).into_bytes();
    let (result, _) = exchange("GET", Reply::Bytes(long)).await;
    assert!(result.expect_err("it is cut").to_string().contains("longer than 1048576 bytes"));

    let wide = |bytes: usize| Reply::Bytes(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(bytes)).into_bytes());
    let (result, _) = exchange("GET", wide(70_000)).await;
    assert!(result.expect_err("it is cut").to_string().contains("headers are longer than 65536 bytes"));
    let (result, _) = exchange("GET", wide(300_000)).await;
    assert!(matches!(result, Err(SendError::Unknown { .. })), "{result:?}");

    let closed =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("bound").port();
    let host = format!("first.test:{closed}");
    let result = sender(no_trust()).send(&request("POST", &format!("http://{host}/")), &policy(&[host]), now()).await;
    let error = result.expect_err("nobody listens");
    assert!(matches!(error, SendError::NotSent(NotSent::Connect { .. })), "{error:?}");
    assert!(matches!(error.outcome(), Outcome::Failed { .. }));
    let host = "nowhere.test:80".to_owned();
    let result = sender(no_trust()).send(&request("GET", "http://nowhere.test/"), &policy(&[host]), now()).await;
    assert!(matches!(result, Err(SendError::NotSent(NotSent::Resolve { .. }))), "{result:?}");
}

#[tokio::test]
async fn statuses_say_whether_to_try_again() {
    let check = async |status: &str, headers: &str, again: Option<Option<u32>>| {
        let (result, _) = exchange("POST", Reply::status(status, headers, "")).await;
        let outcome = result.expect("it is answered").outcome();
        match again {
            Some(wait) => {
                assert!(
                    matches!(outcome, Outcome::Failed { retry_after_seconds, .. } if retry_after_seconds == wait),
                    "{status}: {outcome:?}"
                );
            }
            None => assert!(matches!(outcome, Outcome::Refused { .. }), "{status}: {outcome:?}"),
        }
    };
    check("408 Request Timeout", "", Some(None)).await;
    check("425 Too Early", "", Some(None)).await;
    check("429 Too Many Requests", "Retry-After: 30\r\n", Some(Some(30))).await;
    check("503 Service Unavailable", "Retry-After: Thu, 01 Jan 2026 00:01:00 GMT\r\n", Some(Some(60))).await;
    check("500 Internal Server Error", "", Some(None)).await;
    check("504 Gateway Timeout", "Retry-After: soon\r\n", Some(None)).await;
    for status in
        ["301 Moved", "400 Bad Request", "401 Unauthorized", "404 Not Found", "409 Conflict", "422 Unprocessable"]
    {
        check(status, "", None).await;
    }
}

#[tokio::test]
async fn redirects_are_followed_only_where_they_may_be() {
    let second = Peer::plain(Vec::new()).await;
    let to_second = |location: &str| Reply::status("302 Found", &format!("Location: {location}\r\n"), "");
    let away = format!("http://second.test:{}/b", second.port);
    let first = Peer::plain(vec![
        to_second(&away),
        to_second(&away),
        to_second(&away),
        to_second("/b"),
        Reply::status("200 OK", "", "here"),
        to_second("http://169.254.169.254/latest/meta-data/"),
        to_second(&away),
        to_second("//second.test/b"),
        to_second("/1"),
        to_second("/2"),
        to_second("/3"),
        to_second("/4"),
    ])
    .await;
    let (one, two) = (format!("first.test:{}", first.port), format!("second.test:{}", second.port));
    let url = format!("http://{one}/a");
    let narrow = Policy { redirects: Redirects::Follow, ..policy(std::slice::from_ref(&one)) };
    let wide = Policy { redirects: Redirects::Follow, ..policy(&[one.clone(), two]) };
    let any = Policy { rules: Policy::any_host(&["GET"]).rules, ..wide.clone() };
    let send =
        async |method: &str, policy: &Policy| sender(no_trust()).send(&request(method, &url), policy, now()).await;

    assert_eq!(send("GET", &policy(&[one])).await.expect("an answer").status, 302, "not followed unless asked for");
    assert_eq!(send("POST", &wide).await.expect("an answer").status, 302, "nothing that has an effect is sent twice");
    let refused = send("GET", &narrow).await;
    assert!(matches!(refused, Err(SendError::NotSent(NotSent::Refused(Refusal::NotGranted { .. })))), "{refused:?}");
    assert_eq!(&*send("GET", &narrow).await.expect("an answer").body, b"here");
    let metadata = send("GET", &any).await;
    assert!(matches!(metadata, Err(SendError::NotSent(NotSent::Refused(Refusal::Address { .. })))), "{metadata:?}");
    assert_eq!(second.seen(), Vec::<String>::new());

    assert_eq!(send("GET", &wide).await.expect("an answer").status, 200);
    let seen = second.seen().concat().to_lowercase();
    assert!(seen.starts_with("get /b http/1.1"), "{seen}");
    assert!(!seen.contains("secret") && !seen.contains("idempotency"), "secrets stay with the first host: {seen}");

    let odd = send("GET", &wide).await.expect_err("two readings");
    assert!(odd.to_string().contains("redirected badly"), "{odd}");
    let endless = send("GET", &wide).await.expect_err("too many");
    assert!(endless.to_string().contains("more than 3 times"), "{endless}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_any_connection() {
    let peer = Peer::plain(Vec::new()).await;
    let host = format!("first.test:{}", peer.port);
    let check = async |change: &dyn Fn(&mut Request), part: &str| {
        let mut request = request("POST", &format!("http://{host}/"));
        change(&mut request);
        let error = sender(no_trust())
            .send(&request, &policy(std::slice::from_ref(&host)), now())
            .await
            .expect_err("it is refused");
        assert!(matches!(error, SendError::NotSent(NotSent::Refused(_))), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(matches!(error.outcome(), Outcome::Refused { .. }));
    };
    let header = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        move |request: &mut Request| request.headers.push((name.clone(), value.clone()))
    };
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "ä", "a\u{7f}"] {
        check(&header("X-A", value), "control characters").await;
    }
    for name in ["", "a b", "a:b", "a\r\nb", "ä"] {
        check(&header(name, "x"), "not a name of a header").await;
    }
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "Proxy-Authorization",
        "Idempotency-Key",
        "User-Agent",
    ] {
        check(&header(name, "x"), "the host sets it").await;
    }
    check(&header("X-A", &"x".repeat(70_000)), "65536 bytes").await;
    check(&|request| request.headers = vec![("X-A".to_owned(), String::new()); 101], "its headers").await;
    check(&|request| request.body = vec![0; (1 << 20) + 1].into(), "1048576 bytes").await;
    check(&|request| request.idempotency_key = "a\r\nb".to_owned(), "idempotency-key").await;
    check(&|request| request.idempotency_key = String::new(), "idempotency-key").await;
    for method in ["CONNECT", "TRACE", "post", "POST /x HTTP/1.1\r\n", ""] {
        check(&|request| request.method = method.to_owned(), "is not granted").await;
    }
    check(&|request| request.method = "DELETE".to_owned(), "DELETE first.test").await;
    assert_eq!(peer.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_is_asked_for_once() {
    let peer = Peer::plain(Vec::new()).await;
    let names = Names::new(&[("first.test", &["127.0.0.1"])]);
    let host = format!("first.test:{}", peer.port);
    let sender = HttpSender::new(Arc::clone(&names) as _, no_trust());
    sender.send(&request("GET", &format!("http://{host}/")), &policy(&[host]), now()).await.expect("it is answered");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "a second answer could be another address");
}
