//! `POST /tickets`.

use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{DryRunParam, Pointers, check_named, dry_run, submit, ticket_id, view, with_etag};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::{Effect, GroupId, KindId, Object, PersonId, SpaceId, effect};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTicket {
    kind: String,
    space: String,
    title: String,
    /// Whom it is for: the caller when absent.
    requester: Option<String>,
    group: Option<String>,
    assignee: Option<String>,
    /// Id or number.
    parent: Option<String>,
    #[serde(default)]
    restricted: bool,
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Object,
}

/// Create a ticket, or with `dry_run=true` see what would happen.
#[utoipa::path(
    post, path = "/tickets", tag = "tickets", params(DryRunParam), request_body = CreateTicket,
    responses((status = 201, body = schema::Ticket), (status = 200, body = schema::DryRun, description = "The answer to a dry run"))
)]
pub(crate) async fn create_ticket(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Params(query): Params<DryRunParam>,
    body: Body<CreateTicket>,
) -> Result<Response> {
    let create = body.value;
    let person = |name: &str, id: Option<String>| id.map(|id| (format!("/{name}"), PersonId(id)));
    let (requester, assignee) = (person("requester", create.requester), person("assignee", create.assignee));
    let group = create.group.map(GroupId);
    let people: Vec<_> =
        [&requester, &assignee].into_iter().flatten().map(|(pointer, id)| (pointer.clone(), id)).collect();
    let groups: Vec<_> = group.iter().map(|group| ("/group".to_owned(), group)).collect();
    check_named(&state, &people, &groups).await?;
    let parent = match &create.parent {
        Some(named) => Some(ticket_id(&state, &caller.actor, named, "/parent").await?),
        None => None,
    };
    let effect = Effect::CreateTicket(Box::new(effect::CreateTicket {
        kind: KindId(create.kind),
        space: SpaceId(create.space),
        title: create.title,
        requester: requester.map(|(_, id)| id),
        group,
        assignee: assignee.map(|(_, id)| id),
        parent,
        restricted: create.restricted,
        fields: create.fields,
        imported: None,
    }));
    let mut command = state.app.command(&caller.actor);
    command.effects = vec![effect];
    if query.dry_run {
        return dry_run(&state, command, &Pointers::whole()).await;
    }
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let answer = submit(&state, command, &Pointers::whole()).await?;
    let ticket =
        answer.tickets.into_iter().next().ok_or_else(|| ApiError::not_found("The ticket was created and is gone."))?;
    let location = HeaderValue::try_from(format!("/api/v1/tickets/{}", ticket.id)).ok();
    let ticket = view(&state, &caller.actor, ticket);
    let mut response = with_etag(StatusCode::CREATED, ticket.version, &ticket, answer.replayed);
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
