//! Schedules: the timers that start processes. For administrators.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::flow::{Missed, ScheduleView};
use axum::Json;
use axum::extract::State;

/// Everything that starts by time, in order of the next start, at most 1,000.
#[utoipa::path(get, path = "/schedules", tag = "flows", responses((status = 200, body = Page<schema::Schedule>)))]
pub(crate) async fn list_schedules(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Page<schema::Schedule>>> {
    Ok(Page::whole(state.app.schedule_list(&caller.actor).await?.into_iter().map(view).collect()))
}

fn view(schedule: ScheduleView) -> schema::Schedule {
    let ScheduleView { process, version, node, name, timer, zone, missed, next_at, upcoming, problem } = schedule;
    let missed = match missed {
        Missed::Skip => schema::Missed::Skip,
        Missed::Once => schema::Missed::Once,
        Missed::CatchUp => schema::Missed::CatchUp,
    };
    schema::Schedule { process, version, node, name, timer, zone, missed, next_at, upcoming, problem }
}
