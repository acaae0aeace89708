//! What operators see of the outbox and decide in it. They run the platform: they see where something went and how it ended, and
//! never what it said.

use super::plan;
use super::send::{answer_job, event};
use crate::app::App;
use crate::error::{AppError, Result};
use domain::outbox::{Content, OutboxItem, OutboxState, StepAnswer};
use domain::{Actor, OutboxId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use store::{Changeset, OutboxQuery, Page};

/// How many there are in each open state.
pub type OutboxCounts = BTreeMap<OutboxState, u64>;

/// What an operator found out about something of which the end was not known, or decided about what was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// The other side has it.
    Delivered,
    /// The other side does not have it, and it is not sent again: a step that waits fails.
    Failed,
}

impl App {
    /// # Errors
    /// The caller does not run the platform.
    pub async fn outbox_list(
        &self,
        actor: &Actor,
        query: &OutboxQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OutboxItem>> {
        self.platform(actor)?;
        Ok(self.store.outbox_list(self.org(), query, after, limit).await?)
    }

    /// # Errors
    /// The caller does not run the platform.
    pub async fn outbox_counts(&self, actor: &Actor) -> Result<OutboxCounts> {
        self.platform(actor)?;
        Ok(self.store.outbox_counts(self.org()).await?)
    }

    /// # Errors
    /// The caller does not run the platform, or there is no such item.
    pub async fn outbox_get(&self, actor: &Actor, id: &OutboxId) -> Result<OutboxItem> {
        self.platform(actor)?;
        let item = self.store.outbox_get(self.org(), id).await?;
        item.ok_or_else(|| AppError::not_found("outbox item", &id.0))
    }

    /// Send an item again under the same key: one that waits for its time, one that was given up, one of which the end is not known.
    ///
    /// # Errors
    /// The caller does not run the platform; there is no such item; it is being sent or is over; a flow has already taken its failure.
    pub async fn outbox_retry(&self, actor: &Actor, id: &OutboxId) -> Result<OutboxItem> {
        let item = self.outbox_get(actor, id).await?;
        match item.state {
            OutboxState::Dead if item.step.is_some() => {
                let message =
                    "the step of the flow has failed with it; retry the incident in the flow, which sends it again";
                return Err(AppError::invalid("", "retry-in-flow", message));
            }
            OutboxState::Waiting | OutboxState::Unknown | OutboxState::Dead => {}
            state => return Err(wrong_state("sent again", state)),
        }
        let now = self.now();
        let next = OutboxItem {
            state: OutboxState::Waiting,
            attempts: 0,
            next_at: Some(now),
            ended_at: None,
            reason: Some(format!("{} had it sent again", actor.name)),
            version: item.version + 1,
            ..item
        };
        let mut set = Changeset::new(self.org().clone(), now);
        set.jobs.push(plan::job(self, &next.id, next.plugin.clone(), now));
        set.events.push(event(&next, &actor.id, now));
        plan::write(next.clone(), None, &mut set);
        self.commit(set).await?;
        Ok(next)
    }

    /// Say how it ended, for an item of which the end is not known or that was given up.
    ///
    /// # Errors
    /// The caller does not run the platform; there is no such item; its end is known.
    pub async fn outbox_settle(&self, actor: &Actor, id: &OutboxId, settlement: Settlement) -> Result<OutboxItem> {
        let item = self.outbox_get(actor, id).await?;
        if !matches!(item.state, OutboxState::Unknown | OutboxState::Dead) {
            return Err(wrong_state("settled", item.state));
        }
        let was_unknown = item.state == OutboxState::Unknown;
        let now = self.now();
        let said = match settlement {
            Settlement::Delivered => "the other side has it",
            Settlement::Failed => "the other side does not have it",
        };
        let state = match settlement {
            Settlement::Delivered => OutboxState::Delivered,
            Settlement::Failed => OutboxState::Cancelled,
        };
        let next = OutboxItem {
            state,
            next_at: None,
            ended_at: Some(now),
            reason: Some(format!("{} says: {said}", actor.name)),
            version: item.version + 1,
            ..item
        };
        let mut set = Changeset::new(self.org().clone(), now);
        // A step whose request was given up has its incident; one that waits is told now.
        if was_unknown && let Some(Content::Http { request }) = self.store.outbox_content(self.org(), id).await? {
            let reason = next.reason.clone().unwrap_or_default();
            let answer = match settlement {
                Settlement::Delivered => StepAnswer::Answered {
                    response: json!({ "status": 200, "headers": {}, "body": "", "settled": reason }),
                },
                Settlement::Failed => StepAnswer::Failed { message: reason },
            };
            set.jobs.extend(answer_job(self, &next, &request, answer, now));
        }
        set.events.push(event(&next, &actor.id, now));
        plan::write(next.clone(), None, &mut set);
        self.commit(set).await?;
        Ok(next)
    }
}

fn wrong_state(what: &str, state: OutboxState) -> AppError {
    let word = serde_json::to_value(state).unwrap_or_default();
    let message = format!("it is {} and cannot be {what}", word.as_str().unwrap_or("over"));
    AppError::invalid("", "outbox-state", message)
}
