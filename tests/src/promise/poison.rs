//! 12: work that can never be done, of every kind that there is here: jobs that nobody can read, that name what does not exist, that the
//! database refuses, that ended their process again and again; flows that never come to a wait, call themselves, compute without end or
//! grow without end; models and values that are too much. Each is refused at the door, or ends in front of a person after at most five
//! tries, and whoever works beside it does not notice.
//!
//! The control gives jobs as many tries as they like.

use super::load::{attempt, percentile};
use super::{Size, Verdict, block_on};
use crate::binary::Server;
use crate::cluster::{Cluster, eventually, incident, pause, put_jobs};
use crate::postgres::Postgres;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const TRIES_MAX: i64 = 5;
/// Neighbours may take so many times as long as without.
const SLOWER_MAX: u32 = 2;
/// What is quicker than this is quick enough, however quick it was before. The small size runs beside other tests, in a build for
/// development: it finds who waits for a poisoned one to end, and no more.
const QUICK: (Duration, Duration) = (Duration::from_millis(1_500), Duration::from_millis(50));
const JOBS_QUICK: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(2));
/// Jobs of neighbours.
const NEIGHBOURS: usize = 100;
/// Where the claim of a job finds that its tries are used up, it counts and tries nothing.
const TRIES: &str = "SELECT COALESCE(max(attempts - CASE WHEN last_error LIKE 'given up after %' THEN 1 ELSE 0 END), 0) FROM job WHERE id LIKE 'poison %'";
const CAUSE: &str = r#"{"command":"c","correlation":"c","depth":0,"origin":"timer","chain":[]}"#;

/// Jobs that can never be done: name, what is in the row (SQL), and the attempts that it has behind it.
fn jobs() -> Vec<(&'static str, String, i64)> {
    let text = |work: &str| format!("'{}'", work.replace('\'', "''"));
    let publish = |name: &str, variables: &str| {
        format!(
            "'{{\"type\":\"publish\",\"topic\":{{\"type\":\"message\",\"name\":\"{name}\",\"key\":\"\"}},\"variables\":' || {variables} || \
             ',\"ttl_seconds\":0,\"from\":null,\"cause\":{CAUSE}}}'"
        )
    };
    vec![
        ("unreadable", text("this is no JSON"), 0),
        ("of a type of tomorrow", text(r#"{"type":"explode"}"#), 0),
        ("with half of its fields", text(r#"{"type":"react"}"#), 0),
        ("nested too deep", "repeat('[', 100000) || repeat(']', 100000)".to_owned(), 0),
        ("for a plugin that is gone", text(r#"{"type":"react","plugin":"nobody","seq":1}"#), 0),
        ("about an event that is not there", text(r#"{"type":"react","plugin":"incident","seq":999999999}"#), 0),
        ("timer of no instance", text(r#"{"type":"flow-timer","instance":"nobody","timer":"1"}"#), 0),
        ("timer without a number", text(r#"{"type":"flow-timer","instance":"nobody","timer":"soon"}"#), 0),
        ("look at no instance", text(r#"{"type":"reevaluate","instance":"nobody"}"#), 0),
        (
            "clock of no ticket",
            text(r#"{"type":"clock-due","ticket":"nobody","clock":"x","due_at":"2026-01-01T00:00:00Z"}"#),
            0,
        ),
        ("delivery of nothing", text(r#"{"type":"send","item":"nobody","plugin":null}"#), 0),
        (
            "start of an unknown process",
            text(&format!(r#"{{"type":"start-flow","process":"nobody","start":{{}},"cause":{CAUSE}}}"#)),
            0,
        ),
        ("timer of an unknown process", text(r#"{"type":"start-timer","process":"nobody","version":1,"node":"x"}"#), 0),
        ("with 10 MB of variables", publish("large", "'{\"x\":\"' || repeat('x', 10485760) || '\"}'"), 0),
        // No text of the database may have this character.
        ("that the database refuses", publish("a\\u0000b", "'{}'"), 0),
        // Four times it was claimed and nobody told what became of it; this is the fifth.
        ("that ended its process", publish("crash", "'{}'"), 4),
    ]
}

fn model(id: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t"><bpmn:process id="{id}" isExecutable="true"><bpmn:startEvent id="start"/>{body}</bpmn:process></bpmn:definitions>"#
    )
}

fn script(id: &str, expression: &str) -> String {
    format!(
        r#"<bpmn:scriptTask id="{id}"><bpmn:extensionElements><zeebe:script expression="={expression}" resultVariable="x"/></bpmn:extensionElements></bpmn:scriptTask>"#
    )
}

fn arrow(id: &str, from: &str, to: &str) -> String {
    format!(r#"<bpmn:sequenceFlow id="{id}" sourceRef="{from}" targetRef="{to}"/>"#)
}

/// One script between start and end.
fn computing(id: &str, expression: &str) -> String {
    let steps = [script("work", expression), arrow("a", "start", "work"), arrow("b", "work", "end")].concat();
    model(id, &format!("{steps}<bpmn:endEvent id=\"end\"/>"))
}

/// Flows that never get anywhere: process and model.
fn flows() -> Vec<(&'static str, String)> {
    let looping = |id, expression: &str| {
        let steps = [
            script("work", expression),
            r#"<bpmn:exclusiveGateway id="join"/>"#.to_owned(),
            arrow("a", "start", "join"),
            arrow("b", "join", "work"),
            arrow("c", "work", "join"),
        ];
        model(id, &steps.concat())
    };
    let calling = r#"<bpmn:callActivity id="call"><bpmn:extensionElements><zeebe:calledElement processId="cycle"/></bpmn:extensionElements></bpmn:callActivity>"#;
    let calling = [calling, &arrow("a", "start", "call"), &arrow("b", "call", "end")].concat();
    let many = r#"<bpmn:userTask id="work"><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=for i in 1..10000000 return i" inputElement="i"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"#;
    let many = [many, &arrow("a", "start", "work"), &arrow("b", "work", "end")].concat();
    let ever = r#"<bpmn:userTask id="work"/><bpmn:boundaryEvent id="tick" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition><bpmn:timeCycle>R/PT0S</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="ticked"/>"#;
    let ever = [ever, &arrow("a", "start", "work"), &arrow("b", "work", "end"), &arrow("c", "tick", "ticked")].concat();
    let end = r#"<bpmn:endEvent id="end"/>"#;
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]><b>&c;</b>"#;
    vec![
        ("loop", looping("loop", "1")),
        ("growing", looping("growing", "concatenate(if x = null then [1] else x, if x = null then [1] else x)")),
        ("cycle", model("cycle", &format!("{calling}{end}"))),
        ("endless", computing("endless", "count(for i in 1..1000000000, j in 1..1000000000 return i * j)")),
        ("deep", computing("deep", &format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000)))),
        ("long", computing("long", "string join(for i in 1..100000000 return &quot;xxxxxxxxxxxxxxxx&quot;)")),
        ("nothing", computing("nothing", "assert(null, false)")),
        ("many", model("many", &format!("{many}{end}"))),
        ("ever", model("ever", &format!("{ever}{end}"))),
        ("bomb", bomb.to_owned()),
    ]
}

/// What took longest at the door.
type Slowest = (Duration, &'static str);

struct Found {
    kinds: usize,
    /// What has not ended, or took too many tries.
    open: Vec<String>,
    tries: i64,
    calm: Duration,
    poisoned: Duration,
    jobs_calm: Duration,
    jobs_poisoned: Duration,
    slowest: Slowest,
}

impl Found {
    fn is_kept(&self, size: Size) -> bool {
        let limit = |calm: Duration, least: Duration| (calm * SLOWER_MAX).max(least);
        self.open.is_empty()
            && self.tries <= TRIES_MAX
            && self.poisoned <= limit(self.calm, size.pick(QUICK.0, QUICK.1))
            && self.jobs_poisoned <= limit(self.jobs_calm, size.pick(JOBS_QUICK.0, JOBS_QUICK.1))
    }

    fn told(&self) -> String {
        let shown: Vec<&str> = self.open.iter().take(8).map(String::as_str).collect();
        format!(
            "{} kinds, {} not ended{}{}, at most {} tries; neighbours' p99 {} ms beside them and {} ms without, {NEIGHBOURS} jobs in {} ms and {} ms; flow `{}` took {} ms to be refused or stopped",
            self.kinds,
            self.open.len(),
            if shown.is_empty() { "" } else { ": " },
            shown.join(", "),
            self.tries,
            self.poisoned.as_millis(),
            self.calm.as_millis(),
            self.jobs_poisoned.as_millis(),
            self.jobs_calm.as_millis(),
            self.slowest.1,
            self.slowest.0.as_millis()
        )
    }
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        // Each try waits twice as long as the one before; the small size does not wait for five.
        let tries = size.pick("3", "5");
        let patience = size.pick(Duration::from_secs(6), Duration::from_secs(60));
        let postgres = Postgres::start()?;
        let cluster = Cluster::new(postgres.url(), &[]).await?;
        cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
        let cluster = cluster.with("jobs-attempts-max", tries);
        let found =
            run(&postgres, &cluster, size.pick(Duration::from_secs(1), Duration::from_secs(20)), patience).await?;
        postgres.ask("DELETE FROM job WHERE id LIKE 'poison %'")?;
        let node = cluster.with("jobs-attempts-max", "1000000").node().await;
        for (name, work, behind) in jobs() {
            put(&postgres, name, &work, behind)?;
        }
        let endless = ended(&postgres, patience).await?;
        node.kill().await;
        Ok(Verdict {
            figure: found.told(),
            limit: format!(
                "all ended after {TRIES_MAX} tries, neighbours at most {SLOWER_MAX} times as slow, or within {} ms",
                size.pick(QUICK.0, QUICK.1).as_millis()
            ),
            kept: found.is_kept(size),
            control: format!(
                "with as many tries as they like {} go on for ever: {}",
                endless.len(),
                endless.join(", ")
            ),
            control_failed: !endless.is_empty(),
        })
    })
}

async fn run(postgres: &Postgres, cluster: &Cluster, lasts: Duration, patience: Duration) -> Result<Found, String> {
    let node = cluster.node().await;
    let headers = vec![("Authorization".to_owned(), format!("Bearer {}", cluster.token))];
    neighbours(&node, &headers, lasts / 4).await?;
    let before = neighbours(&node, &headers, lasts).await?;
    let jobs_calm = neighbour_jobs(postgres, "calm").await?;

    for (name, work, behind) in jobs() {
        put(postgres, name, &work, behind)?;
    }
    let (during, jobs_poisoned, doors) = tokio::join!(
        neighbours(&node, &headers, lasts),
        neighbour_jobs(postgres, "beside"),
        at_the_door(&node, &headers)
    );
    let (started, slowest) = doors?;
    let mut open = ended(postgres, patience).await?;
    let tries = postgres.count(TRIES)?;
    open.extend(still_going(&node, &headers, &started).await?);
    let after = neighbours(&node, &headers, lasts / 2).await?;
    node.kill().await;
    Ok(Found {
        kinds: jobs().len() + flows().len() + 1,
        open,
        tries,
        calm: before.max(after),
        poisoned: during?,
        jobs_calm,
        jobs_poisoned: jobs_poisoned?,
        slowest,
    })
}

/// Wait until every job has ended; gives those that did not.
async fn ended(postgres: &Postgres, patience: Duration) -> Result<Vec<String>, String> {
    let left = "FROM job WHERE id LIKE 'poison %' AND state = 'ready'";
    let count = format!("SELECT count(*) {left}");
    let _ = eventually("every job has ended", patience, async || Ok(postgres.count(&count)? == 0)).await;
    let names = postgres.ask(&format!("SELECT string_agg(id, '|' ORDER BY id) {left}"))?;
    Ok(names.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// A row of the queue. One that has attempts behind it is claimed by somebody who is gone.
fn put(postgres: &Postgres, name: &str, work: &str, behind: i64) -> Result<(), String> {
    let lease = if behind > 0 { "'gone', 1" } else { "NULL, NULL" };
    postgres
        .ask(&format!(
            "INSERT INTO job (org_id, id, order_key, order_at, ordinal, unique_key, plugin, work, due_at, state, attempts, lease_owner, lease_until, fence)
             VALUES ('default', 'poison {name}', 'poison {name}', 1, 1, NULL, NULL, {work}, 1, 'ready', {behind}, {lease}, 0)"
        ))
        .map(drop)
}

/// The p99 of somebody who works beside: reports incidents, and reads them.
async fn neighbours(node: &Server, headers: &[(String, String)], lasts: Duration) -> Result<Duration, String> {
    let began = Instant::now();
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (address, headers) = (node.address.clone(), headers.to_vec());
        crowd.spawn(async move {
            let mut times = Vec::new();
            while began.elapsed() < lasts {
                let asked = Instant::now();
                let body = incident("Beside");
                let answer = attempt(&address, &headers, "POST", "/tickets", Some(&body)).await;
                let (status, value) = answer.ok_or("a neighbour got no answer")?;
                if status != 201 {
                    return Err(format!("a neighbour got {status}: {value}"));
                }
                times.push(asked.elapsed());
                pause(Duration::from_millis(10)).await;
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    for one in crowd.join_all().await {
        times.extend(one?);
    }
    Ok(percentile(times, 99))
}

/// How long it takes to do jobs of the usual kind.
async fn neighbour_jobs(postgres: &Postgres, name: &str) -> Result<Duration, String> {
    put_jobs(postgres, name, NEIGHBOURS, 0)?;
    let left = format!("SELECT count(*) FROM job WHERE id LIKE '{name}-%'");
    eventually("the jobs of neighbours are done", Duration::from_secs(120), async || Ok(postgres.count(&left)? == 0))
        .await
}

/// Deploy and start every flow. Gives those that are running now; the others were refused.
async fn at_the_door(node: &Server, headers: &[(String, String)]) -> Result<(Vec<&'static str>, Slowest), String> {
    let address = &node.address;
    let large = json!({ "variables": { "x": "x".repeat(10 << 20) } });
    let refused = attempt(address, headers, "POST", "/flows/process/loop/instances", Some(&large)).await;
    if refused.is_some_and(|(status, _)| !(400..500).contains(&status)) {
        return Err("10 MB of variables were not refused".to_owned());
    }
    let (mut started, mut slowest) = (Vec::new(), (Duration::ZERO, "nothing"));
    for (process, text) in flows() {
        let began = Instant::now();
        let files = json!({ "files": [{ "file": format!("{process}.bpmn"), "text": text }] });
        let (status, answer) = attempt(address, headers, "POST", "/flows", Some(&files))
            .await
            .ok_or(format!("`{process}` ended the server"))?;
        if status >= 500 {
            return Err(format!("`{process}` was answered with {status}: {answer}"));
        }
        slowest = slowest.max((began.elapsed(), process));
        if status != 201 {
            continue;
        }
        let path = format!("/flows/process/{process}/instances");
        let (status, answer) = attempt(address, headers, "POST", &path, Some(&json!({})))
            .await
            .ok_or(format!("an instance of `{process}` ended the server"))?;
        slowest = slowest.max((began.elapsed(), process));
        match status {
            200..300 => started.push(process),
            500.. => return Err(format!("an instance of `{process}` was answered with {status}: {answer}")),
            _ => {}
        }
    }
    Ok((started, slowest))
}

/// Flows that run although nobody can see that something is wrong with them.
async fn still_going(
    node: &Server,
    headers: &[(String, String)],
    started: &[&'static str],
) -> Result<Vec<String>, String> {
    let mut open = Vec::new();
    for process in started {
        let path = format!("/instances?process={process}");
        let (_, list) = attempt(&node.address, headers, "GET", &path, None).await.ok_or("no answer")?;
        let going = |one: &Value| {
            one["status"] == "running" && one["incidents"].as_u64().unwrap_or(0) == 0 && one["stuck"] != true
        };
        if list["items"].as_array().into_iter().flatten().any(going) {
            open.push(format!("flow `{process}`"));
        }
    }
    Ok(open)
}
