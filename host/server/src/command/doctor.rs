//! `weft doctor`: look for what would go wrong, and say what to do.

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use app::PluginState;
use std::net::TcpListener;

/// What was found.
enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

pub(super) async fn run(settings: Settings) -> Result<(), Failure> {
    let mut findings = vec![screens(), address(&settings)];
    findings.extend(cookies(&settings));
    findings.extend(database(&settings).await);
    let mut bad = 0;
    for finding in &findings {
        match finding {
            Finding::Good(text) => out::line(&format!("ok    {text}")),
            Finding::Note(text) => out::line(&format!("note  {text}")),
            Finding::Bad(text) => {
                bad += 1;
                out::line(&format!("BAD   {text}"));
            }
        }
    }
    if bad == 0 { Ok(()) } else { Err(Failure::new(format!("{bad} of {} checks failed", findings.len()))) }
}

fn screens() -> Finding {
    if bundle::ui::is_built() {
        Finding::Good("the screens are built".to_owned())
    } else {
        Finding::Bad("the screens are not built: run `cargo dev ui`".to_owned())
    }
}

fn address(settings: &Settings) -> Finding {
    let listen = settings.http.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::Good(format!("{listen} is free")),
        Err(error) => Finding::Note(format!(
            "nothing can listen on {listen} now ({error}): a server runs there, or another address is needed (--http-listen)"
        )),
    }
}

fn cookies(settings: &Settings) -> Option<Finding> {
    let local = settings.http.listen.ip().is_loopback();
    if settings.http.public_url.starts_with("https://") {
        return Some(Finding::Good("sessions travel in secure cookies".to_owned()));
    }
    (!local).then(|| Finding::Bad("people can reach the server without https: put a proxy in front and set http.public_url to its https address".to_owned()))
}

async fn database(settings: &Settings) -> Vec<Finding> {
    let path = settings.store.path.display();
    if !settings.store.path.exists() {
        return vec![Finding::Note(format!("`{path}` does not exist yet; the first start creates it"))];
    }
    let app = match open(settings, false, Durability::Full).await {
        Ok(app) => app,
        Err(failure) => return vec![Finding::Bad(failure.to_string())],
    };
    let mut findings = vec![Finding::Good(format!("`{path}` opens"))];
    findings.push(match app.store().verify_journal(&app.config.org).await {
        Ok(events) => Finding::Good(format!("the journal is whole: {events} events")),
        Err(error) => Finding::Bad(
            Failure::of("the journal is damaged or was changed by hand; restore a backup", &error).to_string(),
        ),
    });
    for plugin in app.plugin_list(&operator()).unwrap_or_default() {
        let reason = plugin.reason.unwrap_or_default();
        findings.push(match plugin.state {
            PluginState::Active => Finding::Good(format!("plugin {} {} is active", plugin.id, plugin.version)),
            PluginState::Broken => Finding::Bad(format!("plugin {} is broken: {reason}", plugin.id)),
            PluginState::Quarantined => Finding::Bad(format!("plugin {} is quarantined: {reason}", plugin.id)),
            PluginState::Disabled => Finding::Note(format!("plugin {} is disabled", plugin.id)),
            PluginState::ConsentNeeded => Finding::Note(format!("plugin {} waits for consent: `weft plugin enable {}`", plugin.id, plugin.id)),
        });
    }
    match app.store().job_counts(&app.config.org).await {
        Ok(counts) if counts.dead > 0 => {
            findings.push(Finding::Note(format!("{} jobs were given up; the page Jobs shows why", counts.dead)))
        }
        Ok(_) => {}
        Err(error) => findings.push(Finding::Bad(Failure::of("jobs cannot be counted", &error).to_string())),
    }
    app.store().close().await;
    findings
}
