// In which order tasks are worked on: who waits for an answer comes first, then what is due first. Pure.
import type { Task } from '../api/flow';

const NEVER = '9999';

export function inOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort(
    (one, other) =>
      Number(other.rule !== null) - Number(one.rule !== null) ||
      (one.due_at ?? NEVER).localeCompare(other.due_at ?? NEVER) ||
      other.priority - one.priority ||
      one.created_at.localeCompare(other.created_at),
  );
}

/** Whose a task is, as far as this person is concerned. */
export function holding(task: Task, me: string): 'mine' | 'lent' | 'free' | 'others' {
  if (task.assignee === me) return 'mine';
  if (task.owner === me) return 'lent';
  return task.assignee === null ? 'free' : 'others';
}
