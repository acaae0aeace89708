//! Tasks: mine and my groups', claimed, handed over, done, voted on.

use super::respond;
use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::page::{self, Page};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::DryRunParam;
use app::flow::model::Answer;
use app::flow::{TaskCompletion, VoteRequest};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::flow::TaskState;
use domain::{GroupId, Object, PersonId, Task, TaskId, TicketId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTasks {
    /// All tasks of a ticket that the caller may see; the caller's own when absent.
    ticket: Option<String>,
    /// Id of a group that the caller is in: its open approvals, whoever of it was asked. Not with `ticket`, `state` or `after`.
    board: Option<String>,
    /// `open` when absent and no ticket is named.
    #[param(inline)]
    state: Option<schema::TaskState>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignTask {
    /// `null` gives it back to its candidates.
    assignee: Option<String>,
}

/// How a task ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteTask {
    /// `complete` when absent; `error` and `escalate` need a code that the model knows.
    #[serde(default)]
    outcome: Outcome,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Object,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    #[default]
    Complete,
    Error,
    Escalate,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CastVote {
    answer: schema::VoteAnswer,
    #[serde(default)]
    comment: Option<String>,
    /// For whom, when somebody else was asked.
    #[serde(default)]
    person: Option<String>,
}

fn show(task: Task) -> schema::Task {
    schema::Task {
        id: task.id.0,
        instance: task.instance.0,
        element: task.element,
        process: task.process,
        node: task.node,
        name: task.name,
        ticket: task.ticket.map(|id| id.0),
        space: task.space.0,
        state: match task.state {
            TaskState::Open => schema::TaskState::Open,
            TaskState::Completed => schema::TaskState::Completed,
            TaskState::Cancelled => schema::TaskState::Cancelled,
        },
        assignee: task.assignee.map(|id| id.0),
        owner: task.owner.map(|id| id.0),
        candidate_people: task.candidate_people.into_iter().map(|id| id.0).collect(),
        candidate_groups: task.candidate_groups.into_iter().map(|id| id.0).collect(),
        priority: task.priority,
        due_at: task.due_at,
        follow_up_at: task.follow_up_at,
        created_at: task.created_at,
        ended_at: task.ended_at,
        ended_by: task.ended_by,
        form: task.form,
        rule: task.rule,
        variables: task.variables,
        version: task.version,
    }
}

/// Tasks by due time. Without a ticket: those that are the caller's or could be.
#[utoipa::path(get, path = "/tasks", tag = "flows", params(ListTasks), responses((status = 200, body = Page<schema::Task>)))]
pub(crate) async fn list_tasks(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListTasks>,
) -> Result<Response> {
    if let Some(board) = query.board {
        if query.ticket.is_some() || query.state.is_some() || query.after.is_some() {
            let message = "`board` is asked for alone: it lists all open approvals of a group.";
            return Err(ApiError::bad_request("bad-parameter", message));
        }
        let items = state.app.board_approvals(&caller.actor, &GroupId(board)).await?;
        let whole: Page<schema::Task> = Page { items: items.into_iter().map(show).collect(), next: None };
        return Ok(Json(whole).into_response());
    }
    let after: Option<app::Cursor> = page::open("tasks", query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let ticket = query.ticket.map(TicketId);
    let wanted = match (query.state, &ticket) {
        (Some(schema::TaskState::Open), _) | (None, None) => Some(TaskState::Open),
        (Some(schema::TaskState::Completed), _) => Some(TaskState::Completed),
        (Some(schema::TaskState::Cancelled), _) => Some(TaskState::Cancelled),
        (None, Some(_)) => None,
    };
    let after = after.as_ref().map(|cursor| cursor.id.as_str());
    let found = state.app.task_list(&caller.actor, ticket.as_ref(), wanted, after, limit).await?;
    Ok(page::answer("tasks", &uri, found, show))
}

/// One task with its form.
#[utoipa::path(get, path = "/tasks/{id}", tag = "flows", params(("id" = String, Path)), responses((status = 200, body = schema::TaskDetail)))]
pub(crate) async fn get_task(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let view = state.app.task_view(&caller.actor, &TaskId(id)).await?;
    let votes = view.votes.into_iter().map(|vote| schema::Vote {
        person: vote.person,
        delegate: vote.delegate,
        answer: match vote.answer {
            Answer::Approve => schema::VoteAnswer::Approve,
            Answer::Reject => schema::VoteAnswer::Reject,
            Answer::Abstain => schema::VoteAnswer::Abstain,
        },
        at: vote.at,
        comment: vote.comment,
    });
    let body = schema::TaskDetail {
        votes: votes.collect(),
        form_schema: view.form_schema,
        actions: view.actions.into_iter().map(str::to_owned).collect(),
        subject: view.subject.map(|subject| schema::TaskSubject {
            number: subject.number,
            title: subject.title,
            kind: subject.kind.0,
            requester: subject.requester.map(|person| person.0),
            fields: subject.fields,
        }),
        task: show(view.task),
    };
    Ok(Json(body).into_response())
}

/// Claim a task, hand it over, or give it back.
#[utoipa::path(put, path = "/tasks/{id}/assignee", tag = "flows", params(("id" = String, Path)), request_body = AssignTask, responses((status = 200, body = schema::Task)))]
pub(crate) async fn assign_task(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<AssignTask>,
) -> Result<Response> {
    let command = state.app.command(&caller.actor);
    let person = body.value.assignee.map(PersonId);
    Ok(Json(show(state.app.task_assign(&command, &TaskId(id), person).await?)).into_response())
}

/// End a task, with the values of its form.
#[utoipa::path(post, path = "/tasks/{id}/complete", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = CompleteTask, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn complete_task(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<CompleteTask>,
) -> Result<Response> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    command.dry_run = dry.dry_run;
    let CompleteTask { outcome, code, message, variables } = body.value;
    let code = code.unwrap_or_default();
    let completion = match outcome {
        Outcome::Complete => TaskCompletion::Complete { variables },
        Outcome::Error => TaskCompletion::Error { code, message, variables },
        Outcome::Escalate => TaskCompletion::Escalate { code, variables },
    };
    let answer = state.app.task_complete(&command, &TaskId(id), completion).await?;
    respond(StatusCode::OK, answer)
}

/// Answer an approval.
#[utoipa::path(post, path = "/tasks/{id}/vote", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = CastVote, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn vote_on_task(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<CastVote>,
) -> Result<Response> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    command.dry_run = dry.dry_run;
    let request = VoteRequest {
        answer: match body.value.answer {
            schema::VoteAnswer::Approve => Answer::Approve,
            schema::VoteAnswer::Reject => Answer::Reject,
            schema::VoteAnswer::Abstain => Answer::Abstain,
        },
        comment: body.value.comment.clone(),
        person: body.value.person.clone().map(PersonId),
    };
    let answer = state.app.task_vote(&command, &TaskId(id), request).await?;
    respond(StatusCode::OK, answer)
}
