//! From a decided wave to rows: the instance, its tasks, timers, subscriptions, messages and requests, and its line in the journal.

use super::decide::Decided;
use crate::app::App;
use domain::change::Command;
use domain::event::{Cause, EventDraft};
use domain::flow::{InstanceStatus, Subscription, Task, TaskState, Topic};
use domain::job::{FlowStart, Work};
use domain::{InstanceId, JobId, TaskId, TicketId};
use engine::flow::{Action, OpenTask, TaskOutcome, Wanted};
use jiff::Timestamp;
use serde_json::json;
use store::changeset::Noun;
use store::{Changeset, Expect, NewJob, Notification, Write};

/// Seconds that a message without a receiver is kept when its sender says nothing: the default of BPMN engines that buffer.
pub(super) const MESSAGE_SECONDS: i64 = 3_600;

/// Jobs of one instance that change its state run one after the other.
pub(crate) fn order_key(instance: &InstanceId) -> String {
    format!("flow/{instance}")
}

pub(crate) fn task_id(instance: &InstanceId, element: impl std::fmt::Display) -> TaskId {
    TaskId(format!("{instance}.{element}"))
}

pub(crate) fn timer_key(instance: &InstanceId, timer: impl std::fmt::Display) -> String {
    format!("flow:{instance}:timer:{timer}")
}

pub(crate) fn subscription_id(instance: &InstanceId, subscription: impl std::fmt::Display) -> String {
    format!("{instance}:{subscription}")
}

/// Put everything that a wave decided about its instance into the changeset of its tickets.
pub(super) fn extend(app: &App, command: &Command, decided: &Decided, set: &mut Changeset) {
    let row = &decided.row;
    let id = &row.id;
    let expected = Expect { noun: Noun::FlowInstance, id: id.0.clone(), version: row.version - 1 };
    set.expects.retain(|expect| !(expect.noun == Noun::FlowInstance && expect.id == id.0));
    set.expects.push(expected);
    for action in &decided.actions {
        one(app, command, decided, action, set);
    }
    for message in &decided.taken {
        set.writes.push(Write::TakeMessage { id: message.clone() });
        set.writes.push(Write::CancelJob { unique_key: message_key(message) });
    }
    let kind = match (row.version, row.status) {
        (1, _) => "flow.started",
        (_, InstanceStatus::Running) => "flow.moved",
        _ => "flow.ended",
    };
    let mut data = json!({
        "process": row.process, "version": row.process_version, "ticket": row.ticket, "status": row.status,
        "events": decided.events,
    });
    let parts = super::value_chain::noted(&decided.deployed.process, &decided.events, &decided.actions);
    if !parts.is_empty() {
        data[super::value_chain::HISTORY_KEY] = parts.into();
    }
    set.events.push(EventDraft {
        subject_kind: "flow".to_owned(),
        subject: id.0.clone(),
        space: row.space.0.clone(),
        at: command.now,
        actor: command.actor.id.clone(),
        kind: kind.to_owned(),
        data,
        cause: command.cause.clone(),
    });
    set.writes.push(Write::FlowInstance(Box::new(row.clone())));
}

pub(crate) fn message_key(message: &str) -> String {
    format!("message:{message}")
}

fn one(app: &App, command: &Command, decided: &Decided, action: &Action, set: &mut Changeset) {
    let row = &decided.row;
    let id = &row.id;
    match action {
        Action::OpenTask(open) => {
            let task = opened(command, decided, open);
            notify(app, command, &task, set);
            set.writes.push(Write::Task(Box::new(task)));
        }
        // Tasks that exist are changed where they are loaded: see `changed_tasks`.
        Action::ChangeTask { .. } | Action::CloseTask { .. } => {}
        Action::Remind { people, element } => {
            let name = decided.task_name(*element);
            for person in people {
                let subject = format!("Reminder: {name}");
                set.writes.push(Write::Notification(notification(app, command, row.ticket.as_ref(), person, subject)));
            }
        }
        Action::Arm { timer, due, .. } => set.jobs.push(NewJob {
            id: JobId(app.new_id()),
            work: Work::FlowTimer { instance: id.clone(), timer: timer.to_string() },
            order_key: order_key(id),
            due_at: *due,
            unique_key: Some(timer_key(id, timer)),
            event: None,
        }),
        Action::Disarm { timer } => set.writes.push(Write::CancelJob { unique_key: timer_key(id, timer) }),
        Action::Subscribe { subscription, to, .. } => set.writes.push(Write::Subscribe(Subscription {
            id: subscription_id(id, subscription),
            instance: Some(id.clone()),
            process: row.process.clone(),
            element: subscription.to_string(),
            topic: topic(to),
        })),
        Action::Unsubscribe { subscription } => {
            set.writes.push(Write::Unsubscribe { id: subscription_id(id, subscription) });
        }
        Action::PublishMessage { name, key, variables, ttl } => {
            let topic = Topic::Message { name: name.clone(), key: key.clone() };
            let ttl_seconds = ttl.as_deref().and_then(ttl_seconds).unwrap_or(MESSAGE_SECONDS);
            set.jobs.push(publish(app, topic, variables.clone(), ttl_seconds, Some(id), &command.cause, command.now));
        }
        Action::BroadcastSignal { name, variables } => {
            let topic = Topic::Signal { name: name.clone() };
            set.jobs.push(publish(app, topic, variables.clone(), 0, Some(id), &command.cause, command.now));
        }
        // Requests are items of the outbox, which are loaded before they are changed: see `plan_calls`.
        Action::AbandonCall { .. } => {}
        // The row says it. The others ran inside the wave.
        Action::Finished { .. } | Action::Run { .. } | Action::Judge { .. } => {}
    }
}

/// A job that finds out who a message or a signal is for.
pub(super) fn publish(
    app: &App,
    topic: Topic,
    variables: domain::Object,
    ttl_seconds: i64,
    from: Option<&InstanceId>,
    cause: &Cause,
    now: Timestamp,
) -> NewJob {
    let (kind, name, key) = topic.parts();
    let order_key = format!("{kind}/{name}/{key}");
    NewJob {
        id: JobId(app.new_id()),
        work: Work::Publish { topic, variables, ttl_seconds, from: from.cloned(), cause: cause.clone() },
        order_key,
        due_at: now,
        unique_key: None,
        event: None,
    }
}

/// A job that starts a process.
pub(crate) fn start(app: &App, process: &str, start: FlowStart, cause: &Cause, now: Timestamp) -> NewJob {
    let order_key = format!("start/{process}/{}", start.business_key.as_deref().unwrap_or_default());
    NewJob {
        id: JobId(app.new_id()),
        work: Work::StartFlow { process: process.to_owned(), start, cause: cause.clone() },
        order_key,
        due_at: now,
        unique_key: None,
        event: None,
    }
}

fn ttl_seconds(ttl: &str) -> Option<i64> {
    let span: jiff::Span = ttl.parse().ok()?;
    Some(span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?.as_secs())
}

fn topic(wanted: &Wanted) -> Topic {
    match wanted {
        Wanted::Message { name, key } => Topic::Message { name: name.clone(), key: key.clone() },
        Wanted::Signal { name } => Topic::Signal { name: name.clone() },
    }
}

fn opened(command: &Command, decided: &Decided, open: &OpenTask) -> Task {
    let row = &decided.row;
    let people = if open.approvers.is_empty() { &open.candidate_people } else { &open.approvers };
    // One that opens and closes in the same wave is a line of history and nobody's work.
    let closed = decided.actions.iter().find_map(|action| match action {
        Action::CloseTask { element, outcome } if *element == open.element => Some(*outcome),
        _ => None,
    });
    Task {
        id: task_id(&row.id, open.element),
        instance: row.id.clone(),
        element: open.element.to_string(),
        process: row.process.clone(),
        node: open.node.clone(),
        name: open.name.clone(),
        ticket: row.ticket.clone(),
        space: row.space.clone(),
        state: closed.map_or(TaskState::Open, state_of),
        assignee: open.assignee.clone().map(Into::into),
        owner: None,
        candidate_people: people.iter().map(|person| person.as_str().into()).collect(),
        candidate_groups: open.candidate_groups.iter().map(|group| group.as_str().into()).collect(),
        priority: open.priority,
        due_at: open.due,
        follow_up_at: open.follow_up,
        created_at: command.now,
        ended_at: closed.map(|_| command.now),
        ended_by: closed.map(|_| command.actor.id.clone()),
        form: open.form.clone(),
        rule: open.rule.clone(),
        variables: open.variables.clone(),
        version: 1,
    }
}

pub(super) fn state_of(outcome: TaskOutcome) -> TaskState {
    if outcome == TaskOutcome::Cancelled { TaskState::Cancelled } else { TaskState::Completed }
}

/// Those who are asked by name hear of it; a group finds the task in its list.
fn notify(app: &App, command: &Command, task: &Task, set: &mut Changeset) {
    if task.state != TaskState::Open {
        return;
    }
    let asked = task.assignee.iter().chain(&task.candidate_people).filter(|person| person.0 != command.actor.id);
    for person in asked {
        let one = notification(app, command, task.ticket.as_ref(), person.as_str(), task.name.clone());
        set.writes.push(Write::Notification(one));
    }
}

fn notification(
    app: &App,
    command: &Command,
    ticket: Option<&TicketId>,
    person: &str,
    subject: String,
) -> Notification {
    Notification {
        id: app.new_id(),
        person: person.into(),
        ticket: ticket.cloned(),
        at: command.now,
        subject,
        body: "A task waits for you.".to_owned(),
        read: false,
    }
}

/// A flow looks again at what it depends on: its ticket has changed.
pub(crate) fn reevaluate(app: &App, instance: &InstanceId, now: Timestamp, set: &mut Changeset) {
    set.jobs.push(NewJob {
        id: JobId(app.new_id()),
        work: Work::Reevaluate { instance: instance.clone() },
        order_key: order_key(instance),
        due_at: now,
        unique_key: Some(format!("flow:{instance}:reevaluate")),
        event: None,
    });
}
