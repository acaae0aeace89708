//! Jobs: what waits to be delivered, and what was given up. For administrators.

use crate::extract::{Caller, Params};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::Job;
use domain::job::{JobState, Work};
use domain::outbox::StepAnswer;
use serde::Deserialize;
use utoipa::IntoParams;

/// Jobs in one answer.
const JOBS_MAX: u32 = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListJobs {
    /// `dead` when absent.
    #[param(inline)]
    state: Option<schema::JobState>,
}

/// Jobs in a state, at most 200.
#[utoipa::path(get, path = "/jobs", tag = "plugins", params(ListJobs), responses((status = 200, body = Page<schema::Job>)))]
pub(crate) async fn list_jobs(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<ListJobs>,
) -> Result<Json<Page<Job>>> {
    let wanted = match query.state {
        Some(schema::JobState::Ready) => JobState::Ready,
        Some(schema::JobState::Held) => JobState::Held,
        Some(schema::JobState::Dead) | None => JobState::Dead,
    };
    let mut jobs = state.app.job_list(&caller.actor, wanted, JOBS_MAX).await?;
    jobs.iter_mut().for_each(conceal);
    Ok(Page::whole(jobs))
}

/// How many jobs there are in each state.
#[utoipa::path(get, path = "/jobs/counts", tag = "plugins", responses((status = 200, body = schema::JobCounts)))]
pub(crate) async fn count_jobs(State(state): State<ApiState>, caller: Caller) -> Result<Json<schema::JobCounts>> {
    let counts = state.app.job_counts(&caller.actor).await?;
    Ok(Json(schema::JobCounts { ready: counts.ready, held: counts.held, dead: counts.dead }))
}

/// Have a job that was given up tried again.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "plugins", params(("id" = String, Path)), responses((status = 204, description = "It will be tried again")))]
pub(crate) async fn retry_job(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    state.app.job_retry(&caller.actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a step asked and was answered is the business of its flow, not of those who run the platform.
fn conceal(job: &mut Job) {
    if let Work::AnswerStep { request, answer, .. } = &mut job.work {
        request.inputs.clear();
        **answer = StepAnswer::Answered { response: serde_json::Value::Null };
    }
}
