//! Where the demo's past is played: steps of people in the order of their times, through the same commands as everybody's work, and
//! between them whatever came due, at the instant at which it did.
//!
//! It must not know what the steps are about. Steps name what they made before: `@name` stands for its id and `#name` for its number.

use super::people;
use super::time::StoryClock;
use crate::failure::Failure;
use app::App;
use app::flow::model::Answer;
use app::flow::{TaskCompletion, VoteRequest};
use domain::effect::{CreateTicket, Transition, UpsertRecord};
use domain::filter::{Field, Filter};
use domain::flow::TaskState;
use domain::{Actor, Effect, KindId, Object, RecordId, SpaceId, Task, TicketId};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Sort, TicketQuery};

/// Instants at which something comes due between two steps, before that counts as a story without an end.
const ROUNDS_MAX: usize = 10_000;

/// One thing that somebody does.
pub(super) struct Step {
    pub at: Timestamp,
    pub who: &'static str,
    pub act: Act,
}

pub(super) enum Act {
    /// A command; what it makes first gets the name.
    Submit { about: Option<String>, name: Option<String>, effects: Vec<Effect> },
    /// Complete the task of a flow with what its form asks for.
    Complete { about: String, task: &'static str, values: Value },
    /// The same, if the flow asks for it.
    CompleteIfAsked { about: String, task: &'static str, values: Value },
    /// Answer the approval of a flow.
    Vote { about: String, task: &'static str, answer: Answer },
    /// Of the pages that somebody sees ring, each is taken by whom it calls, and ended.
    AnswerPage,
    /// Answer one's surveys.
    AnswerSurvey { satisfaction: i64 },
}

pub(super) struct Stage {
    pub app: Arc<App>,
    clock: Arc<StoryClock>,
    /// Id and number by name.
    made: BTreeMap<String, (String, String)>,
    /// Steps that were refused: who, when, what and why.
    pub refused: Vec<String>,
}

impl Stage {
    pub(super) fn new(app: Arc<App>, clock: Arc<StoryClock>) -> Self {
        Self { app, clock, made: BTreeMap::new(), refused: Vec::new() }
    }

    /// Give something a name that was made in another way.
    pub(super) fn name(&mut self, name: &str, id: &str) {
        self.made.insert(name.to_owned(), (id.to_owned(), id.to_owned()));
    }

    /// Play steps in the order of their times; those of one instant in the order given. What is refused is kept with its reason, and the
    /// story goes on without it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn play(&mut self, mut steps: Vec<Step>) -> Result<(), Failure> {
        steps.sort_by_key(|step| step.at);
        for step in steps {
            self.reach(step.at).await?;
            let (at, who) = (step.at, step.who);
            let told = step.act.told();
            if let Err(failure) = self.take(step.who, step.act).await {
                self.refused.push(format!("{who} at {at}, {told}: {failure}"));
            }
        }
        Ok(())
    }

    /// Let time pass up to an instant, and run what comes due on the way when it does.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn reach(&self, instant: Timestamp) -> Result<(), Failure> {
        for _ in 0..ROUNDS_MAX {
            let next = self.app.store().job_next_due(&self.app.config.org).await.map_err(app::AppError::from)?;
            let Some(due) = next.filter(|due| *due <= instant) else {
                self.clock.reach(instant);
                return Ok(());
            };
            self.clock.reach(due);
            if self.app.drain().await? == 0 {
                // What is due is held back by something that a person has to look at.
                self.clock.reach(instant);
                return Ok(());
            }
        }
        Err(Failure::new(format!("the demo does not come to {instant}: {ROUNDS_MAX} times something came due before")))
    }

    async fn take(&mut self, who: &str, act: Act) -> Result<(), Failure> {
        let actor = self.app.actor(&people::id(who)).await?;
        match act {
            Act::Submit { about, name, effects } => self.submit(&actor, about.as_deref(), name, &effects).await,
            Act::Complete { about, task, values } => {
                let task = self.task(&actor, &about, task).await?;
                self.complete(&actor, &task, values).await
            }
            Act::CompleteIfAsked { about, task, values } => match self.task(&actor, &about, task).await {
                Ok(task) => self.complete(&actor, &task, values).await,
                Err(_) => Ok(()),
            },
            Act::Vote { about, task, answer } => {
                let task = self.task(&actor, &about, task).await?;
                let vote = VoteRequest { answer, comment: None, person: None };
                self.app.task_vote(&self.app.command(&actor), &task.id, vote).await?;
                Ok(())
            }
            Act::AnswerPage => self.answer_page(&actor).await,
            Act::AnswerSurvey { satisfaction } => self.answer_surveys(&actor, satisfaction).await,
        }
    }

    async fn complete(&self, actor: &Actor, task: &Task, values: Value) -> Result<(), Failure> {
        let variables = self.resolved(values)?.as_object().cloned().unwrap_or_default();
        let done = TaskCompletion::Complete { variables };
        self.app.task_complete(&self.app.command(actor), &task.id, done).await?;
        Ok(())
    }

    async fn submit(
        &mut self,
        actor: &Actor,
        about: Option<&str>,
        name: Option<String>,
        effects: &[Effect],
    ) -> Result<(), Failure> {
        let mut command = self.app.command(actor);
        command.subject = about.map(|about| self.id(about)).transpose()?.map(TicketId);
        let effects = serde_json::to_value(effects).expect("effects have text keys");
        let effects = self.resolved(effects)?;
        command.effects = serde_json::from_value(effects).expect("an id stands where a name stood, and both are text");
        let answer = self.app.submit(command).await?;
        let Some(name) = name else { return Ok(()) };
        let ticket = answer.tickets.first().map(|ticket| (ticket.id.0.clone(), ticket.number.clone()));
        let record = || answer.records.first().map(|record| (record.id.0.clone(), record.number.clone()));
        if let Some(made) = ticket.or_else(record) {
            self.made.insert(name, made);
        }
        Ok(())
    }

    /// The open task of a name that somebody has about a ticket, or about a part of what runs for it.
    async fn task(&self, actor: &Actor, about: &str, name: &str) -> Result<Task, Failure> {
        let ticket = self.id(about)?;
        let open = self.app.task_list(actor, None, Some(TaskState::Open), None, 200).await?.items;
        let names: Vec<String> = open.iter().map(|task| task.name.clone()).collect();
        let is_it = |task: &&Task| task.name == name && task.ticket.as_ref().is_none_or(|of| of.0 == ticket);
        let found = open.iter().find(is_it).cloned();
        found.ok_or_else(|| Failure::new(format!("there is no task `{name}` about {about}, only {names:?}")))
    }

    async fn answer_page(&self, seen_by: &Actor) -> Result<(), Failure> {
        for page in self.find("page", "ringing", seen_by).await? {
            let Some(called) = page.assignee.clone() else { continue };
            let actor = self.app.actor(&called).await?;
            for state in ["acknowledged", "over"] {
                let mut command = self.app.command(&actor);
                command.subject = Some(page.id.clone());
                command.effects = vec![Effect::Transition(Transition { ticket: None, to: state.to_owned() })];
                self.app.submit(command).await?;
            }
        }
        Ok(())
    }

    async fn answer_surveys(&self, actor: &Actor, satisfaction: i64) -> Result<(), Failure> {
        for survey in self.find("survey", "sent", actor).await? {
            if survey.requester.as_ref() != Some(&actor.id.as_str().into()) {
                continue;
            }
            let mut command = self.app.command(actor);
            command.subject = Some(survey.id.clone());
            let values =
                [("satisfaction", satisfaction), ("effort", satisfaction + 2), ("recommend", satisfaction * 2)];
            command.effects = values.into_iter().map(|(field, value)| set(field, json!(value))).collect();
            command.effects.push(transition("answered"));
            self.app.submit(command).await?;
        }
        Ok(())
    }

    async fn find(&self, kind: &str, state: &str, actor: &Actor) -> Result<Vec<domain::Ticket>, Failure> {
        let filter = Filter::eq(Field::Kind, kind).and(Filter::eq(Field::State, state));
        let query = TicketQuery { filter, sort: Sort::OpenedAt, descending: false, after: None, limit: 50 };
        Ok(self.app.ticket_list(actor, query).await?.items)
    }

    fn id(&self, name: &str) -> Result<String, Failure> {
        let made =
            self.made.get(name).ok_or_else(|| Failure::new(format!("nothing of the demo is called `{name}`")))?;
        Ok(made.0.clone())
    }

    /// With ids and numbers in the place of names.
    fn resolved(&self, value: Value) -> Result<Value, Failure> {
        Ok(match value {
            Value::String(text) => match text.split_at_checked(1) {
                Some(("@", name)) => Value::String(self.id(name)?),
                Some(("#", name)) => {
                    self.id(name)?;
                    Value::String(self.made[name].1.clone())
                }
                _ => Value::String(text),
            },
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.resolved(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| Ok::<_, Failure>((key, self.resolved(value)?)));
                Value::Object(fields.collect::<Result<_, _>>()?)
            }
            other => other,
        })
    }
}

impl Act {
    /// In a few words, for whoever looks for what was refused.
    fn told(&self) -> String {
        match self {
            Self::Submit { about, name, effects } => {
                let about = about.as_deref().or(name.as_deref()).unwrap_or("nothing that has a name");
                format!("{} effects on {about}", effects.len())
            }
            Self::Complete { about, task, .. }
            | Self::CompleteIfAsked { about, task, .. }
            | Self::Vote { about, task, .. } => format!("`{task}` of {about}"),
            Self::AnswerPage => "a page".to_owned(),
            Self::AnswerSurvey { .. } => "a survey".to_owned(),
        }
    }
}

/// Steps that are being written, with what most of them share.
#[derive(Default)]
pub(super) struct Script(pub Vec<Step>);

impl Script {
    /// A ticket, with a name for what comes later.
    pub(super) fn open(&mut self, at: Timestamp, who: &'static str, name: &str, ticket: CreateTicket) {
        self.submit(at, who, None, Some(name), vec![Effect::CreateTicket(Box::new(ticket))]);
    }

    /// Something about a ticket.
    pub(super) fn act(&mut self, at: Timestamp, who: &'static str, about: &str, effects: Vec<Effect>) {
        self.submit(at, who, Some(about), None, effects);
    }

    /// A ticket goes through states.
    pub(super) fn walk(&mut self, about: &str, steps: &[(Timestamp, &'static str, &str)]) {
        for (at, who, state) in steps {
            self.act(*at, who, about, vec![transition(state)]);
        }
    }

    /// A record, with a name for what comes later.
    pub(super) fn file(&mut self, at: Timestamp, who: &'static str, name: &str, record: UpsertRecord) {
        self.submit(at, who, None, Some(name), vec![Effect::UpsertRecord(Box::new(record))]);
    }

    /// A record that was filed goes on to a state, with fields.
    pub(super) fn amend(
        &mut self,
        at: Timestamp,
        who: &'static str,
        name: &str,
        record: &UpsertRecord,
        to: (Option<&str>, Value),
    ) {
        let (state, fields) = to;
        let record = UpsertRecord {
            record: Some(RecordId(format!("@{name}"))),
            state: state.map(str::to_owned),
            fields: object(fields),
            ..record.clone()
        };
        self.submit(at, who, None, None, vec![Effect::UpsertRecord(Box::new(record))]);
    }

    pub(super) fn complete(
        &mut self,
        at: Timestamp,
        who: &'static str,
        about: &str,
        task: &'static str,
        values: Value,
    ) {
        self.0.push(Step { at, who, act: Act::Complete { about: about.to_owned(), task, values } });
    }

    pub(super) fn complete_if(
        &mut self,
        at: Timestamp,
        who: &'static str,
        about: &str,
        task: &'static str,
        values: Value,
    ) {
        self.0.push(Step { at, who, act: Act::CompleteIfAsked { about: about.to_owned(), task, values } });
    }

    pub(super) fn vote(&mut self, at: Timestamp, who: &'static str, about: &str, task: &'static str, answer: Answer) {
        self.0.push(Step { at, who, act: Act::Vote { about: about.to_owned(), task, answer } });
    }

    fn submit(
        &mut self,
        at: Timestamp,
        who: &'static str,
        about: Option<&str>,
        name: Option<&str>,
        effects: Vec<Effect>,
    ) {
        let (about, name) = (about.map(str::to_owned), name.map(str::to_owned));
        self.0.push(Step { at, who, act: Act::Submit { about, name, effects } });
    }
}

pub(super) fn ticket(kind: &str, space: &str, title: &str, fields: Value) -> CreateTicket {
    CreateTicket {
        kind: KindId::from(kind),
        space: SpaceId::from(space),
        title: title.to_owned(),
        requester: None,
        group: None,
        assignee: None,
        parent: None,
        restricted: false,
        fields: object(fields),
        imported: None,
    }
}

pub(super) fn record(kind: &str, space: &str, title: &str, fields: Value) -> UpsertRecord {
    let (kind, space) = (KindId::from(kind), SpaceId::from(space));
    UpsertRecord { record: None, kind, space, title: title.to_owned(), state: None, fields: object(fields) }
}

pub(super) fn set(field: &str, value: Value) -> Effect {
    Effect::SetField(domain::effect::SetField { ticket: None, field: field.to_owned(), value })
}

pub(super) fn transition(to: &str) -> Effect {
    Effect::Transition(Transition { ticket: None, to: to.to_owned() })
}

pub(super) fn say(visibility: domain::ticket::Visibility, body: &str) -> Effect {
    Effect::Comment(domain::effect::AddComment { ticket: None, visibility, body: body.to_owned() })
}

pub(super) fn take(person: &str) -> Effect {
    let assignee = domain::effect::Patch::Set(people::id(person));
    Effect::Assign(domain::effect::Assign { ticket: None, group: domain::effect::Patch::Keep, assignee })
}

fn object(value: Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}
