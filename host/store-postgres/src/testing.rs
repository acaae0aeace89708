//! A PostgreSQL of one's own for tests: one server for each test process, an empty or a ready database for each test.
//!
//! Nothing to configure and never skipped: when PostgreSQL is not installed, the test fails and says what to install. The server listens
//! on a socket in a temporary folder, keeps `fsync` on, and sorts texts as people do, so that a test sees it when Weft relies on another
//! order. It ends with the process that started it, however that one ends: a shell waits for its end and stops the server.

#![expect(clippy::unwrap_used, reason = "this is for tests: a panic is a failed test that says why")]
#![expect(clippy::missing_panics_doc, reason = "every function here panics when PostgreSQL does not do as it is told")]

use crate::{PostgresConfig, PostgresStore};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use store::Store;
use tokio::sync::OnceCell;

const INSTALL: &str =
    "PostgreSQL 15 or newer is needed for the tests: `apt-get install postgresql`, or put its `bin` folder into PATH";
/// The name does not matter: nobody listens on a network.
const PORT: u16 = 5432;
/// Every connection of every test that runs at the same time.
const CONNECTIONS_MAX: u32 = 400;

/// A running server.
#[derive(Debug)]
pub struct Server {
    bin: PathBuf,
    folder: PathBuf,
    account: Option<String>,
    databases: AtomicU32,
    /// One `CREATE DATABASE` at a time.
    making: Mutex<()>,
    /// Its input ends when this process does.
    _keeper: Child,
}

/// The server of this process.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The address of a new database that has Weft's schema already.
pub async fn ready_database() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let name = server().create(None);
            let store = PostgresStore::open(PostgresConfig::new(server().url(&name))).await.unwrap();
            store.close().await;
            name
        })
        .await;
    server().url(&server().create(Some(template)))
}

/// The address of a new, empty database.
#[must_use]
pub fn empty_database() -> String {
    server().url(&server().create(None))
}

static STATEMENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The texts of all statements that were run in this process, and of all that a commit may run.
pub fn statements() -> BTreeSet<String> {
    let mut all = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    all.extend(crate::table::statements());
    all
}

pub(crate) fn record(sql: &str) {
    let mut all = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if !all.contains(sql) {
        all.insert(sql.to_owned());
    }
}

/// Write the tables that are busy anew, as it is done when they have many dead rows. Whether all of them were.
pub async fn renew(url: &str) -> bool {
    let config = PostgresConfig::new(url);
    crate::renew::renew_all(&config.options().unwrap(), config.deadline()).await.unwrap()
}

impl Server {
    fn start() -> Self {
        let bin = find_bin().unwrap_or_else(|| panic!("{INSTALL}"));
        let account = (output("id", &["-u"]).trim() == "0").then(account);
        let folder = PathBuf::from(output("mktemp", &["-d", "-t", "weft-postgres.XXXXXX"]).trim());
        if let Some(account) = &account {
            output("chown", &[account, folder.to_str().unwrap()]);
        }
        let script = format!(
            "trap '' INT TERM HUP\n\
             '{bin}/initdb' -D data -U weft -A trust -E UTF8 --locale=C --locale-provider=icu --icu-locale=en --no-sync >log 2>&1 \
             && '{bin}/pg_ctl' -D data -l log -w -t 60 start -o \"-k '{folder}' -p {PORT} -c listen_addresses= -c fsync=on \
                -c max_connections={CONNECTIONS_MAX} -c shared_buffers=64MB\" >>log 2>&1 \
             && echo ready && cat >/dev/null\n\
             '{bin}/pg_ctl' -D data -m immediate stop >>log 2>&1\n\
             rm -rf '{folder}'",
            bin = bin.display(),
            folder = folder.display(),
        );
        let mut keeper = as_account(account.as_deref(), "sh");
        keeper.args(["-c", &script]).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        // In a group of its own: what ends the whole group of the test must leave somebody to clean up.
        keeper.process_group(0);
        let mut keeper = keeper.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "PostgreSQL did not start in {}, see the file `log` there", folder.display());
        Self { bin, folder, account, databases: AtomicU32::new(0), making: Mutex::new(()), _keeper: keeper }
    }

    /// The folder with the socket, for who wants to connect without an address.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{PORT}"))
    }

    /// The address of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://weft@localhost:{PORT}/{database}?host={}", self.folder.display())
    }

    /// Stop and start again, as after a crash: nothing is said goodbye to.
    pub fn crash_and_restart(&self) {
        let data = self.folder.join("data");
        let mut restart = as_account(self.account.as_deref(), self.bin.join("pg_ctl"));
        let log = self.folder.join("log");
        restart.arg("-D").arg(&data).args(["-m", "immediate", "-w", "-t", "60", "-l"]).arg(&log).arg("restart");
        restart.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(restart.status().unwrap().success(), "PostgreSQL did not start again, see {}", log.display());
    }

    /// Run a statement as the owner of everything.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let folder = self.folder.to_str().unwrap();
        let port = PORT.to_string();
        let psql = self.bin.join("psql");
        let arguments =
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", &port, "-U", "weft", "-d"];
        output(&psql, &[&arguments[..], &[database, "-c", sql]].concat())
    }

    fn create(&self, template: Option<&str>) -> String {
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("weft_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let template = template.unwrap_or("template0");
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        name
    }
}

fn find_bin() -> Option<PathBuf> {
    let has_server =
        |folder: &Path| ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    let asked = [["sh", "-c", "dirname \"$(readlink -f \"$(command -v initdb)\")\""], ["pg_config", "--bindir", ""]];
    let answers = asked.iter().filter_map(|[program, arguments @ ..]| {
        let answer = Command::new(program).args(arguments.iter().filter(|one| !one.is_empty())).output().ok()?;
        Some(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()))
    });
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    answers.chain(installed.into_iter().rev()).find(|folder| has_server(folder))
}

/// PostgreSQL refuses to run as root.
fn account() -> String {
    let exists = |name: &&str| Command::new("id").args(["-u", name]).output().is_ok_and(|id| id.status.success());
    let found = ["postgres", "nobody"].into_iter().find(exists);
    found.expect("root needs an account `postgres` or `nobody` to start PostgreSQL as").to_owned()
}

fn as_account(account: Option<&str>, program: impl AsRef<std::ffi::OsStr>) -> Command {
    match account {
        None => Command::new(program),
        Some(account) => {
            let mut command = Command::new("runuser");
            command.args(["-u", account, "--"]).arg(program);
            command
        }
    }
}

fn output(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{} does not run: {error}", program.display()));
    assert!(
        output.status.success(),
        "{} {arguments:?}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
