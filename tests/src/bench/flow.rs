//! Flows from start to end over HTTP: two and ten steps of a component, beside the ceiling of the same disk and beside other durable
//! engines in the same run.
//!
//! A step here is a real component in a fresh instance. Weft decides the steps between two waits in one wave and commits once, flushed to
//! the disk; the others make each step durable by itself, which is what they promise with the same words.

#![expect(clippy::print_stdout, reason = "a benchmark's table is for a terminal")]

use crate::binary::{Client, Server};
use crate::guests::{self, Function, Guest};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::time::Instant;

const SECONDS: u64 = 5;
const CALLERS: [usize; 4] = [1, 16, 64, 300];
const STEPS: [usize; 2] = [2, 10];
const PEERS: [&str; 4] = ["restate", "dbos-sqlite", "dbos-postgres", "temporal"];
/// The promise for the two-step flow at 300 callers, against the best of the others.
const RATIO_MIN: f64 = 20.0;

/// Start a server, run both flows with each number of callers, then the peers; print and return the figures. `peers` is the folder into
/// which the others are installed; without it they are left out, and the answer says so.
///
/// # Panics
/// The server refuses what it should accept.
pub async fn run(peers: Option<&Path>) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::demo(folder.path()).await;
    prepare(&server.address).await;
    let mut rows = Vec::new();
    println!("{:>6} {:>8} {:>12} {:>10} {:>10}", "steps", "callers", "per second", "p50 ms", "p99 ms");
    for steps in STEPS {
        for callers in CALLERS {
            let row = round(&server.address, steps, callers).await;
            println!(
                "{steps:>6} {callers:>8} {:>12.0} {:>10.2} {:>10.2}",
                number(&row, "per_second"),
                number(&row, "p50_ms"),
                number(&row, "p99_ms")
            );
            rows.push(row);
        }
    }
    server.stop().await;
    println!(
        "bare HTTP: the same callers and messages with a server that reads the body, answers and does nothing else"
    );
    let mut bare = Vec::new();
    for callers in CALLERS {
        let row = bare_round(callers).await;
        println!("{:>6} {callers:>8} {:>12.0}", "none", number(&row, "per_second"));
        bare.push(row);
    }
    println!("the ceiling: commits of one ticket, event and job on the same disk");
    let ceiling = super::commit::run(folder.path(), super::commit::Databases::Sqlite).await;
    let ours =
        rows.iter().find(|row| row["steps"] == 2 && row["callers"] == 300).map_or(0.0, |row| number(row, "per_second"));
    let mut others = Vec::new();
    match peers {
        None => println!("peers left out: give a folder into which they may be installed"),
        Some(folder) => {
            for peer in PEERS {
                others.extend(run_peer(peer, folder));
            }
        }
    }
    let at_most = |row: &&Value| row["callers"] == 300;
    let best = others.iter().filter(at_most).map(|row| number(row, "per_second")).fold(0.0, f64::max);
    let ratio = if best > 0.0 { ours / best } else { 0.0 };
    if best > 0.0 {
        println!("two steps at 300 callers: {ours:.0} a second, {ratio:.1}x the best of the others");
    }
    json!({ "id": "flow", "figure": ratio, "limit": RATIO_MIN, "pass": ratio >= RATIO_MIN, "rows": rows, "bare_http": bare, "ceiling": ceiling, "peers": others })
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_default()
}

/// A component with a step that is done at once, and a flow of each length.
async fn prepare(address: &str) {
    let mut max = Client::connect(address).await.expect("the server listens");
    max.sign_in("max").await;
    let manifest = "id = \"bench-steps\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Bench\"\nsummary = \"A step that is done at once.\"\n\
        [[step]]\nid = \"tick\"\ntitle = \"Tick\"\ninputs = { type = \"object\" }\noutputs = { type = \"object\" }\n";
    let component = guests::returning(Guest::new("bench-steps").manifest(Some(manifest)), Function::Run, &[]);
    let (status, _, body) = max
        .request("POST", "/api/v1/plugins", &[("content-type", "application/wasm")], Some(&component))
        .await
        .expect("an answer");
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    post(&mut max, "/api/v1/plugins/bench-steps/enable", &json!({ "grants": "all" })).await;
    let files: Vec<_> =
        STEPS.iter().map(|steps| json!({ "file": format!("bench-{steps}.bpmn"), "text": model(*steps) })).collect();
    post(&mut max, "/api/v1/flows", &json!({ "files": files })).await;
}

async fn post(client: &mut Client, path: &str, body: &Value) -> Value {
    let (status, _, answer) =
        client.request("POST", path, &[], Some(body.to_string().as_bytes())).await.expect("an answer");
    assert!((200..300).contains(&status), "{path}: {status} {}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).unwrap_or_default()
}

fn model(steps: usize) -> String {
    let mut inside = String::new();
    for step in 0..steps {
        let before = if step == 0 { "start".to_owned() } else { format!("s{}", step - 1) };
        inside.push_str(&format!(
            "<bpmn:sequenceFlow id=\"f{step}\" sourceRef=\"{before}\" targetRef=\"s{step}\"/><bpmn:serviceTask id=\"s{step}\">\
             <bpmn:extensionElements><zeebe:taskDefinition type=\"bench-steps/tick\"/></bpmn:extensionElements></bpmn:serviceTask>"
        ));
    }
    format!(
        "<?xml version=\"1.0\"?><bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" id=\"d\" targetNamespace=\"t\"><bpmn:process id=\"bench-{steps}\" isExecutable=\"true\">\
         <bpmn:startEvent id=\"start\"/>{inside}<bpmn:sequenceFlow id=\"last\" sourceRef=\"s{}\" targetRef=\"end\"/>\
         <bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>",
        steps - 1
    )
}

async fn round(address: &str, steps: usize, callers: usize) -> Value {
    let mut clients = Vec::new();
    for _ in 0..callers {
        let mut client = Client::connect(address).await.expect("the server listens");
        client.sign_in("ada").await;
        clients.push(client);
    }
    timed(clients, steps).await
}

/// What reaches the server and comes back costs by itself: no flow can be quicker on this machine.
async fn bare_round(callers: usize) -> Value {
    let answer = json!({ "instance": { "status": "completed", "variables": { "order": 7 } } });
    let answers = axum::routing::post(async move |axum::Json(_): axum::Json<Value>| axum::Json(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    let server = tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answers)).await });
    let mut clients = Vec::new();
    for _ in 0..callers {
        clients.push(Client::connect(&address).await.expect("the server listens"));
    }
    let row = timed(clients, 0).await;
    server.abort();
    row
}

/// All of them in turn, each with one request at a time.
async fn timed(clients: Vec<Client>, steps: usize) -> Value {
    let callers = clients.len();
    let started = Instant::now();
    let until = started + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for client in clients {
        tasks.spawn(caller(client, steps, until));
    }
    // Like the others: until the last answer is there.
    let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    json!({
        "steps": steps, "callers": callers, "completed": times.len(), "per_second": times.len() as f64 / seconds,
        "p50_ms": at(50), "p99_ms": at(99),
    })
}

async fn caller(mut client: Client, steps: usize, until: Instant) -> Vec<Duration> {
    let path = format!("/api/v1/flows/process/bench-{steps}/instances");
    let body = json!({ "space": "it", "variables": { "order": 7 } });
    let mut times = Vec::new();
    while Instant::now() < until {
        let started = Instant::now();
        let answer = post(&mut client, &path, &body).await;
        times.push(started.elapsed());
        assert_eq!(answer["instance"]["status"], "completed", "{answer}");
    }
    times
}

/// The lines that a peer's own script prints: see `tests/peers/flow/README.md`.
fn run_peer(peer: &str, folder: &Path) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/flow/run.sh");
    let levels = CALLERS.map(|callers| callers.to_string()).join(",");
    let ran = Command::new("bash")
        .arg(script)
        .args([peer, &folder.display().to_string(), &levels, &SECONDS.to_string()])
        .output();
    let output = match ran {
        Ok(output) => output,
        Err(error) => {
            println!("{peer} could not be run: {error}");
            return Vec::new();
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for row in &rows {
        println!(
            "{:>14} {:>8} {:>12.0} {:>10.2} {:>10.2} {}",
            peer,
            row["callers"],
            number(row, "per_second"),
            number(row, "p50_ms"),
            number(row, "p99_ms"),
            row["skipped"].as_str().unwrap_or_default()
        );
    }
    if rows.is_empty() {
        println!(
            "{peer} gave no figures: {}",
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
        );
    }
    rows
}
