//! Schedules as administrators look at them: what starts by itself, when next, and in whose time.

use super::timer::{self, Missed};
use crate::app::App;
use crate::error::Result;
use domain::flow::DefinitionType;
use domain::job::{JobState, Work};
use domain::{Actor, Job};
use jiff::Timestamp;
use serde::Serialize;

/// Due times that are shown after the next one.
const UPCOMING_MAX: usize = 5;

/// A timer that starts a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScheduleView {
    pub process: String,
    pub version: u32,
    pub node: String,
    pub name: String,
    pub timer: String,
    pub zone: String,
    pub missed: Missed,
    pub next_at: Timestamp,
    pub upcoming: Vec<Timestamp>,
    pub problem: Option<String>,
}

impl App {
    /// Everything that starts by time, in order of the next start.
    ///
    /// # Errors
    /// The caller does not run the platform.
    pub async fn schedule_list(&self, actor: &Actor) -> Result<Vec<ScheduleView>> {
        self.platform(actor)?;
        let mut views = Vec::new();
        for job in self.store.schedule_jobs(self.org()).await? {
            views.extend(self.schedule_view(&job).await?);
        }
        views.sort_by(|one, other| {
            (one.next_at, &one.process, &one.node).cmp(&(other.next_at, &other.process, &other.node))
        });
        Ok(views)
    }

    async fn schedule_view(&self, job: &Job) -> Result<Option<ScheduleView>> {
        let Work::StartTimer { process, version, node, at } = &job.work else { return Ok(None) };
        let definition = self.definition(DefinitionType::Process, process, Some(*version)).await?;
        let deployed = self.deployed(process, Some(*version)).await?;
        let Some(start) = deployed.process.nodes.iter().find(|one| one.id == *node) else { return Ok(None) };
        let Some(timer) = timer::start_timer(start, self.now()) else { return Ok(None) };
        let after = std::iter::successors(timer.following(definition.deployed_at, at.unwrap_or(job.due_at)), |due| {
            timer.following(definition.deployed_at, *due)
        });
        let problem = match job.state {
            JobState::Ready => None,
            JobState::Held | JobState::Dead => Some(job.last_error.clone().unwrap_or_default()),
        };
        Ok(Some(ScheduleView {
            process: process.clone(),
            version: *version,
            node: node.clone(),
            name: if start.name.is_empty() { definition.name.clone() } else { start.name.clone() },
            timer: timer.text().to_owned(),
            zone: timer.zone.iana_name().unwrap_or("UTC").to_owned(),
            missed: timer.missed,
            next_at: job.due_at,
            upcoming: after.take(UPCOMING_MAX).collect(),
            problem,
        }))
    }
}
