//! Why somebody sees something, or does not.

use crate::extract::{Caller, Params};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::access_check::AccessCheck;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckAccess {
    /// Id or login of the person.
    person: String,
    /// A ticket by id or number.
    ticket: Option<String>,
    /// A record by id or number; instead of a ticket.
    record: Option<String>,
}

/// What a person may do with a ticket or record and which policies let them, for those who say who sees it.
#[utoipa::path(get, path = "/access-check", tag = "tickets", params(CheckAccess), responses((status = 200, body = schema::AccessCheck)))]
pub(crate) async fn check_access(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<CheckAccess>,
) -> Result<Json<schema::AccessCheck>> {
    let CheckAccess { person, ticket, record } = query;
    let checked = match (ticket, record) {
        (Some(ticket), None) => state.app.ticket_access(&caller.actor, &ticket, &person).await?,
        (None, Some(record)) => state.app.record_access(&caller.actor, &record, &person).await?,
        _ => return Err(ApiError::bad_request("bad-parameter", "Name either a `ticket` or a `record`.")),
    };
    Ok(Json(shown(checked)))
}

fn shown(checked: AccessCheck) -> schema::AccessCheck {
    let AccessCheck { person, noun, id, number, space, actions, roles, facts, hidden_fields, restricted_because } =
        checked;
    let actions = actions.into_iter().map(|one| schema::ActionCheck {
        action: one.action,
        allowed: one.allowed,
        policies: one.policies,
    });
    schema::AccessCheck {
        person: person.0,
        noun,
        id,
        number,
        space: space.0,
        actions: actions.collect(),
        roles: roles.into_iter().map(|role| role.as_str().to_owned()).collect(),
        facts,
        hidden_fields,
        restricted_because,
    }
}
