//! `weft schedule`: on the database when no server runs, through a server's API otherwise.

use crate::cli::ScheduleCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use crate::remote::Client;
use serde_json::{Value, json};

pub(super) async fn run(command: ScheduleCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    let ScheduleCommand::List { json: as_json } = command;
    let schedules: Vec<Value> = match client {
        Some(client) => client.get("/schedules").await?["items"].as_array().cloned().unwrap_or_default(),
        None => {
            let app = open(&settings, false, Durability::Full).await?;
            let schedules = app.schedule_list(&operator()).await;
            app.store().close().await;
            schedules?.iter().map(|schedule| json!(schedule)).collect()
        }
    };
    if as_json {
        out::json(&Value::Array(schedules));
        return Ok(());
    }
    let header = ["PROCESS", "START", "TIMER", "ZONE", "MISSED", "NEXT", "PROBLEM"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(schedules.iter().map(|schedule| {
        let text = |name: &str| schedule[name].as_str().unwrap_or_default().to_owned();
        let next = text("next_at").chars().take(19).collect();
        vec![text("process"), text("node"), text("timer"), text("zone"), text("missed"), next, text("problem")]
    }));
    out::table(&rows);
    Ok(())
}
