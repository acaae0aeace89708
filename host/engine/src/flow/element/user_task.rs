//! User tasks: work for a person. One with an approval rule asks its approvers; see [`super::approval`].

use crate::flow::evaluate::to_json;
use crate::flow::instance::{Activity, TaskState};
use crate::flow::machine::{Fault, Machine};
use crate::flow::moment;
use crate::flow::port::{Action, Event, IncidentCode, Key, OpenTask, TaskOutcome};
use bpmn::graph::{Node, TextOrExpression, UserTask};
use domain::Object;
use jiff::Timestamp;
use serde_json::Value;

const PRIORITY_DEFAULT: u8 = 50;
const PRIORITY_MAX: u64 = 100;

/// When a task is due, and when it is to be looked at again.
pub(in crate::flow) type TaskDates = (Option<Timestamp>, Option<Timestamp>);

impl Machine<'_> {
    pub(in crate::flow) fn activate_user_task(&mut self, key: Key, node: &Node, task: &UserTask) -> Result<(), Fault> {
        let opened_at = self.world.now();
        let (due, follow_up) = self.task_dates(key, task, opened_at)?;
        let approval = task.approval.as_ref().map(|approval| self.open_approval(key, approval)).transpose()?;
        let open = OpenTask {
            element: key,
            node: node.id.clone(),
            name: node.name.clone(),
            assignee: self.optional_text(key, task.assignee.as_ref())?,
            candidate_groups: self.optional_texts(key, task.candidate_groups.as_ref(), "the candidate groups")?,
            candidate_people: self.optional_texts(key, task.candidate_people.as_ref(), "the candidates")?,
            due,
            follow_up,
            priority: self.priority(key, task.priority.as_ref())?,
            form: task.form.clone(),
            approvers: approval.as_ref().map(|approval| approval.approvers.clone()).unwrap_or_default(),
            rule: approval.as_ref().map(|approval| approval.rule.clone()),
            variables: self.inputs(key, node),
            headers: node.headers.clone(),
        };
        let is_approval = approval.is_some();
        self.arm_approval(key, task)?;
        self.element_mut(key).activity = Activity::Task(Box::new(TaskState { opened_at, due, follow_up, approval }));
        self.event(Event::TaskOpened { place: self.place(key) });
        self.action(Action::OpenTask(Box::new(open)));
        if is_approval {
            self.judge(key);
        }
        Ok(())
    }

    pub(in crate::flow) fn task_dates(
        &mut self,
        key: Key,
        task: &UserTask,
        opened_at: Timestamp,
    ) -> Result<TaskDates, Fault> {
        let due = self.task_date(key, task.due.as_ref(), opened_at)?;
        Ok((due, self.task_date(key, task.follow_up.as_ref(), opened_at)?))
    }

    fn task_date(
        &mut self,
        key: Key,
        source: Option<&TextOrExpression>,
        opened_at: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        let text = match source {
            None => return Ok(None),
            Some(TextOrExpression::Text(text)) => text.clone(),
            Some(TextOrExpression::Expression { expression }) => {
                match to_json(&self.evaluate_noted(key, expression, Some(opened_at))?.value) {
                    Value::String(text) => text,
                    // No date is a date that is not known yet.
                    _ => return Ok(None),
                }
            }
        };
        moment::date_or_duration(&text, opened_at, self.world.zone())
            .map(Some)
            .map_err(|reason| Fault::new(IncidentCode::Expression, reason))
    }

    fn optional_text(&mut self, key: Key, source: Option<&TextOrExpression>) -> Result<Option<String>, Fault> {
        let Some(source) = source else { return Ok(None) };
        match self.value(key, source)? {
            Value::String(text) if !text.is_empty() => Ok(Some(text)),
            Value::Null | Value::String(_) => Ok(None),
            other => {
                let given = crate::flow::evaluate::shortened(&other.to_string());
                let message = format!("the assignee must be a text, and is {given}; change the expression");
                Err(Fault::new(IncidentCode::Expression, message))
            }
        }
    }

    fn optional_texts(&mut self, key: Key, source: Option<&TextOrExpression>, of: &str) -> Result<Vec<String>, Fault> {
        source.map_or(Ok(Vec::new()), |source| self.texts(key, source, of))
    }

    fn priority(&mut self, key: Key, source: Option<&TextOrExpression>) -> Result<u8, Fault> {
        let Some(source) = source else { return Ok(PRIORITY_DEFAULT) };
        let number = match self.value(key, source)? {
            Value::Null => return Ok(PRIORITY_DEFAULT),
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        };
        number.filter(|number| *number <= PRIORITY_MAX).and_then(|number| u8::try_from(number).ok()).ok_or_else(|| {
            let message = format!("the priority of a task is a whole number from 0 to {PRIORITY_MAX}; change it");
            Fault::new(IncidentCode::Expression, message)
        })
    }

    /// A person is done with the task.
    pub(in crate::flow) fn complete_task(&mut self, key: Key, variables: Object, by: &str) {
        self.close_outside(key, TaskOutcome::Completed, Some(by));
        self.finish(key, variables);
    }

    /// Tell the outside that an element is not there any more: its task is closed, its call abandoned.
    pub(in crate::flow) fn close_outside(&mut self, key: Key, outcome: TaskOutcome, by: Option<&str>) {
        use crate::flow::instance::{StepPhase, StepState};
        match &self.element(key).activity {
            Activity::Task(_) => {
                let by = by.map(str::to_owned);
                self.event(Event::TaskClosed { place: self.place(key), outcome, by });
                self.action(Action::CloseTask { element: key, outcome });
                self.element_mut(key).activity = Activity::Waiting;
            }
            Activity::Step(StepState { phase: StepPhase::Calling, .. }) => {
                self.action(Action::AbandonCall { element: key });
            }
            _ => {}
        }
    }
}
