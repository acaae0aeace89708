//! The commands, one file each.

mod backup;
mod clocks;
mod config;
mod doctor;
mod flow;
mod fsck;
mod import;
mod migrate;
mod node;
mod outbox;
mod plugin;
mod report;
mod restore;
pub(crate) mod retention;
mod schedule;
mod search;
mod serve;
mod user;

use crate::cli::{Command, Remote};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::open::Existing;
use crate::remote::Client;
use crate::{cli, demo, out};

pub(crate) async fn run(command: Command, settings: Loaded) -> Result<(), Failure> {
    match command {
        Command::Demo { dir, days, seed } => demo::run(settings.values, dir, demo::Past { days, seed }).await,
        Command::Serve { database } => serve::run(settings.values, database).await,
        Command::Node { action, remote } => node::run(action, client(remote)?, settings.values).await,
        Command::Outbox { action, remote } => outbox::run(action, client(remote)?, settings.values).await,
        Command::Search { text, r#as, json, remote } => {
            search::run(&text.join(" "), r#as.as_deref(), json, client(remote)?, settings.values).await
        }
        Command::Report { action, remote } => report::run(action, client(remote)?, settings.values).await,
        Command::Clocks { action, remote } => clocks::run(action, client(remote)?, settings.values).await,
        Command::Schedule { action, remote } => schedule::run(action, client(remote)?, settings.values).await,
        Command::Import { source } => import::run(source, settings.values).await,
        Command::Plugin { action, remote } => plugin::run(action, client(remote)?, settings.values).await,
        Command::User { action, remote } => user::run(action, client(remote)?, settings.values).await,
        Command::Flow { action, remote } => flow::run(action, client(remote)?, settings.values).await,
        Command::Config { action } => config::run(action, &settings),
        Command::Doctor => doctor::run(settings.values).await,
        Command::Fsck { rows, json } => fsck::run(settings.values, rows, json).await,
        Command::Retention { action } => retention::run(action, settings.values).await,
        Command::Backup { file } => backup::run(settings.values, file).await,
        Command::Restore { file, dry_run, replace } => {
            let existing = if replace { Existing::Replace } else { Existing::Keep };
            restore::run(settings.values, file, dry_run, existing).await
        }
        Command::Migrate { action, dry_run, i_have_a_backup } => {
            migrate::run(settings.values, action, dry_run, i_have_a_backup).await
        }
        Command::Version => {
            out::line(&format!("weft {}", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
        Command::Completions { shell } => completions(shell),
    }
}

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    // Into memory first: a closed pipe is no reason to panic.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "weft", &mut script);
    out::line(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

fn client(remote: Remote) -> Result<Option<Client>, Failure> {
    match (remote.url, remote.token) {
        (Some(url), Some(token)) => Client::new(&url, token).map(Some),
        (Some(_), None) => Err(Failure::new(
            "--url needs --token (or WEFT_TOKEN): make one with `weft user token LOGIN`, or on the page of your account",
        )),
        // A token alone is for another command of the same shell.
        (None, _) => Ok(None),
    }
}
