//! The outbox: what shall leave the house, how it ended, and what an operator decides about it. For administrators.

use crate::extract::{Body, Caller, Params};
use crate::page::{self, Page};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::{OutboxQuery, Settlement};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use domain::OutboxItem;
use domain::outbox::{ItemType, OutboxState};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOutbox {
    /// One state, or several with commas between them; all when absent.
    state: Option<String>,
    #[serde(rename = "type")]
    #[param(inline)]
    item_type: Option<schema::OutboxItemType>,
    plugin: Option<String>,
    /// By id.
    ticket: Option<String>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleOutboxItem {
    settlement: OutboxSettlement,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OutboxSettlement {
    /// The other side has it.
    Delivered,
    /// The other side does not have it, and it is not sent again.
    Failed,
}

/// What shall leave the house or did, newest first.
#[utoipa::path(get, path = "/outbox", tag = "outbox", params(ListOutbox), responses((status = 200, body = Page<schema::OutboxItem>)))]
pub(crate) async fn list_outbox(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListOutbox>,
) -> Result<Response> {
    let after: Option<app::Cursor> = page::open("outbox", query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let wanted = OutboxQuery {
        states: query.state.as_deref().map(states).transpose()?.unwrap_or_default(),
        item_type: query.item_type.map(|one| match one {
            schema::OutboxItemType::Http => ItemType::Http,
            schema::OutboxItemType::Mail => ItemType::Mail,
        }),
        plugin: query.plugin.map(Into::into),
        ticket: query.ticket.map(Into::into),
        step_key: None,
    };
    let after = after.as_ref().map(|cursor| cursor.id.as_str());
    let found = state.app.outbox_list(&caller.actor, &wanted, after, limit).await?;
    Ok(page::answer("outbox", &uri, found, view))
}

/// How many there are in each state that somebody or something still has to do with.
#[utoipa::path(get, path = "/outbox/counts", tag = "outbox", responses((status = 200, body = schema::OutboxCounts)))]
pub(crate) async fn count_outbox(State(state): State<ApiState>, caller: Caller) -> Result<Json<schema::OutboxCounts>> {
    let counts = state.app.outbox_counts(&caller.actor).await?;
    let counts = counts.into_iter().map(|(state, number)| (word(state), number)).collect();
    Ok(Json(schema::OutboxCounts { counts }))
}

/// One item.
#[utoipa::path(get, path = "/outbox/{id}", tag = "outbox", params(("id" = String, Path)), responses((status = 200, body = schema::OutboxItem)))]
pub(crate) async fn get_outbox_item(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<schema::OutboxItem>> {
    Ok(Json(view(state.app.outbox_get(&caller.actor, &id.into()).await?)))
}

/// Send an item again, under the same idempotency key: one that waits, one that was given up, or one of which the end is not known.
#[utoipa::path(post, path = "/outbox/{id}/retry", tag = "outbox", params(("id" = String, Path)), responses((status = 200, body = schema::OutboxItem)))]
pub(crate) async fn retry_outbox_item(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<schema::OutboxItem>> {
    Ok(Json(view(state.app.outbox_retry(&caller.actor, &id.into()).await?)))
}

/// Say how it ended, for an item of which that is not known, or that was given up. A flow that waits for it goes on.
#[utoipa::path(post, path = "/outbox/{id}/settle", tag = "outbox", params(("id" = String, Path)), request_body = SettleOutboxItem, responses((status = 200, body = schema::OutboxItem)))]
pub(crate) async fn settle_outbox_item(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<SettleOutboxItem>,
) -> Result<Json<schema::OutboxItem>> {
    let settlement = match body.value.settlement {
        OutboxSettlement::Delivered => Settlement::Delivered,
        OutboxSettlement::Failed => Settlement::Failed,
    };
    Ok(Json(view(state.app.outbox_settle(&caller.actor, &id.into(), settlement).await?)))
}

fn states(text: &str) -> Result<Vec<OutboxState>> {
    let known = OutboxState::ALL.map(word).join(", ");
    text.split(',')
        .map(|name| {
            let found = OutboxState::ALL.into_iter().find(|state| word(*state) == name.trim());
            found.ok_or_else(|| {
                ApiError::bad_request(
                    "bad-parameter",
                    format!("`state` takes {known}; `{}` is none of them.", name.trim()),
                )
            })
        })
        .collect()
}

fn word(state: OutboxState) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn view(item: OutboxItem) -> schema::OutboxItem {
    schema::OutboxItem {
        id: item.id.0,
        item_type: match item.item_type {
            ItemType::Http => schema::OutboxItemType::Http,
            ItemType::Mail => schema::OutboxItemType::Mail,
        },
        target: item.target,
        state: match item.state {
            OutboxState::Waiting => schema::OutboxState::Waiting,
            OutboxState::Sending => schema::OutboxState::Sending,
            OutboxState::Delivered => schema::OutboxState::Delivered,
            OutboxState::Unknown => schema::OutboxState::Unknown,
            OutboxState::Dead => schema::OutboxState::Dead,
            OutboxState::Cancelled => schema::OutboxState::Cancelled,
        },
        attempts: item.attempts,
        attempts_max: item.policy.attempts_max,
        idempotency_key: item.idempotency_key,
        plugin: item.plugin.map(|id| id.0),
        ticket: item.ticket.map(|id| id.0),
        process: item.step.as_ref().map(|step| step.process.clone()),
        instance: item.step.map(|step| step.instance.0),
        created_at: item.created_at,
        next_at: item.next_at,
        sent_at: item.sent_at,
        ended_at: item.ended_at,
        status: item.status,
        last_error: item.last_error,
        reason: item.reason,
        version: item.version,
    }
}
