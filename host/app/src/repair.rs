//! Repair of clocks: what the clocks of a ticket should be by its history, beside what they are (SLM-09).
//!
//! The history is gone through change by change. At each, the guard that keeps the clocks is asked as it was asked then, with the ticket as it
//! was before and after, and with the records and calendars that were in force; between changes it is asked again where what it
//! depends on changed. Nothing of it is committed but the difference, and that only when it is wished.
//!
//! Settings of plugins and roles of people are those of then, too. What the journal does not tell, because it would keep it for ever, is as it
//! is now: where people are, and in which groups.

use crate::app::App;
use crate::decide::understood;
use crate::error::{AppError, Result};
use crate::port::plugins::{Capability, GuardInput, RawEffect};
use crate::registry::Plugin;
use crate::snapshot::{Past, PastSnapshot, ReadSet, Snapshot};
use domain::change::Command;
use domain::event::{Cause, Event, Origin};
use domain::filter::{Field, Filter};
use domain::job::Work;
use domain::kind::StateCategory;
use domain::ticket::TicketBundle;
use domain::{Actor, Clock, ClockState, Effect, JobId, Object, PersonId, Role, SpaceId, Ticket, TicketId};
use engine::Wave;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use store::changeset::Noun;
use store::{Cursor, Expect, NewJob, Page, Sort, TicketQuery, Write};

/// Tickets that are looked at in one go.
pub const TICKETS_MAX: u32 = 50;
/// Events of one ticket, and changes of what its guard depends on.
const EVENTS_MAX: usize = 20_000;
const PAGE: u32 = 1_000;

/// Which tickets.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// One by id or number; otherwise a page of those that the rest says.
    pub ticket: Option<String>,
    pub kind: Option<String>,
    pub space: Option<String>,
    pub after: Option<Cursor>,
}

/// Whether the differences are only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Show,
    Apply,
}

/// One value of a clock that is another one by the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// A clock that is not what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClockRepair {
    pub clock: String,
    pub title: String,
    pub changes: Vec<Difference>,
}

/// A ticket with clocks that are not what they should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    pub ticket: TicketId,
    pub number: String,
    pub clocks: Vec<ClockRepair>,
}

/// A plugin that keeps clocks, with what the journal tells about its past.
struct Keeper {
    plugin: Arc<Plugin>,
    past: Arc<Past>,
    /// Its settings up to an instant, oldest first; afterwards they are those of now.
    settings: Vec<(Timestamp, Arc<Object>)>,
}

/// The ticket at one moment of its history, and who did what.
struct Moment {
    at: Timestamp,
    cause: Cause,
    actor: String,
    ticket: Ticket,
    comments: Vec<RawEffect>,
}

impl App {
    /// The clocks of tickets that are not what they should be by their history, and how many tickets were looked at. With [`Mode::Apply`] they
    /// are put right, each ticket in a commit of its own; a ticket that changes at that moment is left for the next time.
    ///
    /// # Errors
    /// The caller manages none of them; a ticket that is not there; a history that cannot be gone through.
    pub async fn repair_clocks(
        self: &Arc<Self>,
        actor: &Actor,
        wanted: &Wanted,
        mode: Mode,
    ) -> Result<(Page<Repair>, u32)> {
        let (tickets, next) = match &wanted.ticket {
            Some(id) => (vec![self.load_visible(actor, &TicketId::from(id.as_str())).await?.ticket], None),
            None => {
                let mut filter = Filter::True;
                for (field, value) in [(Field::Kind, &wanted.kind), (Field::Space, &wanted.space)] {
                    if let Some(value) = value {
                        filter = filter.and(Filter::eq(field, value.clone()));
                    }
                }
                let after = wanted.after.clone();
                let query = TicketQuery { filter, sort: Sort::OpenedAt, descending: false, after, limit: TICKETS_MAX };
                let page = self.ticket_list(actor, query).await?;
                (page.items, page.next)
            }
        };
        let manages = |ticket: &Ticket| {
            let roles = actor.roles_in(&ticket.space);
            roles.contains(&Role::Manager) || roles.contains(&Role::Administrator)
        };
        if wanted.ticket.is_some() && !tickets.iter().all(manages) {
            return Err(AppError::Forbidden("clocks are repaired by those who manage the space".to_owned()));
        }
        let keepers = self.clock_keepers().await?;
        let (mut repairs, mut looked_at) = (Vec::new(), 0);
        for ticket in tickets.iter().filter(|ticket| manages(ticket)) {
            looked_at += 1;
            let Some(bundle) = self.store.ticket_load(self.org(), &ticket.id.0).await? else { continue };
            let moments = self.moments(&bundle.ticket).await?;
            let (mut clocks, mut write) = (Vec::new(), Vec::new());
            for keeper in &keepers {
                let should = self.replayed(keeper, &bundle, &moments).await?;
                compare(&keeper.plugin, &bundle, should, self.now(), &mut clocks, &mut write);
            }
            if clocks.is_empty() {
                continue;
            }
            let repair = Repair { ticket: ticket.id.clone(), number: ticket.number.clone(), clocks };
            if mode == Mode::Apply {
                self.apply_repair(actor, bundle, &repair, write).await?;
            }
            repairs.push(repair);
        }
        Ok((Page { items: repairs, next }, looked_at))
    }

    /// The plugins that keep clocks by a guard, each with what it depends on.
    async fn clock_keepers(&self) -> Result<Vec<Keeper>> {
        let registry = self.registry();
        let keeps = |plugin: &&Arc<Plugin>| {
            plugin.is_active()
                && plugin.has(Capability::Guard)
                && !self.health.is_quarantined(plugin.id())
                && plugin.grants.iter().any(|grant| match &grant.permission {
                    domain::manifest::Permission::Effect { names, .. } => {
                        names.iter().any(|name| name == "start-clock")
                    }
                    _ => false,
                })
        };
        let mut keepers = Vec::new();
        for plugin in registry.plugins.values().filter(keeps) {
            let past = match &plugin.manifest.revisit {
                Some(rule) => self.past(rule).await?,
                None => Past::default(),
            };
            let settings = self.settings_before(plugin).await?;
            keepers.push(Keeper { plugin: Arc::clone(plugin), past: Arc::new(past), settings });
        }
        Ok(keepers)
    }

    /// The settings that a plugin had before each of their changes, with when that was.
    async fn settings_before(&self, plugin: &Plugin) -> Result<Vec<(Timestamp, Arc<Object>)>> {
        let events = self.history("plugin", &plugin.id().0, &format!("plugin `{}`", plugin.id())).await?;
        let configured = events.into_iter().filter(|event| event.kind == "plugin.configured");
        let before = |event: Event| {
            let given = event.data["from"].as_object()?;
            Some((event.at, Arc::new(Plugin::effective_settings(&plugin.manifest, given))))
        };
        Ok(configured.filter_map(before).collect())
    }

    /// Everything that happened to a subject, oldest first.
    async fn history(&self, subject_kind: &str, id: &str, name: &str) -> Result<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.subject_seq);
            let page = self.store.event_history(self.org(), subject_kind, id, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            events.extend(page);
            if is_last {
                return Ok(events);
            }
            if events.len() > EVENTS_MAX {
                let message = format!("{name} has more than {EVENTS_MAX} events");
                return Err(AppError::invalid("", "too-long", message));
            }
        }
    }

    /// The history of a ticket, commit by commit.
    async fn moments(&self, ticket: &Ticket) -> Result<Vec<Moment>> {
        let events = self.history("ticket", &ticket.id.0, &ticket.number).await?;
        if events.first().is_none_or(|event| event.kind != "ticket.created") {
            let message = format!("the journal does not tell how {} began", ticket.number);
            return Err(AppError::invalid("", "no-history", message));
        }
        let mut moments: Vec<Moment> = Vec::new();
        let mut now = Ticket { resolved_at: None, closed_at: None, due_at: None, ..ticket.clone() };
        for event in events {
            if !matches!(event.kind.as_str(), "ticket.created" | "ticket.changed" | "comment.added") {
                continue;
            }
            self.tell(&mut now, &event);
            let same = moments.last_mut().filter(|moment| moment.cause.command == event.cause.command);
            let comment = (event.kind == "comment.added").then(|| RawEffect {
                kind: "comment".to_owned(),
                data: json!({ "visibility": event.data["visibility"], "body": "…" }).to_string(),
            });
            match same {
                Some(moment) => {
                    moment.ticket = now.clone();
                    moment.comments.extend(comment);
                }
                None => moments.push(Moment {
                    at: event.at,
                    cause: event.cause,
                    actor: event.actor,
                    ticket: now.clone(),
                    comments: comment.into_iter().collect(),
                }),
            }
        }
        Ok(moments)
    }

    /// Carry out on a ticket what an event says.
    pub(crate) fn tell(&self, ticket: &mut Ticket, event: &Event) {
        ticket.updated_at = event.at;
        if event.kind == "ticket.created" {
            ticket.fields = event.data["fields"].as_object().cloned().unwrap_or_default();
            for field in ["state", "title", "group", "assignee", "requester", "parent", "restricted"] {
                self.set(ticket, field, &event.data[field], event.at);
            }
        }
        for change in event.data["changes"].as_array().into_iter().flatten() {
            self.set(ticket, change["field"].as_str().unwrap_or_default(), &change["to"], event.at);
        }
    }

    fn set(&self, ticket: &mut Ticket, field: &str, value: &Value, at: Timestamp) {
        let text = || value.as_str().map(str::to_owned);
        match field {
            "state" => {
                ticket.state = text().unwrap_or_default();
                ticket.category = self.category_of(&ticket.kind, &ticket.state).unwrap_or(ticket.category);
                match ticket.category {
                    StateCategory::Resolved => ticket.resolved_at = Some(at),
                    StateCategory::Closed | StateCategory::Cancelled => ticket.closed_at = Some(at),
                    StateCategory::New | StateCategory::Active | StateCategory::Paused => {
                        (ticket.resolved_at, ticket.closed_at) = (None, None);
                    }
                }
            }
            "title" => ticket.title = text().unwrap_or_default(),
            "group" => ticket.group = text().map(Into::into),
            "assignee" => ticket.assignee = text().map(Into::into),
            "requester" => ticket.requester = text().map(Into::into),
            "parent" => ticket.parent = text().map(Into::into),
            "restricted" => ticket.restricted = value.as_bool().unwrap_or(false),
            other => {
                let Some(name) = other.strip_prefix("fields.") else { return };
                if value.is_null() {
                    ticket.fields.remove(name);
                } else {
                    ticket.fields.insert(name.to_owned(), value.clone());
                }
            }
        }
    }

    /// The clocks that a plugin would keep by now, had it always done what it does today.
    async fn replayed(
        self: &Arc<Self>,
        keeper: &Keeper,
        bundle: &TicketBundle,
        moments: &[Moment],
    ) -> Result<Vec<Clock>> {
        let mut clocks: Vec<Clock> = Vec::new();
        let covers = keeper.plugin.manifest.guard.as_ref().is_some_and(|guard| guard.covers(&bundle.ticket.kind));
        if !covers {
            return Ok(clocks);
        }
        for (index, moment) in moments.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &moments[before].ticket);
            let actor = self.actor_then(&moment.actor, moment.at).await?;
            let input = |clocks: Vec<Clock>| GuardInput {
                before: before.cloned(),
                after: moment.ticket.clone(),
                effects: moment.comments.clone(),
                clocks,
            };
            clocks = self.ask_then(keeper, bundle, actor, (moment.at, &moment.cause), input(clocks)).await?;
            let until = moments.get(index + 1).map_or_else(|| self.now(), |next| next.at);
            // Histories that were brought in may not be in order.
            if !moment.ticket.category.is_open() || until <= moment.at {
                continue;
            }
            for at in keeper.past.changed_at.range(moment.at..until).filter(|at| **at > moment.at) {
                let actor = Actor::plugin(keeper.plugin.id());
                let cause = Cause { origin: Origin::Reaction, ..moment.cause.clone() };
                let (before, after) = (Some(moment.ticket.clone()), moment.ticket.clone());
                let input = GuardInput { before, after, effects: Vec::new(), clocks };
                clocks = self.ask_then(keeper, bundle, actor, (*at, &cause), input).await?;
            }
        }
        Ok(clocks)
    }

    /// Whoever acted, with the roles that they had then where the journal tells of them.
    async fn actor_then(&self, id: &str, at: Timestamp) -> Result<Actor> {
        if id == "system" {
            return Ok(Actor::system());
        }
        let mut actor = match self.actor(&PersonId::from(id)).await {
            Ok(actor) => (*actor).clone(),
            Err(_) => return Ok(Actor::plugin(&id.into())),
        };
        let events = self.history("person", id, "the person who acted").await?;
        let set = |event: &&Event| event.kind == "person.roles-set";
        let (before, after): (Vec<&Event>, Vec<&Event>) = events.iter().filter(set).partition(|event| event.at <= at);
        let roles = match (before.last(), after.is_empty()) {
            (Some(event), _) => event.data["roles"].clone(),
            // Whoever was given roles later had none, as far as the journal tells from their beginning.
            (None, false) if events.iter().any(|event| event.kind == "person.created") => json!([]),
            (None, _) => return Ok(actor),
        };
        if let Ok(roles) = serde_json::from_value::<Vec<(SpaceId, Role)>>(roles) {
            actor.roles.clear();
            for (space, role) in roles {
                actor.roles.entry(space).or_default().insert(role);
            }
        }
        Ok(actor)
    }

    /// Ask a guard about a moment of the past, and give the clocks as they were afterwards.
    async fn ask_then(
        self: &Arc<Self>,
        keeper: &Keeper,
        bundle: &TicketBundle,
        actor: Actor,
        (at, cause): (Timestamp, &Cause),
        input: GuardInput,
    ) -> Result<Vec<Clock>> {
        let Keeper { plugin: keeper, past, settings } = keeper;
        let (id, space) = (&bundle.ticket.id, &bundle.ticket.space);
        let command = Command {
            actor: actor.clone(),
            now: at,
            subject: Some(id.clone()),
            expected_version: None,
            effects: Vec::new(),
            cause: cause.clone(),
            idempotency: None,
            dry_run: true,
        };
        let reads = Arc::new(Mutex::new(ReadSet::default()));
        let mut call = self.call(keeper, &command, space, &reads);
        let now = Snapshot { app: Arc::clone(self), plugin: Arc::clone(keeper), actor: actor.clone(), reads };
        if let Some((_, then)) = settings.iter().find(|(until, _)| at < *until) {
            call.settings = Arc::clone(then);
        }
        call.reader = Arc::new(PastSnapshot { now, past: Arc::clone(past), at });
        let then = TicketBundle { ticket: input.after.clone(), clocks: input.clocks.clone(), ..bundle.clone() };
        let started = self.clock.now();
        let answer = self.plugins.guard(call, input).await;
        let raw = self.observe(keeper, started, answer)?;
        let raw = raw.map_err(|problems| AppError::Rejected { plugin: keeper.id().0.clone(), problems })?;
        let registry = self.registry();
        let seed = crate::hash::seed(&cause.command);
        let mut wave = Wave::new(&registry.kinds, &registry.classes, at, cause.clone(), &seed);
        wave.insert(then);
        let by = self.by_plugin(keeper, &actor, space);
        for effect in understood(keeper, raw)? {
            if matches!(effect, Effect::StartClock(_) | Effect::PauseClock(_) | Effect::StopClock(_)) {
                wave.apply(&effect, Some(id), &by, None, "");
            }
        }
        if !wave.problems().is_empty() {
            return Err(AppError::Invalid(wave.problems().to_vec()));
        }
        Ok(wave.ticket(id).map(|working| working.after.clocks.clone()).unwrap_or_default())
    }

    async fn apply_repair(
        &self,
        actor: &Actor,
        TicketBundle { ticket, clocks, .. }: TicketBundle,
        repair: &Repair,
        write: Vec<Clock>,
    ) -> Result<()> {
        let mut set =
            self.admin_set(actor, "ticket", &ticket.id.0, "clock.repaired", json!({ "clocks": repair.clocks }));
        for event in &mut set.events {
            event.space.clone_from(&ticket.space.0);
        }
        set.expects.push(Expect { noun: Noun::Ticket, id: ticket.id.0.clone(), version: ticket.version });
        let running = |clock: &Clock| clock.state == ClockState::Running;
        for clock in &write {
            let unique_key = engine::clock_key(&ticket.id, &clock.name);
            match clock.due_at.filter(|due| running(clock) && clock.breached_at.is_none() && *due >= set.at) {
                Some(due_at) => set.jobs.push(NewJob {
                    id: JobId(self.new_id()),
                    work: Work::ClockDue { ticket: ticket.id.clone(), clock: clock.name.clone(), due_at },
                    order_key: format!("host/ticket:{}", ticket.id),
                    due_at,
                    unique_key: Some(unique_key),
                    event: None,
                }),
                None => set.writes.push(Write::CancelJob { unique_key }),
            }
        }
        let kept = clocks.iter().filter(|clock| !write.iter().any(|right| right.name == clock.name));
        let due_at = kept.chain(&write).filter(|clock| running(clock)).filter_map(|clock| clock.due_at).min();
        let ticket = Ticket { version: ticket.version + 1, updated_at: set.at, due_at, ..ticket };
        set.writes.push(Write::Ticket(Box::new(ticket)));
        set.writes.extend(write.into_iter().map(|clock| Write::Clock(Box::new(clock))));
        match self.commit(set).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is different between the clocks of a plugin as they are and as they should be; all of them go to `write`, put right.
fn compare(
    keeper: &Plugin,
    bundle: &TicketBundle,
    should: Vec<Clock>,
    now: Timestamp,
    repairs: &mut Vec<ClockRepair>,
    write: &mut Vec<Clock>,
) {
    let names: BTreeSet<&str> = should.iter().map(|clock| clock.name.as_str()).collect();
    let is_mine = |clock: &&Clock| clock.plugin == *keeper.id();
    for clock in bundle.clocks.iter().filter(is_mine).filter(|clock| !names.contains(clock.name.as_str())) {
        let mut right = clock.clone();
        if right.state != ClockState::Cancelled {
            (right.state, right.due_at, right.stopped_at) = (ClockState::Cancelled, None, Some(now));
            "By its history it never counted.".clone_into(&mut right.reason);
            let changes = differences(Some(clock), &right);
            repairs.push(ClockRepair { clock: clock.name.clone(), title: clock.title.clone(), changes });
        }
        write.push(right);
    }
    for mut right in should {
        let late = right.due_at.filter(|due| right.state == ClockState::Running && *due < now);
        right.breached_at = right.breached_at.or(late);
        let is = bundle.clocks.iter().find(|clock| clock.name == right.name);
        let changes = differences(is, &right);
        if changes.is_empty() {
            write.extend(is.cloned());
            continue;
        }
        repairs.push(ClockRepair { clock: right.name.clone(), title: right.title.clone(), changes });
        write.push(right);
    }
}

fn differences(is: Option<&Clock>, right: &Clock) -> Vec<Difference> {
    let seen = |clock: &Clock| {
        // When one was cancelled that never counted is nobody's concern.
        let ended = clock.stopped_at.filter(|_| clock.state == ClockState::Stopped);
        let late = clock.breached_at.filter(|_| clock.state != ClockState::Cancelled);
        [
            ("state", json!(clock.state)),
            ("started_at", json!(clock.started_at)),
            ("due_at", json!(clock.due_at)),
            ("stopped_at", json!(ended)),
            ("breached_at", json!(late)),
        ]
    };
    let from: Object =
        is.map(|clock| seen(clock).map(|(name, value)| (name.to_owned(), value))).into_iter().flatten().collect();
    seen(right)
        .into_iter()
        .map(|(name, to)| Difference { field: name.to_owned(), from: from.get(name).cloned().unwrap_or_default(), to })
        .filter(|one| one.from != one.to)
        .collect()
}
