//! Arguments. Every setting is a flag of every command, made from the same list as the file keys and variables.

use crate::config::{self, Key, Loaded};
use crate::failure::Failure;
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(name = "weft", version, about = "A service management platform whose every practice is a sandboxed plugin", long_about = None)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// File with settings; weft.toml in this folder when absent
    #[arg(long, global = true, env = "WEFT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a company with people, tickets and running clocks, to look at and to play with
    Demo {
        /// Keep its data in this folder; otherwise it is gone when the demo ends
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Days of work that the company has behind it; the last two weeks are always there
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(..=365))]
        days: u16,
        /// Another company with another number
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run the server
    Serve {
        /// Address of the database, as the setting store.url
        #[arg(long, value_name = "URL")]
        database: Option<String>,
    },
    /// The nodes that share a database
    Node {
        #[command(subcommand)]
        action: NodeCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// What shall leave the house: requests and mails, how they ended, and what to do about them
    Outbox {
        #[command(subcommand)]
        action: OutboxCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// Look for words in tickets, records, CIs and people
    Search {
        #[arg(required = true)]
        text: Vec<String>,
        /// Whose eyes to look with, when no server is asked
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// What the reports of practices say
    Report {
        #[command(subcommand)]
        action: ReportCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// The clocks of service levels
    Clocks {
        #[command(subcommand)]
        action: ClocksCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// What starts by time
    Schedule {
        #[command(subcommand)]
        action: ScheduleCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// Bring in what happened elsewhere
    Import {
        #[command(subcommand)]
        source: Import,
    },
    /// Look at plugins, install and switch them
    Plugin {
        #[command(subcommand)]
        action: PluginCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// People and what they may do
    User {
        #[command(subcommand)]
        action: UserCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// Models of flows, their versions and their instances
    Flow {
        #[command(subcommand)]
        action: FlowCommand,
        #[command(flatten)]
        remote: Remote,
    },
    /// The settings
    Config {
        #[command(subcommand)]
        action: ConfigCommand,
    },
    /// Look for what would go wrong
    Doctor,
    /// Check whether everything that is stored fits together; a server may run. Exit code 0: yes, 1: no, 2: it cannot be told
    Fsck {
        /// Leave out the content of files and components, and the database's own look at its file
        #[arg(long)]
        rows: bool,
        #[arg(long)]
        json: bool,
    },
    /// What is forgotten or archived when it is old
    Retention {
        #[command(subcommand)]
        action: RetentionCommand,
    },
    /// Write everything into one file, while the server runs
    Backup { file: PathBuf },
    /// Make a database from a backup, of this or the other kind of database
    Restore {
        file: PathBuf,
        /// Check the file and say what would happen, change nothing
        #[arg(long)]
        dry_run: bool,
        /// Put it in the place of a database that is there; a database file is kept under another name
        #[arg(long)]
        replace: bool,
    },
    /// Bring the database to this program's schema
    Migrate {
        #[command(subcommand)]
        action: Option<MigrateCommand>,
        /// Say what would be done, change nothing
        #[arg(long)]
        dry_run: bool,
        /// Migrate a PostgreSQL database with data
        #[arg(long)]
        i_have_a_backup: bool,
    },
    /// Completions for a shell, to standard output
    Completions { shell: clap_complete::Shell },
    /// The version
    Version,
}

/// Talk to a running server instead of the database.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Remote {
    /// Address of a running server
    #[arg(long, env = "WEFT_URL", global = true)]
    pub url: Option<String>,
    /// API token for it
    #[arg(long, env = "WEFT_TOKEN", global = true, hide_env_values = true)]
    pub token: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// The incident audit log of a ServiceNow instance: CSV, or CSV compressed with gzip
    ServicenowAudit {
        file: PathBuf,
        /// The space that the incidents come into
        #[arg(long, default_value = "it")]
        space: String,
        /// The zone of the log's local times
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// Do not take the priority matrix over from the log
        #[arg(long)]
        keep_matrix: bool,
        /// The report as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// What is installed
    List {
        #[arg(long)]
        json: bool,
    },
    /// What a component is, wants and offers, without running or installing it
    Inspect {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Install a component from a file, or one that comes with Weft by its id
    Install { file: PathBuf },
    /// Consent to everything that a plugin asks for, and switch it on
    Enable {
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Switch a plugin off; its deliveries wait
    Disable { id: String },
    /// Remove a plugin that nothing needs any more
    Remove { id: String },
    /// Show the settings of a plugin, or replace them
    Settings {
        id: String,
        /// JSON object with the new values
        #[arg(long)]
        set: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a person; a password is made and shown once
    Add {
        login: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long, default_value = "")]
        email: String,
        /// Make them an administrator of the platform
        #[arg(long)]
        admin: bool,
    },
    /// Everybody
    List {
        #[arg(long)]
        json: bool,
    },
    /// Make a new password and show it once; every session of the person ends
    Password { login: String },
    /// Replace the roles of a person, as SPACE:ROLE; `*` is all spaces
    Role { login: String, roles: Vec<String> },
    /// Erase who a person is; their tickets, and what was written in texts, stay
    Erase {
        login: String,
        /// Say what would go and which holds keep the person, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Make an API token for a person and show it once
    Token {
        login: String,
        #[arg(long, default_value = "command line")]
        name: String,
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// Say everything that is wrong with models, decision tables and forms, without deploying them
    Lint {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Look at the files alone: not whether what they name is deployed or installed
        #[arg(long)]
        offline: bool,
        #[arg(long)]
        json: bool,
    },
    /// Deploy files together, all or none
    Deploy {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// What differs between two models, element by element; a model is a file, or KEY or KEY@VERSION of a deployed process
    Diff { old: String, new: String },
    /// Try a process: mocked steps and people, and a clock that jumps
    Run {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Needed: processes run in earnest are started by tickets, messages and the API
        #[arg(long)]
        simulate: bool,
        /// JSON with process, variables, names, zone, at, mocks, messages, seconds_per_task
        #[arg(long)]
        with: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// What is deployed
    List {
        /// process, decision or form
        #[arg(long, default_value = "process")]
        r#type: String,
    },
    /// Running instances, or those that need help
    Instances {
        #[arg(long)]
        process: Option<String>,
        /// Only those with an incident, or stuck
        #[arg(long)]
        troubled: bool,
        /// Also those that ended
        #[arg(long)]
        all: bool,
        #[arg(long)]
        json: bool,
    },
    /// One instance: where it stands, its incidents, and everything that happened
    Show {
        id: String,
        #[arg(long)]
        json: bool,
        /// Write a picture of where it stands, as SVG
        #[arg(long)]
        picture: Option<PathBuf>,
    },
    /// Let a running instance go on in another version
    Migrate {
        id: String,
        /// The newest version when absent
        #[arg(long)]
        to: Option<u32>,
        /// Renamed elements, as OLD=NEW; those of a called process as PROCESS#OLD=NEW
        #[arg(long = "map")]
        mapping: Vec<String>,
        /// Say what would happen, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Try the incidents of an instance again
    Retry {
        id: String,
        /// JSON object with variables to set before
        #[arg(long)]
        set: Option<String>,
    },
    /// End an instance
    Cancel {
        id: String,
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Bring a Camunda 7 or 8 model over, with a report of what was mapped, changed and refused
    Import {
        file: PathBuf,
        /// Where the model goes; standard output when absent
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Do it now; a server does it every hour
    Run {
        /// Count, change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// What is kept for ever, and why
    Kept,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// What is applied, and what is pending
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Those of the last day: who is alive, since when, in which version
    List {
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Newest first, at most 200
    List {
        /// waiting, sending, delivered, unknown, dead or cancelled; several with commas between them
        #[arg(long, default_value = "waiting,sending,unknown,dead")]
        state: String,
        /// http or mail
        #[arg(long)]
        r#type: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// One item: where it went and how it ended, never what it said
    Show {
        id: String,
        #[arg(long)]
        json: bool,
    },
    /// Send it again under the same idempotency key
    Retry { id: String },
    /// Say how it ended, when that is not known: delivered, or failed
    Settle {
        id: String,
        #[arg(value_parser = ["delivered", "failed"])]
        settlement: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Those of every plugin that is switched on, and the questions that are kept for whoever asks
    List {
        /// Whose kept questions, when no server is asked; none when absent
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
    },
    /// What one says about what whoever asks may see
    Run {
        /// As the list names it: PLUGIN/REPORT, or saved/ID
        report: String,
        #[command(flatten)]
        asked: ReportAsked,
    },
    /// What a question of one's own says
    Ask {
        /// A file with the keys of a `[[report]]` (TOML, or JSON when its name ends so)
        question: PathBuf,
        #[command(flatten)]
        asked: ReportAsked,
    },
    /// Keep a question: it is in the list afterwards, as saved/ID
    Save {
        id: String,
        /// A file with the keys of a `[[report]]` (TOML, or JSON when its name ends so)
        question: PathBuf,
        /// Who keeps it, when no server is asked
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
        /// Who may ask it: owner, everyone, or a space by its id
        #[arg(long, default_value = "owner", value_name = "AUDIENCE")]
        audience: String,
    },
    /// Remove a kept question
    Remove {
        id: String,
        /// Who keeps it, when no server is asked
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
    },
    /// How long the steps of flows took, by the value chain activity that they are part of
    ValueChain {
        /// Whose eyes to look with, when no server is asked
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
        /// Only this value stream
        #[arg(long)]
        stream: Option<String>,
        /// Only the flows of this space
        #[arg(long)]
        space: Option<String>,
        /// Of flows that began since so many days ago; all when absent
        #[arg(long)]
        days: Option<u32>,
        #[arg(long, value_enum, default_value_t)]
        format: ReportFormat,
    },
}

/// What may be chosen about a report.
#[derive(Debug, clap::Args)]
pub(crate) struct ReportAsked {
    /// Whose eyes to look with, when no server is asked
    #[arg(long, value_name = "LOGIN")]
    pub(crate) r#as: Option<String>,
    /// Only what is in this space
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// How far back; what the report says when absent
    #[arg(long)]
    pub(crate) days: Option<u32>,
    /// What it would have said then, for example 2026-03-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub(crate) as_of: Option<jiff::Timestamp>,
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    #[default]
    Table,
    Csv,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClocksCommand {
    /// Show where clocks are not what the history of their ticket says, and put them right
    Repair {
        /// One ticket by number or id; otherwise all that the rest says
        ticket: Option<String>,
        /// Only tickets of this kind
        #[arg(long)]
        kind: Option<String>,
        /// Only tickets of this space
        #[arg(long)]
        space: Option<String>,
        /// Put them right; without it the differences are only shown
        #[arg(long)]
        apply: bool,
        /// Who does it, when no server is asked: somebody who manages the space
        #[arg(long, value_name = "LOGIN")]
        r#as: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Processes that start by a timer, with their next start
    List {
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Every setting and its value
    Show {
        /// Where each comes from
        #[arg(long)]
        origin: bool,
    },
}

impl Command {
    /// A server tells what it does; a command only what went wrong.
    pub(crate) fn logs_by_default(&self) -> bool {
        matches!(self, Self::Serve { .. })
    }
}

/// The whole command line.
pub(crate) fn command() -> clap::Command {
    let settings = config::keys().into_iter().map(|key| {
        Arg::new(key.path())
            .long(key.flag())
            .value_name("VALUE")
            .help(key.help.trim())
            .long_help(format!("{} [file: {}] [env: {}]", key.help.trim(), key.path(), key.variable()))
            .help_heading("Settings")
            .action(ArgAction::Set)
            .global(true)
            .hide_short_help(true)
    });
    Cli::command().args(settings)
}

/// The command and the settings that it runs with.
pub(crate) fn read() -> Result<(Command, Result<Loaded, Failure>), Failure> {
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let mut deepest = &matches;
    while let Some((_, sub)) = deepest.subcommand() {
        deepest = sub;
    }
    let flags: Vec<(Key, String)> = config::keys()
        .into_iter()
        .filter_map(|key| Some((key, deepest.get_one::<String>(&key.path())?.clone())))
        .collect();
    Ok((cli.command, config::load(cli.config.as_deref(), &variables(), &flags)))
}

/// The environment: read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "the one place that reads settings from the environment")]
fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WEFT_"))
        .collect()
}

/// The folder for what can be made again, if the system has one.
#[expect(clippy::disallowed_methods, reason = "where the system keeps caches is said by the environment")]
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?.join("weft"))
}
