//! Replaying an audit log: every row is one command with the row's own time as now, and its key makes it happen once.
//!
//! Rows of one incident go one after the other through the same lane; the lanes run side by side, so that their commits share a flush
//! of the disk. An import that is stopped goes on where it was when it is started again: what was committed is answered, not repeated.

use crate::admin::{GroupChange, PersonChange};
use crate::app::App;
use crate::error::{AppError, Result};
use crate::import::servicenow_audit::{
    FileProblem, ImportedGroup, ImportedPerson, Report, Row, Rows, Step, Target, Tracker,
};
use domain::change::{Command, IdempotencyKey};
use domain::event::{Cause, Origin};
use domain::{Actor, Effect, KindId, PersonId, Problem, Role, SpaceId, TicketId};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Incidents that are replayed side by side.
const LANES: usize = 128;
/// Rows that wait in a lane.
const LANE_QUEUE: usize = 16;
/// Keeps the keys of imports apart from those of callers.
const SCOPE: &str = "import:servicenow-audit";

/// How to read the log.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The space that the incidents come into.
    pub space: SpaceId,
    /// The zone of the log's local times.
    pub zone: TimeZone,
    /// Take the priority matrix over from the log, when no incident has been decided by another one yet.
    pub learn_matrix: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The file was read once: rows, incidents.
    Read { rows: u64 },
    /// Rows that are done.
    Done { rows: u64 },
}

/// A row on its way.
struct Work {
    row: Row,
    effects: Vec<Effect>,
    is_first: bool,
}

enum Outcome {
    Applied { row: Row, priority: Option<i64> },
    Already,
    Refused { row: Row, why: String },
    Stopped(AppError),
}

impl App {
    /// Replay a ServiceNow incident audit log. `open` opens the file; it is read twice, first to learn who and what is in it.
    ///
    /// # Errors
    /// The file cannot be read at all, or the store fails. What was committed stays, and running it again goes on from there.
    pub async fn import_servicenow_audit(
        self: &Arc<Self>,
        open: impl Fn() -> std::io::Result<Box<dyn Read + Send>>,
        options: ImportOptions,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Report> {
        let target = Target { space: options.space.clone(), kind: KindId::from("incident") };
        let registry = self.registry();
        let kind = registry.kinds.get(&target.kind).ok_or_else(|| {
            AppError::invalid(
                "",
                "no-incident-practice",
                "there is no kind `incident`: install and enable the plugin `incident` first",
            )
        })?;
        let prefix = kind.prefix.clone();
        let mut report = Report::default();
        let first = self.read_once(&open, &options, &target)?;
        progress(Progress::Read { rows: first.rows });
        self.create_everybody(&options, &first.tracker).await?;
        if options.learn_matrix {
            self.learn_matrix(&first.matrix).await?;
        }
        report.people = first.tracker.people().len() as u64;
        report.groups = first.tracker.groups().len() as u64;
        let stopped = self.replay(&open, &options, &target, &mut report, &mut progress).await;
        let floor = first
            .tracker
            .finals()
            .filter_map(|(number, _)| number.strip_prefix(prefix.as_str())?.parse::<i64>().ok())
            .max();
        if let Some(floor) = floor {
            self.store.number_floor(self.org(), &prefix, floor).await?;
            self.numbers.forget(&prefix).await;
        }
        stopped?;
        self.compare_finals(&first.tracker, &mut report).await?;
        Ok(report)
    }

    /// Everything but the replay itself: who is named, how priorities are derived, how long it is.
    fn read_once(
        &self,
        open: &impl Fn() -> std::io::Result<Box<dyn Read + Send>>,
        options: &ImportOptions,
        target: &Target,
    ) -> Result<FirstReading> {
        let mut first = FirstReading { tracker: Tracker::new(target.clone()), matrix: Matrix::default(), rows: 0 };
        for item in rows(open, options)? {
            first.rows += 1;
            let row = match item {
                Ok(Ok(row)) => row,
                Ok(Err(_)) => continue,
                // The replay meets the same place, after everything before it was applied, and reports it.
                Err(_) => break,
            };
            first.matrix.learn(&row);
            first.tracker.step(&row);
        }
        Ok(first)
    }

    async fn create_everybody(self: &Arc<Self>, options: &ImportOptions, tracker: &Tracker) -> Result<()> {
        let mut creating = tokio::task::JoinSet::new();
        for person in tracker.people() {
            let (app, space) = (Arc::clone(self), options.space.clone());
            creating.spawn(async move { app.create_person(&space, person).await });
            if creating.len() >= LANES * 2 {
                finished(creating.join_next().await)?;
            }
        }
        while let Some(done) = creating.join_next().await {
            finished(Some(done))?;
        }
        for group in tracker.groups() {
            let (app, space) = (Arc::clone(self), options.space.clone());
            creating.spawn(async move { app.create_group(space, group).await });
        }
        while let Some(done) = creating.join_next().await {
            finished(Some(done))?;
        }
        Ok(())
    }

    async fn create_person(&self, space: &SpaceId, person: ImportedPerson) -> Result<()> {
        if self.store.person_get(self.org(), &person.id).await?.is_some() {
            return Ok(());
        }
        let change = PersonChange { login: Some(person.login), name: Some(person.name), ..PersonChange::default() };
        self.person_put(&Actor::system(), Some(&person.id), change).await?;
        let mut roles = vec![(space.clone(), Role::Requester)];
        if person.role == Role::Agent {
            roles.push((space.clone(), Role::Agent));
        }
        self.roles_put(&Actor::system(), &person.id, roles).await
    }

    async fn create_group(&self, space: SpaceId, group: ImportedGroup) -> Result<()> {
        let known = self.store.group_get(self.org(), &group.id).await?;
        let mut members: Vec<PersonId> = known.map(|group| group.members).unwrap_or_default();
        members.extend(group.members);
        members.sort();
        members.dedup();
        let change = GroupChange { title: group.title, space, members, active: true };
        self.group_put(&Actor::system(), &group.id, change).await.map(|_| ())
    }

    /// Set the practice's matrix to the one that the log follows. The log must follow one, and nothing may have been decided by another.
    async fn learn_matrix(&self, matrix: &Matrix) -> Result<()> {
        let registry = self.registry();
        let Some(plugin) = registry.kinds.get(&KindId::from("incident")).and_then(|kind| registry.plugin(&kind.plugin))
        else {
            return Ok(());
        };
        let (Some(rows), true) = (matrix.rows(), plugin.settings.contains_key("priority-matrix")) else {
            return Ok(());
        };
        let incidents = domain::filter::Filter::eq(domain::filter::Field::Kind, "incident");
        if plugin.settings.get("priority-matrix") == Some(&rows)
            || self.store.ticket_count(self.org(), &incidents).await? > 0
        {
            return Ok(());
        }
        let mut settings = (*plugin.settings).clone();
        settings.insert("priority-matrix".to_owned(), rows);
        self.plugin_settings_put(&Actor::system(), plugin.id(), settings).await
    }

    async fn replay(
        self: &Arc<Self>,
        open: &impl Fn() -> std::io::Result<Box<dyn Read + Send>>,
        options: &ImportOptions,
        target: &Target,
        report: &mut Report,
        progress: &mut impl FnMut(Progress),
    ) -> Result<()> {
        let (outcomes, mut finished) = mpsc::channel(LANES * LANE_QUEUE);
        let lanes: Vec<_> = (0..LANES).map(|_| self.lane(outcomes.clone())).collect();
        drop(outcomes);
        let mut tracker = Tracker::new(target.clone());
        let mut sent = 0;
        let mut done = 0;
        for item in rows(open, options)? {
            report.rows_read += 1;
            match item {
                Ok(Ok(row)) => match tracker.step(&row) {
                    Step::Apply { effects, .. } => {
                        let is_first = matches!(effects.first(), Some(Effect::CreateTicket(_)));
                        let lane = &lanes[lane_of(&row.number)];
                        sent += 1;
                        let mut work = Some(Work { row, effects, is_first });
                        // Take what is finished while waiting for room, so that neither side waits for the other.
                        while let Some(next) = work.take() {
                            tokio::select! {
                                permit = lane.reserve() => permit.map_err(|_| AppError::Busy { retry_seconds: 1 })?.send(next),
                                Some(outcome) = finished.recv() => {
                                    work = Some(next);
                                    done += 1;
                                    settle(report, outcome)?;
                                }
                            }
                        }
                    }
                    Step::Unchanged => report.unchanged += 1,
                    Step::Duplicate => report.duplicates += 1,
                    Step::TooMany => {
                        report.stopped =
                            Some("the file has more incidents or rows than one import takes; split it".to_owned());
                        break;
                    }
                },
                Ok(Err(problems)) => report.unreadable(problems),
                Err(problem) => {
                    report.stopped = Some(problem.to_string());
                    break;
                }
            }
            progress(Progress::Done { rows: report.rows_read - (sent - done) });
        }
        drop(lanes);
        while let Some(outcome) = finished.recv().await {
            done += 1;
            settle(report, outcome)?;
            progress(Progress::Done { rows: report.rows_read - (sent - done) });
        }
        report.incidents = tracker.finals().count() as u64;
        Ok(())
    }

    /// One lane: rows in, outcomes out, in order.
    fn lane(self: &Arc<Self>, outcomes: mpsc::Sender<Outcome>) -> mpsc::Sender<Work> {
        let (sender, mut receiver) = mpsc::channel::<Work>(LANE_QUEUE);
        let app = Arc::clone(self);
        tokio::spawn(async move {
            while let Some(work) = receiver.recv().await {
                let outcome = app.apply_row(work).await;
                if outcomes.send(outcome).await.is_err() {
                    return;
                }
            }
        });
        sender
    }

    async fn apply_row(self: &Arc<Self>, work: Work) -> Outcome {
        let Work { row, effects, is_first } = work;
        let command = Command {
            actor: Actor::system(),
            now: row.updated_at,
            subject: (!is_first).then(|| TicketId::from(row.number.as_str())),
            expected_version: None,
            effects,
            cause: Cause {
                command: row.key.clone(),
                correlation: row.key.clone(),
                depth: 0,
                origin: Origin::Import,
                chain: Vec::new(),
            },
            idempotency: Some(IdempotencyKey {
                scope: SCOPE.to_owned(),
                key: row.key.clone(),
                fingerprint: row.key.clone(),
            }),
            dry_run: false,
        };
        match self.submit(command).await {
            Ok(answer) if answer.replayed => Outcome::Already,
            Ok(answer) => {
                let priority =
                    answer.tickets.first().and_then(|ticket| ticket.fields.get("priority")).and_then(Value::as_i64);
                Outcome::Applied { row, priority }
            }
            Err(AppError::Invalid(problems) | AppError::Rejected { problems, .. }) => {
                Outcome::Refused { row, why: codes(&problems) }
            }
            Err(AppError::NotFound(_)) => {
                Outcome::Refused { row, why: "the incident is not there: its first row could not be used".to_owned() }
            }
            Err(AppError::Taken { what, .. }) => {
                Outcome::Refused { row, why: format!("{what} is taken by a ticket that is not from this log") }
            }
            Err(error) => Outcome::Stopped(error),
        }
    }

    async fn compare_finals(&self, tracker: &Tracker, report: &mut Report) -> Result<()> {
        let shown = |state: &str, group: Option<&str>, person: Option<&str>| {
            format!("{state}, {}, {}", group.unwrap_or("no group"), person.unwrap_or("nobody"))
        };
        for (number, last) in tracker.finals() {
            let wanted = shown(
                last.state,
                last.group.as_ref().map(|id| id.as_str()),
                last.assignee.as_ref().map(|id| id.as_str()),
            );
            let found = self.store.ticket_load(self.org(), number).await?.map(|bundle| bundle.ticket);
            let here = found.map(|ticket| {
                shown(
                    &ticket.state,
                    ticket.group.as_ref().map(|id| id.as_str()),
                    ticket.assignee.as_ref().map(|id| id.as_str()),
                )
            });
            report.compare_final(number, &wanted, here.as_deref());
        }
        Ok(())
    }
}

struct FirstReading {
    tracker: Tracker,
    matrix: Matrix,
    rows: u64,
}

/// The priority that each impact and urgency had in the log; `None` where it had several.
#[derive(Debug, Default)]
struct Matrix {
    cells: BTreeMap<(u8, u8), Option<u8>>,
}

impl Matrix {
    fn learn(&mut self, row: &Row) {
        let (Some(impact), Some(urgency), Some(priority)) = (row.impact, row.urgency, row.priority) else { return };
        let cell = self.cells.entry((impact, urgency)).or_insert(Some(priority));
        if *cell != Some(priority) {
            *cell = None;
        }
    }

    /// As rows by impact, if the log follows a matrix. Combinations that never occurred follow the published default of the source system:
    /// impact + urgency − 1.
    fn rows(&self) -> Option<Value> {
        if self.cells.is_empty() || self.cells.values().any(Option::is_none) {
            return None;
        }
        let size = self.cells.keys().map(|(impact, urgency)| *impact.max(urgency)).max()?;
        let cell = |impact: u8, urgency: u8| {
            self.cells.get(&(impact, urgency)).copied().flatten().unwrap_or(impact + urgency - 1)
        };
        let rows: Vec<Vec<u8>> =
            (1..=size).map(|impact| (1..=size).map(|urgency| cell(impact, urgency)).collect()).collect();
        Some(json!(rows))
    }
}

type Reading = Result<Result<Row, Vec<crate::import::servicenow_audit::RowProblem>>, FileProblem>;

fn rows(
    open: &impl Fn() -> std::io::Result<Box<dyn Read + Send>>,
    options: &ImportOptions,
) -> Result<impl Iterator<Item = Reading>> {
    let file = open()
        .map_err(|error| AppError::invalid("", "unreadable-file", format!("the file cannot be opened: {error}")))?;
    Rows::open(file, options.zone.clone())
        .map_err(|problem| AppError::invalid("", "unusable-file", problem.to_string()))
}

fn lane_of(number: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES as u64).expect("smaller than the number of lanes")
}

fn settle(report: &mut Report, outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Applied { row, priority } => {
            report.applied += 1;
            report.compare_priority(&row, priority);
        }
        Outcome::Already => report.already_imported += 1,
        Outcome::Refused { row, why } => report.refused(&row, &why),
        Outcome::Stopped(error) => return Err(error),
    }
    Ok(())
}

fn finished(done: Option<std::result::Result<Result<()>, tokio::task::JoinError>>) -> Result<()> {
    match done {
        Some(Ok(result)) => result,
        Some(Err(_)) => Err(AppError::Busy { retry_seconds: 1 }),
        None => Ok(()),
    }
}

/// The problems without their values, so that like ones are counted together.
fn codes(problems: &[Problem]) -> String {
    let mut codes: Vec<_> = problems.iter().map(|problem| format!("{} at {}", problem.code, problem.pointer)).collect();
    codes.dedup();
    codes.join(", ")
}
