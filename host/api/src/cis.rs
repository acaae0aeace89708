//! Configuration items, their relations and their impact.

use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::page::{self, Page};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, stale, submit, with_etag};
use app::Answer;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::ci::Direction;
use domain::effect::{RelateCis, UpsertCi};
use domain::{Ci, CiId, CiRelation, Effect, Object, SpaceId};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCis {
    /// Part of a name.
    text: Option<String>,
    class: Option<String>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetCi {
    /// A time that is over: the item as it was then.
    as_of: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCi {
    name: String,
    class: String,
    space: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: Object,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchCi {
    name: Option<String>,
    class: Option<String>,
    /// Attributes to set; `null` removes one, and what is absent stays.
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: Object,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Relation {
    /// For example `depends-on`.
    #[serde(rename = "type")]
    relation_type: String,
    /// Id of the other CI.
    to: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ImpactDirection {
    /// What can make it fail.
    Up,
    /// What fails with it.
    Down,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImpactQuestion {
    /// `down` (what fails with it) when absent.
    #[param(inline)]
    direction: Option<ImpactDirection>,
    /// CIs that are named, the nearest first: 1 to 5000; 100 when absent. All are counted.
    #[param(minimum = 1, maximum = 5000)]
    limit: Option<usize>,
}

/// CIs that an answer about impact names when nobody says how many.
const IMPACT_NAMED: usize = 100;

/// CIs by name.
#[utoipa::path(get, path = "/cis", tag = "configuration", params(ListCis), responses((status = 200, body = Page<schema::Ci>)))]
pub(crate) async fn list_cis(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListCis>,
) -> Result<Response> {
    let after: Option<app::Cursor> = page::open("cis", query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let text = query.text.as_deref().unwrap_or_default();
    let found = state
        .app
        .ci_list(&caller.actor, text, query.class.as_deref(), after.as_ref().map(|cursor| cursor.id.as_str()), limit)
        .await?;
    Ok(page::answer("cis", &uri, found, |ci| ci))
}

#[utoipa::path(post, path = "/cis", tag = "configuration", summary = "Create a CI", request_body = CreateCi, responses((status = 201, body = schema::Ci)))]
pub(crate) async fn create_ci(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    body: Body<CreateCi>,
) -> Result<Response> {
    let CreateCi { name, class, space, attributes } = body.value;
    let space = SpaceId(space);
    let upsert = UpsertCi { ci: None, name, class, space, attributes, handle: None, retire: None, revive: false };
    let effect = Effect::UpsertCi(Box::new(upsert));
    let mut command = state.app.command(&caller.actor);
    command.effects = vec![effect];
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let answer = submit(&state, command, &Pointers::whole()).await?;
    respond(answer, StatusCode::CREATED)
}

/// One CI, as it is or as it was. What it was comes from the journal: name, class and attributes, without relations.
#[utoipa::path(get, path = "/cis/{id}", tag = "configuration", summary = "One CI", params(("id" = String, Path), GetCi), responses((status = 200, body = schema::Ci)))]
pub(crate) async fn get_ci(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<GetCi>,
) -> Result<Response> {
    if let Some(at) = query.as_of {
        let ci = state.app.ci_as_of(&caller.actor, &CiId(id), at).await?;
        return Ok(Json(ci).into_response());
    }
    let ci = state.app.ci(&caller.actor, &CiId(id)).await?;
    Ok(with_etag(StatusCode::OK, ci.version, &ci, false))
}

#[utoipa::path(patch, path = "/cis/{id}", tag = "configuration", summary = "Change a CI", params(("id" = String, Path)), request_body = PatchCi, responses((status = 200, body = schema::Ci)))]
pub(crate) async fn patch_ci(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    body: Body<PatchCi>,
) -> Result<Response> {
    let known = state.app.ci(&caller.actor, &CiId(id)).await?;
    let mut command = state.app.command(&caller.actor);
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    // A repeated request names the version that it saw the first time.
    if let Some(answer) = state.app.earlier_answer(&command).await? {
        return respond(answer, StatusCode::OK);
    }
    stale(&precondition, known.version)?;
    let upsert = UpsertCi {
        ci: Some(known.id.clone()),
        name: body.value.name.unwrap_or(known.name),
        class: body.value.class.unwrap_or(known.class),
        space: known.space,
        attributes: body.value.attributes,
        handle: None,
        retire: None,
        revive: false,
    };
    command.effects = vec![Effect::UpsertCi(Box::new(upsert))];
    let answer = submit(&state, command, &Pointers::whole()).await?;
    if answer.cis.is_empty() {
        // Nothing was different.
        let ci = state.app.ci(&caller.actor, &known.id).await?;
        return Ok(with_etag(StatusCode::OK, ci.version, &ci, answer.replayed));
    }
    respond(answer, StatusCode::OK)
}

/// Relations of a CI to others that the caller may see, in both directions; now, or at a time that is over.
#[utoipa::path(get, path = "/cis/{id}/relations", tag = "configuration", params(("id" = String, Path), GetCi), responses((status = 200, body = Page<schema::CiRelation>)))]
pub(crate) async fn list_ci_relations(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<GetCi>,
) -> Result<Json<Page<CiRelation>>> {
    let relations = match query.as_of {
        Some(at) => state.app.ci_relations_as_of(&caller.actor, &CiId(id), at).await?,
        None => state.app.ci_relations(&caller.actor, &CiId(id)).await?,
    };
    Ok(Page::whole(relations))
}

/// Relate a CI to another one.
#[utoipa::path(put, path = "/cis/{id}/relations", tag = "configuration", params(("id" = String, Path)), request_body = Relation, responses((status = 204, description = "Related")))]
pub(crate) async fn put_ci_relation(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<Relation>,
) -> Result<StatusCode> {
    change_relation(&state, &caller, id, body.value, Effect::RelateCis).await
}

/// End a relation.
#[utoipa::path(delete, path = "/cis/{id}/relations", tag = "configuration", params(("id" = String, Path)), request_body = Relation, responses((status = 204, description = "Ended")))]
pub(crate) async fn delete_ci_relation(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<Relation>,
) -> Result<StatusCode> {
    change_relation(&state, &caller, id, body.value, Effect::UnrelateCis).await
}

async fn change_relation(
    state: &ApiState,
    caller: &Caller,
    id: String,
    relation: Relation,
    effect: fn(RelateCis) -> Effect,
) -> Result<StatusCode> {
    let change = RelateCis { from: CiId(id), relation_type: relation.relation_type, to: CiId(relation.to) };
    for id in [&change.from, &change.to] {
        let ci = state.app.ci(&caller.actor, id).await?;
        state.app.may_write_ci(&caller.actor, &ci)?;
    }
    let mut command = state.app.command(&caller.actor);
    command.effects = vec![effect(change)];
    submit(state, command, &Pointers::whole()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What fails with a CI, or can make it fail, nearest first. One that the caller may not see is counted and not named; what lies behind it
/// is told.
#[utoipa::path(get, path = "/cis/{id}/impact", tag = "configuration", params(("id" = String, Path), ImpactQuestion), responses((status = 200, body = schema::Impact)))]
pub(crate) async fn get_ci_impact(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<ImpactQuestion>,
) -> Result<Json<app::ImpactView>> {
    let direction = match query.direction {
        Some(ImpactDirection::Up) => Direction::Up,
        Some(ImpactDirection::Down) | None => Direction::Down,
    };
    let limit = query.limit.unwrap_or(IMPACT_NAMED).clamp(1, app::IMPACT_MAX);
    Ok(Json(state.app.ci_impact(&caller.actor, &CiId(id), direction, limit).await?))
}

fn respond(answer: Answer, status: StatusCode) -> Result<Response> {
    let ci: &Ci =
        answer.cis.first().ok_or_else(|| ApiError::from(app::AppError::Contended { what: "CI".to_owned() }))?;
    Ok(with_etag(status, ci.version, ci, answer.replayed))
}
