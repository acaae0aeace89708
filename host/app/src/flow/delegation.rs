//! Answering in somebody's place: a person names who answers approvals for them between two instants (CHG-05).
//!
//! The delegate is a candidate beside the principal, never instead of them. When a delegation begins, a job takes along the approvals that wait
//! already; when it ends, another gives back those that still do. Both people hear of it. A vote says for whom it was cast and by whom.

use crate::app::App;
use crate::error::{AppError, Result};
use crate::jobs::{Stop, retry, stop};
use domain::flow::TaskState;
use domain::job::Work;
use domain::{Actor, JobId, Person, PersonId, Task, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::changeset::Noun;
use store::{Changeset, Expect, JobDone, NewJob, Notification, TaskPerson, TaskQuery, Write};

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
        let name = person.name.clone();
        let mut changed = Person { version: person.version + 1, ..person };
        match &delegation {
            Some(wanted) => {
                let value = serde_json::to_value(wanted).unwrap_or_default();
                changed.attributes.insert(ATTRIBUTE.to_owned(), value);
            }
            None => drop(changed.attributes.remove(ATTRIBUTE)),
        }
        self.hand_over((&id, &name), before.as_ref(), delegation.as_ref(), &mut set).await?;
        self.plan_hand_over(&id, delegation.as_ref(), &mut set);
        let to = |one: Option<&Delegation>| one.map(|one| one.to.clone());
        if let Some(former) = to(before.as_ref()).filter(|former| to(delegation.as_ref()).as_ref() != Some(former)) {
            let subject = format!("You answer approvals for {name} no more");
            set.writes.push(Write::Notification(self.note(&former, None, set.at, subject, String::new())));
        }
        if let Some(wanted) = &delegation {
            let subject = format!("You answer approvals for {name}");
            let body = format!("From {} until {}.", wanted.from, wanted.until);
            set.writes.push(Write::Notification(self.note(&wanted.to, None, set.at, subject, body)));
        }
        set.writes.push(Write::Person(Box::new(changed)));
        self.commit(set).await?;
        Ok(())
    }

    /// Jobs for when a delegation begins, if that is still to come, and for when it ends. Those of the one before are gone.
    fn plan_hand_over(&self, person: &PersonId, delegation: Option<&Delegation>, set: &mut Changeset) {
        let key = |moment: &str| format!("delegation:{person}:{moment}");
        for (moment, at) in [("from", delegation.map(|one| one.from)), ("until", delegation.map(|one| one.until))] {
            match at.filter(|at| *at > set.at) {
                Some(due_at) => set.jobs.push(NewJob {
                    id: JobId(self.new_id()),
                    work: Work::HandOver { person: person.clone() },
                    order_key: format!("delegation/{person}"),
                    due_at,
                    unique_key: Some(key(moment)),
                    event: None,
                }),
                None => set.writes.push(Write::CancelJob { unique_key: key(moment) }),
            }
        }
    }

    /// A delegation begins or ends: hand over or give back what waits now, by what is in force now.
    pub(crate) async fn hand_over_job(&self, id: &PersonId, done: JobDone) -> Result<(), Stop> {
        let person = self.store.person_get(self.org(), id).await.map_err(retry)?;
        let mut set = Changeset::new(self.org().clone(), self.now());
        set.job_done = Some(done);
        if let Some((person, delegation)) = person.as_ref().and_then(|person| Some((person, Delegation::of(person)?))) {
            set.expects.push(Expect { noun: Noun::Person, id: id.0.clone(), version: person.version });
            let is_over = set.at >= delegation.until;
            let (before, after) = if is_over { (Some(&delegation), None) } else { (None, Some(&delegation)) };
            self.hand_over((id, &person.name), before, after, &mut set).await.map_err(|error| stop(&error))?;
            if is_over {
                let subject = format!("You answer approvals for {} no more", person.name);
                set.writes.push(Write::Notification(self.note(&delegation.to, None, set.at, subject, String::new())));
            }
        }
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    /// Take a former delegate out of the open approvals of a person, and put the new one in.
    async fn hand_over(
        &self,
        (principal, name): (&PersonId, &str),
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
            let is_back = task.candidate_people.len() < known.len();
            let mut told = None;
            if let Some(after) = after.filter(|after| after.counts_at(set.at))
                && !task.candidate_people.contains(&after.to)
            {
                task.candidate_people.push(after.to.clone());
                told = Some((&after.to, format!("For {name}: {}", task.name)));
            } else if is_back {
                told = Some((principal, format!("Yours again: {}", task.name)));
            }
            if task.candidate_people != known {
                if let Some((person, subject)) = told.filter(|(person, _)| before.is_none_or(|one| one.to != **person))
                {
                    let body = "A task waits for you.".to_owned();
                    let note = self.note(person, task.ticket.as_ref(), set.at, subject, body);
                    set.writes.push(Write::Notification(note));
                }
                set.expects.push(Expect { noun: Noun::Task, id: task.id.0.clone(), version: task.version });
                task.version += 1;
                set.writes.push(Write::Task(Box::new(task)));
            }
        }
        Ok(())
    }

    fn note(
        &self,
        person: &PersonId,
        ticket: Option<&TicketId>,
        at: Timestamp,
        subject: String,
        body: String,
    ) -> Notification {
        Notification {
            id: self.new_id(),
            person: person.clone(),
            ticket: ticket.cloned(),
            at,
            subject,
            body,
            read: false,
        }
    }

    /// Whether a person is asked themselves, and not only for somebody.
    async fn is_asked(&self, task: &Task, person: &PersonId) -> Result<bool> {
        let row = self.instance(&task.instance).await?;
        let element = super::key_of(&task.element).map_err(|why| AppError::invalid("", "bad-key", why))?;
        Ok(super::instances::state_of(&row)?.approvers(element).contains(&person.0))
    }

    /// Those who answer for somebody who is asked are asked too, and hear for whom.
    pub(super) async fn add_delegates(&self, task: &mut Task, now: Timestamp) -> Result<Vec<Notification>> {
        let mut told = Vec::new();
        for principal in task.candidate_people.clone() {
            let person = self.store.person_get(self.org(), &principal).await?;
            let Some((person, delegation)) = person.as_ref().and_then(|person| Some((person, Delegation::of(person)?)))
            else {
                continue;
            };
            if delegation.counts_at(now) && !task.candidate_people.contains(&delegation.to) {
                if task.state == TaskState::Open {
                    let subject = format!("For {}: {}", person.name, task.name);
                    let body = "A task waits for you.".to_owned();
                    told.push(self.note(&delegation.to, task.ticket.as_ref(), now, subject, body));
                }
                task.candidate_people.push(delegation.to);
            }
        }
        Ok(told)
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
