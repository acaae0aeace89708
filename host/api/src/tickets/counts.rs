//! `GET /tickets/counts`.

use crate::extract::{Caller, read_query};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::filter::{filter_params, split};
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use domain::filter::Field;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    #[default]
    State,
    Category,
    Group,
    Assignee,
    Kind,
    Space,
}

filter_params! {
    CountTickets {
        /// `state` when absent.
        #[param(inline)]
        by: Option<By>,
    }
}

/// How many of the tickets that the caller may see have each value, largest first.
#[utoipa::path(get, path = "/tickets/counts", tag = "tickets", params(CountTickets), responses((status = 200, body = Page<schema::Count>)))]
pub(crate) async fn count_tickets(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<schema::Count>>> {
    let (rest, fields) = split(uri.query().unwrap_or_default());
    let asked: CountTickets = read_query(&rest)?;
    let filter = asked.filter().condition(&state, &caller.actor, &fields).await?;
    let by = match asked.by.unwrap_or_default() {
        By::State => Field::State,
        By::Category => Field::Category,
        By::Group => Field::Group,
        By::Assignee => Field::Assignee,
        By::Kind => Field::Kind,
        By::Space => Field::Space,
    };
    let counts = state.app.ticket_count_by(&caller.actor, filter, by).await?;
    Ok(Page::whole(counts.into_iter().map(|(value, count)| schema::Count { value, count }).collect()))
}
