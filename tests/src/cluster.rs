//! Real nodes on one real PostgreSQL: `weft serve` processes that can be killed, stopped and woken, and an administrator with a token.

use crate::binary::{Client, Reply, Server, free_address, path};
use crate::postgres::Postgres;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

/// Longest wait for something that must happen.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Nodes and what they share.
#[derive(Debug)]
pub struct Cluster {
    pub url: String,
    pub token: String,
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Cluster {
    /// Set up a database: an administrator with a token, a space `it`, and the incident practice switched on where it is wanted.
    /// `settings` are flags of every node.
    ///
    /// # Errors
    /// A command refuses.
    pub async fn new(url: String, settings: &[(&str, &str)]) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut cluster = Self { url, token: String::new(), folder, settings };
        let first = cluster.node().await;
        cluster.token = cluster.command(&["user", "token", "admin"]).await?.trim().to_owned();
        let mut admin = cluster.client(&first).await?;
        created(admin.post("/spaces", &json!({ "id": "it", "title": "IT" })).await)?;
        let people = admin.get("/people?text=admin").await?;
        let id = people["items"][0]["id"].as_str().ok_or("there is no administrator")?.to_owned();
        let roles = json!({ "roles": [{ "space": "*", "role": "administrator" }, { "space": "it", "role": "agent" }] });
        admin.send("PUT", &format!("/people/{id}/roles"), &[], &roles).await?;
        first.stop().await;
        Ok(cluster)
    }

    /// The same database by another address.
    #[must_use]
    pub fn by(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// One more flag of every node that is started from now on; the last one of a name counts.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Start one more node.
    pub async fn node(&self) -> Server {
        self.node_at(&self.url).await
    }

    /// Start one more node that reaches the database by another address.
    pub async fn node_at(&self, url: &str) -> Server {
        let address = free_address();
        let mut command = self.weft(url);
        command.arg("serve").arg("--http-listen").arg(&address);
        for (name, value) in &self.settings {
            command.arg(format!("--{name}")).arg(value);
        }
        Server::start(command, address).await
    }

    /// Run a command of `weft` on the database, and give what it prints.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.weft(&self.url).args(arguments).output().await.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("weft {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
        }
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    }

    /// The administrator, at one of the nodes.
    ///
    /// # Errors
    /// It does not listen.
    pub async fn client(&self, node: &Server) -> Result<Admin, String> {
        Admin::connect(&node.address, &self.token).await
    }

    fn weft(&self, url: &str) -> Command {
        let mut command = Command::new(path());
        command.current_dir(self.folder.path()).env("WEFT_STORE_URL", url);
        // Compiled once for all tests: it holds nothing of anybody.
        command.env("WEFT_PLUGINS_CACHE_DIR", cache());
        command.env("RUST_LOG", "error").kill_on_drop(true);
        command
    }
}

fn cache() -> PathBuf {
    path().with_file_name("weft-components")
}

/// Somebody who may do everything, on a connection that is made anew when it breaks.
#[derive(Debug)]
pub struct Admin {
    address: String,
    token: String,
    client: Option<Client>,
}

impl Admin {
    /// # Errors
    /// Nobody listens.
    pub async fn connect(address: &str, token: &str) -> Result<Self, String> {
        let mut admin = Self { address: address.to_owned(), token: token.to_owned(), client: None };
        admin.client = Some(admin.open().await?);
        Ok(admin)
    }

    async fn open(&self) -> Result<Client, String> {
        let mut client = Client::connect(&self.address).await.map_err(|error| error.to_string())?;
        client.headers.push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        Ok(client)
    }

    /// One request, whatever the answer is.
    ///
    /// # Errors
    /// There is no answer within a minute.
    pub async fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, String> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => self.open().await?,
        };
        let body = body.map(Value::to_string);
        let path = format!("/api/v1{path}");
        let asked = client.request(method, &path, headers, body.as_deref().map(str::as_bytes));
        let reply = tokio::time::timeout(WAIT_MAX, asked).await.map_err(|_| "no answer within a minute".to_owned())?;
        let reply = reply.map_err(|error| error.to_string())?;
        self.client = Some(client);
        Ok(reply)
    }

    /// One request that must succeed, and its JSON.
    ///
    /// # Errors
    /// It does not succeed.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, String> {
        let body = (!body.is_null()).then_some(body);
        let (status, _, answer) = self.try_send(method, path, headers, body).await?;
        if !(200..300).contains(&status) {
            return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&answer)));
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|error| error.to_string())
    }

    /// # Errors
    /// It does not succeed.
    pub async fn get(&mut self, path: &str) -> Result<Value, String> {
        self.send("GET", path, &[], &Value::Null).await
    }

    /// # Errors
    /// It does not succeed.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value, String> {
        self.send("POST", path, &[], body).await
    }

    /// A figure of the node that is asked: the sum of a counter over its labels.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metric(&mut self, name: &str) -> Result<f64, String> {
        let mut client = self.open().await?;
        let (_, _, text) = client.request("GET", "/metrics", &[], None).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let of_name = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with([' ', '{']);
        Ok(text.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

fn created(answer: Result<Value, String>) -> Result<Value, String> {
    answer.map_err(|error| format!("the company could not be set up: {error}"))
}

/// An incident, as the API takes it.
#[must_use]
pub fn incident(title: &str) -> Value {
    json!({ "kind": "incident", "space": "it", "title": title, "fields": { "impact": 2, "urgency": 2 } })
}

/// Put jobs into the queue that each leave one event behind: a message `PREFIX-N` that nobody waits for. `apart` of them share a key.
///
/// # Errors
/// The database refuses.
pub fn put_jobs(postgres: &Postgres, prefix: &str, count: usize, due_in_ms: i64) -> Result<(), String> {
    postgres
        .ask(&format!(
            "INSERT INTO job (org_id, id, order_key, order_at, ordinal, unique_key, plugin, work, due_at, state, attempts, fence)
             SELECT 'default', '{prefix}-' || n, '{prefix}-' || n, at, n, NULL, NULL, json_build_object('type', 'publish',
                'topic', json_build_object('type', 'message', 'name', '{prefix}-' || n, 'key', ''), 'variables', json_build_object(),
                'ttl_seconds', 0, 'from', NULL, 'cause', json_build_object('command', '{prefix}', 'correlation', '{prefix}', 'depth', 0,
                'origin', 'timer', 'chain', json_build_array()))::TEXT, at, 'ready', 0, 0
             FROM generate_series(1, {count}) AS n,
                LATERAL (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT + {due_in_ms} * 1000 AS at) t"
        ))
        .map(drop)
}

/// Ask again and again until the answer is yes.
///
/// # Errors
/// It is not within the limit; `what` says what was waited for.
pub async fn eventually(
    what: &str,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<bool, String>,
) -> Result<Duration, String> {
    let began = Instant::now();
    loop {
        if ask().await? {
            return Ok(began.elapsed());
        }
        if began.elapsed() > limit {
            return Err(format!("{what} did not happen within {limit:?}"));
        }
        pause(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "other processes take real time")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
