//! Signing in and out.

use crate::admission::By;
use crate::extract::{Body, Caller, Params, check_origin, set_cookie};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::NewToken;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Actor, Person};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    login: String,
    password: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsPersona {
    login: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = schema::Session)))]
pub(crate) async fn get_session(State(state): State<ApiState>, caller: Caller) -> Result<Json<schema::Session>> {
    let person = state.app.person_get(caller.person()).await?;
    Ok(Json(view(&state, &caller.actor, &person)))
}

/// Sign in with a password. The answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = Login, responses((status = 200, body = schema::Session)))]
pub(crate) async fn create_session(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Body<Login>,
) -> Result<Response> {
    check_origin(&headers, &state.config)?;
    let token = state.app.sign_in(&body.value.login, &body.value.password).await?;
    signed_in(&state, token).await
}

/// Sign out: the session ends at once.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204, description = "Signed out")))]
pub(crate) async fn delete_session(State(state): State<ApiState>, caller: Caller) -> Result<Response> {
    state.app.sign_out(&caller.session).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&state.config, None, 0))]).into_response())
}

/// The people whom the demo offers to sign in as. Only the demo has this address.
#[utoipa::path(get, path = "/session/personas", tag = "session", security(()), responses((status = 200, body = Page<schema::Persona>)))]
pub(crate) async fn list_personas(
    State(state): State<ApiState>,
    _: Params<Nothing>,
) -> Result<Json<Page<schema::Persona>>> {
    let text = |person: &Person, name: &str| {
        person.attributes.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let mut people = state.app.personas().await?;
    people.sort_by_key(|person| person.attributes.get("persona_order").and_then(serde_json::Value::as_u64));
    let personas = people.into_iter().map(|person| schema::Persona {
        role_title: text(&person, "title"),
        summary: text(&person, "persona"),
        login: person.login,
        name: person.name,
    });
    Ok(Page::whole(personas.collect()))
}

/// Sign in as one of the demo's people. Only the demo has this address.
#[utoipa::path(post, path = "/session/persona", tag = "session", security(()), request_body = AsPersona, responses((status = 200, body = schema::Session)))]
pub(crate) async fn create_persona_session(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Body<AsPersona>,
) -> Result<Response> {
    check_origin(&headers, &state.config)?;
    let token = state.app.sign_in_as(&body.value.login).await?;
    signed_in(&state, token).await
}

async fn signed_in(state: &ApiState, token: NewToken) -> Result<Response> {
    let principal = state.app.authenticate(&token.token).await?.ok_or_else(ApiError::unauthenticated)?;
    let person = state.app.person_get(&principal.session.person).await?;
    state.admission.know(&token.token, By::Cookie);
    let cookie = set_cookie(&state.config, Some(&token.token), state.app.config.session_seconds);
    let session = Json(view(state, &principal.actor, &person));
    Ok(([(header::SET_COOKIE, cookie)], session).into_response())
}

fn view(state: &ApiState, actor: &Actor, person: &Person) -> schema::Session {
    let roles = actor
        .roles
        .iter()
        .map(|(space, roles)| (space.0.clone(), roles.iter().map(|role| schema::Role::from(*role)).collect()));
    schema::Session {
        person: schema::SignedIn {
            id: person.id.0.clone(),
            login: person.login.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            locale: person.locale.clone(),
            zone: person.zone.clone(),
        },
        roles: roles.collect(),
        groups: actor.groups.iter().map(|group| group.0.clone()).collect(),
        demo: state.app.config.demo,
    }
}

impl From<domain::Role> for schema::Role {
    fn from(role: domain::Role) -> Self {
        match role {
            domain::Role::Requester => Self::Requester,
            domain::Role::Agent => Self::Agent,
            domain::Role::Approver => Self::Approver,
            domain::Role::Manager => Self::Manager,
            domain::Role::Administrator => Self::Administrator,
            domain::Role::Auditor => Self::Auditor,
        }
    }
}
