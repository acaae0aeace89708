//! The journal: who did what, when, to what. Everybody gets what they may know of.

use crate::extract::{Caller, Params};
use crate::page::{self, Page};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::AuditQuestion;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use domain::Event;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

const LIST: &str = "audit";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// Id of a person or plugin, `system` or `me`.
    actor: Option<String>,
    /// For example `ticket.changed`, or `ticket.` for everything about tickets.
    kind: Option<String>,
    /// For example `ticket`, `person`, `plugin`.
    subject_kind: Option<String>,
    /// Id of the subject; of a ticket also its number.
    subject: Option<String>,
    /// From this instant on.
    from: Option<Timestamp>,
    /// Before this instant.
    until: Option<Timestamp>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// What happened, newest first: on tickets that the caller works on, records and CIs of their spaces, and the set-up for administrators.
#[utoipa::path(get, path = "/audit", tag = "operations", params(ListAudit), responses((status = 200, body = Page<schema::AuditEntry>)))]
pub(crate) async fn list_audit(
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    Params(query): Params<ListAudit>,
) -> Result<Response> {
    let after: Option<String> = page::open(LIST, query.after.as_deref())?;
    let before = match after {
        Some(sealed) => Some(state.app.position_open(&sealed).await?.ok_or_else(page::bad_cursor)?),
        None => None,
    };
    let actor = query.actor.map(|actor| if actor == "me" { caller.actor.id.clone() } else { actor });
    let question = AuditQuestion {
        actor,
        kind: query.kind,
        subject_kind: query.subject_kind,
        subject: query.subject,
        from: query.from,
        until: query.until,
        before,
        limit: page::limit(query.limit)?,
    };
    let (events, next) = state.app.audit(&caller.actor, question).await?;
    let items = events.into_iter().map(entry).collect();
    let next = match next {
        Some(position) => Some(page::seal(LIST, state.app.position_seal(position).await?)),
        None => None,
    };
    Ok(page::respond(&uri, Page { items, next }))
}

fn entry(event: Event) -> schema::AuditEntry {
    schema::AuditEntry {
        seq: event.subject_seq,
        at: event.at,
        actor: event.actor,
        kind: event.kind,
        subject_kind: event.subject_kind,
        subject: event.subject,
        space: event.space,
        origin: event.cause.origin.as_str().to_owned(),
        data: event.data,
        hash: event.hash,
    }
}
