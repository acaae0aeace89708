//! A whole host in a test: real store, real runtime, real components; time and randomness are the test's.

use app::port::clock::{Clock, Entropy};
use app::port::outbound::{NoOutbound, Outbound};
use app::{App, AppConfig, GroupChange, PersonChange, SpaceChange};
use domain::change::Command;
use domain::event::{Cause, Origin};
use domain::{Actor, Effect, GroupId, PersonId, PluginId, Role, SpaceId, TicketId};
use jiff::{SignedDuration, Timestamp};
use runtime::{Runtime, RuntimeConfig};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

/// A clock that stands still until the test moves it.
#[derive(Debug)]
pub struct SimClock(AtomicI64);

impl SimClock {
    #[must_use]
    pub fn at(instant: &str) -> Self {
        let instant: Timestamp = instant.parse().expect("an instant of a test is valid");
        Self(AtomicI64::new(instant.as_microsecond()))
    }

    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).expect("a test's time is short");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).expect("a test's time is within range")
    }
}

/// Randomness that is the same in every run.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(state ^ (state >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A running host with a small company in it.
#[derive(Debug)]
pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<SimClock>,
    pub folder: Arc<tempfile::TempDir>,
    outside: Arc<dyn Outbound>,
}

/// Compiled code is shared by all worlds of a process: compiling takes longer than most tests.
fn code_cache() -> &'static Path {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path()
}

impl World {
    /// A company with spaces `it` and `hr`, people and groups, and every bundled component switched on.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.people().await;
        for plugin in bundle::PLUGINS {
            world.install(plugin.bytes.to_vec()).await;
        }
        world
    }

    /// A company without components.
    pub async fn bare() -> Self {
        let world = Self::empty().await;
        world.people().await;
        world
    }

    async fn empty() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let clock = Arc::new(SimClock::at("2026-03-02T09:00:00Z"));
        Self::over(folder, clock, AppConfig::default(), Arc::new(NoOutbound)).await
    }

    /// A company without components, with settings of its own and something that stands for everything outside.
    pub async fn with(config: AppConfig, outside: Arc<dyn Outbound>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let clock = Arc::new(SimClock::at("2026-03-02T09:00:00Z"));
        let world = Self::over(folder, clock, config, outside).await;
        world.people().await;
        world
    }

    async fn over(
        folder: Arc<tempfile::TempDir>,
        clock: Arc<SimClock>,
        config: AppConfig,
        outside: Arc<dyn Outbound>,
    ) -> Self {
        let app = start(folder.path(), &clock, config, Arc::clone(&outside)).await;
        Self { app, clock, folder, outside }
    }

    /// The same data in a new process: everything that was only in memory is gone.
    pub async fn restart(self) -> Self {
        self.app.store().close().await;
        let Self { app, clock, folder, outside } = self;
        let config = app.config.clone();
        drop(app);
        Self::over(folder, clock, config, outside).await
    }

    /// The same data twice, each served by a new process: what one does from now on, the other does not know.
    pub async fn fork(self) -> (Self, Self) {
        self.app.store().close().await;
        let Self { app, clock, folder, outside } = self;
        let config = app.config.clone();
        drop(app);
        let copy = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        for entry in std::fs::read_dir(folder.path()).expect("the folder of a world can be read") {
            let from = entry.expect("its files can be listed").path();
            let name = from.file_name().expect("a file has a name");
            std::fs::copy(&from, copy.path().join(name)).expect("a world has files only, and room for two");
        }
        let other = Arc::new(SimClock::at(&clock.now().to_string()));
        let left = Self::over(folder, clock, config.clone(), Arc::clone(&outside)).await;
        (left, Self::over(copy, other, config, outside).await)
    }

    /// Another host over the same store, which hears nothing of what this one commits.
    pub async fn twin(&self) -> Arc<App> {
        let config = self.app.config.clone();
        over_store(Arc::clone(self.app.store()), &self.clock, config, Arc::clone(&self.outside)).await
    }

    /// Install a component, consent to what it asks for, and switch it on.
    pub async fn install(&self, wasm: Vec<u8>) -> PluginId {
        let max = self.actor("max").await;
        let view = self.app.plugin_install(&max, wasm).await.expect("the component can be installed");
        self.app.plugin_enable(&max, &view.id).await.expect("the component can be switched on");
        view.id
    }

    pub async fn actor(&self, login: &str) -> Actor {
        (*self.app.actor_by_login(login).await.expect("the person is there")).clone()
    }

    /// What somebody wants to happen, decided and committed.
    ///
    /// # Errors
    /// As the door answers.
    pub async fn submit(&self, login: &str, subject: Option<&TicketId>, effects: Value) -> app::Result<app::Answer> {
        let command = self.command(login, subject, effects).await;
        self.app.submit(command).await
    }

    pub async fn command(&self, login: &str, subject: Option<&TicketId>, effects: Value) -> Command {
        let effects: Vec<Effect> = serde_json::from_value(effects).expect("the effects of a test are valid");
        let id = self.unique();
        Command {
            actor: self.actor(login).await,
            now: self.app.now(),
            subject: subject.cloned(),
            expected_version: None,
            effects,
            cause: Cause { command: id.clone(), correlation: id, depth: 0, origin: Origin::Person, chain: Vec::new() },
            idempotency: None,
            dry_run: false,
        }
    }

    fn unique(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("test-{}", NEXT.fetch_add(1, Ordering::SeqCst))
    }

    /// Create an incident in `it`, as somebody.
    pub async fn incident(&self, login: &str, fields: Value) -> domain::Ticket {
        let create = json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": "It does not work", "fields": fields } }]);
        let answer = self.submit(login, None, create).await.expect("the incident can be created");
        answer.tickets[0].clone()
    }

    /// The ticket as it is now, with its clocks.
    pub async fn load(&self, id: &TicketId) -> domain::ticket::TicketBundle {
        let found = self.app.store().ticket_load(&self.app.config.org, &id.0).await.expect("the store answers");
        found.expect("the ticket is there")
    }

    /// Move time, and run everything that came due.
    pub async fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
        self.app.drain().await.expect("the jobs run");
    }

    async fn people(&self) {
        let system = Actor::system();
        for (id, title, confidential) in [("it", "IT", false), ("hr", "Human resources", true)] {
            let change = SpaceChange { id: id.into(), title: title.to_owned(), confidential, calendar: None };
            self.app.space_put(&system, change).await.expect("a space");
        }
        let it = |role| (SpaceId::from("it"), role);
        let people: [(&str, Vec<(SpaceId, Role)>); 7] = [
            ("erin", vec![it(Role::Requester)]),
            ("ada", vec![it(Role::Requester), it(Role::Agent)]),
            ("ben", vec![it(Role::Requester), it(Role::Agent)]),
            ("mona", vec![it(Role::Requester), it(Role::Manager)]),
            ("max", vec![(SpaceId::from(Actor::PLATFORM), Role::Administrator)]),
            ("hana", vec![(SpaceId::from("hr"), Role::Agent)]),
            ("otto", vec![it(Role::Auditor)]),
        ];
        for (login, roles) in people {
            let id = PersonId::from(login);
            let change =
                PersonChange { login: Some(login.to_owned()), name: Some(login.to_owned()), ..PersonChange::default() };
            self.app.person_put(&system, Some(&id), change).await.expect("a person");
            self.app.roles_put(&system, &id, roles).await.expect("roles");
        }
        for (id, members) in [("service-desk", vec!["ada", "ben"]), ("network", vec!["ben"])] {
            let change = GroupChange {
                title: id.to_owned(),
                space: "it".into(),
                members: members.into_iter().map(PersonId::from).collect(),
                active: true,
            };
            self.app.group_put(&system, &GroupId::from(id), change).await.expect("a group");
        }
        let hours = json!({ "title": "Always", "zone": "UTC", "hours": "always" });
        self.app.calendar_put(&system, "always", &hours).await.expect("a calendar");
        let day = json!([["09:00", "17:00"]]);
        let office = json!({ "title": "Office", "zone": "Europe/Berlin", "hours": { "mon": day, "tue": day, "wed": day, "thu": day, "fri": day } });
        self.app.calendar_put(&system, "office-hours", &office).await.expect("a calendar");
    }
}

async fn start(folder: &Path, clock: &Arc<SimClock>, app: AppConfig, outside: Arc<dyn Outbound>) -> Arc<App> {
    let config =
        SqliteConfig { synchronous: Synchronous::Off, readers: 2, ..SqliteConfig::new(folder.join("weft.db")) };
    let store = SqliteStore::open(config).await.expect("the store opens");
    over_store(Arc::new(store), clock, app, outside).await
}

async fn over_store(
    store: Arc<dyn store::Store>,
    clock: &Arc<SimClock>,
    app: AppConfig,
    outside: Arc<dyn Outbound>,
) -> Arc<App> {
    let runtime = Runtime::new(RuntimeConfig { cache_dir: Some(code_cache().to_owned()), ..RuntimeConfig::default() });
    let runtime = runtime.expect("the runtime starts");
    let entropy = Arc::new(SeededEntropy(AtomicU64::new(0x5eed)));
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    App::start(app, store, Arc::new(runtime), clock, entropy, outside).await.expect("the application starts")
}
