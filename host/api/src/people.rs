//! People, their roles and passwords.

use crate::extract::{Body, Caller, Params};
use crate::page::{self, Page};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::PersonChange;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::{Object, Person, PersonId, Role, SpaceId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPeople {
    /// Part of a name, login or mail address.
    text: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// What is said of a person; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchPerson {
    login: Option<String>,
    name: Option<String>,
    email: Option<String>,
    /// Id of a person.
    manager: Option<String>,
    locale: Option<String>,
    /// IANA time zone name.
    zone: Option<String>,
    /// `false` ends all sessions and tokens at once.
    active: Option<bool>,
    #[schema(value_type = Option<Object>)]
    attributes: Option<Object>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutRoles {
    /// Replaces all roles of the person.
    roles: Vec<schema::RoleIn>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutPassword {
    /// 10 to 256 characters; `null` removes the password.
    password: Option<String>,
}

/// People by name.
#[utoipa::path(get, path = "/people", tag = "organisation", params(ListPeople), responses((status = 200, body = Page<schema::Person>)))]
pub(crate) async fn list_people(
    State(state): State<ApiState>,
    _caller: Caller,
    uri: Uri,
    Params(query): Params<ListPeople>,
) -> Result<Response> {
    let after: Option<app::Cursor> = page::open("people", query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let found = state
        .app
        .person_list(query.text.as_deref().unwrap_or_default(), after.as_ref().map(|cursor| cursor.id.as_str()), limit)
        .await?;
    Ok(page::answer("people", &uri, found, |person| person))
}

#[utoipa::path(get, path = "/people/{id}", tag = "organisation", summary = "One person", params(("id" = String, Path)), responses((status = 200, body = schema::Person)))]
pub(crate) async fn get_person(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Person>> {
    Ok(Json(state.app.person_get(&PersonId(id)).await?))
}

/// Create a person. For administrators.
#[utoipa::path(post, path = "/people", tag = "organisation", request_body = PatchPerson, responses((status = 201, body = schema::Person)))]
pub(crate) async fn create_person(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<PatchPerson>,
) -> Result<(StatusCode, Json<Person>)> {
    let person = state.app.person_put(&caller.actor, None, body.value.into()).await?;
    Ok((StatusCode::CREATED, Json(person)))
}

/// Change a person. For administrators.
#[utoipa::path(patch, path = "/people/{id}", tag = "organisation", params(("id" = String, Path)), request_body = PatchPerson, responses((status = 200, body = schema::Person)))]
pub(crate) async fn patch_person(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PatchPerson>,
) -> Result<Json<Person>> {
    let id = PersonId(id);
    state.app.person_get(&id).await?;
    Ok(Json(state.app.person_put(&caller.actor, Some(&id), body.value.into()).await?))
}

/// Erase who a person is: name, login, mail, attributes, password and roles go, their tickets stay. For administrators. Refused while a
/// hold keeps them; the answer names it.
#[utoipa::path(post, path = "/people/{id}/erasure", tag = "organisation", params(("id" = String, Path)), responses((status = 200, body = schema::Person)))]
pub(crate) async fn erase_person(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Person>> {
    Ok(Json(state.app.person_erase(&caller.actor, &PersonId(id)).await?))
}

/// What erasing a person would take, and the holds that keep them: nothing changes. For administrators.
#[utoipa::path(get, path = "/people/{id}/erasure", tag = "organisation", params(("id" = String, Path)), responses((status = 200, body = schema::Erasure)))]
pub(crate) async fn preview_erasure(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<schema::Erasure>> {
    let told = state.app.person_erasure(&caller.actor, &PersonId(id)).await?;
    Ok(Json(schema::Erasure { held_by: told.held_by, goes: told.goes.into_iter().map(str::to_owned).collect() }))
}

/// The roles of a person. For administrators, and for oneself.
#[utoipa::path(get, path = "/people/{id}/roles", tag = "organisation", params(("id" = String, Path)), responses((status = 200, body = Page<schema::RoleIn>)))]
pub(crate) async fn list_roles(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<schema::RoleIn>>> {
    let held = state.app.role_list(&caller.actor, &PersonId(id)).await?;
    let roles = held.into_iter().map(|one| schema::RoleIn { space: one.space.0, role: one.role.into() });
    Ok(Page::whole(roles.collect()))
}

/// Replace the roles of a person. For administrators.
#[utoipa::path(put, path = "/people/{id}/roles", tag = "organisation", params(("id" = String, Path)), request_body = PutRoles, responses((status = 204, description = "Replaced")))]
pub(crate) async fn put_roles(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutRoles>,
) -> Result<StatusCode> {
    let roles = body.value.roles.into_iter().map(|held| (SpaceId(held.space), Role::from(held.role)));
    state.app.roles_put(&caller.actor, &PersonId(id), roles.collect()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set or remove a password: one's own, or as an administrator anybody's. All sessions of the person end.
#[utoipa::path(put, path = "/people/{id}/password", tag = "organisation", params(("id" = String, Path)), request_body = PutPassword, responses((status = 204, description = "Set")))]
pub(crate) async fn put_password(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutPassword>,
) -> Result<StatusCode> {
    state.app.password_put(&caller.actor, &PersonId(id), body.value.password.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<PatchPerson> for PersonChange {
    fn from(patch: PatchPerson) -> Self {
        let PatchPerson { login, name, email, manager, locale, zone, active, attributes } = patch;
        Self { login, name, email, manager: manager.map(PersonId), locale, zone, active, attributes }
    }
}

impl From<schema::Role> for Role {
    fn from(role: schema::Role) -> Self {
        match role {
            schema::Role::Requester => Self::Requester,
            schema::Role::Agent => Self::Agent,
            schema::Role::Approver => Self::Approver,
            schema::Role::Manager => Self::Manager,
            schema::Role::Administrator => Self::Administrator,
            schema::Role::Auditor => Self::Auditor,
        }
    }
}
