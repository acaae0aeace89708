//! Signing in: passwords (argon2id), browser sessions, API tokens.

use crate::app::App;
use crate::error::{AppError, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Actor, Person, PersonId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use store::{Session, SessionKind};

/// Failures for one login before it has to wait.
const FAILURES_MAX: usize = 10;
const FAILURES_WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Characters of a password: NIST SP 800-63B asks for at least 8 and room for 64.
const PASSWORD_MIN: usize = 10;
const PASSWORD_MAX: usize = 256;
/// Days that an API token may last.
const TOKEN_DAYS_MAX: u32 = 366;

/// Counts failed sign-ins by login, so that guessing is slow.
#[derive(Debug, Default)]
pub struct Throttle {
    failures: Mutex<HashMap<String, VecDeque<Timestamp>>>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Principal {
    pub actor: Arc<Actor>,
    pub session: Session,
}

/// A secret that is shown once.
#[derive(Debug, Clone, Serialize)]
pub struct NewToken {
    pub token: String,
    pub id: String,
    pub name: String,
    pub expires_at: Timestamp,
}

impl App {
    /// # Errors
    /// [`AppError::BadCredentials`] for an unknown login, a wrong password and an inactive person alike, after the same work.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<NewToken> {
        let login = login.trim().to_lowercase();
        self.throttle.check(&login, self.now())?;
        let person = self.store.person_by_login(self.org(), &login).await?.filter(|person| person.active);
        let phc = match &person {
            Some(person) => self.store.password_get(self.org(), &person.id).await?,
            None => None,
        };
        let known = phc.is_some();
        let (password, phc) = (password.to_owned(), phc.unwrap_or_else(|| DUMMY_PHC.to_owned()));
        let right = tokio::task::spawn_blocking(move || verify(&password, &phc)).await.unwrap_or(false);
        match person {
            Some(person) if known && right => {
                self.throttle.succeeded(&login);
                self.open_session(
                    &person.id,
                    SessionKind::Browser,
                    "browser",
                    SignedDuration::from_secs(self.config.session_seconds),
                )
                .await
            }
            _ => {
                self.throttle.failed(&login, self.now());
                Err(AppError::BadCredentials)
            }
        }
    }

    /// Sign in by persona, without a password: in the demo only.
    ///
    /// # Errors
    /// Not the demo, or no such person.
    pub async fn sign_in_as(&self, login: &str) -> Result<NewToken> {
        if !self.config.demo {
            return Err(AppError::NotFound("page".to_owned()));
        }
        let person = self
            .store
            .person_by_login(self.org(), login)
            .await?
            .ok_or_else(|| AppError::not_found("persona", login))?;
        self.open_session(
            &person.id,
            SessionKind::Browser,
            "demo",
            SignedDuration::from_secs(self.config.session_seconds),
        )
        .await
    }

    async fn open_session(
        &self,
        person: &PersonId,
        kind: SessionKind,
        name: &str,
        lasts: SignedDuration,
    ) -> Result<NewToken> {
        let token = self.secret("weft_");
        let now = self.now();
        let session = Session {
            token_hash: crate::hash::sha256(token.as_bytes()),
            person: person.clone(),
            kind,
            name: name.to_owned(),
            created_at: now,
            expires_at: now + lasts,
        };
        self.store.session_put(self.org(), &session).await?;
        Ok(NewToken { token, id: token_id(&session.token_hash), name: session.name, expires_at: session.expires_at })
    }

    /// Who a token belongs to; `None` when it is unknown or over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Principal>> {
        if token.len() > 200 {
            return Ok(None);
        }
        let hash = crate::hash::sha256(token.as_bytes());
        let Some(session) = self.session(&hash).await? else { return Ok(None) };
        match self.actor(&session.person).await {
            Ok(actor) => Ok(Some(Principal { actor, session })),
            Err(AppError::Unauthenticated) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// # Errors
    /// The store cannot be written.
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        self.store.session_delete(self.org(), &session.token_hash).await?;
        self.actors.clear();
        Ok(())
    }

    /// An API token for the caller.
    ///
    /// # Errors
    /// A name that is empty or too long, or a life that is too long.
    pub async fn token_create(&self, actor: &Actor, name: &str, days: u32) -> Result<NewToken> {
        let person = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let mut problems = Vec::new();
        if name.trim().is_empty() || name.len() > 100 {
            problems.push(domain::Problem::new("/name", "bad-name", "a token has a name of 1 to 100 characters"));
        }
        if days == 0 || days > TOKEN_DAYS_MAX {
            let message = format!("a token lasts 1 to {TOKEN_DAYS_MAX} days");
            problems.push(domain::Problem::new("/expires_in_days", "bad-lifetime", message));
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        self.open_session(&person, SessionKind::Token, name.trim(), SignedDuration::from_hours(24 * i64::from(days)))
            .await
    }

    /// The caller's API tokens.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn token_list(&self, actor: &Actor) -> Result<Vec<(String, Session)>> {
        let person = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let sessions = self.store.session_list(self.org(), &person).await?;
        let tokens = sessions.into_iter().filter(|session| session.kind == SessionKind::Token);
        Ok(tokens.map(|session| (token_id(&session.token_hash), session)).collect())
    }

    /// # Errors
    /// The caller has no such token.
    pub async fn token_delete(&self, actor: &Actor, id: &str) -> Result<()> {
        let tokens = self.token_list(actor).await?;
        let (_, session) =
            tokens.into_iter().find(|(known, _)| known == id).ok_or_else(|| AppError::not_found("token", id))?;
        self.store.session_delete(self.org(), &session.token_hash).await?;
        self.actors.clear();
        Ok(())
    }

    /// The people that the demo offers to sign in as: those with a `persona` attribute.
    ///
    /// # Errors
    /// Not the demo, or the store cannot be read.
    pub async fn personas(&self) -> Result<Vec<Person>> {
        if !self.config.demo {
            return Err(AppError::NotFound("page".to_owned()));
        }
        let page = self.store.person_list(self.org(), "", None, 200).await?;
        Ok(page.items.into_iter().filter(|person| person.attributes.contains_key("persona")).collect())
    }

    /// A PHC string for a password, computed off the request threads.
    pub(crate) async fn password_hash(&self, password: &str) -> Result<String> {
        let length = password.chars().count();
        if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
            let message = format!("a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters, this one has {length}");
            return Err(AppError::invalid("/password", "bad-password", message));
        }
        let mut salt = [0_u8; 16];
        self.entropy.fill(&mut salt);
        let password = password.to_owned();
        let phc = tokio::task::spawn_blocking(move || hash(&password, &salt)).await;
        phc.ok().flatten().ok_or(AppError::Busy { retry_seconds: 1 })
    }

    fn secret(&self, prefix: &str) -> String {
        let mut bytes = [0_u8; 32];
        self.entropy.fill(&mut bytes);
        bytes.iter().fold(prefix.to_owned(), |mut text, byte| {
            use std::fmt::Write;
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// What people see of a token: the beginning of its hash.
fn token_id(token_hash: &str) -> String {
    token_hash.chars().take(16).collect()
}

/// argon2id with the first recommended setting of OWASP's password storage sheet: 19 MiB, 2 passes, 1 lane.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are constants within range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a password that nobody has, so that an unknown login takes as long as a wrong password.
const DUMMY_PHC: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$5jX0bXX0bXX0bXX0bXX0bXX0bXX0bXX0bXX0bXX0bXU";

fn hash(password: &str, salt: &[u8; 16]) -> Option<String> {
    argon2().hash_password_with_salt(password.as_bytes(), salt).ok().map(|phc| phc.to_string())
}

fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|phc| argon2().verify_password(password.as_bytes(), &phc).is_ok())
}

impl Throttle {
    fn check(&self, login: &str, now: Timestamp) -> Result<()> {
        let mut failures = self.failures.lock().expect("nothing panics while it holds this lock");
        let Some(times) = failures.get_mut(login) else { return Ok(()) };
        while times.front().is_some_and(|first| now.duration_since(*first) > FAILURES_WINDOW) {
            times.pop_front();
        }
        if times.len() < FAILURES_MAX {
            return Ok(());
        }
        let wait = FAILURES_WINDOW - now.duration_since(times[0]);
        Err(AppError::RateLimited { seconds: u32::try_from(wait.as_secs().max(1)).unwrap_or(1) })
    }

    fn failed(&self, login: &str, now: Timestamp) {
        let mut failures = self.failures.lock().expect("nothing panics while it holds this lock");
        // Bounded: a flood of made-up logins must not fill the memory.
        if failures.len() > 10_000 {
            failures.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) <= FAILURES_WINDOW));
        }
        failures.entry(login.to_owned()).or_default().push_back(now);
    }

    fn succeeded(&self, login: &str) {
        self.failures.lock().expect("nothing panics while it holds this lock").remove(login);
    }
}
