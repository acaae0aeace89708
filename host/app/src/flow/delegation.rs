//! Answering in somebody's place: a person names who answers approvals for them between two instants (CHG-05).
//!
//! The delegate is a candidate beside the principal, never instead of them: ending a delegation gives everything back by itself. A vote says
//! for whom it was cast and by whom.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::flow::TaskState;
use domain::{Actor, Person, PersonId, Task};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::changeset::Noun;
use store::{Changeset, Expect, TaskPerson, TaskQuery, Write};

/// Where it is kept with the person.
const ATTRIBUTE: &str = "delegation";
/// Open approvals that one delegation takes over.
const TASKS_MAX: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    pub to: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Delegation {
    fn of(person: &Person) -> Option<Self> {
        serde_json::from_value(person.attributes.get(ATTRIBUTE)?.clone()).ok()
    }

    fn counts_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl App {
    /// The delegation of a person, also one that is over or still to come.
    ///
    /// # Errors
    /// The actor is nobody.
    pub async fn delegation(&self, actor: &Actor) -> Result<Option<Delegation>> {
        let id = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let person = self.store.person_get(self.org(), &id).await?;
        Ok(person.as_ref().and_then(Delegation::of))
    }

    /// Name who answers in the actor's place, or end it. Approvals that wait for the actor now are taken along, or given back.
    ///
    /// # Errors
    /// Nobody active of that id, oneself, or an end that is not after the beginning.
    pub async fn delegation_put(&self, actor: &Actor, delegation: Option<Delegation>) -> Result<()> {
        let id = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let person = self.store.person_get(self.org(), &id).await?.ok_or(AppError::Unauthenticated)?;
        if let Some(wanted) = &delegation {
            let to = self.store.person_get(self.org(), &wanted.to).await?.filter(|to| to.active && to.id != id);
            if to.is_none() {
                let message = format!("`{}` is not somebody else who is active", wanted.to);
                return Err(AppError::invalid("/to", "unknown-person", message));
            }
            if wanted.until <= wanted.from {
                return Err(AppError::invalid("/until", "bad-period", "a delegation ends after it begins"));
            }
        }
        let before = Delegation::of(&person);
        let mut set = self.admin_set(actor, "person", &id.0, "person.delegated", json!({ "delegation": delegation }));
        set.expects.push(Expect { noun: Noun::Person, id: id.0.clone(), version: person.version });
        let mut changed = Person { version: person.version + 1, ..person };
        match &delegation {
            Some(wanted) => {
                let value = serde_json::to_value(wanted).unwrap_or_default();
                changed.attributes.insert(ATTRIBUTE.to_owned(), value);
            }
            None => drop(changed.attributes.remove(ATTRIBUTE)),
        }
        self.hand_over(&id, before.as_ref(), delegation.as_ref(), &mut set).await?;
        set.writes.push(Write::Person(Box::new(changed)));
        self.commit(set).await?;
        Ok(())
    }

    /// Take a former delegate out of the open approvals of a person, and put the new one in.
    async fn hand_over(
        &self,
        principal: &PersonId,
        before: Option<&Delegation>,
        after: Option<&Delegation>,
        set: &mut Changeset,
    ) -> Result<()> {
        let person = TaskPerson { id: principal.clone(), groups: Vec::new() };
        let query = TaskQuery { state: Some(TaskState::Open), person: Some(person), ..TaskQuery::default() };
        let tasks = self.store.task_list(self.org(), &query, None, TASKS_MAX).await?.items;
        for mut task in tasks.into_iter().filter(|task| task.rule.is_some()) {
            let known = task.candidate_people.clone();
            if let Some(before) = before
                && !self.is_asked(&task, &before.to).await?
            {
                task.candidate_people.retain(|person| *person != before.to);
            }
            if let Some(after) = after.filter(|after| after.counts_at(set.at))
                && !task.candidate_people.contains(&after.to)
            {
                task.candidate_people.push(after.to.clone());
            }
            if task.candidate_people != known {
                set.expects.push(Expect { noun: Noun::Task, id: task.id.0.clone(), version: task.version });
                task.version += 1;
                set.writes.push(Write::Task(Box::new(task)));
            }
        }
        Ok(())
    }

    /// Whether a person is asked themselves, and not only for somebody.
    async fn is_asked(&self, task: &Task, person: &PersonId) -> Result<bool> {
        let row = self.instance(&task.instance).await?;
        let element = super::key_of(&task.element).map_err(|why| AppError::invalid("", "bad-key", why))?;
        Ok(super::instances::state_of(&row)?.approvers(element).contains(&person.0))
    }

    /// Those who answer for somebody who is asked are asked too.
    pub(super) async fn add_delegates(&self, task: &mut Task, now: Timestamp) -> Result<()> {
        for principal in task.candidate_people.clone() {
            let person = self.store.person_get(self.org(), &principal).await?;
            let delegation = person.as_ref().and_then(Delegation::of).filter(|one| one.counts_at(now));
            if let Some(delegation) = delegation
                && !task.candidate_people.contains(&delegation.to)
            {
                task.candidate_people.push(delegation.to);
            }
        }
        Ok(())
    }

    /// For whom somebody answers: themselves when they are asked, else the first of those asked who delegated to them.
    pub(super) async fn principal_of(&self, task: &Task, voter: &PersonId, now: Timestamp) -> Result<Option<PersonId>> {
        if self.is_asked(task, voter).await? {
            return Ok(Some(voter.clone()));
        }
        for principal in &task.candidate_people {
            let person = self.store.person_get(self.org(), principal).await?;
            let delegation = person.as_ref().and_then(Delegation::of).filter(|one| one.counts_at(now));
            if delegation.is_some_and(|delegation| delegation.to == *voter) && self.is_asked(task, principal).await? {
                return Ok(Some(principal.clone()));
            }
        }
        Ok(None)
    }
}
