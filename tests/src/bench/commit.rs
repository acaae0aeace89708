//! Durable commits per second: what sharing a flush is worth, against the flush itself on the same disk in the same minute.
//!
//! A commit here is what an agent's edit is: a ticket with a checked version, an event in its chain and a job. A client's job takes the
//! place of its job before, so that the queue stays as short as workers would keep it: a row comes and a row goes. Rounds interleave the
//! calibration with every number of clients, and medians are compared, because a shared machine changes by the second.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that fails has nothing to say but that it failed"
)]

use crate::postgres::Postgres;
use domain::event::{Cause, EventDraft, Origin};
use domain::job::Work;
use domain::kind::StateCategory;
use domain::{JobId, Object, OrgId, Ticket};
use jiff::Timestamp;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Changeset, Expect, NewJob, Noun, Store, Write};
use store_postgres::{PostgresConfig, PostgresStore};
use store_sqlite::{SqliteConfig, SqliteStore};
use tokio::time::Instant;

const CLIENTS: [usize; 4] = [1, 16, 64, 256];
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_millis(1_200);
/// Tickets of each client, changed in turn.
const TICKETS_EACH: usize = 20;
/// 64 clients together against one alone.
const TIMES_MIN: f64 = 15.0;
/// A disk that flushes oftener than this limits nobody so much: then less is asked for, by as much as it is quicker.
const FLUSHES: f64 = 600.0;
/// However quick the disk is.
const TIMES_LEAST: f64 = 2.0;

#[derive(Default)]
struct Series {
    per_second: Vec<f64>,
    latencies_us: Vec<u64>,
}

/// Which databases to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Databases {
    Sqlite,
    Postgres,
    Both,
}

impl Databases {
    /// # Errors
    /// The word names none.
    pub fn read(word: Option<&str>) -> Result<Self, String> {
        match word {
            None | Some("both") => Ok(Self::Both),
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres") => Ok(Self::Postgres),
            Some(other) => Err(format!("`{other}` is no database: sqlite, postgres or both")),
        }
    }

    fn includes(self, one: Self) -> bool {
        self == one || self == Self::Both
    }
}

/// A database under measurement.
struct Bench {
    name: &'static str,
    store: Arc<dyn Store>,
    desks: Vec<Desk>,
    series: Vec<Series>,
}

/// What one store did on one disk.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) flushes_per_second: f64,
    /// Clients, commits a second, p99 in milliseconds.
    pub(crate) rows: Vec<(usize, f64, f64)>,
}

/// What 64 clients have to get against one, on a disk with so many flushes a second: promise 17, or a part of it.
pub(crate) fn times_least(flushes_per_second: f64, part: f64) -> f64 {
    (TIMES_MIN * part * (FLUSHES / flushes_per_second).min(1.0)).max(TIMES_LEAST)
}

/// The medians of some interleaved rounds of the bare disk and of the first `levels` of the numbers of clients.
///
/// # Panics
/// The store does not do what it should.
pub(crate) async fn figures(folder: &Path, store: Arc<dyn Store>, rounds: usize, levels: usize) -> Figures {
    let mut bench = Bench::new("", store).await;
    let mut raw = Vec::new();
    for _ in 0..rounds {
        raw.push(flushes_per_second(folder).await);
        for (place, clients) in CLIENTS.iter().take(levels).enumerate() {
            let desks = std::mem::take(&mut bench.desks);
            bench.desks = slice(&bench.store, desks, *clients, &mut bench.series[place]).await;
        }
    }
    bench.store.close().await;
    let row = |(clients, series): (&usize, &mut Series)| {
        series.latencies_us.sort_unstable();
        (*clients, median(&series.per_second), percentile_ms(&series.latencies_us, 99))
    };
    Figures {
        flushes_per_second: median(&raw),
        rows: CLIENTS.iter().zip(&mut bench.series).take(levels).map(row).collect(),
    }
}

/// Measure on the disk that holds `folder`, print a table, and give the same figures back as JSON. A PostgreSQL keeps its data in the
/// folder for temporary files, which should be on the same disk.
///
/// # Panics
/// A database does not do what it should.
pub async fn run(folder: &Path, databases: Databases) -> serde_json::Value {
    let mut benches = Vec::new();
    if databases.includes(Databases::Sqlite) {
        let store = SqliteStore::open(SqliteConfig::new(folder.join("bench-commit.db"))).await.unwrap();
        benches.push(Bench::new("SQLite", Arc::new(store)).await);
    }
    let postgres = databases.includes(Databases::Postgres).then(|| Postgres::start().unwrap());
    if let Some(postgres) = &postgres {
        let store = PostgresStore::open(PostgresConfig::new(postgres.url())).await.unwrap();
        benches.push(Bench::new("PostgreSQL", Arc::new(store)).await);
    }
    let mut raw = Vec::new();
    for _ in 0..ROUNDS {
        raw.push(flushes_per_second(folder).await);
        for bench in &mut benches {
            for (place, clients) in CLIENTS.iter().enumerate() {
                let desks = std::mem::take(&mut bench.desks);
                bench.desks = slice(&bench.store, desks, *clients, &mut bench.series[place]).await;
            }
        }
    }
    println!("{ROUNDS} interleaved rounds, medians; every commit on the disk before it is answered");
    println!("{:<30}{:>12}{:>12}{:>12}{:>10}{:>10}", "", "per second", "of 1 client", "of flushes", "p50 ms", "p99 ms");
    println!("{:<30}{:>12.0}", "4 KiB + fdatasync", median(&raw));
    let mut reports = serde_json::Map::new();
    for bench in &mut benches {
        bench.store.close().await;
        reports.insert(bench.name.to_lowercase(), report(bench.name, &raw, &mut bench.series));
    }
    let ratio = |name: &str| reports.get(name).and_then(|one| one["ratio"].as_f64());
    let kept = ratio("sqlite").or_else(|| ratio("postgresql")).unwrap_or(0.0);
    let least = times_least(median(&raw), 1.0);
    serde_json::json!({
        "id": "commit", "figure": kept, "limit": least, "pass": kept >= least,
        "fdatasync_per_second": median(&raw), "rounds": ROUNDS, "databases": reports,
    })
}

impl Bench {
    async fn new(name: &'static str, store: Arc<dyn Store>) -> Self {
        let desks = fill(&*store).await;
        Self { name, store, desks, series: CLIENTS.iter().map(|_| Series::default()).collect() }
    }
}

/// Write 4 KiB at a random place of a file and flush it, again and again.
async fn flushes_per_second(folder: &Path) -> f64 {
    const BLOCK: usize = 4096;
    const BLOCKS: u64 = 4096;
    let path = folder.join("bench-flush.bin");
    let work = move || {
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).unwrap();
        if file.metadata().unwrap().len() == 0 {
            file.write_all_at(&vec![1; BLOCK * usize::try_from(BLOCKS).unwrap()], 0).unwrap();
            file.sync_all().unwrap();
        }
        let (began, mut place, mut flushes) = (Instant::now(), 12_345_u64, 0_u32);
        while began.elapsed() < SLICE / 2 {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            file.write_all_at(&[7; BLOCK], (place >> 33) % BLOCKS * BLOCK as u64).unwrap();
            file.sync_data().unwrap();
            flushes += 1;
        }
        f64::from(flushes) / began.elapsed().as_secs_f64()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The tickets of one client, and how far it is.
struct Desk {
    number: usize,
    tickets: Vec<Ticket>,
    turn: usize,
}

async fn fill(store: &dyn Store) -> Vec<Desk> {
    let mut desks = Vec::new();
    for number in 0..CLIENTS[CLIENTS.len() - 1] {
        let tickets: Vec<Ticket> = (0..TICKETS_EACH).map(|place| ticket(&format!("{number:03}-{place:02}"))).collect();
        let mut changeset = Changeset::new(org(), at(0));
        changeset.writes = tickets.iter().map(|one| Write::Ticket(Box::new(one.clone()))).collect();
        store.commit(changeset).await.unwrap();
        desks.push(Desk { number, tickets, turn: 0 });
    }
    desks
}

async fn slice(store: &Arc<dyn Store>, desks: Vec<Desk>, clients: usize, series: &mut Series) -> Vec<Desk> {
    let began = Instant::now();
    let mut running = Vec::new();
    let mut resting = Vec::new();
    for desk in desks {
        if desk.number < clients {
            running.push(tokio::spawn(client(Arc::clone(store), desk, began + SLICE)));
        } else {
            resting.push(desk);
        }
    }
    let (mut back, mut commits) = (Vec::new(), 0_usize);
    for client in running {
        let (desk, latencies) = client.await.unwrap();
        commits += latencies.len();
        series.latencies_us.extend(latencies);
        back.push(desk);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of one second")]
    series.per_second.push(commits as f64 / began.elapsed().as_secs_f64());
    back.extend(resting);
    back
}

async fn client(store: Arc<dyn Store>, mut desk: Desk, until: Instant) -> (Desk, Vec<u64>) {
    let mut latencies = Vec::new();
    while Instant::now() < until {
        desk.turn += 1;
        let (number, turn) = (desk.number, desk.turn);
        let ticket = &mut desk.tickets[turn % TICKETS_EACH];
        let seen = ticket.version;
        ticket.version += 1;
        ticket.updated_at = at(i64::try_from(turn).unwrap());
        ticket.title = format!("Printer on floor {} does not print", turn % 40);
        let began = Instant::now();
        store.commit(edit(ticket, seen, number, turn)).await.unwrap();
        latencies.push(u64::try_from(began.elapsed().as_micros()).unwrap());
    }
    (desk, latencies)
}

fn edit(ticket: &Ticket, seen: u32, number: usize, turn: usize) -> Changeset {
    let mut changeset = Changeset::new(org(), ticket.updated_at);
    changeset.expects.push(Expect { noun: Noun::Ticket, id: ticket.id.0.clone(), version: seen });
    changeset.writes.push(Write::Ticket(Box::new(ticket.clone())));
    changeset.events.push(EventDraft {
        subject_kind: "ticket".to_owned(),
        subject: ticket.id.0.clone(),
        space: "it".to_owned(),
        at: ticket.updated_at,
        actor: format!("agent-{number}"),
        kind: "ticket.field-set".to_owned(),
        data: serde_json::json!({ "field": "title", "value": ticket.title, "before": "Printer does not print" }),
        cause: Cause {
            command: format!("{number}-{turn}"),
            correlation: format!("{number}-{turn}"),
            depth: 0,
            origin: Origin::Person,
            chain: Vec::new(),
        },
    });
    changeset.jobs.push(NewJob {
        id: JobId(format!("{number}-{turn}")),
        work: Work::React { plugin: "incident".into(), seq: 1 },
        order_key: format!("incident:{}", ticket.id),
        due_at: ticket.updated_at,
        unique_key: Some(format!("client-{number}")),
        event: None,
    });
    changeset
}

fn org() -> OrgId {
    OrgId::from("bench")
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + micros).unwrap()
}

fn ticket(id: &str) -> Ticket {
    let mut fields = Object::new();
    fields.insert("impact".to_owned(), serde_json::json!(2));
    fields.insert(
        "description".to_owned(),
        serde_json::json!("It worked yesterday, and nobody changed anything. ".repeat(4)),
    );
    Ticket {
        id: id.into(),
        number: format!("INC{id}"),
        kind: "incident".into(),
        space: "it".into(),
        state: "assigned".to_owned(),
        category: StateCategory::Active,
        title: "Printer does not print".to_owned(),
        requester: Some("person-1".into()),
        opened_by: Some("person-1".into()),
        group: Some("service-desk".into()),
        assignee: Some("agent-1".into()),
        parent: None,
        restricted: false,
        version: 1,
        opened_at: at(0),
        updated_at: at(0),
        resolved_at: None,
        closed_at: None,
        due_at: Some(at(1_000_000)),
        fields,
    }
}

fn report(name: &str, raw: &[f64], series: &mut [Series]) -> serde_json::Value {
    let flush = median(raw);
    let alone = median(&series[0].per_second);
    let mut rows = Vec::new();
    for (clients, series) in CLIENTS.iter().zip(series) {
        let rate = median(&series.per_second);
        series.latencies_us.sort_unstable();
        let (p50, p99) = (percentile_ms(&series.latencies_us, 50), percentile_ms(&series.latencies_us, 99));
        let (ratio, of_flush) = (rate / alone, rate / flush);
        println!(
            "{:<30}{rate:>12.0}{ratio:>12.1}{of_flush:>12.2}{p50:>10.2}{p99:>10.2}",
            format!("{name}, {clients} waiting clients")
        );
        rows.push(serde_json::json!({
            "clients": clients, "commits_per_second": rate, "ratio": ratio, "of_flushes": of_flush, "p50_ms": p50, "p99_ms": p99,
        }));
    }
    serde_json::json!({ "ratio": rows[2]["ratio"], "rows": rows })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of one commit")]
fn percentile_ms(sorted_us: &[u64], percent: usize) -> f64 {
    sorted_us.get(sorted_us.len() * percent / 100).copied().unwrap_or(0) as f64 / 1_000.0
}
