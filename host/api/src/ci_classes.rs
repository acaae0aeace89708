//! Classes of CIs.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::{Path, State};
use domain::{CiClass, Object};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutCiClass {
    title: String,
    /// Id of the class that it inherits from.
    parent: Option<String>,
    /// No CI has this class itself.
    #[serde(rename = "abstract", default)]
    is_abstract: bool,
    /// JSON Schema properties that this class adds.
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: Object,
    #[serde(default)]
    required: Vec<String>,
}

#[utoipa::path(get, path = "/ci-classes", tag = "configuration", summary = "All classes of CIs", responses((status = 200, body = Page<schema::CiClass>)))]
pub(crate) async fn list_ci_classes(State(state): State<ApiState>, _caller: Caller) -> Result<Json<Page<CiClass>>> {
    Ok(Page::whole(state.app.ci_class_list()))
}

/// Create a class, or change one. For administrators.
#[utoipa::path(put, path = "/ci-classes/{id}", tag = "configuration", params(("id" = String, Path)), request_body = PutCiClass, responses((status = 200, body = schema::CiClass)))]
pub(crate) async fn put_ci_class(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutCiClass>,
) -> Result<Json<CiClass>> {
    let PutCiClass { title, parent, is_abstract, attributes, required } = body.value;
    let class = CiClass { id, title, parent, is_abstract, attributes, required, version: 0 };
    Ok(Json(state.app.ci_class_put(&caller.actor, class).await?))
}
