//! Mail by SMTP (RFC 5321). One connection for each mail. What counts is at which stage it ended: before the content was sent the mail was
//! surely not taken, after it nobody knows until the server says so.

mod greeting;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials as LettreCredentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;
use url::Host;

use super::compose::{Composed, compose};
use super::{MailError, MailSender, Message, Receipt, RefusedRecipient, Verdict};
use crate::address::Reach;
use crate::connect::{self, Resolve};
use crate::error::NotSent;
use crate::stream::Stream;
use crate::tls::Trust;
use greeting::Greeted;

/// For each step before the content. Servers that delay on purpose stay below it.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);
/// For the content and the answer to it: servers check the mail before they answer.
const CONTENT_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// How we introduce ourselves: the name of this machine as others know it.
    pub hello_name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Encrypted from the first byte, usually port 465.
    Tls,
    /// Encrypted after `STARTTLS`, usually port 587. A server that does not offer it is not used.
    StartTls,
    /// Not encrypted, to a server on this machine.
    PlainOnThisMachine,
    /// Not encrypted. A setting of the administrator: mail and password can be read on the way.
    PlainAnywhere,
}

#[derive(Clone)]
pub struct Credentials {
    pub login: String,
    pub password: String,
}

/// Sends mail by SMTP.
#[derive(Debug, Clone)]
pub struct SmtpSender {
    settings: SmtpSettings,
    resolver: Arc<dyn Resolve>,
    trust: Trust,
    step_timeout: Duration,
    content_timeout: Duration,
}

impl SmtpSender {
    #[must_use]
    pub fn new(settings: SmtpSettings, resolver: Arc<dyn Resolve>, trust: Trust) -> Self {
        Self { settings, resolver, trust, step_timeout: STEP_TIMEOUT, content_timeout: CONTENT_TIMEOUT }
    }

    /// With other waits, for servers that are slower and for tests.
    #[must_use]
    pub fn with_timeouts(mut self, step: Duration, content: Duration) -> Self {
        (self.step_timeout, self.content_timeout) = (step, content);
        self
    }

    /// Connects, encrypts, introduces itself and logs in. Whatever goes wrong here is not the mail's fault, so it is tried again.
    async fn open(&self) -> Result<AsyncSmtpConnection, MailError> {
        let settings = &self.settings;
        let host = Host::parse(&settings.host)
            .map_err(|_| MailError::Message("the host of the mail server is not a name or address".to_owned()))?;
        // The administrator names this server, and it usually stands in a private network.
        let tcp = connect::connect(&*self.resolver, &host, settings.port, Reach::PrivateToo).await?;
        let is_local = tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
        let hello = hello(&settings.hello_name)?;
        let stream = match settings.security {
            Security::PlainOnThisMachine if !is_local => {
                let why = "it is not on this machine, and plain connections are only allowed there".to_owned();
                return Err(NotSent::Connect { host: settings.host.clone(), why }.into());
            }
            Security::PlainOnThisMachine | Security::PlainAnywhere => Greeted::not_yet(Stream::Plain(tcp)),
            Security::Tls => Greeted::not_yet(Stream::Tls(Box::new(self.trust.handshake(&host, tcp).await?))),
            Security::StartTls => {
                let tcp = self.in_time("STARTTLS", greeting::start_tls(tcp, &hello.to_string())).await??;
                Greeted::already(Stream::Tls(Box::new(self.trust.handshake(&host, tcp).await?)))
            }
        };
        let connected = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
        let mut connection =
            self.in_time("the greeting", connected).await?.map_err(|error| later("the greeting", &error))?;
        if let Some(Credentials { login, password }) = &settings.credentials {
            let credentials = LettreCredentials::new(login.clone(), password.clone());
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            self.in_time("the login", login).await?.map_err(|error| later("the login", &error))?;
        }
        Ok(connection)
    }

    /// Everything before the content: who it is from and for. Gives who was refused.
    async fn announce(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Composed,
    ) -> Result<Vec<RefusedRecipient>, MailError> {
        let server = connection.server_info();
        let mut parameters = Vec::new();
        if !mail.bytes.is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err(MailError::Message("the mail server takes plain ASCII only".to_owned()));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mut addresses = mail.envelope.to().iter().chain(mail.envelope.from());
        if addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(MailError::Message("the mail server knows no addresses beyond ASCII".to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(mail.envelope.from().cloned(), parameters);
        self.in_time("MAIL", connection.command(from)).await?.map_err(|error| rejected("MAIL", &error))?;

        let mut refused: Vec<(Address, Verdict)> = Vec::new();
        for to in mail.envelope.to() {
            match self.in_time("RCPT", connection.command(Rcpt::new(to.clone(), Vec::new()))).await? {
                Ok(_) => {}
                Err(error) if error.status().is_some() => refused.push((to.clone(), verdict(&error))),
                Err(error) => return Err(rejected("RCPT", &error)),
            }
        }
        if refused.len() == mail.envelope.to().len() {
            // One that may do better later is reason enough to try the mail again.
            let for_now = refused.iter().find(|(_, verdict)| matches!(verdict, Verdict::ForNow(_)));
            let (_, verdict) = for_now.or(refused.first()).cloned().expect("a mail has a recipient");
            return Err(MailError::Rejected { stage: "RCPT", verdict });
        }
        self.in_time("DATA", connection.command(Data)).await?.map_err(|error| rejected("DATA", &error))?;
        let named = |(address, verdict): (Address, Verdict)| RefusedRecipient { address: address.to_string(), verdict };
        Ok(refused.into_iter().map(named).collect())
    }

    async fn in_time<T>(&self, stage: &'static str, step: impl Future<Output = T>) -> Result<T, MailError> {
        timeout(self.step_timeout, step).await.map_err(|_| MailError::Rejected {
            stage,
            verdict: Verdict::ForNow(format!("no answer within {} seconds", self.step_timeout.as_secs_f32())),
        })
    }
}

#[async_trait::async_trait]
impl MailSender for SmtpSender {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, MailError> {
        let mail = compose(message, now)?;
        let mut connection = self.open().await?;
        let refused = self.announce(&mut connection, &mail).await?;
        // From here on silence means that nobody knows: the last dot may have arrived.
        match timeout(self.content_timeout, connection.message(&mail.bytes)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.status().is_some() => return Err(rejected("the content", &error)),
            Ok(Err(error)) => return Err(MailError::Unknown(chain(&error))),
            Err(_) => {
                return Err(MailError::Unknown(format!(
                    "no answer within {} seconds",
                    self.content_timeout.as_secs_f32()
                )));
            }
        }
        // The mail is taken; how the farewell goes does not matter.
        let _ = timeout(self.step_timeout, connection.quit()).await;
        Ok(Receipt { message_id: mail.message_id, refused })
    }
}

/// The library writes the name into a command as it is.
fn hello(name: &str) -> Result<ClientId, MailError> {
    let is_plain =
        (1..=253).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:[]".contains(&c));
    if is_plain {
        return Ok(ClientId::Domain(name.to_owned()));
    }
    Err(MailError::Message("the name of this machine for mail servers is not one".to_owned()))
}

/// A refusal of us and not of the mail: also 5xx may be over when the settings are right.
fn later(stage: &'static str, error: &SmtpError) -> MailError {
    let (Verdict::ForNow(text) | Verdict::ForGood(text)) = verdict(error);
    MailError::Rejected { stage, verdict: Verdict::ForNow(text) }
}

fn rejected(stage: &'static str, error: &SmtpError) -> MailError {
    MailError::Rejected { stage, verdict: verdict(error) }
}

fn verdict(error: &SmtpError) -> Verdict {
    if error.is_permanent() { Verdict::ForGood(chain(error)) } else { Verdict::ForNow(chain(error)) }
}

/// What the server said, in one line of readable length.
fn chain(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}
