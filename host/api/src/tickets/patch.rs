//! `PATCH /tickets/{id}`: everything that people change about a ticket, as one commit.

use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{DryRunParam, Pointers, check_named, dry_run, submit, ticket_id, view, with_etag};
use crate::tickets::comments::NewComment;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::change::{Command, IdempotencyKey};
use domain::effect::{AddComment, Assign, Patch, SetField, SetParent, Transition};
use domain::{Actor, Effect, GroupId, Object, PersonId, TicketId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What is absent stays; `null` clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchTicket {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    requester: Patch<PersonId>,
    #[serde(default)]
    restricted: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    group: Patch<GroupId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    assignee: Patch<PersonId>,
    /// Id or number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    parent: Patch<String>,
    /// The state to go to.
    #[serde(default)]
    state: Option<String>,
    /// Fields of the kind; `null` removes one.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Object,
    #[serde(default)]
    comment: Option<NewComment>,
}

/// Change a ticket, all at once or not at all; with `dry_run=true` see what would happen.
#[utoipa::path(
    patch, path = "/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, description = "Id or number"), ("If-Match" = Option<String>, Header, description = "The `ETag` that you have seen"), DryRunParam),
    request_body = PatchTicket,
    responses((status = 200, body = schema::Ticket, description = "The ticket, or for a dry run what would happen"))
)]
pub(crate) async fn patch_ticket(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Params(query): Params<DryRunParam>,
    Path(id): Path<String>,
    body: Body<PatchTicket>,
) -> Result<Response> {
    if query.dry_run {
        let (mut command, pointers) = command_of(&state, &caller.actor, &id, body.value).await?;
        command.expected_version = precondition.version;
        return dry_run(&state, command, &pointers).await;
    }
    let key = idempotency(&caller, &precondition, &body.bytes);
    let (ticket, replayed) = change(&state, &caller.actor, &id, body.value, precondition.version, key).await?;
    Ok(with_etag(StatusCode::OK, ticket.version, &ticket, replayed))
}

/// Change one ticket; true if the answer was given before.
pub(crate) async fn change(
    state: &ApiState,
    actor: &Actor,
    id: &str,
    patch: PatchTicket,
    version: Option<u32>,
    key: Option<IdempotencyKey>,
) -> Result<(schema::Ticket, bool)> {
    let (mut command, pointers) = command_of(state, actor, id, patch).await?;
    command.expected_version = version;
    command.idempotency = key;
    let answer = match submit(state, command, &pointers).await {
        Ok(answer) => answer,
        Err(error) => return Err(with_legal(state, actor, id, error).await),
    };
    let changed = answer.tickets.into_iter().find(|ticket| ticket.id.0 == id || ticket.number == id);
    let ticket = match changed {
        Some(ticket) => ticket,
        // Nothing was different.
        None => state.app.ticket(actor, id).await?.ticket,
    };
    Ok((view(state, actor, ticket), answer.replayed))
}

async fn command_of(state: &ApiState, actor: &Actor, id: &str, patch: PatchTicket) -> Result<(Command, Pointers)> {
    let mut people = Vec::new();
    for (pointer, person) in [("/requester", &patch.requester), ("/assignee", &patch.assignee)] {
        if let Patch::Set(person) = person {
            people.push((pointer.to_owned(), person));
        }
    }
    let groups = match &patch.group {
        Patch::Set(group) => vec![("/group".to_owned(), group)],
        _ => Vec::new(),
    };
    check_named(state, &people, &groups).await?;
    let parent = match &patch.parent {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(named) => Some(Some(ticket_id(state, actor, named, "/parent").await?)),
    };
    let (effects, pointers) = effects_of(patch, parent);
    let mut command = state.app.command(actor);
    command.subject = Some(TicketId::from(id));
    command.effects = effects;
    Ok((command, pointers))
}

fn effects_of(patch: PatchTicket, parent: Option<Option<TicketId>>) -> (Vec<Effect>, Pointers) {
    let mut effects = Vec::new();
    let mut pointers = Pointers::default();
    let mut add = |effect: Effect, pointer: String| {
        effects.push(effect);
        pointers.push(pointer);
    };
    let set = |field: &str, value: Value| Effect::SetField(SetField { ticket: None, field: field.to_owned(), value });
    if let Some(title) = patch.title {
        add(set("title", json!(title)), "/title".to_owned());
    }
    match patch.requester {
        Patch::Keep => {}
        Patch::Clear => add(set("requester", Value::Null), "/requester".to_owned()),
        Patch::Set(person) => add(set("requester", json!(person)), "/requester".to_owned()),
    }
    if let Some(restricted) = patch.restricted {
        add(set("restricted", json!(restricted)), "/restricted".to_owned());
    }
    if !patch.group.is_keep() || !patch.assignee.is_keep() {
        let pointer = if patch.assignee.is_keep() { "/group" } else { "/assignee" };
        add(Effect::Assign(Assign { ticket: None, group: patch.group, assignee: patch.assignee }), pointer.to_owned());
    }
    if let Some(parent) = parent {
        add(Effect::SetParent(SetParent { ticket: None, parent }), "/parent".to_owned());
    }
    for (name, value) in patch.fields {
        let pointer = format!("/fields/{}", name.replace('~', "~0").replace('/', "~1"));
        add(Effect::SetField(SetField { ticket: None, field: name, value }), pointer);
    }
    if let Some(comment) = patch.comment {
        add(
            Effect::Comment(AddComment { ticket: None, visibility: comment.visibility.into(), body: comment.body }),
            "/comment".to_owned(),
        );
    }
    // The last, so that it is taken with the values that came with it.
    if let Some(to) = patch.state {
        add(Effect::Transition(Transition { ticket: None, to }), "/state".to_owned());
    }
    (effects, pointers)
}

/// Say where the ticket can go, when a transition was refused.
async fn with_legal(state: &ApiState, actor: &Actor, id: &str, mut error: ApiError) -> ApiError {
    let refused = |code: &str| matches!(code, "illegal-transition" | "transition-not-yours" | "unknown-state");
    if error.errors.iter().any(|problem| refused(&problem.code))
        && let Ok(found) = state.app.ticket(actor, id).await
    {
        let next = found.actions.transitions.into_iter();
        error.legal = Some(
            next.map(|next| schema::NextState {
                to: next.to,
                title: next.title,
                required: next.required,
                comment: next.comment,
            })
            .collect(),
        );
    }
    error
}
