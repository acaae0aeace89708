//! Everything ambient that a decision may depend on.

use crate::{Instant, Object, Rng};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Plugin,
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody did it.
    Person,
    /// It follows from a committed event.
    Reaction,
    Timer,
    /// A statement of what happened elsewhere, with the time it happened.
    Import,
}

/// When, by whom and why a decision is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The only clock: the instant of the decision.
    pub now: Instant,
    /// The only source of randomness, see [`Context::rng`].
    pub seed: String,
    /// Id of the person or plugin that acts.
    pub actor: String,
    pub actor_kind: ActorKind,
    /// Roles that the actor holds in the space of the subject.
    pub roles: Vec<String>,
    /// BCP 47 language tag of the actor.
    pub locale: String,
    /// IANA time zone name of the actor.
    pub zone: String,
    pub space: String,
    /// Reactions in the chain of causes so far; 0 for what a person did.
    pub depth: u32,
    /// The effects will be shown and not committed.
    pub dry_run: bool,
    pub origin: Origin,
    pub correlation: String,
    pub extra: Object,
}

impl Context {
    /// What a person does now.
    ///
    /// ```
    /// use weft_sdk::{Context, Instant};
    ///
    /// let context = Context::of_person("ana", &["agent"]).at("2026-03-02T09:00:00Z");
    /// assert!(context.has_role("agent") && context.is_person());
    /// assert_eq!(context.now.date(), (2026, 3, 2));
    /// ```
    #[must_use]
    pub fn of_person(id: &str, roles: &[&str]) -> Self {
        Self {
            now: Instant::from_unix(0),
            seed: "0".repeat(32),
            actor: id.to_owned(),
            actor_kind: ActorKind::Person,
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            locale: "en".to_owned(),
            zone: "UTC".to_owned(),
            space: "it".to_owned(),
            depth: 0,
            dry_run: false,
            origin: Origin::Person,
            correlation: String::new(),
            extra: Object::new(),
        }
    }

    /// What a plugin does when it answers an event.
    #[must_use]
    pub fn of_plugin(id: &str) -> Self {
        Self { actor_kind: ActorKind::Plugin, origin: Origin::Reaction, depth: 1, ..Self::of_person(id, &[]) }
    }

    /// The same at another instant.
    ///
    /// # Panics
    /// If `now` is not RFC 3339: meant for tests.
    #[must_use]
    pub fn at(mut self, now: &str) -> Self {
        self.now = now.parse().expect("an RFC 3339 instant");
        self
    }

    /// The same with another origin.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// A person acts, not a plugin or the host itself.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.actor_kind == ActorKind::Person
    }

    /// History that is stated and not decided: take it as given.
    #[must_use]
    pub fn is_import(&self) -> bool {
        self.origin == Origin::Import
    }

    /// Deterministic randomness for this decision.
    #[must_use]
    pub fn rng(&self) -> Rng {
        Rng::new(&self.seed)
    }
}
