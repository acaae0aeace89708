//! The application: what every use case shares.

use crate::authz::Authz;
use crate::calendars::CalendarCache;
use crate::error::Result;
use crate::impact::ImpactGraph;
use crate::numbers::Numbers;
use crate::plugin::health::Health;
use crate::port::clock::{Clock, Entropy};
use crate::port::outbound::Outbound;
use crate::port::plugins::Plugins;
use crate::publish::Publisher;
use crate::registry::Registry;
use domain::change::Command;
use domain::event::{Cause, Origin};
use domain::{Actor, OrgId, PluginId, Problem};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use store::Store;

/// Limits and switches of the use cases.
#[derive(Debug, Clone)]
pub struct AppConfig {
    pub org: OrgId,
    /// Sign-in by persona without a password. Only the demo sets this.
    pub demo: bool,
    /// Decisions that are made again after a conflict, before the caller is told.
    pub retries_max: u32,
    /// Reactions that may follow from one another.
    pub depth_max: u32,
    /// Commits on one ticket by plugins in a minute, before the chain is stopped.
    pub reactions_per_minute_max: u32,
    /// Seconds that a browser session lasts.
    pub session_seconds: i64,
    /// Jobs that run at once.
    pub concurrency: usize,
    /// Seconds that a claim on a job holds without a sign of life of its node.
    pub lease_seconds: u32,
    /// Attempts at a job before a person has to look at it.
    pub attempts_max: u32,
    /// Bytes of one attachment.
    pub attachment_max: u64,
    /// Hosts, with their port where it is not the usual one, that honour the header `Idempotency-Key`: what they did not answer is sent
    /// again under the same key.
    pub idempotent_hosts: BTreeSet<String>,
    /// Days that the outbox remembers what was delivered.
    pub outbox_days: u32,
    pub mail: MailRules,
    /// Other nodes share the database: what is committed is published by [`App::follow`], in the order of the journal.
    pub shared: bool,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            org: OrgId::from("default"),
            demo: false,
            retries_max: 16,
            depth_max: 8,
            reactions_per_minute_max: 60,
            session_seconds: 12 * 3600,
            concurrency: 8,
            lease_seconds: 15,
            attempts_max: 5,
            attachment_max: 25 << 20,
            idempotent_hosts: BTreeSet::new(),
            outbox_days: 30,
            mail: MailRules::default(),
            shared: false,
        }
    }
}

/// What is written to people.
#[derive(Debug, Clone, Default)]
pub struct MailRules {
    /// Send notifications by mail too.
    pub notify: bool,
    /// The address that mails come from: nothing is ever sent there.
    pub own_address: String,
    /// Where links in mails lead; no links when empty.
    pub public_url: String,
    /// Notifications that one person gets by mail in an hour.
    pub per_person_per_hour_max: u32,
}

/// Everything that the use cases stand on. Cheap to share: one for the process.
#[derive(Debug)]
pub struct App {
    pub config: AppConfig,
    /// This process among those that share the database: random for each start.
    pub(crate) node: String,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) plugins: Arc<dyn Plugins>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) outbound: Arc<dyn Outbound>,
    /// Deployed definitions, parsed once.
    pub(crate) library: crate::flow::Library,
    /// Flows of plugins that wait for what they name.
    pub(crate) undeployed: RwLock<BTreeMap<PluginId, Vec<Problem>>>,
    pub(crate) registry: RwLock<Arc<Registry>>,
    pub(crate) authz: Authz,
    pub(crate) calendars: CalendarCache,
    pub(crate) numbers: Numbers,
    pub(crate) publisher: Publisher,
    pub(crate) health: Health,
    pub(crate) impact: ImpactGraph,
    /// Some ticket, to be read where there is none that may be told of.
    pub(crate) decoy: std::sync::OnceLock<domain::TicketId>,
    pub(crate) sealing: crate::position::Sealing,
    pub(crate) actors: crate::actors::ActorCache,
    pub(crate) loops: crate::jobs::LoopGuard,
    pub(crate) floods: crate::outbox::FloodGuard,
    pub(crate) throttle: crate::session::Throttle,
    pub(crate) pressure: crate::pressure::Pressure,
    pub(crate) words: crate::search::Vocabulary,
    pub(crate) search_index: crate::search::SearchIndex,
    pub(crate) presence: crate::presence::Presence,
    /// Wakes the job workers when a commit made work.
    pub(crate) wake: tokio::sync::Notify,
    /// One lane per plugin serialises the plugin registry's changes.
    pub(crate) installing: tokio::sync::Mutex<()>,
    /// One reads what is installed at a time, so that an older picture never replaces a newer one.
    pub(crate) reloading: tokio::sync::Mutex<()>,
}

impl App {
    /// Build the application over a store and a runtime, and load what is installed.
    ///
    /// # Errors
    /// The store cannot be read, or the installed plugins do not fit together.
    pub async fn start(
        config: AppConfig,
        store: Arc<dyn Store>,
        plugins: Arc<dyn Plugins>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        outbound: Arc<dyn Outbound>,
    ) -> Result<Arc<Self>> {
        let head = store.event_head(&config.org).await?;
        let node = entropy.new_id(clock.now());
        let app = Arc::new(Self {
            node,
            numbers: Numbers::default(),
            publisher: Publisher::new(head),
            authz: Authz::new(),
            calendars: CalendarCache::default(),
            health: Health::default(),
            impact: ImpactGraph::default(),
            decoy: std::sync::OnceLock::new(),
            sealing: crate::position::Sealing::new(&*entropy),
            actors: crate::actors::ActorCache::default(),
            loops: crate::jobs::LoopGuard::default(),
            floods: crate::outbox::FloodGuard::default(),
            throttle: crate::session::Throttle::default(),
            pressure: crate::pressure::Pressure::default(),
            words: crate::search::Vocabulary::default(),
            search_index: crate::search::SearchIndex::default(),
            presence: crate::presence::Presence::default(),
            registry: RwLock::new(Arc::new(Registry::default())),
            wake: tokio::sync::Notify::new(),
            installing: tokio::sync::Mutex::new(()),
            reloading: tokio::sync::Mutex::new(()),
            config,
            store,
            plugins,
            clock,
            entropy,
            outbound,
            library: crate::flow::Library::default(),
            undeployed: RwLock::default(),
        });
        app.reload_registry().await?;
        app.reload_calendars().await?;
        Ok(app)
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The picture of what is installed, as it is now.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().expect("nothing panics while it holds this lock"))
    }

    pub(crate) fn org(&self) -> &OrgId {
        &self.config.org
    }

    /// The store, for what has no use case of its own: health checks, backups, tests.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The live events.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// A new id that sorts by age: for commands and requests.
    #[must_use]
    pub fn new_id(&self) -> String {
        self.entropy.new_id(self.clock.now())
    }

    /// A command of a person, to be filled in: a chain of its own that begins now.
    #[must_use]
    pub fn command(&self, actor: &Actor) -> Command {
        let id = self.new_id();
        Command {
            actor: actor.clone(),
            now: self.now(),
            subject: None,
            expected_version: None,
            effects: Vec::new(),
            cause: Cause { correlation: id.clone(), command: id, depth: 0, origin: Origin::Person, chain: Vec::new() },
            idempotency: None,
            dry_run: false,
        }
    }
}
