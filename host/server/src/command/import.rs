//! `weft import`.

use crate::cli::Import;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use app::App;
use app::import::{ImportOptions, Progress};
use domain::{PluginId, SpaceId};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) async fn run(source: Import, settings: Settings) -> Result<(), Failure> {
    let Import::ServicenowAudit { file, space, zone, keep_matrix, json } = source;
    let zone = domain::calendar::read_zone(&zone).map_err(|problem| Failure::problems("--zone", &[problem]))?;
    // Before the database is opened, because that can take a moment.
    File::open(&file).map_err(|error| Failure::of(&format!("`{}` cannot be read", file.display()), &error))?;
    let app = open(&settings, false, Durability::Full).await?;
    let options = ImportOptions { space: SpaceId::from(space.as_str()), zone, learn_matrix: !keep_matrix };
    let outcome = replay(&app, file, options, json).await;
    app.store().close().await;
    outcome
}

async fn replay(app: &Arc<App>, file: PathBuf, options: ImportOptions, as_json: bool) -> Result<(), Failure> {
    prepare(app, &options.space).await?;
    let bar = bar();
    let progress = |progress: Progress| match progress {
        Progress::Read { rows } => bar.set_length(rows),
        Progress::Done { rows } => bar.set_position(rows),
    };
    let open = || Ok(Box::new(File::open(&file)?) as Box<dyn Read + Send>);
    let report = app.import_servicenow_audit(open, options, progress).await?;
    bar.finish_and_clear();
    if as_json {
        out::json(&report.json());
    } else {
        out::line(report.text().trim_end());
    }
    match report.stopped {
        None => Ok(()),
        Some(why) => {
            Err(Failure::new(format!("the import stopped: {why}. What was done stays; run it again to go on")))
        }
    }
}

/// On a new database: the space, and the plugins that come with Weft. Whoever imports into nothing wants them.
async fn prepare(app: &Arc<App>, space: &SpaceId) -> Result<(), Failure> {
    if !app.space_list().await?.iter().any(|known| known.id == *space) {
        let change =
            app::SpaceChange { id: space.clone(), title: space.0.to_uppercase(), confidential: false, calendar: None };
        app.space_put(&operator(), change).await?;
    }
    if app.plugin_list(&operator())?.is_empty() {
        for plugin in bundle::PLUGINS {
            app.plugin_install(&operator(), plugin.bytes.to_vec()).await?;
            app.plugin_enable(&operator(), &PluginId::from(plugin.id)).await?;
        }
        out::note("The plugins that come with Weft are installed and enabled.");
    }
    Ok(())
}

/// Shown to people only: a log file gets no bar.
fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {per_sec}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
