//! What a board decides: the open approvals of a group, for its members. Which group an approval belongs to is told the same way in the
//! browser (`agenda.ts`).

use super::tasks::person_of;
use crate::app::App;
use crate::error::{AppError, Result};
use domain::flow::TaskState;
use domain::{Actor, Group, GroupId, PersonId, Task};
use std::collections::BTreeMap;
use store::{TaskPerson, TaskQuery};

/// Members of a board that are looked at.
const MEMBERS_MAX: usize = 100;
/// Open tasks of one member that are looked at.
const TASKS_MAX: u32 = 200;

impl App {
    /// The open approvals of a group, by due time, of those that the caller is asked in or whose ticket they may see.
    ///
    /// # Errors
    /// There is no such group of which the caller is a member.
    pub async fn board_approvals(&self, actor: &Actor, board: &GroupId) -> Result<Vec<Task>> {
        let groups = self.group_list().await?;
        let found = groups.iter().find(|group| group.id == *board && actor.groups.contains(&group.id));
        let found = found.ok_or_else(|| AppError::not_found("group", &board.0))?;
        let asked = std::iter::once(TaskPerson { id: PersonId(String::new()), groups: vec![board.clone()] })
            .chain(found.members.iter().take(MEMBERS_MAX).map(|id| TaskPerson { id: id.clone(), groups: Vec::new() }))
            .chain(std::iter::once(person_of(actor)));
        let mut all: BTreeMap<String, Task> = BTreeMap::new();
        for person in asked {
            let query = TaskQuery { state: Some(TaskState::Open), person: Some(person), ..TaskQuery::default() };
            for task in self.store.task_list(self.org(), &query, None, TASKS_MAX).await?.items {
                all.insert(task.id.0.clone(), task);
            }
        }
        let mut approvals = Vec::new();
        for task in all.into_values() {
            let is_theirs = task.rule.is_some() && board_of(&task, &groups) == Some(board);
            if is_theirs && self.sees_task(actor, &task).await? {
                approvals.push(task);
            }
        }
        approvals.sort_by_key(|task| (task.due_at.is_none(), task.due_at, task.created_at));
        Ok(approvals)
    }
}

/// The group that is asked: the one that the task names, else the smallest whose members are all who were asked.
fn board_of<'a>(task: &'a Task, groups: &'a [Group]) -> Option<&'a GroupId> {
    if let Some(named) = task.candidate_groups.first() {
        return Some(named);
    }
    if task.candidate_people.len() < 2 {
        return None;
    }
    let holding = groups.iter().filter(|group| task.candidate_people.iter().all(|id| group.members.contains(id)));
    holding.min_by_key(|group| group.members.len()).map(|group| &group.id)
}
