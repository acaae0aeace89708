//! From a request that changes something to a command, and from its outcome to an answer.

use crate::extract::Precondition;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::{Answer, AppError};
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::change::Command;
use domain::{Actor, GroupId, PersonId, Problem, Ticket, TicketId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRunParam {
    /// Decide and show what would happen; nothing is committed.
    #[serde(default)]
    pub dry_run: bool,
}

/// Where in the body each effect of a command came from, so that problems point into what the caller sent.
#[derive(Debug, Default)]
pub(crate) struct Pointers(Vec<String>);

impl Pointers {
    /// One effect that is the whole body.
    pub(crate) fn whole() -> Self {
        Self(vec![String::new()])
    }

    pub(crate) fn push(&mut self, pointer: impl Into<String>) {
        self.0.push(pointer.into());
    }

    fn translate(&self, mut problem: Problem) -> Problem {
        if let Some(rest) = problem.pointer.strip_prefix("/effects/") {
            let (index, rest) =
                rest.split_once('/').map_or((rest, String::new()), |(index, rest)| (index, format!("/{rest}")));
            if let Some(place) = index.parse::<usize>().ok().and_then(|index| self.0.get(index)) {
                problem.pointer = format!("{place}{rest}");
            }
        }
        problem
    }

    pub(crate) fn error(&self, error: AppError) -> ApiError {
        let translate = |problems: Vec<Problem>| problems.into_iter().map(|problem| self.translate(problem)).collect();
        match error {
            AppError::Invalid(problems) => AppError::Invalid(translate(problems)).into(),
            AppError::Rejected { plugin, problems } => {
                AppError::Rejected { plugin, problems: translate(problems) }.into()
            }
            other => other.into(),
        }
    }
}

/// Have a command decided and carried out.
pub(crate) async fn submit(state: &ApiState, command: Command, pointers: &Pointers) -> Result<Answer> {
    state.app.submit(command).await.map_err(|error| pointers.error(error))
}

/// What a dry run shows: problems are part of its answer, not a failure.
pub(crate) async fn dry_run(state: &ApiState, mut command: Command, pointers: &Pointers) -> Result<Response> {
    command.dry_run = true;
    let actor = command.actor.clone();
    let found = match submit(state, command, pointers).await {
        Ok(answer) => {
            let ticket = answer.tickets.into_iter().next();
            let effects = match &ticket {
                Some(ticket) => state.app.shown_effects(&actor, ticket, answer.effects),
                None => answer.effects,
            };
            let effects = effects.iter().filter_map(|effect| serde_json::to_value(effect).ok()).collect();
            schema::DryRun { effects, ticket: ticket.map(|ticket| view(state, &actor, ticket)), problems: Vec::new() }
        }
        Err(error) if !error.errors.is_empty() => {
            schema::DryRun { effects: Vec::new(), ticket: None, problems: error.body().errors }
        }
        Err(other) => return Err(other),
    };
    Ok(Json(found).into_response())
}

/// A ticket as its caller may see it.
pub(crate) fn view(state: &ApiState, actor: &Actor, ticket: Ticket) -> schema::Ticket {
    let ticket = state.app.shown(actor, ticket);
    schema::Ticket {
        id: ticket.id.0,
        number: ticket.number,
        kind: ticket.kind.0,
        space: ticket.space.0,
        state: ticket.state,
        category: ticket.category.into(),
        title: ticket.title,
        requester: ticket.requester.map(|id| id.0),
        opened_by: ticket.opened_by.map(|id| id.0),
        group: ticket.group.map(|id| id.0),
        assignee: ticket.assignee.map(|id| id.0),
        parent: ticket.parent.map(|id| id.0),
        restricted: ticket.restricted,
        version: ticket.version,
        opened_at: ticket.opened_at,
        updated_at: ticket.updated_at,
        resolved_at: ticket.resolved_at,
        closed_at: ticket.closed_at,
        due_at: ticket.due_at,
        fields: ticket.fields,
    }
}

impl From<domain::kind::StateCategory> for schema::Category {
    fn from(category: domain::kind::StateCategory) -> Self {
        use domain::kind::StateCategory;
        match category {
            StateCategory::New => Self::New,
            StateCategory::Active => Self::Active,
            StateCategory::Paused => Self::Paused,
            StateCategory::Resolved => Self::Resolved,
            StateCategory::Closed => Self::Closed,
            StateCategory::Cancelled => Self::Cancelled,
        }
    }
}

/// An answer with its version, and whether it was given before.
pub(crate) fn with_etag<T: Serialize>(status: StatusCode, version: u32, body: &T, replayed: bool) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(etag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    mark(response, replayed)
}

/// Say that an answer was given before.
pub(crate) fn mark(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response
            .headers_mut()
            .insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    response
}

/// Refuse a change of something that the caller has not seen as it is.
pub(crate) fn stale(precondition: &Precondition, current: u32) -> Result<()> {
    match precondition.version {
        Some(expected) if expected != current => Err(AppError::Stale { expected, current }.into()),
        _ => Ok(()),
    }
}

/// The id of a ticket that a body names by id or number.
pub(crate) async fn ticket_id(state: &ApiState, actor: &Actor, named: &str, pointer: &str) -> Result<TicketId> {
    match state.app.ticket(actor, named).await {
        Ok(found) => Ok(found.ticket.id),
        Err(AppError::NotFound(what)) => {
            Err(AppError::invalid(pointer, "unknown-ticket", format!("there is no {what}")).into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Refuse names of people and groups that do not exist: a slip would be kept for good.
pub(crate) async fn check_named(
    state: &ApiState,
    people: &[(String, &PersonId)],
    groups: &[(String, &GroupId)],
) -> Result<()> {
    let mut problems = Vec::new();
    for (pointer, person) in people {
        match state.app.person_get(person).await {
            Ok(_) => {}
            Err(AppError::NotFound(what)) => {
                problems.push(Problem::new(pointer, "unknown-person", format!("there is no {what}")))
            }
            Err(other) => return Err(other.into()),
        }
    }
    if !groups.is_empty() {
        let known = state.app.group_list().await?;
        let unknown = groups.iter().filter(|(_, group)| !known.iter().any(|known| known.id == **group));
        problems
            .extend(unknown.map(|(pointer, group)| {
                Problem::new(pointer, "unknown-group", format!("there is no group `{group}`"))
            }));
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems).into()) }
}
