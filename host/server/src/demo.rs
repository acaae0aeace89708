//! `weft demo`: a company that runs, in a folder that is gone afterwards. Nothing is simulated: everything comes in through the same
//! door as people's work, only with earlier times.

mod configuration;
mod desk;
mod flows;
mod people;
mod practices;
mod targets;
mod tickets;

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open};
use crate::{cli, out, serve};
use app::App;
use domain::PluginId;
use jiff::Timestamp;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

pub(crate) async fn run(mut settings: Settings, dir: Option<PathBuf>) -> Result<(), Failure> {
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
    let durability = if dir.is_some() { Durability::Full } else { Durability::None };
    let app = open(&settings, true, durability).await?;
    let is_new = app.person_list("", None, 1).await?.items.is_empty();
    if is_new {
        people::seed(&app).await?;
    }
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
    let filling = Arc::clone(&app);
    let prepare = Box::pin(async move {
        if is_new {
            fill(&filling).await?;
            out::note("The company is complete: its plugins run, and its clocks tick.");
        }
        Ok(())
    });
    serve::serve(app, &settings, listener, prepare).await
}

/// The given port, or any free one when it is taken.
async fn listen(wanted: SocketAddr) -> Result<TcpListener, Failure> {
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}

/// Everything of the demo: people, plugins, configuration, targets, tickets. The same every time, but for the days it is placed on.
///
/// # Errors
/// Anything that a use case refuses.
pub async fn seed(app: &Arc<App>) -> Result<(), Failure> {
    people::seed(app).await?;
    fill(app).await
}

async fn fill(app: &Arc<App>) -> Result<(), Failure> {
    let max = app.actor_by_login("max").await?;
    for plugin in bundle::PLUGINS {
        app.plugin_install(&max, plugin.bytes.to_vec()).await?;
        app.plugin_enable(&max, &PluginId::from(plugin.id)).await?;
    }
    let now = app.now();
    configuration::seed(app).await?;
    targets::seed(app, earlier(now, 14 * 24 * 60)).await?;
    desk::seed(app, earlier(now, 14 * 24 * 60)).await?;
    practices::seed(app, now).await?;
    if app.registry().kinds.get(&"incident".into()).is_some() {
        tickets::seed(app, now).await?;
    }
    if app.registry().kinds.get(&"request".into()).is_some() {
        flows::seed(app, now).await?;
    }
    Ok(())
}

/// Minutes before an instant.
fn earlier(now: Timestamp, minutes: i64) -> Timestamp {
    now - jiff::SignedDuration::from_mins(minutes)
}
