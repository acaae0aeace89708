//! Mail to a server that follows RFC 5321, refuses at any stage, or goes away at any stage.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::schedule::Outcome;
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use weft_outbound::mail::{Credentials, Mailbox, Origin, Security, SmtpSettings, Verdict};
use weft_outbound::{FileMail, MailError, MailSender, Message, Receipt, SmtpSender, Trust};

use crate::peer::{Names, identity, no_trust};

/// What a server does at the first command that begins so; `greeting` and `content` are not commands but stages.
#[derive(Clone)]
enum At {
    Say(&'static str, &'static str),
    Close(&'static str),
    Hang(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Offers {
    Plain,
    StartTls,
    Tls,
}

struct Server {
    port: u16,
    trust: Trust,
    /// Commands and mails, as they came.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(offers: Offers, script: Vec<At>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (acceptor, trust) = identity();
        let remembers = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, script, seen) = (acceptor.clone(), script.clone(), remembers.clone());
                tokio::spawn(async move { conversation(stream, acceptor, offers, &script, &seen).await });
            }
        });
        Self { port, trust, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no test panics while it holds this").clone()
    }

    fn sender(&self, security: Security) -> SmtpSender {
        let settings = SmtpSettings {
            host: "first.test".to_owned(),
            port: self.port,
            security,
            credentials: Some(Credentials { login: "weft".to_owned(), password: "secret".to_owned() }),
            hello_name: "weft.example".to_owned(),
        };
        let names = Names::new(&[("first.test", &["127.0.0.1"])]);
        let wait = Duration::from_millis(1_500);
        SmtpSender::new(settings, names, self.trust.clone()).with_timeouts(wait, wait)
    }
}

async fn conversation(
    stream: tokio::net::TcpStream,
    acceptor: TlsAcceptor,
    offers: Offers,
    script: &[At],
    seen: &Mutex<Vec<String>>,
) -> Option<()> {
    if offers == Offers::Tls {
        return talk(acceptor.accept(stream).await.ok()?, (false, true), script, seen).await.map(|_| ());
    }
    let stream = talk(stream, (offers == Offers::StartTls, true), script, seen).await?;
    talk(acceptor.accept(stream).await.ok()?, (false, false), script, seen).await.map(|_| ())
}

/// Talks until the client leaves, or until `STARTTLS`, which gives the stream back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    (offers_tls, greets): (bool, bool),
    script: &[At],
    seen: &Mutex<Vec<String>>,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greets {
        answer(&mut stream, "greeting", "220 test", script).await?;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        seen.lock().expect("no test panics while it holds this").push(line.clone());
        let usual = match line.split(' ').next().unwrap_or_default() {
            "EHLO" if offers_tls => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "STARTTLS" => "220 go",
            "AUTH" => "235 welcome",
            "DATA" => "354 go",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        answer(&mut stream, &line, usual, script).await?;
        if line == "STARTTLS" {
            return Some(stream.into_inner());
        }
        if line == "DATA" {
            let mut mail = String::new();
            while !mail.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut mail).await.ok()? == 0 {
                    return None;
                }
            }
            seen.lock().expect("no test panics while it holds this").push(mail);
            answer(&mut stream, "content", "250 taken", script).await?;
        }
    }
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, stage: &str, usual: &str, script: &[At]) -> Option<()> {
    let hits = |at: &&At| {
        let (At::Say(name, _) | At::Close(name) | At::Hang(name)) = at;
        stage.starts_with(name)
    };
    let text = match script.iter().find(hits) {
        None => usual,
        Some(At::Say(_, text)) => text,
        Some(At::Close(_)) => return None,
        Some(At::Hang(_)) => std::future::pending().await,
    };
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

fn now() -> Timestamp {
    "2026-01-01T08:00:00Z".parse().expect("an instant")
}

fn message() -> Message {
    Message {
        idempotency_key: "job-42".to_owned(),
        domain: "weft.example".to_owned(),
        from: Mailbox::new("desk@weft.example"),
        return_path: Some("bounces@weft.example".to_owned()),
        to: vec![Mailbox::new("erin@example.com"), Mailbox::new("ada@example.com")],
        cc: Vec::new(),
        reply_to: None,
        subject: "Printer".to_owned(),
        text: "Hello\n.\n.. dots\n".to_owned(),
        html: None,
        in_reply_to: None,
        references: Vec::new(),
        origin: Origin::Generated,
    }
}

async fn send(script: Vec<At>) -> Result<Receipt, MailError> {
    let server = Server::start(Offers::Plain, script).await;
    server.sender(Security::PlainOnThisMachine).send(&message(), now()).await
}

#[tokio::test]
async fn a_mail_arrives_by_each_kind_of_connection() {
    for (offers, security) in [
        (Offers::Plain, Security::PlainOnThisMachine),
        (Offers::Plain, Security::PlainAnywhere),
        (Offers::StartTls, Security::StartTls),
        (Offers::Tls, Security::Tls),
    ] {
        let server = Server::start(offers, Vec::new()).await;
        let receipt = server.sender(security).send(&message(), now()).await.expect("it is taken");
        assert_eq!(receipt, Receipt { message_id: "<job-42@weft.example>".to_owned(), refused: Vec::new() });
        let seen = server.seen();
        let first = seen.iter().position(|line| line.starts_with("AUTH")).expect("it logs in");
        assert_eq!(
            seen[first + 1..first + 5],
            ["MAIL FROM:<bounces@weft.example>", "RCPT TO:<erin@example.com>", "RCPT TO:<ada@example.com>", "DATA"]
        );
        let mail = &seen[first + 5];
        assert!(mail.contains("Message-ID: <job-42@weft.example>\r\n"), "{mail}");
        assert!(mail.ends_with("\r\n\r\nHello\r\n..\r\n... dots\r\n\r\n.\r\n"), "{mail:?}");
        let before_tls: Vec<_> = seen.iter().take_while(|line| *line != "STARTTLS").map(String::as_str).collect();
        if security == Security::StartTls {
            assert_eq!(before_tls, ["EHLO weft.example"], "nothing else is said in the open");
        }
    }
}

#[tokio::test]
async fn secrets_are_not_said_in_the_open() {
    let server = Server::start(Offers::Plain, Vec::new()).await;
    let error = server.sender(Security::StartTls).send(&message(), now()).await.expect_err("it is not offered");
    assert!(error.to_string().contains("does not offer it"), "{error}");
    assert_eq!(server.seen(), ["EHLO weft.example"]);

    // Somebody in between adds an answer that would count as encrypted.
    let server = Server::start(Offers::StartTls, vec![At::Say("STARTTLS", "220 go\r\n250 AUTH PLAIN")]).await;
    let error = server.sender(Security::StartTls).send(&message(), now()).await.expect_err("it is noticed");
    assert!(matches!(error, MailError::NotSent(_)), "{error:?}");

    let server = Server::start(Offers::Tls, Vec::new()).await;
    let stranger = Server { trust: no_trust(), ..server };
    let error =
        stranger.sender(Security::Tls).send(&message(), now()).await.expect_err("nobody knows this certificate");
    assert!(matches!(error, MailError::NotSent(_)), "{error:?}");
    assert!(matches!(error.outcome(), Outcome::Failed { .. }));
    assert!(!format!("{:?}", stranger.sender(Security::Tls)).contains("secret"));
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_content_did_nothing() {
    for stage in ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        for script in [At::Close(stage), At::Hang(stage)] {
            let error = send(vec![script]).await.expect_err("it breaks");
            assert!(matches!(error.outcome(), Outcome::Failed { .. }), "{stage}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_content_leaves_it_open() {
    for script in [At::Close("content"), At::Hang("content")] {
        let error = send(vec![script]).await.expect_err("it breaks");
        assert!(matches!(error, MailError::Unknown(_)), "{error:?}");
        assert!(matches!(error.outcome(), Outcome::Unknown { .. }));
    }
    send(vec![At::Close("QUIT")]).await.expect("it was taken before");
}

#[tokio::test]
async fn what_the_server_says_is_for_now_or_for_good() {
    let check = async |stage: &'static str, text: &'static str, for_good: bool| {
        let error = send(vec![At::Say(stage, text)]).await.expect_err("it is refused");
        let outcome = error.outcome();
        assert_eq!(matches!(outcome, Outcome::Refused { .. }), for_good, "{stage} {text}: {error:?}");
        assert_eq!(matches!(outcome, Outcome::Failed { .. }), !for_good, "{stage} {text}: {error:?}");
    };
    check("greeting", "554 go away", false).await;
    check("greeting", "421 too busy", false).await;
    check("AUTH", "535 wrong password", false).await;
    check("MAIL", "451 later", false).await;
    check("MAIL", "550 not from you", true).await;
    check("RCPT", "450 greylisted", false).await;
    check("RCPT", "550 no such box", true).await;
    check("DATA", "554 no", true).await;
    check("content", "452 disk full", false).await;
    check("content", "554 spam", true).await;

    let receipt = send(vec![At::Say("RCPT TO:<ada", "550 no such box")]).await.expect("one of two takes it");
    assert_eq!(receipt.refused.len(), 1);
    assert_eq!(receipt.refused[0].address, "ada@example.com");
    assert!(
        matches!(&receipt.refused[0].verdict, Verdict::ForGood(text) if text.contains("no such box")),
        "{receipt:?}"
    );
    let both = vec![At::Say("RCPT TO:<ada", "550 no such box"), At::Say("RCPT TO:<erin", "450 later")];
    assert!(matches!(send(both).await.expect_err("nobody takes it").outcome(), Outcome::Failed { .. }));
}

#[tokio::test]
async fn a_mail_into_a_folder_is_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail = FileMail::new(folder.path().join("mail"));
    let first = mail.send(&message(), now()).await.expect("it is written");
    let second = mail.send(&message(), now()).await.expect("it is written again");
    assert_eq!(first, second);
    let files: Vec<_> = std::fs::read_dir(folder.path().join("mail"))
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0].extension().and_then(|end| end.to_str()), Some("eml"));
    let text = std::fs::read_to_string(&files[0]).expect("text");
    assert!(text.contains("Subject: Printer\r\n"), "{text}");
}
