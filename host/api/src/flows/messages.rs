//! Messages and signals to flows.

use crate::extract::{Body, Caller, Precondition, idempotency};
use crate::problem::Result;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Object;
use domain::flow::Topic;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    name: String,
    /// Which receiver is meant.
    #[serde(default)]
    correlation_key: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Object,
    /// How long it is kept when nobody waits for it yet; one hour when absent, 0 for not at all.
    #[serde(default)]
    ttl_seconds: Option<i64>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendSignal {
    name: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Object,
}

/// Send a message to the flow that waits for its name and key, or keep it for the one that will.
#[utoipa::path(post, path = "/messages", tag = "flows", request_body = SendMessage, responses((status = 202, description = "It is on its way")))]
pub(crate) async fn send_message(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    body: Body<SendMessage>,
) -> Result<StatusCode> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let SendMessage { name, correlation_key, variables, ttl_seconds } = body.value;
    let topic = Topic::Message { name, key: correlation_key };
    state.app.publish(&command, topic, variables, ttl_seconds).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Send a signal to every flow that waits for it.
#[utoipa::path(post, path = "/signals", tag = "flows", request_body = SendSignal, responses((status = 202, description = "It is on its way")))]
pub(crate) async fn send_signal(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    body: Body<SendSignal>,
) -> Result<StatusCode> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let SendSignal { name, variables } = body.value;
    state.app.publish(&command, Topic::Signal { name }, variables, Some(0)).await?;
    Ok(StatusCode::ACCEPTED)
}
