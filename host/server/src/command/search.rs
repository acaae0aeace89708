//! `weft search`: on the database when no server runs, through a server's API otherwise.

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open};
use crate::out;
use crate::remote::Client;
use serde_json::{Value, json};

/// Rows of each noun.
const LIMIT: u32 = 20;

pub(super) async fn run(
    text: &str,
    login: Option<&str>,
    as_json: bool,
    client: Option<Client>,
    settings: Settings,
) -> Result<(), Failure> {
    let found = match (client, login) {
        (Some(client), _) => client.get(&format!("/search?text={}&limit={LIMIT}", escaped(text))).await?,
        (None, Some(login)) => {
            let app = open(&settings, false, Durability::Full).await?;
            let found = async {
                let actor = app.actor_by_login(login).await?;
                app.search(&actor, text, LIMIT).await
            };
            let found = found.await;
            app.store().close().await;
            let found = found?;
            json!({
                "tickets": found.tickets, "records": found.records, "cis": found.cis, "people": found.people,
                "corrected": found.corrected,
            })
        }
        (None, None) => {
            return Err(Failure::new(
                "what is found depends on who looks: name somebody with --as LOGIN, or a server with --url and --token",
            ));
        }
    };
    if as_json {
        out::json(&found);
        return Ok(());
    }
    if let Some(corrected) = found["corrected"].as_str() {
        out::note(&format!("Nothing has these words; this is for `{corrected}`."));
    }
    let rows: Vec<Vec<String>> = [
        ("tickets", "number", "title"),
        ("records", "number", "title"),
        ("cis", "id", "name"),
        ("people", "id", "name"),
    ]
    .into_iter()
    .flat_map(|(noun, id, title)| {
        let items = found[noun].as_array().cloned().unwrap_or_default();
        items.into_iter().map(move |item| vec![noun.to_owned(), text_of(&item, id), text_of(&item, title)])
    })
    .collect();
    out::table(&rows);
    Ok(())
}

/// As a part of an address: everything but plain letters and digits by its bytes.
pub(super) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn text_of(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}
