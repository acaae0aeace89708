//! Flows: the state of every instance can be, and what it waits for is there. And the reverse: whatever waits has an instance that wants it.

use super::outbox::{self, Call};
use super::{Fsck, Result, json, org, word};
use crate::flow::plan;
use bpmn::graph::Graph;
use domain::InstanceId;
use domain::flow::{InstanceStatus, TaskState};
use domain::outbox::StepRef;
use engine::flow::{Instance, Wanted};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::snapshot::{Cell, Pages, Row, Table};

struct Tables {
    instance: Arc<Table>,
    definition: Arc<Table>,
    task: Arc<Table>,
    candidate: Arc<Table>,
    subscription: Arc<Table>,
    message: Arc<Table>,
    job: Arc<Table>,
}

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let tables = |fsck: &Fsck<'_>| {
        Some(Tables {
            instance: fsck.table("flow_instance")?,
            definition: fsck.table("definition")?,
            task: fsck.table("task")?,
            candidate: fsck.table("task_candidate")?,
            subscription: fsck.table("subscription")?,
            message: fsck.table("message")?,
            job: fsck.table("job")?,
        })
    };
    let Some(tables) = tables(fsck) else { return Ok(()) };
    let mut pages = Pages::all(&tables.instance);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for rows in rows.chunks(100) {
            instances(fsck, &tables, rows).await?;
        }
    }
    definitions(fsck, &tables).await?;
    open_tasks(fsck, &tables).await?;
    waiting(fsck, &tables).await?;
    timers(fsck, &tables).await?;
    messages(fsck, &tables).await
}

/// Something that has to be stored for an instance: which instance, the rule that is broken without it, and words for it.
pub(super) struct Needed<'r> {
    pub(super) row: &'r Row,
    pub(super) code: &'static str,
    pub(super) value: Vec<Cell>,
    pub(super) what: String,
}

/// What the instances of a page need.
#[derive(Default)]
struct Needs<'r> {
    tasks: Vec<Needed<'r>>,
    subscriptions: Vec<Needed<'r>>,
    jobs: Vec<Needed<'r>>,
    calls: Vec<Call<'r>>,
}

async fn instances(fsck: &mut Fsck<'_>, tables: &Tables, rows: &[Row]) -> Result {
    let pinned =
        |row: &Row| vec![org(row), "process".into(), row.cell("process").clone(), row.cell("process_version").clone()];
    let by = ["org_id", "definition_type", "id", "version"];
    let definitions = fsck.rows_by(&tables.definition, &["digest"], &by, rows.iter().map(pinned).collect()).await?;
    let mut needs = Needs::default();
    for row in rows {
        let state = match row.text("state").map(serde_json::from_str::<Instance>) {
            Some(Ok(state)) => state,
            Some(Err(error)) => {
                fsck.find(
                    "flow-state-unreadable",
                    &tables.instance,
                    row,
                    format!("the engine cannot read it: {error}"),
                );
                continue;
            }
            None => continue,
        };
        one(fsck, tables, row, &state);
        let digest = definitions.get(&pinned(row)).and_then(|rows| rows.first()?.text("digest"));
        if digest.is_some_and(|digest| digest != state.definition()) {
            let what = format!("it runs `{}`, and the version that its row names is another one", state.definition());
            fsck.find("definition-changed", &tables.instance, row, what);
        }
        needed(row, &state, &mut needs);
    }
    missing(fsck, tables, &tables.task, &["org_id", "id", "state"], needs.tasks).await?;
    let by = ["org_id", "id", "topic", "name", "message_key"];
    missing(fsck, tables, &tables.subscription, &by, needs.subscriptions).await?;
    missing(fsck, tables, &tables.job, &["org_id", "unique_key"], needs.jobs).await?;
    outbox::answered(fsck, &tables.instance, needs.calls).await
}

/// The state and its row.
fn one(fsck: &mut Fsck<'_>, tables: &Tables, row: &Row, state: &Instance) {
    for sentence in state.inconsistencies() {
        fsck.find("flow-inconsistent", &tables.instance, row, sentence);
    }
    let status = row.text("status").and_then(word::<InstanceStatus>);
    if status.is_some_and(|status| (status == InstanceStatus::Running) != state.is_running()) {
        let what = format!("the row says `{}`, and its state {:?}", row.cell("status"), state.status());
        fsck.find("flow-inconsistent", &tables.instance, row, what);
    }
    if row.text("id") != Some(state.id()) || row.text("process") != Some(state.process()) {
        let what = format!("its state is that of `{}` of the process `{}`", state.id(), state.process());
        fsck.find("flow-inconsistent", &tables.instance, row, what);
    }
    let incidents = state.incidents().count();
    if row.int("incidents") != i64::try_from(incidents).ok() || row.int("stuck") != Some(i64::from(state.stuck())) {
        let what = format!(
            "the row says {} incidents and stuck {}, its state {incidents} and {}",
            row.cell("incidents"),
            row.cell("stuck"),
            i64::from(state.stuck())
        );
        fsck.find("flow-counts", &tables.instance, row, what);
    }
}

fn needed<'r>(row: &'r Row, state: &Instance, needs: &mut Needs<'r>) {
    let id = InstanceId::from(row.text("id").unwrap_or_default());
    let text = |text: String| Cell::Text(text);
    for element in state.tasks() {
        needs.tasks.push(Needed {
            row,
            code: "flow-task-lost",
            value: vec![org(row), text(plan::task_id(&id, element).0), "open".into()],
            what: format!("its state has an open task at element {element}, and nobody else does"),
        });
    }
    for (key, _, wanted) in state.subscriptions() {
        let [kind, name, message_key] = match wanted {
            Wanted::Message { name, key } => [Cell::from("message"), name.as_str().into(), key.as_str().into()],
            Wanted::Signal { name } => [Cell::from("signal"), name.as_str().into(), "".into()],
        };
        needs.subscriptions.push(Needed {
            row,
            code: "flow-subscription-lost",
            what: format!("it waits for the {kind} `{name}`, and is in nobody's list"),
            value: vec![org(row), text(plan::subscription_id(&id, key)), kind, name, message_key],
        });
    }
    for (key, _, due) in state.timers() {
        needs.jobs.push(Needed {
            row,
            code: "flow-timer-lost",
            value: vec![org(row), text(plan::timer_key(&id, key))],
            what: format!("its timer {key} is due at {due}, and no job fires it"),
        });
    }
    for element in state.calls() {
        let (instance, element) = (id.clone(), element.to_string());
        let step = StepRef { process: state.process().to_owned(), instance, element };
        let needed = Needed {
            row,
            code: "flow-call-lost",
            value: vec![org(row), text(step.key())],
            what: format!("element {} waits for the answer to a request that nobody makes", step.element),
        };
        needs.calls.push(Call { needed, instance: step.instance, element: step.element });
    }
}

async fn missing(fsck: &mut Fsck<'_>, tables: &Tables, table: &Table, by: &[&str], needed: Vec<Needed<'_>>) -> Result {
    let present = fsck.present(table, by, needed.iter().map(|one| one.value.clone()).collect()).await?;
    for one in needed.iter().filter(|one| !present.has(&one.value)) {
        fsck.find(one.code, &tables.instance, one.row, one.what.clone());
    }
    Ok(())
}

/// Deployed processes can be run.
async fn definitions(fsck: &mut Fsck<'_>, tables: &Tables) -> Result {
    let mut pages = Pages::of(&tables.definition, &["compiled"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in rows.iter().filter(|row| row.text("definition_type") == Some("process")) {
            if let Some(Err(error)) = row.text("compiled").map(serde_json::from_str::<Graph>) {
                let what = format!("`compiled` is no process that this engine could run: {error}");
                fsck.find("row-unreadable", &tables.definition, row, what);
            }
        }
    }
    Ok(())
}

/// The states of the instances that some rows name.
async fn states(fsck: &mut Fsck<'_>, tables: &Tables, rows: &[&Row]) -> Result<BTreeMap<Vec<Cell>, Instance>> {
    let named = rows.iter().filter(|row| !row.cell("instance").is_null());
    let wanted = named.map(|row| row.cells_of(&["org_id", "instance"])).collect();
    let found = fsck.rows_by(&tables.instance, &["state"], &["org_id", "id"], wanted).await?;
    let read = |(key, rows): (Vec<Cell>, Vec<Row>)| {
        let state = serde_json::from_str(rows.first()?.text("state")?).ok()?;
        Some((key, state))
    };
    Ok(found.into_iter().filter_map(read).collect())
}

/// Every open task is one that its instance waits for, and only those have candidates.
async fn open_tasks(fsck: &mut Fsck<'_>, tables: &Tables) -> Result {
    let mut pages = Pages::of(&tables.task, &["instance", "element", "state"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let is_open = |row: &&Row| row.text("state").and_then(word) == Some(TaskState::Open);
        let open: Vec<&Row> = rows.iter().filter(is_open).collect();
        for open in open.chunks(100) {
            let states = states(fsck, tables, open).await?;
            for row in open {
                let Some(state) = states.get(&row.cells_of(&["org_id", "instance"])) else { continue };
                let element = row.text("element").unwrap_or_default();
                if !state.tasks().any(|key| key.to_string() == element) {
                    let what = format!("it is open, and its instance does not wait at element {element}");
                    fsck.find("flow-leftover", &tables.task, row, what);
                }
            }
        }
        let ended = rows.iter().filter(|row| !is_open(row));
        let ended = ended.map(|row| row.cells_of(&["org_id", "id"])).collect();
        let left = fsck.rows_by(&tables.candidate, &["candidate"], &["org_id", "task"], ended).await?;
        for row in left.values().flatten() {
            fsck.find("flow-leftover", &tables.candidate, row, "its task has ended");
        }
    }
    Ok(())
}

/// Every subscription is one that its instance has, or a start event of a process that is there.
async fn waiting(fsck: &mut Fsck<'_>, tables: &Tables) -> Result {
    let mut pages = Pages::all(&tables.subscription);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for rows in rows.chunks(100) {
            let all: Vec<&Row> = rows.iter().collect();
            let states = states(fsck, tables, &all).await?;
            for row in rows {
                let element = row.text("element").unwrap_or_default();
                let state = states.get(&row.cells_of(&["org_id", "instance"]));
                if state.is_some_and(|state| !state.subscriptions().any(|(key, ..)| key.to_string() == element)) {
                    fsck.find(
                        "flow-leftover",
                        &tables.subscription,
                        row,
                        "its instance does not wait for that any more",
                    );
                }
            }
            let start = rows.iter().filter(|row| row.cell("instance").is_null());
            let start: Vec<(&Row, Vec<Cell>)> =
                start.map(|row| (row, vec![org(row), "process".into(), row.cell("process").clone()])).collect();
            let by = ["org_id", "definition_type", "id"];
            let present =
                fsck.present(&tables.definition, &by, start.iter().map(|(_, value)| value.clone()).collect()).await?;
            for (row, value) in start.iter().filter(|(_, value)| !present.has(value)) {
                let what = format!("it would start the process `{}`, which is not there", value[2]);
                fsck.find("reference-lost", &tables.subscription, row, what);
            }
        }
    }
    Ok(())
}

/// Every timer job is one that its instance has armed, at the same time.
async fn timers(fsck: &mut Fsck<'_>, tables: &Tables) -> Result {
    let mut pages = Pages::of(&tables.job, &["work", "unique_key"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let timer = |row: &Row| {
            let work = json(row, "work")?;
            (work["type"] == "flow-timer").then(|| (work["instance"].clone(), work["timer"].clone()))
        };
        let of_flows: Vec<(&Row, String, String)> = rows
            .iter()
            .filter_map(|row| {
                let (instance, timer) = timer(row)?;
                Some((row, instance.as_str()?.to_owned(), timer.as_str()?.to_owned()))
            })
            .collect();
        for jobs in of_flows.chunks(100) {
            let wanted = jobs.iter().map(|(row, instance, _)| vec![org(row), instance.as_str().into()]).collect();
            let found = fsck.rows_by(&tables.instance, &["state"], &["org_id", "id"], wanted).await?;
            for (row, instance, timer) in jobs {
                let rows = found.get(&vec![org(row), instance.as_str().into()]);
                let state = rows.and_then(|rows| rows.first()?.text("state"));
                let Some(Ok(state)) = state.map(serde_json::from_str::<Instance>) else { continue };
                if !state.timers().any(|(key, ..)| key.to_string() == *timer) {
                    let what = format!("instance `{instance}` has no timer {timer} any more");
                    fsck.find("flow-leftover", &tables.job, row, what);
                }
            }
        }
    }
    Ok(())
}

/// A message that nobody wanted is thrown away by a job.
async fn messages(fsck: &mut Fsck<'_>, tables: &Tables) -> Result {
    let mut pages = Pages::of(&tables.message, &["id"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let key = |row: &Row| vec![org(row), Cell::Text(plan::message_key(row.text("id").unwrap_or_default()))];
        let present = fsck.present(&tables.job, &["org_id", "unique_key"], rows.iter().map(key).collect()).await?;
        for row in rows.iter().filter(|row| !present.has(&key(row))) {
            fsck.find("message-never-expires", &tables.message, row, "no job throws it away");
        }
    }
    Ok(())
}
