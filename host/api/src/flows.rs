//! Flows: definitions, instances, tasks, messages.

pub(crate) mod definitions;
pub(crate) mod instances;
pub(crate) mod messages;
pub(crate) mod tasks;

use crate::problem::Result;
use crate::schema;
use app::flow::FlowAnswer;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::FlowInstance;

/// What one command brought about, as its caller sees it.
fn respond(status: StatusCode, answer: FlowAnswer) -> Result<Response> {
    let replayed = answer.answer.replayed;
    let happened = answer.happened.iter().filter_map(|event| serde_json::to_value(event).ok()).collect();
    let body = schema::FlowOutcome { instance: instance(answer.instance), happened, existed: answer.existed };
    let mut response = (status, Json(body)).into_response();
    if replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A picture: no script runs in it, wherever it is shown.
fn svg(picture: String) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, policy)];
    (headers, picture).into_response()
}

fn instance(row: FlowInstance) -> schema::FlowInstance {
    use domain::flow::InstanceStatus;
    schema::FlowInstance {
        id: row.id.0,
        process: row.process,
        process_version: row.process_version,
        ticket: row.ticket.map(|id| id.0),
        business_key: row.business_key,
        space: row.space.0,
        status: match row.status {
            InstanceStatus::Running => schema::InstanceStatus::Running,
            InstanceStatus::Completed => schema::InstanceStatus::Completed,
            InstanceStatus::Cancelled => schema::InstanceStatus::Cancelled,
            InstanceStatus::Failed => schema::InstanceStatus::Failed,
        },
        started_at: row.started_at,
        started_by: row.started_by,
        updated_at: row.updated_at,
        ended_at: row.ended_at,
        incidents: row.incidents,
        stuck: row.stuck,
        version: row.version,
    }
}
