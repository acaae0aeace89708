//! Many clients that commit to a store, each ticket with its history, its comment and its kept answer in one commit; and the other side:
//! a process that does so, whose acknowledgements are read until it is cut off.

#![expect(clippy::disallowed_methods, reason = "real processes and real disks take real time")]

use domain::change::IdempotencyKey;
use domain::event::{Cause, EventDraft, Origin};
use domain::kind::StateCategory;
use domain::ticket::Visibility;
use domain::{Comment, Object, OrgId, Space, Ticket};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::changeset::Noun;
use store::snapshot::Pages;
use store::{Changeset, CommitError, Commits, Expect, People, Snapshot, Store, StoreError, Write};
use store_sqlite::{SqliteConfig, SqliteSnapshot, SqliteStore, Synchronous};

/// What the process is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    pub file: PathBuf,
    pub synchronous: Synchronous,
    pub clients: u32,
    /// Keeps the ids of one process apart from those of the one before.
    pub first: u64,
}

impl Plan {
    #[must_use]
    pub fn read(arguments: &[String]) -> Option<Self> {
        let [file, mode, clients, first] = arguments else { return None };
        let synchronous = match mode.as_str() {
            "full" => Synchronous::Full,
            "normal" => Synchronous::Normal,
            _ => return None,
        };
        Some(Self { file: file.into(), synchronous, clients: clients.parse().ok()?, first: first.parse().ok()? })
    }
}

/// Commit until nobody wants it any more.
///
/// # Errors
/// The store cannot be opened.
pub async fn run(plan: Plan, say: impl Fn(String) + Send + Sync + 'static) -> Result<(), String> {
    let config = SqliteConfig { synchronous: plan.synchronous, ..SqliteConfig::new(&plan.file) };
    let store = SqliteStore::open(config).await.map_err(|error| format!("the store cannot be opened: {error:?}"))?;
    let store = Arc::new(store);
    let org = OrgId::from("default");
    if store.space_get(&org, "it").await.map_err(|error| error.to_string())?.is_none() {
        let mut set = Changeset::new(org.clone(), now());
        let space = Space { id: "it".into(), title: "IT".to_owned(), confidential: false, calendar: None, version: 1 };
        set.writes.push(Write::Space(space));
        store.commit(set).await.map_err(|error| error.to_string())?;
    }
    let say = Arc::new(say);
    let clients = (0..plan.clients).map(|client| {
        let (store, say) = (Arc::clone(&store), Arc::clone(&say));
        let first = plan.first;
        tokio::spawn(async move { client_loop(&store, client, first, &*say).await })
    });
    for client in clients.collect::<Vec<_>>() {
        let _ = client.await;
    }
    store.close().await;
    Ok(())
}

async fn client_loop(store: &SqliteStore, client: u32, first: u64, say: &(dyn Fn(String) + Send + Sync)) {
    let mut number = first;
    loop {
        let id = format!("w{client}-{number}");
        match store.commit(ticket(&id)).await {
            Ok(_) => {
                say(format!("ack {id}"));
                number += 1;
            }
            // The attempt before was written although it was refused: that is an answer too.
            Err(CommitError::Answered(_)) => {
                say(format!("ack {id}"));
                number += 1;
            }
            Err(CommitError::Store(StoreError::Closed)) => return,
            Err(error) => {
                say(format!("refused {id} {error}"));
                pause(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Everything that a person's new ticket writes, in one commit.
fn ticket(id: &str) -> Changeset {
    let at = now();
    let ticket = Ticket {
        id: id.into(),
        number: format!("W{}", id.replace(['w', '-'], "")),
        kind: "incident".into(),
        space: "it".into(),
        state: "new".to_owned(),
        category: StateCategory::New,
        title: format!("Written by {id}"),
        requester: None,
        opened_by: None,
        group: None,
        assignee: None,
        parent: None,
        restricted: false,
        version: 1,
        opened_at: at,
        updated_at: at,
        resolved_at: None,
        closed_at: None,
        due_at: None,
        fields: Object::new(),
    };
    // Different ids must not meet in one number.
    let ticket = Ticket { number: format!("{}-{}", ticket.number, id.len()), ..ticket };
    let mut set = Changeset::new(OrgId::from("default"), at);
    set.expects.push(Expect { noun: Noun::Ticket, id: id.to_owned(), version: 0 });
    set.events.push(EventDraft {
        subject_kind: "ticket".to_owned(),
        subject: id.to_owned(),
        space: "it".to_owned(),
        at,
        actor: "writer".to_owned(),
        kind: "ticket.created".to_owned(),
        data: json!({ "number": ticket.number, "kind": ticket.kind, "state": ticket.state, "title": ticket.title,
            "group": null, "assignee": null, "requester": null, "parent": null, "restricted": false, "fields": {} }),
        cause: Cause {
            command: id.to_owned(),
            correlation: id.to_owned(),
            depth: 0,
            origin: Origin::Person,
            chain: Vec::new(),
        },
    });
    set.writes.push(Write::Comment(Comment {
        id: format!("c-{id}").into(),
        ticket: id.into(),
        visibility: Visibility::Public,
        author: "writer".to_owned(),
        at,
        body: "x".repeat(200),
    }));
    set.writes.push(Write::Ticket(Box::new(ticket)));
    let key = IdempotencyKey { scope: "writer".to_owned(), key: id.to_owned(), fingerprint: id.to_owned() };
    set.answer = Some((key, json!({ "id": id })));
    set
}

fn now() -> Timestamp {
    Timestamp::now()
}

async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A running writer and what it said. It is killed when this goes.
#[derive(Debug)]
pub struct Process {
    child: Child,
    said: Arc<Mutex<Said>>,
}

#[derive(Debug, Clone, Default)]
pub struct Said {
    pub acks: BTreeSet<String>,
    pub refused: BTreeSet<String>,
    /// Acknowledged after the first refusal.
    pub resumed: u64,
}

impl Process {
    /// # Errors
    /// The program was not built.
    pub fn start(
        file: &Path,
        mode: &str,
        clients: u32,
        first: u64,
        environment: &[(&str, String)],
    ) -> Result<Self, String> {
        let program = crate::binary::path().with_file_name("store_writer");
        let mut command = Command::new(&program);
        command.arg(file).arg(mode).arg(clients.to_string()).arg(first.to_string());
        command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| {
            format!("`{}` does not start ({error}): run `cargo build --workspace --bins`", program.display())
        })?;
        let said = Arc::new(Mutex::new(Said::default()));
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let into = Arc::clone(&said);
        // Ends with the output, and that with the process.
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let mut said = into.lock().unwrap_or_else(PoisonError::into_inner);
                let mut words = line.split(' ');
                match (words.next(), words.next()) {
                    (Some("ack"), Some(id)) => {
                        said.resumed += u64::from(!said.refused.is_empty());
                        said.acks.insert(id.to_owned());
                    }
                    (Some("refused"), Some(id)) => {
                        said.refused.insert(id.to_owned());
                    }
                    _ => {}
                }
            }
        });
        Ok(Self { child, said })
    }

    /// What is acknowledged now.
    #[must_use]
    pub fn said(&self) -> Said {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Wait until it said something that is enough.
    #[must_use]
    pub fn wait(&self, limit: Duration, is_enough: impl Fn(&Said) -> bool) -> bool {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if is_enough(&self.said()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The ids of the tickets that are there.
///
/// # Errors
/// The file cannot be read.
pub async fn tickets(file: &Path) -> Result<BTreeSet<String>, String> {
    Ok(texts(file, "ticket", "id").await?.into_iter().collect())
}

/// A column of texts of every row of a table.
///
/// # Errors
/// The file cannot be read.
pub async fn texts(file: &Path, table: &str, column: &str) -> Result<Vec<String>, String> {
    let failed = |error: StoreError| format!("`{}` cannot be read: {error:?}", file.display());
    let mut snapshot: Box<dyn Snapshot> =
        Box::new(SqliteSnapshot::open(&SqliteConfig::new(file)).await.map_err(failed)?);
    let tables = snapshot.tables().await.map_err(failed)?;
    let mut found = Vec::new();
    if let Some(table) = tables.iter().find(|one| one.name == table) {
        let mut pages = Pages::of(table, &[column]);
        while let Some(rows) = pages.next(&mut *snapshot).await.map_err(failed)? {
            found.extend(rows.iter().filter_map(|row| row.text(column).map(str::to_owned)));
        }
    }
    snapshot.end().await;
    Ok(found)
}
