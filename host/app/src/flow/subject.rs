//! What an approval is about, for those who are asked.
//!
//! Who is asked need not work where the ticket is, nor see it. They see what the requester said, because nobody can answer for what
//! they do not know: no comments, no fields of those who work on it, and nothing of a restricted ticket.

use crate::app::App;
use crate::error::Result;
use domain::flow::TaskState;
use domain::{Actor, KindId, Object, PersonId, Role, Task};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct TaskSubject {
    pub number: String,
    pub title: String,
    pub kind: KindId,
    pub requester: Option<PersonId>,
    /// Those that a requester writes and everybody reads.
    pub fields: Object,
}

impl App {
    /// The subject of an approval that waits for the actor, or of one whose ticket they may see.
    pub(super) async fn task_subject(&self, actor: &Actor, task: &Task) -> Result<Option<TaskSubject>> {
        let (Some(id), Some(_)) = (&task.ticket, &task.rule) else { return Ok(None) };
        let Some(bundle) = self.store.ticket_load(self.org(), &id.0).await? else { return Ok(None) };
        let asked = task.state == TaskState::Open && task.candidate_people.iter().any(|person| person.0 == actor.id);
        let ticket = &bundle.ticket;
        if !self.authz.may_read(actor, &bundle) && (!asked || ticket.restricted) {
            return Ok(None);
        }
        let registry = self.registry();
        let Some(kind) = registry.kinds.get(&ticket.kind) else { return Ok(None) };
        let told = |name: &str| {
            kind.field(name).is_some_and(|rule| rule.read.is_empty() && rule.write.contains(&Role::Requester))
        };
        let fields = ticket.fields.iter().filter(|(name, _)| told(name));
        Ok(Some(TaskSubject {
            number: ticket.number.clone(),
            title: ticket.title.clone(),
            kind: ticket.kind.clone(),
            requester: ticket.requester.clone(),
            fields: fields.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }))
    }
}
