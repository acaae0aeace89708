//! What must be true of the whole database: at any moment, and when everything has come to its end.

use crate::company::TICKS;
use crate::history::{History, Told};
use crate::memory::{Data, journal};
use domain::flow::{InstanceStatus, TaskState};
use domain::job::Work;
use domain::{FlowInstance, TicketId};
use engine::flow::Instance;
use std::collections::{BTreeMap, BTreeSet};

/// True at any moment.
pub(crate) fn always(data: &Data) -> Result<(), String> {
    journal::verify(data).map_err(|error| format!("the journal is broken: {error:?}"))?;
    for row in data.instances.rows() {
        sides_fit(data, row)?;
    }
    for ticket in data.tickets.rows() {
        if data.ticket_numbers.get(&ticket.number) != Some(&ticket.id.0) {
            return Err(format!("the number {} belongs to two tickets", ticket.number));
        }
    }
    Ok(())
}

/// What an instance waits for is what its tasks, timers and subscriptions say.
fn sides_fit(data: &Data, row: &FlowInstance) -> Result<(), String> {
    let state: Instance = serde_json::from_value(row.state.clone()).map_err(|error| error.to_string())?;
    let id = row.id.as_str();
    let timers: BTreeSet<String> = state.timers().map(|(timer, _, _)| timer.to_string()).collect();
    let armed = data.jobs.rows().filter_map(|job| match &job.work {
        Some(Work::FlowTimer { instance, timer }) if *instance == row.id => Some(timer.clone()),
        _ => None,
    });
    same(id, "timers", &timers, &armed.collect())?;
    let waits: BTreeSet<String> = state.subscriptions().map(|(subscription, _, _)| subscription.to_string()).collect();
    let rows = data.subscriptions.rows().filter(|one| one.instance.as_ref() == Some(&row.id));
    same(id, "subscriptions", &waits, &rows.map(|one| one.element.clone()).collect())?;
    let tasks: BTreeSet<String> = state.tasks().map(|task| task.to_string()).collect();
    let rows = data.tasks.rows().filter(|one| one.instance == row.id && one.state == TaskState::Open);
    same(id, "tasks", &tasks, &rows.map(|one| one.element.clone()).collect())?;
    let calls: BTreeSet<String> = state.calls().map(|call| call.to_string()).collect();
    let waited = data.outbox.rows().filter(|item| item.state.is_awaited() && !item.abandoned);
    let open = waited.filter_map(|item| item.step.as_ref()).filter(|step| step.instance == row.id);
    // Between the end of what was sent and the step that hears of it stands a job; a step that went on meanwhile does not need it.
    let answers = data.jobs.rows().filter_map(|job| match &job.work {
        Some(Work::AnswerStep { instance, element, .. }) if *instance == row.id => Some(element.clone()),
        _ => None,
    });
    let answers = answers.filter(|element| calls.contains(element));
    same(id, "requests", &calls, &open.map(|step| step.element.clone()).chain(answers).collect())
}

fn same(id: &str, what: &str, state: &BTreeSet<String>, rows: &BTreeSet<String>) -> Result<(), String> {
    if state == rows {
        return Ok(());
    }
    Err(format!("instance `{id}` has the {what} {state:?} and the rows beside it say {rows:?}"))
}

/// What is left to be done, in words; nothing when everything has come to its end.
pub(crate) fn left(data: &Data) -> Option<String> {
    let jobs: Vec<String> =
        data.jobs.rows().map(|job| format!("{} {:?} {:?}", job.id, job.state, job.last_error)).collect();
    let running = data.instances.rows().filter(|row| row.status == InstanceStatus::Running);
    let running: Vec<String> = running.map(|row| format!("{} {}", row.id, waits(row))).collect();
    let messages = data.messages.rows().count();
    if jobs.is_empty() && running.is_empty() && messages == 0 {
        return None;
    }
    Some(format!("jobs {jobs:?}, instances {running:?}, {messages} messages"))
}

/// What a running instance waits for.
fn waits(row: &FlowInstance) -> String {
    let state: Instance = match serde_json::from_value(row.state.clone()) {
        Ok(state) => state,
        Err(error) => return error.to_string(),
    };
    let incidents: Vec<String> = state.incidents().map(|one| format!("{:?} {}", one.code, one.message)).collect();
    let subscriptions: Vec<String> = state.subscriptions().map(|(_, _, wanted)| format!("{wanted:?}")).collect();
    let (timers, tasks, calls) = (state.timers().count(), state.tasks().count(), state.calls().count());
    format!("{incidents:?}, {timers} timers, {tasks} tasks, {calls} calls, {subscriptions:?}")
}

/// True at the end.
pub(crate) fn at_the_end(data: &Data, history: &History) -> Result<(), String> {
    always(data)?;
    told(data, history)?;
    answered(data, history)?;
    let ticks = data.instances.rows().filter(|row| row.process == "tick").count();
    if ticks != TICKS {
        return Err(format!("the timer of `tick` started {ticks} instances instead of {TICKS}"));
    }
    Ok(())
}

/// What callers were told is so: once what was done, never what was refused.
fn told(data: &Data, history: &History) -> Result<(), String> {
    let mut written: BTreeMap<&str, u32> = BTreeMap::new();
    let titles = data.tickets.rows().map(|ticket| ticket.title.as_str());
    for marker in titles.chain(data.comments.rows().map(|comment| comment.body.as_str())) {
        *written.entry(marker).or_default() += 1;
    }
    for (marker, told) in &history.told {
        let count = written.get(marker.as_str()).copied().unwrap_or(0);
        match told {
            Told::Done(events) => {
                if count != 1 {
                    return Err(format!("command `{marker}` was acknowledged and carried out {count} times"));
                }
                for (seq, hash) in events {
                    if data.events.get(seq).is_none_or(|event| event.hash != *hash) {
                        return Err(format!("event {seq} of `{marker}` was acknowledged and is not in the journal"));
                    }
                }
            }
            Told::Refused if count > 0 => {
                return Err(format!("command `{marker}` was refused and carried out {count} times"));
            }
            Told::Refused => {}
        }
    }
    Ok(())
}

/// The desk has answered everything, every timer and clock included. That it did so once is seen at every commit.
fn answered(data: &Data, history: &History) -> Result<(), String> {
    for event in data.events.rows().filter(|event| event.subject_kind == "ticket") {
        let wants = match event.kind.as_str() {
            "ticket.created" => true,
            "comment.added" => event.actor != "desk",
            _ => false,
        };
        if wants && !history.has_said(&event.subject, &format!("answer to {}", event.seq)) {
            return Err(format!("event {} of ticket `{}` was never answered", event.seq, event.subject));
        }
    }
    let needs = |ticket: &TicketId, what: &str| {
        if history.has_said(ticket.as_str(), what) { Ok(()) } else { Err(format!("`{what}` never came on `{ticket}`")) }
    };
    for ticket in data.tickets.rows() {
        needs(&ticket.id, "timer \"follow-up\"")?;
        needs(&ticket.id, "clock due")?;
    }
    Ok(())
}
