//! Answers to requests of steps: how they were sent is the outbox's business, what they mean is the step's.

use crate::app::App;
use crate::jobs::Stop;
use domain::InstanceId;
use domain::job::OutboundRequest;
use domain::outbox::StepAnswer;
use engine::flow::{self, Finality};
use std::sync::Arc;
use store::JobDone;

impl App {
    /// Hand an answer to the step that asked; one that does not wait any more is left alone.
    pub(crate) async fn answer_step_job(
        self: &Arc<Self>,
        instance: &InstanceId,
        element: &str,
        request: &OutboundRequest,
        answer: &StepAnswer,
        done: JobDone,
    ) -> Result<(), Stop> {
        let element = super::key_of(element).map_err(Stop::Bury)?;
        match answer {
            StepAnswer::Answered { response } => {
                self.flow_resume(instance, element, request, response.clone(), done).await
            }
            // It was tried as often as the step says: what is left is for a person.
            StepAnswer::Failed { message } => {
                let (message, finality) = (message.clone(), Finality::Final);
                let command = flow::Command::StepFailed { element, message, retry_at: None, finality };
                self.flow_step_of_job(instance, command, done).await
            }
        }
    }
}
