//! `GET /tickets/{id}/related`.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::view;
use app::Relation;
use axum::Json;
use axum::extract::{Path, State};

const RELATED_MAX: u32 = 8;

/// Tickets about the same CI, in the same words or of the same person, as far as the caller may see them, at most 8.
#[utoipa::path(get, path = "/tickets/{id}/related", tag = "tickets", params(("id" = String, Path)), responses((status = 200, body = Page<schema::RelatedTicket>)))]
pub(crate) async fn list_related_tickets(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<schema::RelatedTicket>>> {
    let found = state.app.ticket_related(&caller.actor, &id, RELATED_MAX).await?;
    let shown = found.into_iter().map(|(ticket, relation)| schema::RelatedTicket {
        ticket: view(&state, &caller.actor, ticket),
        relation: match relation {
            Relation::SameCi => schema::TicketRelation::SameCi,
            Relation::SameWords => schema::TicketRelation::SameWords,
            Relation::SameRequester => schema::TicketRelation::SameRequester,
        },
    });
    Ok(Page::whole(shown.collect()))
}
