//! `weft clocks`: what the clocks of tickets should be by their history, on the database when no server runs, through a server's API otherwise.

use crate::cli::ClocksCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open};
use crate::out;
use crate::remote::Client;
use app::repair::{Mode, Wanted};
use serde_json::{Value, json};

/// Pages that one command goes through.
const PAGES_MAX: usize = 100_000;

/// What was found so far.
#[derive(Default)]
struct Found {
    repairs: Vec<Value>,
    looked_at: u64,
}

pub(super) async fn run(command: ClocksCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    let ClocksCommand::Repair { ticket, kind, space, apply, r#as, json: as_json } = command;
    let mut found = Found::default();
    match (client, r#as) {
        (Some(client), _) => {
            let mut after = Value::Null;
            for _ in 0..PAGES_MAX {
                let body = json!({ "ticket": ticket, "kind": kind, "space": space, "after": after, "apply": apply });
                let answer = client.send("POST", "/clocks/repair", &body).await?;
                found.looked_at += answer["looked_at"].as_u64().unwrap_or_default();
                found.repairs.extend(answer["repairs"].as_array().cloned().unwrap_or_default());
                after = answer["next"].clone();
                if after.is_null() {
                    break;
                }
            }
        }
        (None, Some(login)) => {
            let app = open(&settings, false, Durability::Full).await?;
            let mode = if apply { Mode::Apply } else { Mode::Show };
            let all = async {
                let actor = app.actor_by_login(&login).await?;
                let mut wanted = Wanted { ticket, kind, space, after: None };
                for _ in 0..PAGES_MAX {
                    let (page, looked_at) = app.repair_clocks(&actor, &wanted, mode).await?;
                    found.looked_at += u64::from(looked_at);
                    found.repairs.extend(page.items.iter().map(|repair| json!(repair)));
                    match page.next {
                        Some(next) => wanted.after = Some(next),
                        None => break,
                    }
                }
                Ok::<_, app::AppError>(())
            };
            let all = all.await;
            app.store().close().await;
            all?;
        }
        (None, None) => {
            let message = "clocks are repaired by those who manage the space: name somebody with --as LOGIN, or a server with --url and --token";
            return Err(Failure::new(message));
        }
    }
    show(&found, apply, as_json);
    Ok(())
}

fn show(found: &Found, applied: bool, as_json: bool) {
    if as_json {
        out::json(&json!({ "repairs": found.repairs, "looked_at": found.looked_at, "applied": applied }));
        return;
    }
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut rows = vec![["TICKET", "CLOCK", "WHAT", "IS", "BY ITS HISTORY"].map(str::to_owned).to_vec()];
    for repair in &found.repairs {
        for clock in repair["clocks"].as_array().into_iter().flatten() {
            for change in clock["changes"].as_array().into_iter().flatten() {
                let cells = [&repair["number"], &clock["title"], &change["field"], &change["from"], &change["to"]];
                rows.push(cells.map(text).to_vec());
            }
        }
    }
    if rows.len() > 1 {
        out::table(&rows);
    }
    let (count, looked_at) = (found.repairs.len(), found.looked_at);
    out::note(&match (count, applied) {
        (0, _) => format!("{looked_at} tickets were looked at: their clocks are what they should be."),
        (_, true) => format!("{count} of {looked_at} tickets were put right."),
        (_, false) => format!("{count} of {looked_at} tickets differ. --apply puts them right."),
    });
}
