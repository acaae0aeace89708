//! `weft demo`: a company that runs, in a folder that is gone afterwards. Nothing is simulated: everything comes in through the same
//! door as people's work, only at earlier times: a clock stands where the story is, and what comes due on the way happens when it does.

mod desk;
mod estate;
mod flows;
mod history;
mod people;
mod practices;
mod stage;
mod targets;
mod tickets;
mod time;

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open_runtime, open_store, start};
use crate::platform::WallClock;
use crate::{cli, out, serve};
use app::port::clock::{Clock, Entropy};
use app::port::outbound::NoOutbound;
use app::port::plugins::Plugins;
use app::{App, AppConfig};
use domain::PluginId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stage::Stage;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::{Dice, StoryClock};
use tokio::net::TcpListener;

/// How much past the company has, and which.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// Days of it; below the fortnight that is always told, nothing is added to that.
    pub days: u16,
    /// The same seed on the same day gives the same company, to the last id.
    pub seed: u64,
}

impl Default for Past {
    fn default() -> Self {
        Self { days: 90, seed: 1 }
    }
}

/// The first thing that is always told happened so many days ago.
const DAYS_MIN: i64 = 14;

pub(crate) async fn run(mut settings: Settings, dir: Option<PathBuf>, past: Past) -> Result<(), Failure> {
    let listener = listen(settings.http.listen).await?;
    // Held until the end: the folder goes when this does.
    let temporary = tempfile::Builder::new().prefix("weft-demo-").tempdir()?;
    let folder = dir.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    std::fs::create_dir_all(&folder)?;
    settings.store.path = folder.join("weft.db");
    if settings.plugins.cache_dir == "auto" {
        // Compiled code is worth keeping, and holds nothing of anybody.
        settings.plugins.cache_dir = cli::cache_folder()
            .map_or_else(|| "auto".to_owned(), |cache| cache.join("components").display().to_string());
    }
    let mails = folder.join("mail");
    if settings.mail.url.is_empty() && settings.mail.folder.as_os_str().is_empty() {
        // Nobody out there hears of this company; whoever runs the demo can read what it would have sent.
        settings.mail.folder.clone_from(&mails);
        settings.mail.from = "weft@weft.example".to_owned();
    }
    let plugins = Arc::new(open_runtime(&settings)?);
    tokio::select! {
        made = found(&settings, Arc::clone(&plugins), past) => made?,
        stopped = serve::signal() => return stopped,
    }
    let durability = if dir.is_some() { Durability::Full } else { Durability::None };
    let store = open_store(&settings, durability).await?;
    let app = start(&settings, true, store, plugins).await?;
    let address = listener.local_addr()?;
    out::line(&format!("Weft runs on http://{address} — sign in as anybody with one click:\n"));
    out::table(
        &people::PERSONAS
            .map(|persona| vec![format!("  {}", persona.login), persona.name.to_owned(), persona.title.to_owned()]),
    );
    if settings.mail.folder == mails {
        out::line(&format!("\nMails are not sent; they are put into {}", mails.display()));
    }
    out::line("\nPress Ctrl-C to stop.");
    serve::serve(app, &settings, listener, Box::pin(async { Ok(()) })).await
}

/// Make the company in a database that has none. In a file it is made beside its place, so that one that was not finished is not taken
/// for one.
async fn found(settings: &Settings, plugins: Arc<runtime::Runtime>, past: Past) -> Result<(), Failure> {
    let mut settings = settings.clone();
    let place = settings.store.path.clone();
    let in_file = settings.store.url.is_empty();
    if in_file {
        if place.exists() {
            return Ok(());
        }
        settings.store.path.set_extension("part");
        remove(&settings.store.path)?;
    }
    let store = open_store(&settings, Durability::None).await?;
    let people = store.person_list(&AppConfig::default().org, "", None, 1).await;
    if people.map_err(|error| Failure::of("the people cannot be read", &error))?.items.is_empty() {
        out::note(&format!("Making a company with {} days of work behind it …", i64::from(past.days).max(DAYS_MIN)));
        let (_, refused) = make(Arc::clone(&store), plugins, WallClock.now(), past).await?;
        // The tests insist on all of it; whoever wants to look at a company gets what there is, and is told what is missing.
        for step in refused {
            out::note(&format!("Left out: {step}"));
        }
    }
    store.close().await;
    if in_file {
        std::fs::File::open(&settings.store.path)?.sync_all()?;
        std::fs::rename(&settings.store.path, &place)?;
        remove(&settings.store.path)?;
    }
    Ok(())
}

/// Remove a database and what lies beside it.
fn remove(path: &Path) -> Result<(), Failure> {
    for extension in ["part", "part-wal", "part-shm", "part.lock"] {
        match std::fs::remove_file(path.with_extension(extension)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// A company in a store of its own, at an instant that is given: what is served, for tests.
///
/// # Errors
/// Anything that a use case refuses; steps of the past all at once.
pub async fn build(
    store: Arc<dyn store::Store>,
    plugins: Arc<dyn Plugins>,
    now: Timestamp,
    past: Past,
) -> Result<Arc<App>, Failure> {
    let (app, refused) = make(store, plugins, now, past).await?;
    if refused.is_empty() { Ok(app) } else { Err(Failure::new(refused.join("\n"))) }
}

/// The company, and the steps of its past that were refused.
async fn make(
    store: Arc<dyn store::Store>,
    plugins: Arc<dyn Plugins>,
    now: Timestamp,
    past: Past,
) -> Result<(Arc<App>, Vec<String>), Failure> {
    let (clock, dice) = (Arc::new(StoryClock::at(begin(now, past))), Arc::new(Dice::new(past.seed)));
    // One after the other, so that everything happens in the same order every time; and nobody is written to about what is long over.
    let config = AppConfig { demo: true, concurrency: 1, ..AppConfig::default() };
    let (time, entropy) = (Arc::clone(&clock) as Arc<dyn Clock>, dice as Arc<dyn Entropy>);
    let app = App::start(config, store, plugins, time, entropy, Arc::new(NoOutbound)).await?;
    let refused = tell(&app, &clock, now, past).await?;
    Ok((app, refused))
}

/// The given port, or any free one when it is taken.
async fn listen(wanted: SocketAddr) -> Result<TcpListener, Failure> {
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}

/// When the story begins: people, items and plugins are there a day before anything happens.
fn begin(now: Timestamp, past: Past) -> Timestamp {
    now - SignedDuration::from_hours(24 * (i64::from(past.days).max(DAYS_MIN) + 1))
}

/// Everything of the demo, from the founding to now. The same every time, but for the day it is placed on.
/// Gives the steps that were refused.
async fn tell(app: &Arc<App>, clock: &Arc<StoryClock>, now: Timestamp, past: Past) -> Result<Vec<String>, Failure> {
    let days = i64::from(past.days);
    people::seed(app).await?;
    let items = estate::seed(app).await?;
    let max = app.actor_by_login("max").await?;
    for plugin in bundle::PLUGINS {
        app.plugin_install(&max, plugin.bytes.to_vec()).await?;
        app.plugin_enable(&max, &PluginId::from(plugin.id)).await?;
    }
    for (plugin, settings) in settings() {
        let settings = settings.as_object().cloned().unwrap_or_default();
        app.plugin_configure(&max, &PluginId::from(plugin), settings).await?;
    }
    let mut stage = Stage::new(Arc::clone(app), Arc::clone(clock));
    for (name, id) in items {
        stage.name(&format!("ci:{name}"), &id.0);
    }
    targets::seed(app, clock.now()).await?;
    desk::seed(app, clock.now()).await?;
    // The plan has dice of its own, so that it does not depend on how many ids were needed before.
    let mut steps = history::steps(now, days, &Dice::new(past.seed));
    steps.extend(tickets::steps(now));
    steps.retain(|step| step.at <= now);
    let recent = now - SignedDuration::from_hours(24 * (DAYS_MIN - 1));
    let (before, after) = steps.into_iter().partition(|step| step.at <= recent);
    stage.play(before).await?;
    stage.reach(recent).await?;
    practices::seed(app, now).await?;
    stage.play(after).await?;
    stage.reach(now).await?;
    flows::seed(app, now).await?;
    Ok(stage.refused)
}

/// What the company set differently.
fn settings() -> [(&'static str, Value); 4] {
    let sites = json!({ "Berlin": { "group": "facilities", "calendar": "office-hours" }, "Chicago": { "group": "facilities-chicago", "calendar": "chicago-hours" } });
    let outage = json!([{ "order": 10, "title": "an outage of the highest priority", "when": { "category": "outage", "priority": 1 }, "propose": true }]);
    let survey =
        json!({ "kinds": ["incident", "request"], "percent": 25, "repeat-days": 14, "expire-days": 7, "low": 2 });
    [
        ("incident", json!({ "major-rules": outage })),
        ("facilities", json!({ "sites": sites, "vendor-hours": { "Lifts Ltd": 8, "*": 16 } })),
        ("relationship", json!({ "survey": survey })),
        ("service-configuration", json!({})),
    ]
}
