//! Approvals: a user task that is open for several people until a rule makes a verdict of their votes, or until it expires.

use crate::flow::instance::{Activity, ApprovalState, Purpose, Resume};
use crate::flow::machine::{Fault, Machine};
use crate::flow::moment;
use crate::flow::port::{Action, Event, IncidentCode, Key, TaskOutcome, Verdict, Vote};
use bpmn::graph::{Approval, NodeKind, UserTask};
use domain::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

impl Machine<'_> {
    pub(in crate::flow) fn open_approval(&mut self, key: Key, approval: &Approval) -> Result<ApprovalState, Fault> {
        let parameters = match &approval.parameters {
            None => Object::new(),
            Some(expression) => match self.evaluate_json(key, expression)? {
                Value::Object(parameters) => parameters,
                other => {
                    let given = crate::flow::evaluate::shortened(&other.to_string());
                    let message =
                        format!("`{}` must give the parameters as a context, and gave {given}", expression.text());
                    return Err(Fault::new(IncidentCode::Expression, message));
                }
            },
        };
        let mut approvers = self.texts(key, &approval.approvers, "the approvers")?;
        let mut seen = std::collections::BTreeSet::new();
        approvers.retain(|person| seen.insert(person.clone()));
        Ok(ApprovalState { rule: approval.rule.clone(), parameters, approvers, votes: Vec::new() })
    }

    pub(in crate::flow) fn arm_approval(&mut self, key: Key, task: &UserTask) -> Result<(), Fault> {
        let Some(approval) = &task.approval else { return Ok(()) };
        let now = self.world.now();
        for (text, purpose) in [(&approval.reminder, Purpose::Reminder), (&approval.expiry, Purpose::Expiry)] {
            if let Some(text) = text {
                let due = self.after(now, text).map_err(|reason| Fault::new(IncidentCode::Expression, reason))?;
                self.arm_own(key, purpose, due);
            }
        }
        Ok(())
    }

    pub(in crate::flow) fn after(&self, from: Timestamp, duration: &str) -> Result<Timestamp, String> {
        moment::later(from, moment::duration(duration)?, 1, self.world.zone())
    }

    fn approval(&self, key: Key) -> Option<&ApprovalState> {
        match &self.element(key).activity {
            Activity::Task(task) => task.approval.as_ref(),
            _ => None,
        }
    }

    /// Ask the rule.
    pub(in crate::flow) fn judge(&mut self, key: Key) {
        let node = self.place(key).node;
        let Some(ApprovalState { rule, parameters, approvers, votes }) = self.approval(key).cloned() else { return };
        self.action(Action::Judge { element: key, node, rule, parameters, approvers, votes });
    }

    /// A person answers; a second answer replaces the first. The caller has checked that they are asked.
    pub(in crate::flow) fn vote(&mut self, key: Key, vote: Vote) {
        self.event(Event::Voted { place: self.place(key), vote: vote.clone() });
        if let Activity::Task(task) = &mut self.element_mut(key).activity
            && let Some(approval) = &mut task.approval
        {
            approval.votes.retain(|earlier| earlier.person != vote.person);
            approval.votes.push(vote);
        }
        self.judge(key);
    }

    pub(in crate::flow) fn verdict(&mut self, key: Key, verdict: Verdict) {
        self.event(Event::Judged { place: self.place(key), verdict: verdict.clone() });
        match verdict {
            Verdict::Pending { .. } => {}
            Verdict::Approved { reason } => self.approval_done(key, TaskOutcome::Approved, "approved", &reason),
            Verdict::Rejected { reason } => self.approval_done(key, TaskOutcome::Rejected, "rejected", &reason),
            Verdict::Faulted { message } => {
                let message = format!("the approval rule gave no verdict: {message}");
                self.raise(key, Resume::Judge, Fault::new(IncidentCode::Approval, message));
            }
        }
    }

    pub(in crate::flow) fn expire(&mut self, key: Key) {
        self.approval_done(key, TaskOutcome::Expired, "expired", "the time to answer has passed");
    }

    fn approval_done(&mut self, key: Key, outcome: TaskOutcome, verdict: &str, reason: &str) {
        let votes = self.approval(key).map(|approval| approval.votes.clone()).unwrap_or_default();
        let approval = json!({ "verdict": verdict, "reason": reason, "votes": votes });
        self.disarm_own(key, Purpose::Reminder);
        self.disarm_own(key, Purpose::Expiry);
        self.close_outside(key, outcome, None);
        self.finish(key, Object::from_iter([("approval".to_owned(), approval)]));
    }

    /// Ask those again who have not answered; the next reminder counts from when this one was due.
    pub(in crate::flow) fn remind(&mut self, key: Key, due: Timestamp) {
        let Some(approval) = self.approval(key) else { return };
        let answered = |person: &String| approval.votes.iter().any(|vote| vote.person == *person);
        let people: Vec<String> = approval.approvers.iter().filter(|person| !answered(person)).cloned().collect();
        if !people.is_empty() {
            self.event(Event::Reminded { place: self.place(key), people: people.clone() });
            self.action(Action::Remind { element: key, people });
        }
        let (process, index) = self.node_of(key);
        if let NodeKind::UserTask(task) = &process.nodes[index].kind
            && let Some(reminder) = task.approval.as_ref().and_then(|approval| approval.reminder.as_ref())
        {
            // After a long silence of the host one reminder is enough.
            let next = self.after(due, reminder).ok().filter(|next| *next > self.world.now());
            if let Some(next) = next.or_else(|| self.after(self.world.now(), reminder).ok()) {
                self.arm_own(key, Purpose::Reminder, next);
            }
        }
    }
}
