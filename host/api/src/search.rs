//! One search over everything that the caller may see.

use crate::extract::{Caller, Params};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::view;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// Characters of a question.
const TEXT_MAX: usize = 200;
/// Rows of each noun when nothing is said, and at most.
const LIMIT_DEFAULT: u32 = 8;
const LIMIT_MAX: u32 = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Words in numbers, titles and names. Those that are nowhere are tried with one slip of the pen corrected.
    text: String,
    /// Rows of each noun: 1 to 20; 8 when absent.
    limit: Option<u32>,
}

/// Tickets, records, CIs and people with these words, as far as the caller may see them.
#[utoipa::path(get, path = "/search", tag = "search", params(Search), responses((status = 200, body = schema::Found)))]
pub(crate) async fn search_everything(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<Search>,
) -> Result<Json<schema::Found>> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) || query.text.chars().count() > TEXT_MAX {
        let detail = format!("`text` has at most {TEXT_MAX} characters and `limit` is 1 to {LIMIT_MAX}.");
        return Err(ApiError::bad_request("bad-parameter", detail));
    }
    let found = state.app.search(&caller.actor, &query.text, limit).await?;
    Ok(Json(schema::Found {
        tickets: found.tickets.into_iter().map(|ticket| view(&state, &caller.actor, ticket)).collect(),
        tickets_total: found.tickets_total,
        records: found
            .records
            .into_iter()
            .map(|record| schema::FoundRecord {
                id: record.id.0,
                number: record.number,
                kind: record.kind.0,
                space: record.space.0,
                state: record.state,
                title: record.title,
            })
            .collect(),
        cis: found
            .cis
            .into_iter()
            .map(|ci| schema::FoundCi { id: ci.id.0, name: ci.name, class: ci.class, space: ci.space.0 })
            .collect(),
        people: found
            .people
            .into_iter()
            .map(|person| schema::FoundPerson { id: person.id.0, name: person.name, email: person.email })
            .collect(),
        corrected: found.corrected,
    }))
}
