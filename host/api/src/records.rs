//! Records: the documents of practices.

use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::page::{self, Page};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, stale, submit, with_etag};
use app::Answer;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::effect::UpsertRecord;
use domain::{Effect, KindId, Object, SpaceId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRecords {
    kind: String,
    state: Option<String>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRecord {
    kind: String,
    space: String,
    title: String,
    /// The first state of the kind when absent.
    state: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Object,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchRecord {
    title: Option<String>,
    state: Option<String>,
    /// Fields to set; `null` removes one, and what is absent stays.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: Object,
}

/// Records of a kind, by number.
#[utoipa::path(get, path = "/records", tag = "records", params(ListRecords), responses((status = 200, body = Page<schema::Record>)))]
pub(crate) async fn list_records(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListRecords>,
) -> Result<Response> {
    let list = format!("records/{}", query.kind);
    let after: Option<app::Cursor> = page::open(&list, query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let after = after.as_ref().map(|cursor| cursor.id.as_str());
    let found = state.app.record_list(&caller.actor, &KindId(query.kind), query.state.as_deref(), after, limit).await?;
    Ok(page::answer(&list, &uri, found, |record| record))
}

#[utoipa::path(post, path = "/records", tag = "records", summary = "Create a record", request_body = CreateRecord, responses((status = 201, body = schema::Record)))]
pub(crate) async fn create_record(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    body: Body<CreateRecord>,
) -> Result<Response> {
    let CreateRecord { kind, space, title, state: initial, fields } = body.value;
    let upsert =
        UpsertRecord { record: None, kind: KindId(kind), space: SpaceId(space), title, state: initial, fields };
    let mut command = state.app.command(&caller.actor);
    command.effects = vec![Effect::UpsertRecord(Box::new(upsert))];
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let answer = submit(&state, command, &Pointers::whole()).await?;
    respond(answer, StatusCode::CREATED)
}

/// One record, by id or number.
#[utoipa::path(get, path = "/records/{id}", tag = "records", params(("id" = String, Path)), responses((status = 200, body = schema::Record)))]
pub(crate) async fn get_record(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let record = state.app.record(&caller.actor, &id).await?;
    Ok(with_etag(StatusCode::OK, record.version, &record, false))
}

#[utoipa::path(patch, path = "/records/{id}", tag = "records", summary = "Change a record", params(("id" = String, Path)), request_body = PatchRecord, responses((status = 200, body = schema::Record)))]
pub(crate) async fn patch_record(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    body: Body<PatchRecord>,
) -> Result<Response> {
    let known = state.app.record(&caller.actor, &id).await?;
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    // A repeated request names the version that it saw the first time.
    if let Some(answer) = state.app.earlier_answer(&command).await? {
        return respond(answer, StatusCode::OK);
    }
    stale(&precondition, known.version)?;
    let PatchRecord { title, state: next, fields } = body.value;
    let upsert = UpsertRecord {
        record: Some(known.id.clone()),
        kind: known.kind,
        space: known.space,
        title: title.unwrap_or(known.title),
        state: next,
        fields,
    };
    command.effects = vec![Effect::UpsertRecord(Box::new(upsert))];
    let answer = submit(&state, command, &Pointers::whole()).await?;
    if answer.records.is_empty() {
        let record = state.app.record(&caller.actor, &known.id.0).await?;
        return Ok(with_etag(StatusCode::OK, record.version, &record, answer.replayed));
    }
    respond(answer, StatusCode::OK)
}

fn respond(answer: Answer, status: StatusCode) -> Result<Response> {
    let record =
        answer.records.first().ok_or_else(|| ApiError::from(app::AppError::Contended { what: "record".to_owned() }))?;
    Ok(with_etag(status, record.version, record, answer.replayed))
}
