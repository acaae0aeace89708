//! What goes out of this machine, wired to the ports of the use cases.

use crate::config::{Mail, Settings};
use crate::failure::Failure;
use crate::platform::WallClock;
use app::MailRules;
use app::port::clock::Clock;
use app::port::outbound::{Delivery, NoOutbound, Outbound, OutboundHttp, OutboundMail};
use async_trait::async_trait;
use domain::schedule::Outcome;
use outbound::mail::{Credentials, Mailbox, Message, Origin, Security, SmtpSettings};
use outbound::{
    FileMail, HttpSender, MailSender, NotSent, Policy, Reach, Request, SendError, SmtpSender, SystemResolver,
    Transport, Trust,
};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug)]
struct Wire {
    /// Absent when requests are switched off.
    http: Option<Http>,
    mail: Option<Post>,
}

#[derive(Debug)]
struct Http {
    sender: HttpSender,
    reach: Reach,
    transport: Transport,
}

#[derive(Debug)]
struct Post {
    sender: Box<dyn MailSender>,
    from: Mailbox,
    domain: String,
    return_path: Option<String>,
}

/// The senders that the settings ask for.
///
/// # Errors
/// The certificates of the system cannot be read, or the settings of mail do not fit together.
pub(crate) fn wire(settings: &Settings) -> Result<Arc<dyn Outbound>, Failure> {
    let trust = || Trust::of_system([]).map_err(|error| Failure::of("outbound requests cannot be made", &error));
    let outbound = &settings.outbound;
    let http = if outbound.enabled {
        if outbound.private_networks {
            tracing::warn!(
                "outbound requests may reach this machine and private networks: outbound.private_networks is on"
            );
        }
        Some(Http {
            sender: HttpSender::new(Arc::new(SystemResolver), trust()?),
            reach: if outbound.private_networks { Reach::PrivateToo } else { Reach::Public },
            transport: if outbound.plain_http { Transport::HttpToo } else { Transport::HttpsOnly },
        })
    } else {
        None
    };
    Ok(Arc::new(Wire { http, mail: post(&settings.mail, trust)? }))
}

/// What the use cases know of the settings of mail.
pub(crate) fn mail_rules(settings: &Settings) -> MailRules {
    let mail = &settings.mail;
    MailRules {
        notify: mail.notify && has_post(mail),
        own_address: mail.from.clone(),
        public_url: settings.http.public_url.clone(),
        per_person_per_hour_max: mail.per_person_per_hour_max,
    }
}

/// The hosts of `outbound.idempotent_hosts`.
pub(crate) fn idempotent_hosts(settings: &Settings) -> BTreeSet<String> {
    let hosts = settings.outbound.idempotent_hosts.split(',').map(|host| host.trim().to_ascii_lowercase());
    hosts.filter(|host| !host.is_empty()).collect()
}

fn has_post(mail: &Mail) -> bool {
    !mail.url.is_empty() || !mail.folder.as_os_str().is_empty()
}

fn post(mail: &Mail, trust: impl Fn() -> Result<Trust, Failure>) -> Result<Option<Post>, Failure> {
    if !has_post(mail) {
        return Ok(None);
    }
    let domain = mail.from.rsplit_once('@').map(|(_, domain)| domain.to_owned()).filter(|domain| !domain.is_empty());
    let domain = domain.ok_or_else(|| {
        Failure::new("mail cannot be sent: set mail.from to the address that mails come from, such as weft@example.com")
    })?;
    let sender: Box<dyn MailSender> = if mail.url.is_empty() {
        Box::new(FileMail::new(&mail.folder))
    } else {
        if !mail.folder.as_os_str().is_empty() {
            return Err(Failure::new("mail.url and mail.folder are both set: choose one of them"));
        }
        Box::new(SmtpSender::new(smtp(mail, &domain)?, Arc::new(SystemResolver), trust()?))
    };
    let from =
        Mailbox { name: Some(mail.from_name.clone()).filter(|name| !name.is_empty()), address: mail.from.clone() };
    let return_path = Some(mail.bounces_to.clone()).filter(|address| !address.is_empty());
    Ok(Some(Post { sender, from, domain, return_path }))
}

fn smtp(mail: &Mail, domain: &str) -> Result<SmtpSettings, Failure> {
    let (security, usual_port) = match mail.tls.as_str() {
        "starttls" => (Security::StartTls, 587),
        "tls" => (Security::Tls, 465),
        "local" => (Security::PlainOnThisMachine, 25),
        "off" => (Security::PlainAnywhere, 25),
        other => {
            return Err(Failure::new(format!("mail.tls is `{other}`; write `starttls`, `tls`, `local` or `off`")));
        }
    };
    let wrong = || {
        Failure::new(
            "mail.url is not the address of a mail server; write it as smtp://mail.example.com:587, the login into mail.login",
        )
    };
    let rest = mail.url.strip_prefix("smtp://").ok_or_else(wrong)?.trim_end_matches('/');
    if rest.is_empty() || rest.contains(['/', '@', '?']) {
        return Err(wrong());
    }
    // Of IPv6 the brackets hold the other colons.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (rest, usual_port),
    };
    let credentials = if mail.login.is_empty() {
        None
    } else {
        let file = &mail.password_file;
        let password = std::fs::read_to_string(file).map_err(|error| {
            Failure::of(
                &format!(
                    "mail.login is set, and its password cannot be read from `{}` (mail.password_file)",
                    file.display()
                ),
                &error,
            )
        })?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        Some(Credentials { login: mail.login.clone(), password })
    };
    let hello_name = if mail.hello_name.is_empty() { domain } else { &mail.hello_name };
    Ok(SmtpSettings { host: host.to_owned(), port, security, credentials, hello_name: hello_name.to_owned() })
}

#[async_trait]
impl Outbound for Wire {
    async fn http(&self, wanted: OutboundHttp) -> Delivery {
        let Some(http) = &self.http else { return NoOutbound.http(wanted).await };
        let policy = Policy { reach: http.reach, transport: http.transport, ..Policy::of_grants(wanted.grants.iter()) };
        let request = Request {
            method: wanted.method,
            url: wanted.url,
            headers: wanted.headers,
            body: wanted.body.unwrap_or_default().into(),
            idempotency_key: wanted.idempotency_key,
            timeout: wanted.timeout,
        };
        match http.sender.send(&request, &policy, WallClock.now()).await {
            Ok(response) => Delivery::Answered {
                status: response.status,
                headers: response.headers,
                body: String::from_utf8_lossy(&response.body).into_owned(),
                retry_after_seconds: response.retry_after_seconds,
            },
            Err(SendError::NotSent(reason)) => {
                let may_retry = !matches!(reason, NotSent::Refused(_));
                Delivery::NotSent { reason: reason.to_string(), may_retry }
            }
            Err(SendError::Answered { host, status, why, retry_after_seconds }) => {
                Delivery::Broken { status, reason: format!("{host} answered {status}, but {why}"), retry_after_seconds }
            }
            Err(error) => Delivery::Unknown { reason: error.to_string() },
        }
    }

    async fn mail(&self, mail: OutboundMail) -> Outcome {
        let Some(post) = &self.mail else { return NoOutbound.mail(mail).await };
        let message = Message {
            idempotency_key: mail.idempotency_key,
            domain: post.domain.clone(),
            from: post.from.clone(),
            return_path: post.return_path.clone(),
            to: vec![Mailbox { name: mail.to_name.filter(|name| !name.is_empty()), address: mail.to }],
            cc: Vec::new(),
            reply_to: None,
            subject: mail.subject,
            text: mail.text,
            html: None,
            in_reply_to: None,
            references: Vec::new(),
            origin: Origin::Generated,
        };
        match post.sender.send(&message, WallClock.now()).await {
            Ok(_) => Outcome::Delivered,
            Err(error) => error.outcome(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Mail), expected: &str) {
        let mut mail = Mail { from: "weft@example.com".to_owned(), ..Mail::default() };
        change(&mut mail);
        let found = post(&mail, || Trust::of_system([]).map_err(|error| Failure::of("no certificates", &error)));
        let found = match found {
            Ok(Some(post)) => format!("{:?}", post.sender).split(' ').next().unwrap_or_default().to_owned(),
            Ok(None) => "none".to_owned(),
            Err(failure) => failure.to_string(),
        };
        assert!(found.contains(expected), "{expected} in {found}");
    }

    #[test]
    fn the_settings_of_mail_lead_to_a_sender_or_say_what_is_wrong() {
        check(|_| {}, "none");
        check(|mail| mail.folder = "mails".into(), "FileMail");
        check(|mail| mail.url = "smtp://mail.example.com".to_owned(), "SmtpSender");
        check(|mail| mail.url = "smtp://[::1]:2525".to_owned(), "SmtpSender");
        check(|mail| mail.url = "smtp://user:word@mail.example.com".to_owned(), "mail.login");
        check(|mail| mail.url = "mail.example.com".to_owned(), "smtp://mail.example.com:587");
        check(|mail| (mail.url, mail.tls) = ("smtp://a.example".to_owned(), "maybe".to_owned()), "`starttls`");
        check(|mail| (mail.folder, mail.from) = ("mails".into(), String::new()), "set mail.from");
        check(|mail| (mail.folder, mail.url) = ("mails".into(), "smtp://a.example".to_owned()), "choose one");
        check(|mail| (mail.url, mail.login) = ("smtp://a.example".to_owned(), "weft".to_owned()), "mail.password_file");
    }
}
