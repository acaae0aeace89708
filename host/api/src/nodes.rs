//! The nodes that share the database. For administrators.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// The nodes of the last day, by start.
#[utoipa::path(get, path = "/nodes", tag = "operations", responses((status = 200, body = Page<schema::Node>)))]
pub(crate) async fn list_nodes(State(state): State<ApiState>, caller: Caller) -> Result<Json<Page<schema::Node>>> {
    let nodes = state.app.node_list(&caller.actor).await?;
    let shown = nodes.into_iter().map(|node| schema::Node {
        id: node.id,
        name: node.name,
        version: node.version,
        started_at: node.started_at,
        seen_at: node.seen_at,
        lease_until: node.lease_until,
    });
    Ok(Page::whole(shown.collect()))
}
