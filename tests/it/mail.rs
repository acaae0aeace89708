//! Mail to a real server of somebody else's making: what we send is what it understands, and what it says is what we understand.

use domain::schedule::Outcome;
use jiff::Timestamp;
use outbound::mail::{Credentials, Mailbox, Message, Origin, Security, SmtpSettings};
use outbound::{MailSender, SmtpSender, SystemResolver, Trust};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// For a line of the server.
const WAIT_MAX: Duration = Duration::from_secs(30);

struct Server {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Server {
    async fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/mail-server.mjs");
        let child =
            Command::new("node").arg(script).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child =
            child.expect("node is installed, as the screens need it; `cargo dev test` sets up its packages");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut server = Self { port: 0, lines, _child: child };
        server.port = u16::try_from(server.line().await["port"].as_u64().expect("a port")).expect("a port");
        server
    }

    async fn line(&mut self) -> Value {
        let line = tokio::time::timeout(WAIT_MAX, self.lines.next_line()).await.expect("the server speaks in time");
        let line = line.expect("it can be read").expect("`cargo dev ui` installs the package smtp-server");
        serde_json::from_str(&line).expect("it speaks JSON")
    }

    fn sender(&self, password: &str) -> SmtpSender {
        let settings = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: Security::PlainOnThisMachine,
            credentials: Some(Credentials { login: "weft".to_owned(), password: password.to_owned() }),
            hello_name: "weft.example".to_owned(),
        };
        SmtpSender::new(settings, Arc::new(SystemResolver), Trust::of_system([]).expect("certificates"))
    }
}

fn message(to: &str) -> Message {
    Message {
        idempotency_key: "notification-7".to_owned(),
        domain: "weft.example".to_owned(),
        from: Mailbox::named("Weft", "weft@weft.example"),
        return_path: None,
        to: vec![Mailbox::named("Inês Ç", to)],
        cc: Vec::new(),
        reply_to: None,
        subject: "Grüße\r\nBcc: evil@example.com".to_owned(),
        text: "one\n.\n.two\nÜbermut".to_owned(),
        html: None,
        in_reply_to: None,
        references: Vec::new(),
        origin: Origin::Generated,
    }
}

#[tokio::test]
async fn a_real_mail_server_takes_our_mails_and_its_refusals_are_understood() {
    let mut server = Server::start().await;
    let now: Timestamp = "2026-03-01T08:00:00Z".parse().expect("an instant");

    let receipt = server.sender("secret").send(&message("ana@example.com"), now).await.expect("it is taken");
    let mail = server.line().await;
    assert_eq!(
        (&mail["from"], &mail["to"]),
        (&Value::from(""), &serde_json::json!(["ana@example.com"])),
        "no return path"
    );
    let text = mail["text"].as_str().expect("a mail");
    assert_eq!(receipt.message_id, "<notification-7@weft.example>");
    for header in
        ["Message-ID: <notification-7@weft.example>", "Auto-Submitted: auto-generated", "X-Loop: weft.example"]
    {
        assert!(text.contains(header), "{header} in {text}");
    }
    assert!(!text.to_lowercase().contains("\nbcc:"), "a subject is one header: {text}");
    assert!(text.contains("\r\n.\r\n"), "a line with a dot alone arrives as it was written: {text}");

    let outcome = async |sender: SmtpSender, to: &str| match sender.send(&message(to), now).await {
        Ok(_) => Outcome::Delivered,
        Err(error) => error.outcome(),
    };
    let gone = outcome(server.sender("secret"), "gone@example.com").await;
    assert!(matches!(&gone, Outcome::Refused { reason } if reason.contains("no such person")), "{gone:?}");
    let later = outcome(server.sender("secret"), "later@example.com").await;
    assert!(matches!(&later, Outcome::Failed { .. }), "{later:?}");
    let stranger = outcome(server.sender("wrong"), "ana@example.com").await;
    assert!(matches!(&stranger, Outcome::Failed { .. }), "the settings can be mended: {stranger:?}");
}
