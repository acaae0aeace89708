//! A PostgreSQL of one's own that listens on a network: it can be killed, started again and asked, and ends with whoever started it.
//!
//! Nothing to configure: where PostgreSQL is not installed, the error says what to install. `fsync` stays on. A shell waits for the end
//! of this process and stops the server, however the process ends.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

const INSTALL: &str =
    "PostgreSQL 15 or newer is needed: `apt-get install postgresql`, or put its `bin` folder into PATH";
const CONNECTIONS_MAX: u32 = 200;

/// Where it listens, and in which network namespace.
#[derive(Debug, Clone)]
pub struct Place {
    pub address: String,
    pub namespace: Option<String>,
}

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    account: Option<String>,
    place: Place,
    pub port: u16,
    /// Its input ends when this process does, or when this is dropped.
    keeper: Child,
}

impl Postgres {
    /// Start one on loopback.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start() -> Result<Self, String> {
        Self::start_at(Place { address: "127.0.0.1".to_owned(), namespace: None }, &[])
    }

    /// Start one at a place, with settings of its own.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub fn start_at(place: Place, settings: &[(&str, &str)]) -> Result<Self, String> {
        let bin = find_bin().ok_or(INSTALL)?;
        let account = (output("id", &["-u"])?.trim() == "0").then(account).transpose()?;
        let folder = PathBuf::from(output("mktemp", &["-d", "-t", "weft-pg.XXXXXX"])?.trim());
        if let Some(account) = &account {
            output("chown", &[account, &folder.display().to_string()])?;
        }
        let port = free_port()?;
        let settings: String = settings.iter().map(|(name, value)| format!(" -c {name}={value}")).collect();
        let script = format!(
            "trap '' INT TERM HUP\n\
             '{bin}/initdb' -D data -U weft -A trust -E UTF8 --locale=C --locale-provider=icu --icu-locale=en --no-sync >log 2>&1 \
             && echo 'host all all all trust' >>data/pg_hba.conf \
             && '{bin}/pg_ctl' -D data -l log -w -t 60 start -o \"-k '{folder}' -p {port} -c listen_addresses={address} -c fsync=on \
                -c max_connections={CONNECTIONS_MAX} -c shared_buffers=64MB{settings}\" >>log 2>&1 \
             && echo ready && cat >/dev/null\n\
             '{bin}/pg_ctl' -D data -m immediate stop >>log 2>&1\n\
             rm -rf '{folder}'",
            bin = bin.display(),
            folder = folder.display(),
            address = place.address,
        );
        let mut keeper = in_place(&place, account.as_deref(), Path::new("sh"));
        keeper.args(["-c", &script]).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        // In a group of its own: what ends the whole group of the test must leave somebody to clean up.
        keeper.process_group(0);
        let mut keeper = keeper.spawn().map_err(|error| format!("PostgreSQL could not be started: {error}"))?;
        let mut line = String::new();
        let stdout = keeper.stdout.take().ok_or("the keeper of PostgreSQL has no output")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        if line != "ready\n" {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("PostgreSQL did not start: {log}"));
        }
        let postgres = Self { bin, folder, account, place, port, keeper };
        postgres.ask_in("postgres", "CREATE DATABASE weft")?;
        Ok(postgres)
    }

    /// The address of the database `weft`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&format!("{}:{}", self.place.address, self.port))
    }

    /// The same database by way of another address, such as a proxy's.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        format!("postgres://weft@{address}/weft?sslmode=disable")
    }

    /// The folder with its data and its configuration.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Run statements in the database `weft`, over the socket: a partition of the network does not matter.
    ///
    /// # Errors
    /// The server refuses one, or is not there.
    pub fn ask(&self, sql: &str) -> Result<String, String> {
        self.ask_in("weft", sql).map(|text| text.trim().to_owned())
    }

    /// A number.
    ///
    /// # Errors
    /// The server refuses the question, or its answer is no number.
    pub fn count(&self, sql: &str) -> Result<i64, String> {
        let answer = self.ask(sql)?;
        answer.parse().map_err(|_| format!("`{answer}` is no number: {sql}"))
    }

    /// A session that carries out statements and stays open until it is dropped, with everything that it locked.
    ///
    /// # Errors
    /// The server refuses one of them.
    pub fn session(&self, sql: &str) -> Result<Session, String> {
        let mut psql = self.psql("weft");
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = psql.spawn().map_err(|error| error.to_string())?;
        let mut input = child.stdin.take().ok_or("psql has no input")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("psql has no output")?);
        writeln!(input, "{sql};\n\\echo carried-out").map_err(|error| error.to_string())?;
        let mut line = String::new();
        while line.trim() != "carried-out" {
            line.clear();
            if answers.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                return Err(format!("the session ended before it had carried out: {sql}"));
            }
        }
        Ok(Session { child, input: Some(input) })
    }

    /// Kill every process of the server at once, as a crash of its machine would, and start it again.
    ///
    /// # Errors
    /// It does not start again.
    pub fn crash_and_restart(&self) -> Result<(), String> {
        let mut control = in_place(&self.place, self.account.as_deref(), &self.bin.join("pg_ctl"));
        control
            .arg("-D")
            .arg(self.data())
            .args(["-m", "immediate", "-w", "-t", "60", "-l"])
            .arg(self.folder.join("log"));
        control
            .arg("restart")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = control.status().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err("PostgreSQL did not start again".to_owned()) }
    }

    /// Let it speak TLS as `name` from now on; gives the certificate that vouches for it.
    ///
    /// # Errors
    /// It does not take the certificate.
    pub fn speak_tls(&self, name: &str) -> Result<PathBuf, String> {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).map_err(|error| error.to_string())?;
        let (certificate, key) = (self.data().join("server.crt"), self.data().join("server.key"));
        std::fs::write(&certificate, made.cert.pem()).map_err(|error| error.to_string())?;
        std::fs::write(&key, made.signing_key.serialize_pem()).map_err(|error| error.to_string())?;
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .map_err(|error| error.to_string())?;
        if let Some(account) = &self.account {
            output("chown", &[account, &key.display().to_string(), &certificate.display().to_string()])?;
        }
        self.ask("ALTER SYSTEM SET ssl = on")?;
        self.ask("SELECT pg_reload_conf()")?;
        // The folder of the data is for its owner alone.
        let public = self.folder.join("server.crt");
        std::fs::copy(&certificate, &public).map_err(|error| error.to_string())?;
        Ok(public)
    }

    fn ask_in(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.psql(database).args(["-c", sql]).stdin(Stdio::null()).output();
        let output = output.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("{sql}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "weft", "-d", database]);
        psql.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string()]);
        psql
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// An open session.
#[derive(Debug)]
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn find_bin() -> Option<PathBuf> {
    let has_server =
        |folder: &Path| ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    let in_path = output("sh", &["-c", "dirname \"$(readlink -f \"$(command -v initdb)\")\""]).ok();
    let in_path = in_path.map(|folder| PathBuf::from(folder.trim()));
    in_path.into_iter().chain(installed.into_iter().rev()).find(|folder| has_server(folder))
}

/// PostgreSQL refuses to run as root.
fn account() -> Result<String, String> {
    let exists = |name: &&str| Command::new("id").args(["-u", name]).output().is_ok_and(|id| id.status.success());
    let found = ["postgres", "nobody"].into_iter().find(exists);
    found
        .map(str::to_owned)
        .ok_or_else(|| "root needs an account `postgres` or `nobody` to start PostgreSQL as".to_owned())
}

fn in_place(place: &Place, account: Option<&str>, program: &Path) -> Command {
    let mut words: Vec<std::ffi::OsString> = Vec::new();
    if let Some(namespace) = &place.namespace {
        words.extend(["ip", "netns", "exec", namespace].map(Into::into));
    }
    if let Some(account) = account {
        words.extend(["runuser", "-u", account, "--"].map(Into::into));
    }
    words.push(program.into());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program} does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
