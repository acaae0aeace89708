//! From a decision to a changeset: what is written, what it depends on, and the jobs that follow from it.

use crate::app::App;
use crate::decide::keeps_answer;
use crate::error::Result;
use crate::registry::Registry;
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::event::{EventDraft, Origin};
use domain::{JobId, KindId, job};
use engine::Decision;
use store::changeset::Noun;
use store::{Changeset, Expect, JobDone, NewJob, Notification, Write};

pub(crate) async fn changeset(
    app: &App,
    registry: &Registry,
    command: &Command,
    decision: Decision,
    reads: ReadSet,
    answer: Option<serde_json::Value>,
    job: Option<JobDone>,
) -> Result<Changeset> {
    let mut set = Changeset::new(app.org().clone(), command.now);
    set.job_done = job;
    if let Some(key) = &command.idempotency {
        let kept = answer.filter(|_| keeps_answer(command.cause.origin));
        set.answer = Some((key.clone(), kept.unwrap_or_default()));
    }
    expects(&mut set, &decision, reads);
    let kinds = kinds_of(&decision);
    reactions(app, registry, command, &decision.events, &kinds, &mut set);
    for plan in decision.jobs {
        set.jobs.push(NewJob {
            id: JobId(app.new_id()),
            work: plan.work,
            order_key: plan.order_key,
            due_at: plan.due_at,
            unique_key: Some(plan.unique_key),
            event: None,
        });
    }
    for instance in &decision.flows {
        crate::flow::reevaluate(app, instance, command.now, &mut set);
    }
    for notice in decision.notices {
        let mut people = notice.people;
        for group in &notice.groups {
            people.extend(app.store.members(app.org(), group).await?.into_iter().map(|person| person.id));
        }
        people.sort();
        people.dedup();
        for person in people {
            set.writes.push(Write::Notification(Notification {
                id: app.new_id(),
                person,
                ticket: notice.ticket.clone(),
                at: command.now,
                subject: notice.subject.clone(),
                body: notice.body.clone(),
                read: false,
            }));
        }
    }
    crate::outbox::decided(app, command, decision.outgoing, &mut set);
    let writes = &mut set.writes;
    writes.extend(decision.tickets.into_iter().map(|(ticket, _)| Write::Ticket(Box::new(ticket))));
    writes.extend(decision.comments.into_iter().map(Write::Comment));
    writes.extend(decision.attachments.into_iter().map(Write::Attachment));
    writes.extend(decision.links_added.into_iter().map(Write::Link));
    writes.extend(decision.links_removed.into_iter().map(Write::Unlink));
    writes.extend(decision.watchers_added.into_iter().map(|(ticket, person)| Write::Watch { ticket, person }));
    writes.extend(decision.watchers_removed.into_iter().map(|(ticket, person)| Write::Unwatch { ticket, person }));
    writes.extend(decision.access.into_iter().map(|(ticket, access)| Write::Access { ticket, access }));
    writes.extend(decision.clocks.into_iter().map(|clock| Write::Clock(Box::new(clock))));
    writes.extend(decision.records.into_iter().map(|(record, _)| Write::Record(Box::new(record))));
    writes.extend(decision.cis.into_iter().map(|(ci, _)| Write::Ci(Box::new(ci))));
    writes.extend(decision.relations_added.into_iter().map(Write::RelateCis));
    writes.extend(decision.relations_removed.into_iter().map(Write::UnrelateCis));
    writes.extend(decision.jobs_cancelled.into_iter().map(|unique_key| Write::CancelJob { unique_key }));
    set.events = decision.events;
    Ok(set)
}

fn expects(set: &mut Changeset, decision: &Decision, reads: ReadSet) {
    let mut expects = reads.rows;
    let mut own = |noun, id: &str, version| {
        // The version of what is changed counts, not what a component saw of it on the way.
        expects.retain(|expect| !(expect.noun == noun && expect.id == id));
        expects.insert(Expect { noun, id: id.to_owned(), version });
    };
    for (ticket, version) in &decision.tickets {
        own(Noun::Ticket, &ticket.id.0, *version);
    }
    for (ticket, version) in &decision.read {
        own(Noun::Ticket, &ticket.0, *version);
    }
    for (record, version) in &decision.records {
        own(Noun::Record, &record.id.0, *version);
    }
    for (ci, version) in &decision.cis {
        own(Noun::Ci, &ci.id.0, *version);
    }
    set.expects = expects.into_iter().collect();
    set.reads = reads.queries;
}

fn kinds_of(decision: &Decision) -> std::collections::BTreeMap<String, KindId> {
    let tickets = decision.tickets.iter().map(|(ticket, _)| (ticket.id.0.clone(), ticket.kind.clone()));
    let records = decision.records.iter().map(|(record, _)| (record.id.0.clone(), record.kind.clone()));
    tickets.chain(records).collect()
}

/// A delivery for every plugin that wants an event: written in the same commit, so that none is ever lost.
fn reactions(
    app: &App,
    registry: &Registry,
    command: &Command,
    events: &[EventDraft],
    kinds: &std::collections::BTreeMap<String, KindId>,
    set: &mut Changeset,
) {
    let history = command.cause.origin == Origin::Import;
    for (index, event) in events.iter().enumerate() {
        let kind = kinds.get(&event.subject);
        for plugin in registry.reactors(&event.kind, kind, history) {
            set.jobs.push(NewJob {
                id: JobId(app.new_id()),
                work: job::Work::React { plugin: plugin.id().clone(), seq: 0 },
                order_key: format!("{}/{}:{}", plugin.id(), event.subject_kind, event.subject),
                due_at: command.now.max(app.clock.now()),
                unique_key: None,
                event: Some(index),
            });
        }
    }
}
