//! `weft report`: the reports of practices, on the database when no server runs, through a server's API otherwise. The numbers are those
//! of whoever asks, so somebody has to be named.

use crate::cli::{ReportAsked, ReportCommand, ReportFormat};
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open};
use crate::out;
use crate::remote::Client;
use api::schema::Audience;
use app::App;
use app::reports::{Choice, DAYS_MAX};
use domain::{Actor, PluginId};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What a row has, as it stands in a file; the first line of a CSV.
const COLUMNS: [&str; 6] = ["key", "title", "count", "value", "p90", "met"];

pub(super) async fn run(command: ReportCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    match command {
        ReportCommand::List { r#as, format } => list(client, settings, r#as, format).await,
        ReportCommand::Run { report, asked } => {
            let (plugin, id) = report
                .split_once('/')
                .filter(|(plugin, id)| !plugin.is_empty() && !id.is_empty() && !id.contains('/'))
                .ok_or_else(|| {
                    Failure::new(format!(
                        "`{report}` is no report: they are named PLUGIN/REPORT, and `weft report list` shows them"
                    ))
                })?;
            check_days(asked.days)?;
            let computed = match client {
                Some(client) => client.get(&address(plugin, id, &asked)).await?,
                None => {
                    let computed = look(&settings, asked.r#as.as_deref(), async |app, actor| {
                        app.report(&actor, &PluginId(plugin.to_owned()), id, &choice(&asked)).await
                    });
                    json!(api::reports::result(computed.await?))
                }
            };
            show(&computed, asked.format);
            Ok(())
        }
        ReportCommand::Ask { question, asked } => {
            check_days(asked.days)?;
            let question = read_question(&question)?;
            let computed = match client {
                Some(client) => {
                    let body = json!({
                        "question": question, "space": asked.space, "days": asked.days, "as_of": asked.as_of
                    });
                    client.send("POST", "/question-trials", &body).await?
                }
                None => {
                    let computed = look(&settings, asked.r#as.as_deref(), async |app, actor| {
                        app.question_try(&actor, &question, &choice(&asked)).await
                    });
                    json!(api::reports::result(computed.await?))
                }
            };
            show(&computed, asked.format);
            Ok(())
        }
        ReportCommand::Save { id, question, r#as, audience } => {
            let question = read_question(&question)?;
            let audience = match audience.as_str() {
                "owner" => Audience::Owner,
                "everyone" => Audience::Everyone,
                space => Audience::Space { space: space.into() },
            };
            match client {
                Some(client) => {
                    let body = json!({ "question": question, "audience": audience });
                    client.send("PUT", &format!("/saved-queries/{}", super::search::escaped(&id)), &body).await?;
                }
                None => {
                    let audience = api::saved_queries::asked_by(Some(audience));
                    look(&settings, r#as.as_deref(), async |app, actor| {
                        app.saved_query_put(&actor, &id, &question, audience).await
                    })
                    .await?;
                }
            }
            out::note(&format!("Kept. Ask it with `weft report run saved/{id}`."));
            Ok(())
        }
        ReportCommand::Remove { id, r#as } => {
            match client {
                Some(client) => {
                    let path = format!("/saved-queries/{}", super::search::escaped(&id));
                    client.send("DELETE", &path, &json!({})).await?;
                }
                None => {
                    look(&settings, r#as.as_deref(), async |app, actor| app.saved_query_remove(&actor, &id).await)
                        .await?;
                }
            }
            out::note("Removed.");
            Ok(())
        }
        ReportCommand::ValueChain { r#as, stream, space, days, format } => {
            check_days(days)?;
            let told = match (client, r#as) {
                (Some(client), _) => {
                    let stream = stream.map(|stream| format!("&stream={}", super::search::escaped(&stream)));
                    let query = query(space.as_deref(), days);
                    client.get(&format!("/value-chain?{query}{}", stream.unwrap_or_default())).await?
                }
                (None, login) => {
                    let choice = Choice { space, days, as_of: None };
                    let told = look(&settings, login.as_deref(), async |app, actor| {
                        app.value_chain(&actor, &choice, stream.as_deref()).await
                    });
                    json!(api::reports::value_chain(told.await?))
                }
            };
            show_value_chain(&told, format);
            Ok(())
        }
    }
}

/// Ask the database itself, with somebody's eyes.
async fn look<T>(
    settings: &Settings,
    login: Option<&str>,
    ask: impl AsyncFnOnce(Arc<App>, Arc<Actor>) -> app::Result<T>,
) -> Result<T, Failure> {
    let login = login.ok_or_else(nobody_asks)?;
    let app = open(settings, false, Durability::Full).await?;
    let told = match app.actor_by_login(login).await {
        Ok(actor) => ask(Arc::clone(&app), actor).await,
        Err(error) => Err(error),
    };
    app.store().close().await;
    Ok(told?)
}

fn choice(asked: &ReportAsked) -> Choice {
    Choice { space: asked.space.clone(), days: asked.days, as_of: asked.as_of }
}

fn read_question(file: &Path) -> Result<Value, Failure> {
    let shown = file.display();
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::of(&format!("`{shown}` cannot be read"), &error))?;
    if file.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(&text).map_err(|error| Failure::of(&format!("`{shown}` is not JSON"), &error));
    }
    toml::from_str(&text).map_err(|error| Failure::of(&format!("`{shown}` is not TOML"), &error))
}

fn nobody_asks() -> Failure {
    Failure::new(
        "what a report says depends on who asks: name somebody with --as LOGIN, or a server with --url and --token",
    )
}

fn check_days(days: Option<u32>) -> Result<(), Failure> {
    match days {
        Some(days) if !(1..=DAYS_MAX).contains(&days) => Err(Failure::new(format!("--days is 1 to {DAYS_MAX}"))),
        _ => Ok(()),
    }
}

fn show_value_chain(told: &Value, format: ReportFormat) {
    const COLUMNS: [&str; 8] =
        ["stream", "activity", "count", "open", "lead_seconds", "touch_seconds", "wait_seconds", "median_lead_seconds"];
    let rows = told["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    match format {
        ReportFormat::Json => out::json(told),
        ReportFormat::Csv => {
            csv_line(&COLUMNS.map(str::to_owned));
            for row in rows {
                csv_line(&COLUMNS.map(|column| text(&row[column])));
            }
        }
        ReportFormat::Table => {
            let titles = ["STREAM", "ACTIVITY", "DONE", "OPEN", "LEAD", "TOUCH", "WAIT", "MEDIAN LEAD"];
            let mut lines = vec![titles.map(str::to_owned).to_vec()];
            lines.extend(rows.iter().map(|row| {
                let cell = |column: &str| {
                    if column.ends_with("_seconds") { amount(&row[column], "seconds") } else { text(&row[column]) }
                };
                COLUMNS.map(cell).to_vec()
            }));
            out::table(&lines);
        }
    }
    if told["complete"] == json!(false) {
        out::note("There are more flows than a report looks at: this is about the newest ones.");
    }
}

async fn list(
    client: Option<Client>,
    settings: Settings,
    login: Option<String>,
    format: ReportFormat,
) -> Result<(), Failure> {
    let reports = match client {
        Some(client) => {
            let answer = client.get("/reports").await?;
            json!(answer["items"].as_array().map(Vec::as_slice).unwrap_or_default())
        }
        None => {
            let app = open(&settings, false, Durability::Full).await?;
            let reports = async {
                let actor = match &login {
                    Some(login) => Some(app.actor_by_login(login).await?),
                    None => None,
                };
                api::reports::summaries(&app, actor.as_deref()).await
            };
            let reports = reports.await;
            app.store().close().await;
            json!(reports?)
        }
    };
    let named = reports.as_array().into_iter().flatten().map(|report| {
        let name = format!("{}/{}", text(&report["plugin"]), text(&report["id"]));
        vec![name, text(&report["kind"]), text(&report["group"]), text(&report["days"]), text(&report["title"])]
    });
    match format {
        ReportFormat::Json => out::json(&reports),
        ReportFormat::Csv => {
            csv_line(&["report", "kind", "group", "days", "title"].map(str::to_owned));
            named.for_each(|row| csv_line(&row));
        }
        ReportFormat::Table => {
            let mut rows = vec![["REPORT", "KIND", "ROWS BY", "DAYS", "TITLE"].map(str::to_owned).to_vec()];
            rows.extend(named);
            out::table(&rows);
        }
    }
    Ok(())
}

fn show(computed: &Value, format: ReportFormat) {
    let rows = computed["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    match format {
        ReportFormat::Json => out::json(computed),
        // Rows only: a total among them would be counted again by whoever adds them up.
        ReportFormat::Csv => {
            csv_line(&COLUMNS.map(str::to_owned));
            for row in rows {
                csv_line(&COLUMNS.map(|column| text(&row[column])));
            }
        }
        ReportFormat::Table => {
            let unit = computed["unit"].as_str().unwrap_or_default();
            let measure = computed["report"]["measure"].as_str().unwrap_or_default();
            let line = |name: String, row: &Value| {
                vec![name, text(&row["count"]), amount(&row["value"], unit), amount(&row["p90"], unit)]
            };
            let mut lines =
                vec![["ROW", "COUNT", value_title(unit, measure), "NINE OF TEN"].map(str::to_owned).to_vec()];
            lines.extend(rows.iter().map(|row| {
                let name = if row["title"].is_string() { &row["title"] } else { &row["key"] };
                let name = text(name);
                line(if name.is_empty() { "-".to_owned() } else { name }, row)
            }));
            lines.push(line("all".to_owned(), &computed["total"]));
            out::table(&lines);
        }
    }
    if computed["complete"] == json!(false) {
        out::note("There is more than a report looks at: this is about the newest tickets, or the first records.");
    }
}

fn value_title(unit: &str, measure: &str) -> &'static str {
    match (unit, measure) {
        ("share", _) => "SHARE",
        ("seconds", _) | (_, "spread") => "MEDIAN",
        (_, "sum") => "SUM",
        ("number", _) => "MEAN",
        _ => "VALUE",
    }
}

/// A measured value as people say it.
fn amount(value: &Value, unit: &str) -> String {
    let Some(value) = value.as_f64() else { return String::new() };
    match unit {
        "share" => format!("{:.1} %", value * 100.0),
        "seconds" => format!("{:.1} h", value / 3600.0),
        "number" => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv_line(cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    out::line(&cells.join(","));
}

/// As the screens write it: what a spreadsheet would run as a formula is made text.
fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) && text.parse::<f64>().is_err();
    let quoted = formula || text.contains(['"', ',', ';', '\n', '\r']);
    if !quoted {
        return text.to_owned();
    }
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

fn address(plugin: &str, id: &str, asked: &ReportAsked) -> String {
    let mut query = query(asked.space.as_deref(), asked.days);
    if let Some(at) = asked.as_of {
        query.push_str(&format!("&as_of={}", super::search::escaped(&at.to_string())));
    }
    format!("/reports/{}/{}?{query}", super::search::escaped(plugin), super::search::escaped(id))
}

fn query(space: Option<&str>, days: Option<u32>) -> String {
    let space = space.map(|space| format!("space={}", super::search::escaped(space)));
    let days = days.map(|days| format!("days={days}"));
    let query: Vec<String> = space.into_iter().chain(days).collect();
    query.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rpt_02_a_cell_is_never_a_formula_and_never_two_cells() {
        assert_eq!(csv_cell("service-desk"), "service-desk");
        assert_eq!(csv_cell("-1.5"), "-1.5");
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("Desk, \"second\""), "\"Desk, \"\"second\"\"\"");
    }

    #[test]
    fn rpt_02_an_address_says_only_what_was_chosen() {
        let asked = |space: Option<&str>, days: Option<u32>, as_of: Option<&str>| ReportAsked {
            r#as: None,
            space: space.map(str::to_owned),
            days,
            as_of: as_of.map(|at| at.parse().expect("an instant")),
            format: ReportFormat::Json,
        };
        assert_eq!(address("incident", "reopened", &asked(None, None, None)), "/reports/incident/reopened?");
        assert_eq!(address("a", "b", &asked(Some("i t"), Some(7), None)), "/reports/a/b?space=i%20t&days=7");
        let then = asked(None, Some(7), Some("2026-03-01T00:00:00Z"));
        assert_eq!(address("a", "b", &then), "/reports/a/b?days=7&as_of=2026%2D03%2D01T00%3A00%3A00Z");
    }
}
