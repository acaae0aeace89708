//! Instances: start, look, mend, move, migrate, cancel.

use super::{instance, respond};
use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::page::{self, Page};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::DryRunParam;
use app::flow::model::{Activation, Command, Key};
use app::flow::{ModifyRequest, NewInstance};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::flow::InstanceStatus;
use domain::{InstanceId, Object, SpaceId, TicketId};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListInstances {
    process: Option<String>,
    #[param(inline)]
    status: Option<schema::InstanceStatus>,
    /// Instances about a ticket, by its id.
    ticket: Option<String>,
    business_key: Option<String>,
    /// Only those with an incident, or stuck.
    #[serde(default)]
    troubled: bool,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StartInstance {
    /// The newest version when absent.
    version: Option<u32>,
    /// A start event by id; the one without a trigger when absent.
    start: Option<String>,
    ticket: Option<String>,
    /// At most one instance of a process runs for a key; the ticket when absent.
    business_key: Option<String>,
    space: Option<String>,
    #[schema(value_type = Object)]
    variables: Object,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// The last place seen.
    #[serde(default)]
    after: i64,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CancelInstance {
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryIncident {
    incident: u64,
    /// Variables to set before it is tried again.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Object,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetVariables {
    /// Key of the element whose scope is meant; the whole instance when absent.
    #[serde(default)]
    scope: Option<u64>,
    #[schema(value_type = Object)]
    variables: Object,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModifyInstance {
    /// Nodes to start: `{node, scope?, variables?}`.
    #[schema(value_type = Vec<Object>)]
    activate: Vec<Activation>,
    /// Keys of elements to end.
    terminate: Vec<u64>,
    reason: String,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MigrateInstance {
    /// The newest version when absent.
    version: Option<u32>,
    /// Renames of node ids; an id that is not named stays.
    mapping: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivateActivities {
    /// Key of the ad-hoc sub-process.
    element: u64,
    activities: Vec<String>,
}

/// Instances that the caller may see, newest first.
#[utoipa::path(get, path = "/instances", tag = "flows", params(ListInstances), responses((status = 200, body = Page<schema::FlowInstance>)))]
pub(crate) async fn list_instances(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListInstances>,
) -> Result<Response> {
    let after: Option<app::Cursor> = page::open("instances", query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let wanted = app::flow::InstanceQuery {
        process: query.process,
        status: query.status.map(|status| match status {
            schema::InstanceStatus::Running => InstanceStatus::Running,
            schema::InstanceStatus::Completed => InstanceStatus::Completed,
            schema::InstanceStatus::Cancelled => InstanceStatus::Cancelled,
            schema::InstanceStatus::Failed => InstanceStatus::Failed,
        }),
        ticket: query.ticket.map(TicketId),
        business_key: query.business_key,
        troubled: query.troubled,
        ..app::flow::InstanceQuery::default()
    };
    let after = after.as_ref().map(|cursor| cursor.id.as_str());
    let found = state.app.instance_list(&caller.actor, wanted, after, limit).await?;
    Ok(page::answer("instances", &uri, found, instance))
}

/// How many instances run, by process.
#[utoipa::path(get, path = "/instances/counts", tag = "flows", responses((status = 200, body = Page<schema::InstanceCount>)))]
pub(crate) async fn count_instances(State(state): State<ApiState>, caller: Caller) -> Result<Response> {
    let counts = state.app.instance_counts(&caller.actor).await?;
    let shown = counts.into_iter().map(|one| schema::InstanceCount {
        process: one.process,
        running: one.running,
        with_incidents: one.with_incidents,
        stuck: one.stuck,
    });
    Ok(Page::whole(shown.collect()).into_response())
}

/// Start a process.
#[utoipa::path(post, path = "/flows/process/{key}/instances", tag = "flows", params(("key" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = StartInstance, responses((status = 201, body = schema::FlowOutcome)))]
pub(crate) async fn start_instance(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(key): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<StartInstance>,
) -> Result<Response> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    command.dry_run = dry.dry_run;
    let StartInstance { version, start, ticket, business_key, space, variables } = body.value;
    let new = NewInstance {
        version,
        start,
        ticket: ticket.map(TicketId),
        business_key,
        space: space.map(SpaceId),
        variables,
    };
    let answer = state.app.instance_start(&command, &key, new).await?;
    let status = if answer.existed || command.dry_run { StatusCode::OK } else { StatusCode::CREATED };
    respond(status, answer)
}

/// One instance: variables, live elements, incidents.
#[utoipa::path(get, path = "/instances/{id}", tag = "flows", params(("id" = String, Path)), responses((status = 200, body = schema::FlowInstanceDetail)))]
pub(crate) async fn get_instance(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let view = state.app.instance_view(&caller.actor, &InstanceId(id)).await?;
    let incident_list = view.incident_list.iter().map(|one| schema::FlowIncident {
        incident: one.incident.0,
        element: one.element.0,
        node: one.node.clone(),
        code: one.code.as_str().unwrap_or_default().to_owned(),
        message: one.message.clone(),
    });
    let body = schema::FlowInstanceDetail {
        incident_list: incident_list.collect(),
        instance: instance(view.row),
        variables: view.variables,
        elements: view.elements.as_array().cloned().unwrap_or_default(),
    };
    Ok(Json(body).into_response())
}

/// What happened to an instance, oldest first.
#[utoipa::path(get, path = "/instances/{id}/history", tag = "flows", params(("id" = String, Path), HistoryParams), responses((status = 200, body = schema::FlowHistory)))]
pub(crate) async fn list_instance_history(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<HistoryParams>,
) -> Result<Json<schema::FlowHistory>> {
    let page = state.app.instance_history(&caller.actor, &InstanceId(id), query.after).await?;
    let entries = page.events.into_iter().map(|event| schema::FlowHistoryEntry {
        place: event.subject_seq,
        at: event.at,
        actor: event.actor,
        kind: event.kind,
        data: event.data,
        hash: event.hash,
    });
    Ok(Json(schema::FlowHistory { entries: entries.collect(), next: page.next }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureParams {
    /// As it was after so many waves, entries of its history; now when absent.
    waves: Option<usize>,
}

/// Where an instance stands, or stood, as a picture.
#[utoipa::path(get, path = "/instances/{id}/picture", tag = "flows", params(("id" = String, Path), PictureParams), responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub(crate) async fn get_instance_picture(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<PictureParams>,
) -> Result<Response> {
    let picture = state.app.instance_picture(&caller.actor, &InstanceId(id), query.waves).await?;
    Ok(super::svg(picture))
}

/// End an instance; what it waits for is taken back.
#[utoipa::path(post, path = "/instances/{id}/cancel", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = CancelInstance, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn cancel_instance(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<CancelInstance>,
) -> Result<Response> {
    let wish = Command::Cancel { reason: body.value.reason.clone() };
    carry_out(&state, &caller, &precondition, &body.bytes, dry.dry_run, id, wish).await
}

/// Try the element of an incident again.
#[utoipa::path(post, path = "/instances/{id}/retry", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = RetryIncident, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn retry_instance(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<RetryIncident>,
) -> Result<Response> {
    let wish = Command::Retry { incident: Key(body.value.incident), variables: body.value.variables.clone() };
    carry_out(&state, &caller, &precondition, &body.bytes, dry.dry_run, id, wish).await
}

/// Set variables.
#[utoipa::path(post, path = "/instances/{id}/variables", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = SetVariables, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn set_instance_variables(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<SetVariables>,
) -> Result<Response> {
    let wish = Command::SetVariables { scope: body.value.scope.map(Key), variables: body.value.variables.clone() };
    carry_out(&state, &caller, &precondition, &body.bytes, dry.dry_run, id, wish).await
}

/// Move tokens: start nodes, end elements.
#[utoipa::path(post, path = "/instances/{id}/modify", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = ModifyInstance, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn modify_instance(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<ModifyInstance>,
) -> Result<Response> {
    let request = ModifyRequest {
        activate: body.value.activate.clone(),
        terminate: body.value.terminate.iter().copied().map(Key).collect(),
        reason: body.value.reason.clone(),
    };
    let wish = Command::Modify { activate: request.activate, terminate: request.terminate };
    carry_out(&state, &caller, &precondition, &body.bytes, dry.dry_run, id, wish).await
}

/// Start activities of an ad-hoc sub-process.
#[utoipa::path(post, path = "/instances/{id}/activate", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = ActivateActivities, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn activate_activities(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<ActivateActivities>,
) -> Result<Response> {
    let wish = Command::ActivateAdHoc { element: Key(body.value.element), activities: body.value.activities.clone() };
    carry_out(&state, &caller, &precondition, &body.bytes, dry.dry_run, id, wish).await
}

/// Let an instance go on in another version of its process. A dry run says what could not be mapped.
#[utoipa::path(post, path = "/instances/{id}/migrate", tag = "flows", params(("id" = String, Path), ("dry_run" = Option<bool>, Query)), request_body = MigrateInstance, responses((status = 200, body = schema::FlowOutcome)))]
pub(crate) async fn migrate_instance(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    Params(dry): Params<DryRunParam>,
    body: Body<MigrateInstance>,
) -> Result<Response> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    command.dry_run = dry.dry_run;
    let MigrateInstance { version, mapping } = body.value;
    let answer = state.app.instance_migrate(&command, &InstanceId(id), version, mapping).await?;
    respond(StatusCode::OK, answer)
}

async fn carry_out(
    state: &ApiState,
    caller: &Caller,
    precondition: &Precondition,
    bytes: &[u8],
    dry_run: bool,
    id: String,
    wish: Command,
) -> Result<Response> {
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(caller, precondition, bytes);
    command.dry_run = dry_run;
    let answer = state.app.instance_command(&command, &InstanceId(id), wish).await?;
    respond(StatusCode::OK, answer)
}
