//! 22: a million instances that wait, each with an armed timer. A server starts over them at once, needs little memory, works as quickly as
//! over an empty database, and ten thousand timers that come due in the same second fire within five.
//!
//! The instances are written as the engine would have written them, in large commits. Both databases are served at the same time and asked
//! in turns, because a shared machine changes by the minute. The control runs one job at a time, for the timers.

use super::load::{Site, Work, attempt, good_per_second, settings};
use super::soak::resident_kib;
use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server};
use crate::cluster::{eventually, pause};
use app::App;
use app::flow::{NewInstance, Resource};
use domain::job::{JobState, Work as JobWork};
use domain::{FlowInstance, InstanceId, JobId};
use jiff::{SignedDuration, Timestamp};
use server::open::{Durability, open, operator};
use std::sync::Arc;
use std::time::Duration;
use store::{Changeset, NewJob, Write};
use tokio::time::Instant;

const RESTART_MAX: Duration = Duration::from_secs(10);
const RESIDENT_MIB_MAX: u64 = 1024;
const SHARE_MIN: f64 = 0.9;
const FIRED_MAX: Duration = Duration::from_secs(5);
const TIMERS: usize = 10_000;
/// Before the timers come due, nothing else is done for so long.
const QUIET: Duration = Duration::from_millis(500);
const BATCH: usize = 2_000;
const CLIENTS: usize = 32;

const MODEL: &str = r#"<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><bpmn:process id="sleeper" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:sequenceFlow id="a" sourceRef="start" targetRef="sleep"/>
<bpmn:intermediateCatchEvent id="sleep"><bpmn:timerEventDefinition><bpmn:timeDuration>P365D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:sequenceFlow id="b" sourceRef="sleep" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>"#;

struct Timers {
    count: usize,
    /// Not all of them in the time that was waited.
    took: Option<Duration>,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    let (population, timers) = size.pick((5_000, 200), (1_000_000, TIMERS));
    let (turns, turn) = size.pick((2, Duration::from_millis(600)), (5, Duration::from_secs(4)));
    let share_min = size.pick(0.5, SHARE_MIN);
    block_on(async {
        let mut empty = Site::prepare().await?;
        let mut full = Site::prepare().await?;
        // Due when everything else has been measured.
        let ahead =
            SignedDuration::try_from(RESTART_MAX * 3 + turn * (2 * turns + 4)).map_err(|error| error.to_string())?;
        let ahead = size.pick(SignedDuration::from_secs(9), ahead);
        let due = sleepers(&full, population, timers, ahead).await?;

        let began = Instant::now();
        let server = full.serve(&[]).await;
        let restart = began.elapsed();
        let beside = empty.serve(&[]).await;
        full.greet(&server).await?;
        empty.greet(&beside).await?;
        let (full, empty) = (Arc::new(full), Arc::new(empty));
        let (mut over, mut under) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            under.push(good_per_second(&empty.closed(&beside, Work::Create, CLIENTS, turn).await, turn));
            over.push(good_per_second(&full.closed(&server, Work::Create, CLIENTS, turn).await, turn));
        }
        beside.kill().await;
        // The small size does both at once; figures of the large one should not share the machine.
        let few = size.pick(100, 4_000);
        let (fired, control) = match size {
            Size::Quick => tokio::join!(fire(&server, &full, due, timers), control(few)),
            Size::Full => (fire(&server, &full, due, timers).await, control(few).await),
        };
        let (fired, control) = (fired?, control?);
        let resident_mib = resident_kib(&server)? / 1024;
        server.stop().await;

        let share = median(&mut over) / median(&mut under);
        let in_time = |timers: &Timers| timers.took.is_some_and(|took| took <= FIRED_MAX);
        Ok(Verdict {
            figure: format!(
                "{population} sleep: ready after {} ms, {resident_mib} MiB, {:.0} % of the throughput over an empty database, {}",
                restart.as_millis(),
                share * 100.0,
                told(&fired)
            ),
            limit: format!(
                "{} s, {RESIDENT_MIB_MAX} MiB, {:.0} %, {} s",
                RESTART_MAX.as_secs(),
                share_min * 100.0,
                FIRED_MAX.as_secs()
            ),
            kept: restart <= RESTART_MAX && resident_mib <= RESIDENT_MIB_MAX && share >= share_min && in_time(&fired),
            control: format!("one job at a time: {}", told(&control)),
            control_failed: !is_as_quick(&control, TIMERS),
        })
    })
}

/// Whether so many timers would have been in time at this pace.
fn is_as_quick(timers: &Timers, wanted: usize) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let scale = wanted as f64 / timers.count as f64;
    timers.took.is_some_and(|took| took.as_secs_f64() * scale <= FIRED_MAX.as_secs_f64())
}

fn told(timers: &Timers) -> String {
    match timers.took {
        Some(took) => format!("{} timers of one second fired within {} ms", timers.count, took.as_millis()),
        None => format!("{} timers of one second did not all fire in time", timers.count),
    }
}

/// So many instances of a process that wait, with timers that come due in a year; and so many whose timers come due together, so long
/// from when they are made. Gives when.
async fn sleepers(site: &Site, asleep: usize, timers: usize, ahead: SignedDuration) -> Result<Timestamp, String> {
    let app =
        open(&settings(&site.database(), ""), false, Durability::Full).await.map_err(|error| error.to_string())?;
    let failed = |error: app::AppError| format!("sleepers cannot be made: {error}");
    let resource = Resource { file: "sleeper.bpmn".to_owned(), text: MODEL.to_owned() };
    app.flow_deploy(&operator(), &[resource]).await.map_err(failed)?;
    let command = app.command(&operator());
    let answer = app.instance_start(&command, "sleeper", NewInstance::default()).await.map_err(failed)?;
    let template = answer.instance;
    let jobs =
        app.store().job_list(&app.config.org, JobState::Ready, 1_000).await.map_err(|error| error.to_string())?;
    let timer = jobs.iter().find_map(|job| match &job.work {
        JobWork::FlowTimer { instance, timer } if *instance == template.id => Some(timer.clone()),
        _ => None,
    });
    let timer = timer.ok_or("the sleeper has no timer")?;
    let commit = async |due: Timestamp, numbers: std::ops::Range<usize>| {
        for begin in numbers.clone().step_by(BATCH) {
            let end = (begin + BATCH).min(numbers.end);
            let set = batch(&app, &template, &timer, due, begin..end);
            app.store().commit(set).await.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    };
    commit(app.now() + SignedDuration::from_hours(24 * 365), 0..asleep).await?;
    let due = app.now() + ahead;
    commit(due, asleep..asleep + timers).await?;
    app.store().close().await;
    Ok(due)
}

fn batch(
    app: &App,
    template: &FlowInstance,
    timer: &str,
    due: Timestamp,
    numbers: std::ops::Range<usize>,
) -> Changeset {
    let mut set = Changeset::new(app.config.org.clone(), template.started_at);
    for number in numbers {
        let id = InstanceId(format!("sleeper-{number:07}"));
        let mut state = template.state.clone();
        state["id"] = id.0.as_str().into();
        state["timers"][timer]["due"] = due.to_string().into();
        let instance = FlowInstance { id: id.clone(), version: 1, state, ..template.clone() };
        set.writes.push(Write::FlowInstance(Box::new(instance)));
        set.jobs.push(NewJob {
            id: JobId(format!("timer-{number:07}")),
            work: JobWork::FlowTimer { instance: id.clone(), timer: timer.to_owned() },
            order_key: format!("flow/{id}"),
            due_at: due,
            unique_key: Some(format!("flow:{id}:timer:{timer}")),
            event: None,
        });
    }
    set
}

/// How long after their time the timers have fired.
async fn fire(server: &Server, site: &Site, due: Timestamp, count: usize) -> Result<Timers, String> {
    let before = running(server, site).await?;
    // Nobody's clock but the system's says when they are due.
    #[expect(clippy::disallowed_methods, reason = "another process fires them by the real clock")]
    let left = due.duration_since(Timestamp::now());
    let left =
        Duration::try_from(left).map_err(|_| "the timers came due before everything else was measured".to_owned())?;
    pause(left.saturating_sub(QUIET)).await;
    // What was done before has left jobs behind; from here on only the timers are left.
    let done = fired(server).await?;
    pause(QUIET).await;
    let began = Instant::now();
    let wanted = done + count as u64;
    let waited = eventually("the timers have fired", FIRED_MAX * 4, async || Ok(fired(server).await? >= wanted)).await;
    let took = waited.ok().map(|_| began.elapsed());
    // A job that is done is not yet an instance that went on.
    let ended = before - running(server, site).await?;
    if took.is_some() && ended != count as u64 {
        return Err(format!("{ended} of {count} sleepers went on"));
    }
    Ok(Timers { count, took })
}

/// Sleepers that sleep.
async fn running(server: &Server, site: &Site) -> Result<u64, String> {
    let answer = attempt(&server.address, &site.integrations[0], "GET", "/instances/counts", None).await;
    let (_, counts) = answer.ok_or("no answer")?;
    let all = counts["items"].as_array().into_iter().flatten();
    Ok(all.filter(|one| one["process"] == "sleeper").filter_map(|one| one["running"].as_u64()).sum())
}

/// Jobs that were done since the server started.
async fn fired(server: &Server) -> Result<u64, String> {
    let mut client = Client::connect(&server.address).await.map_err(|error| error.to_string())?;
    let (_, _, text) = client.request("GET", "/metrics", &[], None).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find_map(|line| line.strip_prefix("weft_jobs_done_total "));
    Ok(line.and_then(|number| number.trim().parse().ok()).unwrap_or(0))
}

/// The same timers where jobs run one at a time.
async fn control(count: usize) -> Result<Timers, String> {
    let mut site = Site::prepare().await?;
    let due = sleepers(&site, 0, count, SignedDuration::from_secs(4)).await?;
    let server = site.serve(&[("jobs-concurrency", "1")]).await;
    site.greet(&server).await?;
    let fired = fire(&server, &site, due, count).await;
    server.kill().await;
    fired
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
