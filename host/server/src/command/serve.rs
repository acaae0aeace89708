//! `weft serve`.

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::{out, serve};
use app::App;
use app::PersonChange;
use app::port::clock::Entropy;
use domain::{Actor, Role, SpaceId};
use std::sync::Arc;
use tokio::net::TcpListener;

pub(super) async fn run(mut settings: Settings, database: Option<String>) -> Result<(), Failure> {
    if let Some(url) = database {
        settings.store.url = url;
    }
    let listener = listen(&settings).await?;
    let app = open(&settings, false, Durability::Full).await?;
    first_start(&app).await?;
    out::note(&format!("Weft listens on http://{}.", listener.local_addr()?));
    serve::serve(app, &settings, listener, Box::pin(async { Ok(()) })).await
}

pub(super) async fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    let address = settings.http.listen;
    TcpListener::bind(address).await.map_err(|error| {
        Failure::of(&format!("nothing can listen on {address}; choose another address with --http-listen"), &error)
    })
}

/// Somebody has to be able to sign in, and the plugins that came along are offered.
async fn first_start(app: &Arc<App>) -> Result<(), Failure> {
    if !app.person_list("", None, 1).await?.items.is_empty() {
        return Ok(());
    }
    let password = new_password();
    let change = PersonChange {
        login: Some("admin".to_owned()),
        name: Some("Administrator".to_owned()),
        ..PersonChange::default()
    };
    let admin = app.person_put(&operator(), None, change).await?;
    app.roles_put(&operator(), &admin.id, vec![(SpaceId::from(Actor::PLATFORM), Role::Administrator)]).await?;
    app.password_put(&operator(), &admin.id, Some(&password)).await?;
    for plugin in bundle::PLUGINS {
        app.plugin_install(&operator(), plugin.bytes.to_vec()).await?;
    }
    out::note("This database is new. Sign in as `admin` with this password, which is not shown again:");
    out::line(&password);
    out::note("The plugins that come with Weft are installed; consent to what they ask for on the page Plugins.");
    Ok(())
}

/// 100 random bits, in letters that nobody confuses.
pub(super) fn new_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 20];
    crate::platform::OsEntropy.fill(&mut random);
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
