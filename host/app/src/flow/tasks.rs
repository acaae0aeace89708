//! Tasks: work for people in flows. A task is claimed, handed over, done, or voted on; what that means for the flow is the engine's.

use super::decide::{FlowAnswer, FlowInput};
use super::instances::HISTORY_MAX;
use super::subject::TaskSubject;
use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use domain::change::Command;
use domain::flow::{DefinitionType, TaskState};
use domain::{Actor, ActorKind, InstanceId, Object, PersonId, Problem, Task, TaskId, TicketId};
use engine::flow;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use store::changeset::Noun;
use store::{Expect, Page, TaskPerson, TaskQuery, Write};

/// Waves of the journal that are read at once, and how often, when an approval's past is told.
const HISTORY_PAGES_MAX: usize = 50;

/// A task with what its form needs.
#[derive(Debug, Clone, Serialize)]
pub struct TaskView {
    #[serde(flatten)]
    pub task: Task,
    /// JSON Schema of the form, in the version that the process was deployed with.
    pub form_schema: Option<Value>,
    /// Votes so far, for an approval.
    pub votes: Vec<flow::Vote>,
    /// What the actor may do: `claim`, `unclaim`, `assign`, `complete`, `vote`.
    pub actions: Vec<&'static str>,
    /// What an approval is about.
    pub subject: Option<TaskSubject>,
}

/// How a task ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskCompletion {
    Complete {
        #[serde(default)]
        variables: Object,
    },
    /// With an error that the model catches.
    Error {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        variables: Object,
    },
    /// Somebody else shall know; the task goes on, unless the model says otherwise.
    Escalate {
        code: String,
        #[serde(default)]
        variables: Object,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteRequest {
    pub answer: flow::Answer,
    #[serde(default)]
    pub comment: Option<String>,
    /// For whom, when the actor answers in somebody's place.
    #[serde(default)]
    pub person: Option<PersonId>,
}

impl App {
    /// Tasks that are the actor's, or could be; for a ticket that they may see, all of it.
    ///
    /// # Errors
    /// There is no such ticket for the actor.
    pub async fn task_list(
        &self,
        actor: &Actor,
        ticket: Option<&TicketId>,
        state: Option<TaskState>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Task>> {
        let mut query = TaskQuery { state, ..TaskQuery::default() };
        match ticket {
            Some(ticket) => {
                let bundle = self.load_visible(actor, ticket).await?;
                query.ticket = Some(bundle.ticket.id);
            }
            None => query.person = Some(person_of(actor)),
        }
        Ok(self.store.task_list(self.org(), &query, after, limit).await?)
    }

    /// How many open tasks wait for the actor.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn task_count(&self, actor: &Actor) -> Result<u64> {
        let query = TaskQuery { state: Some(TaskState::Open), person: Some(person_of(actor)), ..TaskQuery::default() };
        Ok(self.store.task_count(self.org(), &query).await?)
    }

    /// One task.
    ///
    /// # Errors
    /// There is none that the actor may see.
    pub async fn task_view(&self, actor: &Actor, id: &TaskId) -> Result<TaskView> {
        let task = self.visible_task(actor, id).await?;
        let row = self.instance(&task.instance).await?;
        let votes = match super::key_of(&task.element) {
            Ok(element) if task.rule.is_some() && task.state == TaskState::Open => {
                super::instances::state_of(&row)?.votes(element).to_vec()
            }
            Ok(element) if task.rule.is_some() => self.past_votes(&task.instance, element).await?,
            _ => Vec::new(),
        };
        let form_schema = match &task.form {
            None => None,
            Some(form) => {
                let deployed = self.deployed(&row.process, Some(row.process_version)).await?;
                let key = super::deploy::form_key(deployed.definition.plugin.as_ref(), form);
                let version = deployed.forms.get(&key).copied();
                let definition = self.definition(DefinitionType::Form, &key, version).await?;
                serde_json::from_str(&definition.source).ok()
            }
        };
        let actions = self.task_actions(actor, &task);
        let subject = self.task_subject(actor, &task).await?;
        Ok(TaskView { task, form_schema, votes, actions, subject })
    }

    /// The votes of an approval that has ended. Its state is gone with it; the journal keeps who answered what.
    async fn past_votes(&self, instance: &InstanceId, element: flow::Key) -> Result<Vec<flow::Vote>> {
        let mut votes: Vec<flow::Vote> = Vec::new();
        let mut after = 0;
        for _ in 0..HISTORY_PAGES_MAX {
            let waves = self.store.event_history(self.org(), "flow", &instance.0, after, HISTORY_MAX).await?;
            for wave in &waves {
                let events: Vec<flow::Event> = serde_json::from_value(wave.data["events"].clone()).unwrap_or_default();
                for event in events {
                    let flow::Event::Voted { place, vote } = event else { continue };
                    if place.element == element {
                        votes.retain(|earlier| earlier.person != vote.person);
                        votes.push(vote);
                    }
                }
            }
            match waves.last() {
                Some(last) if waves.len() >= HISTORY_MAX as usize => after = last.subject_seq,
                _ => break,
            }
        }
        Ok(votes)
    }

    async fn visible_task(&self, actor: &Actor, id: &TaskId) -> Result<Task> {
        let not_found = || AppError::not_found("task", &id.0);
        let task = self.store.task_get(self.org(), id).await?.ok_or_else(not_found)?;
        if self.sees_task(actor, &task).await? { Ok(task) } else { Err(not_found()) }
    }

    /// Whose task it is, and who may see what it is about.
    pub(super) async fn sees_task(&self, actor: &Actor, task: &Task) -> Result<bool> {
        if actor.kind != ActorKind::Person || is_of(actor, task) {
            return Ok(true);
        }
        Ok(match &task.ticket {
            Some(ticket) => {
                let bundle = self.store.ticket_load(self.org(), &ticket.0).await?;
                bundle.is_some_and(|bundle| self.authz.may_read(actor, &bundle))
            }
            None => self.works_or_runs(actor, &task.space).is_ok(),
        })
    }

    fn task_actions(&self, actor: &Actor, task: &Task) -> Vec<&'static str> {
        if task.state != TaskState::Open {
            return Vec::new();
        }
        let runs = self.authz.space(actor, SpaceAction::Administer, &task.space);
        let own = task.assignee.as_ref().is_some_and(|person| person.0 == actor.id);
        if task.rule.is_some() {
            return if is_of(actor, task) || runs { vec!["vote"] } else { Vec::new() };
        }
        let mut actions = Vec::new();
        if task.assignee.is_none() && (is_of(actor, task) || runs) {
            actions.push("claim");
        }
        if own || runs {
            actions.extend(["unclaim", "assign"]);
        }
        if own || runs || (task.assignee.is_none() && is_of(actor, task)) {
            actions.push("complete");
        }
        actions
    }

    fn need(&self, actor: &Actor, task: &Task, action: &str) -> Result<()> {
        if task.state != TaskState::Open {
            return Err(AppError::invalid(
                "",
                "task-ended",
                format!("`{}` has ended; nothing can be done with it any more", task.name),
            ));
        }
        if actor.kind != ActorKind::Person || self.task_actions(actor, task).contains(&action) {
            return Ok(());
        }
        let whose = match &task.assignee {
            Some(person) => format!("it is {person}'s"),
            None => "you are not one of those who can".to_owned(),
        };
        Err(AppError::Forbidden(format!("you may not {action} `{}`: {whose}", task.name)))
    }

    /// Give an open task to a person, or back to its candidates. Taking it yourself is claiming; handing your own on is delegating, and
    /// whose it is stays known.
    ///
    /// # Errors
    /// Not the actor's to give, ended, unknown person, or somebody was faster.
    pub async fn task_assign(&self, command: &Command, id: &TaskId, person: Option<PersonId>) -> Result<Task> {
        let actor = &command.actor;
        let mut task = self.visible_task(actor, id).await?;
        let action = match &person {
            Some(person) if person.0 == actor.id => "claim",
            Some(_) => "assign",
            None => "unclaim",
        };
        if task.assignee == person {
            return Ok(task);
        }
        self.need(actor, &task, action)?;
        if let Some(expected) = command.expected_version
            && expected != task.version
        {
            return Err(AppError::Stale { expected, current: task.version });
        }
        if let Some(person) = &person
            && !self.store.person_get(self.org(), person).await?.is_some_and(|person| person.active)
        {
            return Err(AppError::invalid(
                "/assignee",
                "unknown-person",
                format!("there is no active person `{person}`"),
            ));
        }
        task.owner = match action {
            "assign" => task.owner.or(task.assignee),
            _ => None,
        };
        task.assignee = person;
        task.version += 1;
        let data = json!({ "task": task.id, "node": task.node, "assignee": task.assignee, "owner": task.owner });
        let mut set = self.admin_set(actor, "flow", &task.instance.0, "task.assigned", data);
        for event in &mut set.events {
            event.space = task.space.0.clone();
        }
        set.expects.push(Expect { noun: Noun::Task, id: task.id.0.clone(), version: task.version - 1 });
        set.writes.push(Write::Task(Box::new(task.clone())));
        self.commit(set).await?;
        Ok(task)
    }

    /// End a task, with the values of its form as variables.
    ///
    /// # Errors
    /// Not the actor's, ended, values that do not fit the form (all of them), or what follows is refused.
    pub async fn task_complete(
        self: &Arc<Self>,
        command: &Command,
        id: &TaskId,
        completion: TaskCompletion,
    ) -> Result<FlowAnswer> {
        if let Some(answer) = self.earlier_flow_answer(command).await? {
            return Ok(answer);
        }
        let view = self.task_view(&command.actor, id).await?;
        self.need(&command.actor, &view.task, "complete")?;
        let element = super::key_of(&view.task.element).map_err(|why| AppError::invalid("", "bad-key", why))?;
        let by = command.actor.id.clone();
        let wish = match completion {
            TaskCompletion::Complete { variables } => {
                check_form(view.form_schema.as_ref(), &variables)?;
                flow::Command::CompleteTask { element, variables, by }
            }
            TaskCompletion::Error { code, message, variables } => {
                flow::Command::TaskError { element, code, message, variables, by }
            }
            TaskCompletion::Escalate { code, variables } => {
                flow::Command::TaskEscalation { element, code, variables, by }
            }
        };
        let input = FlowInput::Step { instance: view.task.instance.clone(), command: wish };
        self.flow_submit(command, &input, None).await
    }

    /// Answer an approval.
    ///
    /// # Errors
    /// Nobody asked the actor, it is decided already, or the rule refuses.
    pub async fn task_vote(
        self: &Arc<Self>,
        command: &Command,
        id: &TaskId,
        request: VoteRequest,
    ) -> Result<FlowAnswer> {
        if let Some(answer) = self.earlier_flow_answer(command).await? {
            return Ok(answer);
        }
        let task = self.visible_task(&command.actor, id).await?;
        if task.rule.is_none() {
            let message = format!("`{}` is not an approval; complete it instead", task.name);
            return Err(AppError::invalid("", "not-an-approval", message));
        }
        self.need(&command.actor, &task, "vote")?;
        let own = PersonId(command.actor.id.clone());
        let runs = self.authz.space(&command.actor, SpaceAction::Administer, &task.space);
        let person = match request.person {
            Some(person) if person != own && runs => person,
            wanted => {
                let principal = self.principal_of(&task, &own, command.now).await?;
                let principal = principal.filter(|principal| wanted.as_ref().is_none_or(|wanted| wanted == principal));
                principal.ok_or_else(|| {
                    let whom = wanted
                        .as_ref()
                        .map_or("you were not asked".to_owned(), |one| format!("you may not answer for `{one}`"));
                    AppError::Forbidden(format!("{whom} in `{}`", task.name))
                })?
            }
        };
        let element = super::key_of(&task.element).map_err(|why| AppError::invalid("", "bad-key", why))?;
        let vote = flow::Vote {
            delegate: (person != own).then(|| own.0.clone()),
            person: person.0,
            answer: request.answer,
            at: command.now,
            comment: request.comment,
        };
        let input = FlowInput::Step { instance: task.instance, command: flow::Command::Vote { element, vote } };
        self.flow_submit(command, &input, None).await
    }
}

pub(super) fn person_of(actor: &Actor) -> TaskPerson {
    TaskPerson { id: PersonId(actor.id.clone()), groups: actor.groups.iter().cloned().collect() }
}

/// Whether a task is somebody's, or could be.
fn is_of(actor: &Actor, task: &Task) -> bool {
    let person = |id: &PersonId| id.0 == actor.id;
    task.assignee.as_ref().is_some_and(person)
        || task.owner.as_ref().is_some_and(person)
        || task.candidate_people.iter().any(person)
        || task.candidate_groups.iter().any(|group| actor.groups.contains(group))
}

fn check_form(schema: Option<&Value>, variables: &Object) -> Result<()> {
    let Some(schema) = schema else { return Ok(()) };
    let validator =
        domain::kind::compile_schema(schema).map_err(|message| AppError::invalid("", "bad-schema", message))?;
    let value = Value::Object(variables.clone());
    let problems: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| Problem::new(format!("/variables{}", error.instance_path()), "invalid-value", error.to_string()))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}
