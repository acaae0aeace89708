//! `GET /tickets`.

use crate::extract::{Caller, read_query};
use crate::page::{self, Page};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::view;
use crate::tickets::filter::{filter_params, split};
use app::TicketQuery;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    #[default]
    UpdatedAt,
    OpenedAt,
    DueAt,
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    Asc,
    Desc,
}

filter_params! {
    ListTickets {
        /// `updated_at` when absent.
        #[param(inline)]
        sort: Option<Sort>,
        /// Newest first for times, earliest due and smallest number first when absent.
        #[param(inline)]
        order: Option<Order>,
        /// `next` of the page before.
        after: Option<String>,
        /// 1 to 200; 50 when absent.
        limit: Option<u32>,
    }
}

/// The tickets that the caller may see. `field.<name>=<value>` asks for a value of a kind's field.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(ListTickets), responses((status = 200, body = Page<schema::Ticket>)))]
pub(crate) async fn list_tickets(State(state): State<ApiState>, caller: Caller, uri: Uri) -> Result<Response> {
    let (rest, fields) = split(uri.query().unwrap_or_default());
    let asked: ListTickets = read_query(&rest)?;
    let filter = asked.filter().condition(&state, &caller.actor, &fields).await?;
    let sort = asked.sort.unwrap_or_default();
    let descending = asked.order.map_or(matches!(sort, Sort::UpdatedAt | Sort::OpenedAt), |order| order == Order::Desc);
    let list = format!("tickets/{sort:?}/{descending}");
    let query = TicketQuery {
        filter,
        sort: match sort {
            Sort::UpdatedAt => app::Sort::UpdatedAt,
            Sort::OpenedAt => app::Sort::OpenedAt,
            Sort::DueAt => app::Sort::DueAt,
            Sort::Number => app::Sort::Number,
        },
        descending,
        after: page::open(&list, asked.after.as_deref())?,
        limit: page::limit(asked.limit)?,
    };
    let found = state.app.ticket_list(&caller.actor, query).await?;
    Ok(page::answer(&list, &uri, found, |ticket| view(&state, &caller.actor, ticket)))
}
