//! What a guard depends on besides its ticket has changed: the guard is asked about every open ticket again.
//!
//! The commit of the change adds one job. It goes through the open tickets a page at a time, so that nobody waits for it, and leaves a job for
//! each of them; that job is a decision like any other, in which nothing was asked for and only this plugin has a say.

use super::{Stop, retry, stop};
use crate::app::App;
use crate::error::AppError;
use crate::registry::Plugin;
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::event::{Cause, Origin};
use domain::filter::{Field, Filter};
use domain::job::Work;
use domain::kind::StateCategory;
use domain::{Actor, JobId, PluginId, TicketId};
use engine::Wave;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use store::{Changeset, Cursor, JobDone, NewJob, Sort, TicketQuery, Write};

/// Tickets of one page.
const PAGE: u32 = 50;

/// Add a job for every plugin whose guard depends on something that a changeset changes. Another change before it is done begins it anew:
/// what was looked at already was looked at with what is not in force any more.
pub(crate) fn add_revisits(app: &App, set: &mut Changeset) {
    let record = |id: &str| {
        set.writes.iter().find_map(|write| match write {
            Write::Record(record) if record.id.0 == id => Some(&record.kind),
            _ => None,
        })
    };
    let (mut kinds, mut calendars, mut cause) = (Vec::new(), false, None);
    for event in &set.events {
        match event.kind.as_str() {
            "record.created" | "record.changed" => kinds.extend(record(&event.subject).cloned()),
            "calendar.set" => calendars = true,
            _ => continue,
        }
        cause = cause.or(Some(&event.cause));
    }
    let Some(cause) = cause.cloned() else { return };
    let registry = app.registry();
    let concerns = |plugin: &&Arc<Plugin>| {
        let rule = plugin.manifest.revisit.as_ref().filter(|_| plugin.enabled);
        rule.is_some_and(|rule| calendars && rule.calendars || kinds.iter().any(|kind| rule.records.contains(&kind.0)))
    };
    let now = app.clock.now();
    let concerned: Vec<PluginId> =
        registry.plugins.values().filter(concerns).map(|plugin| plugin.id().clone()).collect();
    set.jobs.extend(concerned.into_iter().map(|plugin| page_job(app, plugin, None, cause.clone(), now)));
}

fn page_job(app: &App, plugin: PluginId, after: Option<(String, TicketId)>, cause: Cause, now: Timestamp) -> NewJob {
    NewJob {
        id: JobId(app.new_id()),
        order_key: format!("{plugin}/revisit"),
        unique_key: Some(format!("revisit:{plugin}")),
        work: Work::Revisit { plugin, after, cause },
        due_at: now,
        event: None,
    }
}

impl App {
    /// Leave a job for each ticket of the next page, and one for the page after it.
    pub(super) async fn revisit(
        self: &Arc<Self>,
        plugin: &PluginId,
        after: Option<&(String, TicketId)>,
        cause: &Cause,
        done: JobDone,
    ) -> Result<(), Stop> {
        let plugin = self.ready(plugin)?;
        let Some(guard) = plugin.manifest.guard.as_ref() else { return self.drop_job(done).await };
        let open = [StateCategory::New, StateCategory::Active, StateCategory::Paused];
        let mut filter = Filter::In(Field::Category, open.map(|category| category.as_str().to_owned()).to_vec());
        if !guard.kinds.iter().any(|kind| kind == "*") {
            filter = filter.and(Filter::In(Field::Kind, guard.kinds.clone()));
        }
        let query = TicketQuery {
            filter,
            sort: Sort::OpenedAt,
            descending: false,
            after: after.map(|(value, id)| Cursor { value: Some(value.clone()), id: id.0.clone() }),
            limit: PAGE,
        };
        let page = self.store.ticket_list(self.org(), &query).await.map_err(retry)?;
        let now = self.now();
        let mut set = Changeset::new(self.org().clone(), now);
        set.job_done = Some(done);
        for ticket in &page.items {
            let (plugin, ticket) = (plugin.id().clone(), ticket.id.clone());
            set.jobs.push(NewJob {
                id: JobId(self.new_id()),
                // Among what the plugin does about this ticket, in its turn.
                order_key: format!("{plugin}/ticket:{ticket}"),
                unique_key: Some(format!("revisit:{plugin}:{ticket}")),
                work: Work::RevisitTicket { plugin, ticket, cause: cause.clone() },
                due_at: now,
                event: None,
            });
        }
        if let (Some(next), Some(last)) = (&page.next, page.items.last()) {
            let after = (next.value.clone().unwrap_or_default(), last.id.clone());
            set.jobs.push(page_job(self, plugin.id().clone(), Some(after), cause.clone(), now));
        }
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    /// Ask the plugin about a ticket that nobody changed, and commit what it adds together with the end of the job.
    pub(super) async fn revisit_ticket(
        self: &Arc<Self>,
        plugin: &PluginId,
        ticket: &TicketId,
        cause: &Cause,
        done: JobDone,
    ) -> Result<(), Stop> {
        let plugin = self.ready(plugin)?;
        let command = Command {
            actor: Actor::plugin(plugin.id()),
            now: self.now(),
            subject: Some(ticket.clone()),
            expected_version: None,
            effects: Vec::new(),
            cause: Cause {
                command: done.id.0.clone(),
                depth: cause.depth + 1,
                origin: Origin::Reaction,
                ..cause.clone()
            },
            idempotency: None,
            dry_run: false,
        };
        if command.cause.depth > self.config.depth_max {
            return Err(Stop::Bury(AppError::Cascade(cause.chain.clone()).to_string()));
        }
        for _ in 0..=self.config.retries_max {
            let found = self.store.ticket_load(self.org(), &ticket.0).await.map_err(retry)?;
            let Some(bundle) = found.filter(|bundle| bundle.ticket.category.is_open()) else {
                return self.drop_job(done).await;
            };
            let registry = self.registry();
            let seed = crate::hash::seed(&done.id.0);
            let mut wave = Wave::new(&registry.kinds, &registry.classes, command.now, command.cause.clone(), &seed);
            wave.insert(bundle);
            let reads = Arc::new(Mutex::new(ReadSet::default()));
            self.ask_guard(&plugin, ticket, &command, &mut wave, &reads, &mut Vec::new())
                .await
                .map_err(|error| self.fault(&plugin, &error))?;
            let decision = wave.finish(plugin.id().as_str()).map_err(|problems| stop(&AppError::Invalid(problems)))?;
            let reads = std::mem::take(&mut *reads.lock().expect("nothing panics while it holds this lock"));
            match self.commit_decision(&registry, &command, decision, reads, Some(done.clone())).await {
                Ok(_) => return Ok(()),
                Err(AppError::Contended { .. }) => {}
                Err(error) => return Err(stop(&error)),
            }
        }
        Err(Stop::Retry("the ticket kept changing".to_owned()))
    }
}
