//! From settings to a running application: the only place that builds concrete types.

use crate::config::Settings;
use crate::failure::Failure;
use crate::platform::{OsEntropy, WallClock};
use app::{App, AppConfig};
use domain::{Actor, Role, SpaceId};
use runtime::{Runtime, RuntimeConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use store::backup::Restore;
use store::migration::Migration;
use store::{Snapshot, Store};
use store_postgres::{Migrate, PostgresConfig, PostgresRestore, PostgresSnapshot, PostgresStore};
use store_sqlite::{SqliteConfig, SqliteRestore, SqliteSnapshot, SqliteStore, Synchronous};

/// How durable commits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is acknowledged survives a power cut.
    Full,
    /// For data that nobody will miss: the demo's.
    None,
}

/// Open the database and start the component runtime.
///
/// # Errors
/// The database is open elsewhere or cannot be read; the runtime does not start.
pub async fn open(settings: &Settings, demo: bool, durability: Durability) -> Result<Arc<App>, Failure> {
    let store = open_store(settings, durability).await?;
    let plugins = Arc::new(open_runtime(settings)?);
    start(settings, demo, store, plugins).await
}

/// The application over what it stands on.
pub(crate) async fn start(
    settings: &Settings,
    demo: bool,
    store: Arc<dyn Store>,
    plugins: Arc<Runtime>,
) -> Result<Arc<App>, Failure> {
    let config = AppConfig {
        demo,
        session_seconds: i64::from(settings.http.session_hours) * 3600,
        concurrency: settings.jobs.concurrency.max(1),
        lease_seconds: settings.jobs.lease_seconds.max(1),
        attempts_max: settings.jobs.attempts_max.max(1),
        attachment_max: settings.http.attachment_bytes_max,
        idempotent_hosts: crate::outbound::idempotent_hosts(settings),
        outbox_days: settings.outbound.kept_days,
        mail: crate::outbound::mail_rules(settings),
        shared: !settings.store.url.is_empty(),
        ..AppConfig::default()
    };
    let outbound = crate::outbound::wire(settings)?;
    Ok(App::start(config, store, plugins, Arc::new(WallClock), Arc::new(OsEntropy), outbound).await?)
}

pub(crate) async fn open_store(settings: &Settings, durability: Durability) -> Result<Arc<dyn Store>, Failure> {
    if !settings.store.url.is_empty() {
        let store = PostgresStore::open(postgres(settings)).await;
        return Ok(Arc::new(store.map_err(|error| Failure::of("the database cannot be opened", &error))?));
    }
    let mut config = sqlite(settings);
    config.synchronous = match durability {
        Durability::Full => Synchronous::Full,
        Durability::None => Synchronous::Off,
    };
    let store = SqliteStore::open(config).await.map_err(|error| {
        let failure = Failure::of(&format!("the database `{}` cannot be opened", settings.store.path.display()), &error);
        if failure.to_string().contains("another Weft") {
            return Failure::new(format!(
                "{failure}.\nA server is running on this database. Give --url (or WEFT_URL) and --token (or WEFT_TOKEN) to talk to it, or stop it first."
            ));
        }
        failure
    })?;
    Ok(Arc::new(store))
}

fn postgres(settings: &Settings) -> PostgresConfig {
    let migrate = if settings.migrate.i_have_a_backup { Migrate::Freely } else { Migrate::AskForBackup };
    let deadline_ms = settings.store.deadline_ms;
    PostgresConfig { deadline_ms, migrate, ..PostgresConfig::new(&settings.store.url) }
}

fn sqlite(settings: &Settings) -> SqliteConfig {
    SqliteConfig {
        readers: settings.store.readers.max(1),
        deadline_ms: settings.store.deadline_ms,
        copies_kept: settings.migrate.copies,
        ..SqliteConfig::new(&settings.store.path)
    }
}

/// The database as people name it; an address may hold a password and is not repeated.
pub(crate) fn store_name(settings: &Settings) -> String {
    if settings.store.url.is_empty() {
        format!("the file `{}`", settings.store.path.display())
    } else {
        "the PostgreSQL database of store.url".to_owned()
    }
}

/// What this program's migrations are for the database that the settings name.
pub(crate) fn known_migrations(settings: &Settings) -> &'static [Migration] {
    if settings.store.url.is_empty() { store_sqlite::migrations() } else { store_postgres::migrations() }
}

/// Look at one moment of the database, whoever serves it.
pub(crate) async fn open_snapshot(settings: &Settings) -> Result<Box<dyn Snapshot>, Failure> {
    let failed = |error: store::StoreError| Failure::of(&format!("{} cannot be read", store_name(settings)), &error);
    if !settings.store.url.is_empty() {
        return Ok(Box::new(PostgresSnapshot::open(&postgres(settings)).await.map_err(failed)?));
    }
    Ok(Box::new(SqliteSnapshot::open(&sqlite(settings)).await.map_err(failed)?))
}

/// What may become of a database that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Begin to make a database.
pub(crate) async fn open_restore(settings: &Settings, existing: Existing) -> Result<Box<dyn Restore>, Failure> {
    let failed = |error: store::StoreError| Failure::of(&format!("{} cannot be made", store_name(settings)), &error);
    if !settings.store.url.is_empty() {
        let existing = match existing {
            Existing::Keep => store_postgres::Existing::Keep,
            Existing::Replace => store_postgres::Existing::Replace,
        };
        return Ok(Box::new(PostgresRestore::open(&postgres(settings), existing).await.map_err(failed)?));
    }
    let existing = match existing {
        Existing::Keep => store_sqlite::Existing::Keep,
        Existing::Replace => store_sqlite::Existing::Replace,
    };
    Ok(Box::new(SqliteRestore::open(sqlite(settings), existing).await.map_err(failed)?))
}

/// The folder of the search index; none where it is off.
pub(crate) fn search_folder(settings: &Settings) -> Option<PathBuf> {
    match settings.search.folder.as_str() {
        "" | "off" => None,
        "auto" => Some(settings.store.path.with_extension("search")),
        folder => Some(PathBuf::from(folder)),
    }
}

pub(crate) fn open_runtime(settings: &Settings) -> Result<Runtime, Failure> {
    let plugins = &settings.plugins;
    let cache_dir = match plugins.cache_dir.as_str() {
        "" => None,
        "auto" => Some(settings.store.path.with_extension("cache")),
        folder => Some(PathBuf::from(folder)),
    };
    let config = RuntimeConfig {
        cache_dir,
        component_bytes_max: settings.http.plugin_bytes_max as u64,
        call_compute_ms_max: plugins.call_compute_ms_max,
        call_wall_ms_max: plugins.call_wall_ms_max,
        memory_bytes_max: plugins.memory_bytes_max,
        calls_max: plugins.calls_max,
        compile_concurrency: plugins.compile_concurrency,
        ..RuntimeConfig::default()
    };
    Runtime::new(config).map_err(|error| Failure::of("the component runtime does not start", &error))
}

/// Whoever has the database file in their hands: the command line on the server's own machine.
#[must_use]
pub fn operator() -> Actor {
    let everywhere = BTreeMap::from([(SpaceId::from(Actor::PLATFORM), BTreeSet::from([Role::Administrator]))]);
    Actor { roles: everywhere, name: "command line".to_owned(), ..Actor::system() }
}
