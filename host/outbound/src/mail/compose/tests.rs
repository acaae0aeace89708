//! What a mail looks like on the line, and what can never become a header of it.

use super::*;

fn message() -> Message {
    Message {
        idempotency_key: "job-42".to_owned(),
        domain: "weft.example".to_owned(),
        from: Mailbox::named("Service desk", "desk@weft.example"),
        return_path: Some("bounces@weft.example".to_owned()),
        to: vec![Mailbox::named("Erin", "erin@example.com")],
        cc: Vec::new(),
        reply_to: None,
        subject: "INC-1042 Printer".to_owned(),
        text: "Hello,\nit works again.\n".to_owned(),
        html: None,
        in_reply_to: None,
        references: Vec::new(),
        origin: Origin::Generated,
    }
}

fn text(message: &Message) -> String {
    let now = "2026-01-01T08:00:00Z".parse().expect("an instant");
    String::from_utf8(compose(message, now).expect("it is a mail").bytes).expect("a mail is text here")
}

#[test]
fn a_plain_mail() {
    let expected = [
        "Date: Thu, 01 Jan 2026 08:00:00 +0000",
        "Message-ID: <job-42@weft.example>",
        "From: \"Service desk\" <desk@weft.example>",
        "Subject: INC-1042 Printer",
        "To: Erin <erin@example.com>",
        "References: <job-42@weft.example>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "X-Loop: weft.example",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hello,",
        "it works again.",
        "",
    ];
    assert_eq!(text(&message()), expected.join("\r\n"));
}

#[test]
fn a_mail_with_html_in_a_thread_is_the_same_each_time() {
    let mail = Message {
        html: Some("<p>Grüße</p>".to_owned()),
        reply_to: Some(Mailbox::new("desk+inc-1042-abc@weft.example")),
        in_reply_to: Some("<a@b>".to_owned()),
        references: (0..30).map(|n| format!("<{n}@b>")).collect(),
        origin: Origin::Person,
        ..message()
    };
    let text = text(&mail);
    assert_eq!(text, self::text(&mail));
    assert!(text.contains("In-Reply-To: <a@b>\r\n"), "{text}");
    let unfolded = text.replace("\r\n ", " ");
    let references = unfolded.lines().find(|line| line.starts_with("References: ")).expect("there are some");
    assert!(references.starts_with("References: <0@b> <12@b> "), "{references}");
    assert!(references.ends_with(" <29@b> <job-42@weft.example>"), "{references}");
    assert!(text.contains("Content-Type: multipart/alternative;"), "{text}");
    assert!(text.contains("Content-Type: text/html; charset=utf-8"), "{text}");
    assert!(!text.contains("Auto-Submitted"), "a person wrote it: {text}");
}

#[test]
fn automatic_replies_have_no_return_path() {
    let now = "2026-01-01T08:00:00Z".parse().expect("an instant");
    let composed = compose(&Message { origin: Origin::Replied, ..message() }, now).expect("it is a mail");
    assert_eq!(composed.envelope.from(), None);
    assert!(String::from_utf8_lossy(&composed.bytes).contains("Auto-Submitted: auto-replied\r\n"));
}

#[test]
fn no_text_becomes_a_header() {
    let attacks = [
        "\r\nBcc: eve@evil.example",
        "\nBcc: eve@evil.example",
        "\rBcc: eve@evil.example",
        "\u{2028}Bcc: eve@evil.example",
        "\0\r\n\r\nBcc: eve@evil.example",
        "=?utf-8?q?=0d=0aBcc:_eve=40evil.example?=",
    ];
    for attack in attacks {
        let mail = Message {
            subject: format!("x{attack}"),
            from: Mailbox::named(format!("x{attack}"), "desk@weft.example"),
            to: vec![Mailbox::named(format!("x{attack}"), "erin@example.com")],
            idempotency_key: format!("x{attack}"),
            ..message()
        };
        let text = text(&mail);
        let head = text.split("\r\n\r\n").next().expect("a mail has a head");
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        let expected = [
            "Date",
            "Message-ID",
            "From",
            "Subject",
            "To",
            "References",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "X-Loop",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ];
        assert_eq!(names, expected, "{attack:?}");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{attack:?}");
    }
}

#[test]
fn what_cannot_be_a_mail_is_refused() {
    let now = "2026-01-01T08:00:00Z".parse().expect("an instant");
    let check = |message: Message, part: &str| {
        let error = compose(&message, now).map(|_| ()).expect_err("it must be refused").to_string();
        assert!(error.contains(part), "{error}");
    };
    for bad in [
        "",
        "erin",
        "erin@",
        "@example.com",
        "a@b\r\nBcc: c@d",
        "a b@c",
        "<a@b>",
        "\"a\\\r\n\"@b.example",
        "a@b,c@d",
        "a@[127.0.0.1]",
    ] {
        check(Message { to: vec![Mailbox::new(bad)], ..message() }, "is not a mail address");
        check(Message { return_path: Some(bad.to_owned()), ..message() }, "is not a mail address");
    }
    for bad in ["", "a@b", "<a@b>\r\nBcc: x", "<a@b> <c@d>", "<>", "<a\r\n@b>"] {
        check(Message { in_reply_to: Some(bad.to_owned()), ..message() }, "the form `<left@right>`");
        check(Message { references: vec![bad.to_owned()], ..message() }, "the form `<left@right>`");
    }
    check(Message { to: Vec::new(), ..message() }, "0 recipients");
    check(Message { to: vec![Mailbox::new("a@example.com"); 101], ..message() }, "101 recipients");
    check(Message { domain: "a\r\nb".to_owned(), ..message() }, "the domain of the installation");
    check(Message { text: "x".repeat(TEXT_BYTES_MAX + 1), ..message() }, "longer than");
}
