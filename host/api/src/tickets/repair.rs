//! `POST /clocks/repair`.

use crate::extract::{Body, Caller};
use crate::page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::repair::{Mode, Wanted};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RepairClocks {
    /// One ticket, by id or number. Otherwise 50 of those that `kind` and `space` say, oldest first.
    ticket: Option<String>,
    kind: Option<String>,
    space: Option<String>,
    /// `next` of the answer before.
    after: Option<String>,
    /// Put the clocks right. Without it the differences are only shown.
    apply: bool,
}

/// What the clocks of tickets should be by their history, where that is not what they are. For those who manage the space of the ticket.
#[utoipa::path(post, path = "/clocks/repair", tag = "tickets", request_body = RepairClocks, responses((status = 200, body = schema::ClockRepairs)))]
pub(crate) async fn repair_clocks(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<RepairClocks>,
) -> Result<Json<schema::ClockRepairs>> {
    let RepairClocks { ticket, kind, space, after, apply } = body.value;
    let wanted = Wanted { ticket, kind, space, after: page::open("clock-repairs", after.as_deref())? };
    let mode = if apply { Mode::Apply } else { Mode::Show };
    let (found, looked_at) = state.app.repair_clocks(&caller.actor, &wanted, mode).await?;
    let repairs = found.items.into_iter().map(|repair| schema::ClockRepair {
        ticket: repair.ticket.0,
        number: repair.number,
        clocks: repair
            .clocks
            .into_iter()
            .map(|one| schema::RepairedClock {
                clock: one.clock,
                title: one.title,
                changes: one
                    .changes
                    .into_iter()
                    .map(|change| schema::ClockDifference { field: change.field, from: change.from, to: change.to })
                    .collect(),
            })
            .collect(),
    });
    let repairs = repairs.collect();
    let next = found.next.map(|cursor: app::Cursor| page::seal("clock-repairs", cursor));
    Ok(Json(schema::ClockRepairs { repairs, looked_at, applied: apply, next }))
}
