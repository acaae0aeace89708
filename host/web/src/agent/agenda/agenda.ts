// What a board decides next: whose approvals they are, and in which order. Pure.
import type { Task } from '../../shared/api/flow';
import type { Group, Kind, Ticket } from '../../shared/api/types';
import { isEmpty } from '../../shared/form/schema';

/** The group that is asked: the one that the task names, else the smallest whose members are all who were asked. */
export function boardOf(task: Pick<Task, 'candidate_groups' | 'candidate_people'>, groups: readonly Pick<Group, 'id' | 'members'>[]): string {
  if (task.candidate_groups[0]) return task.candidate_groups[0];
  const asked = task.candidate_people;
  if (asked.length < 2) return '';
  const holding = groups.filter(({ members }) => asked.every((person) => members.includes(person)));
  return [...holding].sort((one, other) => one.members.length - other.members.length)[0]?.id ?? '';
}

/** Boards that somebody can look at: those that ask them something, and the groups they are in, as far as a group can be one. */
export function boardsOf(approvals: readonly Pick<Task, 'candidate_groups' | 'candidate_people'>[], groups: readonly Pick<Group, 'id' | 'members'>[], me: string): string[] {
  const asking = approvals.map((task) => boardOf(task, groups)).filter((id) => id !== '');
  const own = groups.filter(({ members }) => members.length > 1 && members.includes(me)).map(({ id }) => id);
  return [...new Set([...asking, ...own])];
}

/** When it is planned, where the kind says so. */
export function plannedAt(ticket: Pick<Ticket, 'fields'> | null | undefined, kind: Kind | undefined): string | undefined {
  const at = ticket?.fields[kind?.screen?.calendar?.from ?? ''];
  return typeof at === 'string' && !isEmpty(at) ? at : undefined;
}

/** What is planned first is decided first; then what is due, then what has waited. */
export function inTurn<T extends { task: Pick<Task, 'due_at' | 'created_at'>; planned: string | undefined }>(items: readonly T[]): T[] {
  const last = '9999';
  const instant = (at: string | null | undefined) => (at ? new Date(at).toISOString() : last);
  return [...items].sort(
    (one, other) =>
      instant(one.planned).localeCompare(instant(other.planned)) ||
      instant(one.task.due_at).localeCompare(instant(other.task.due_at)) ||
      one.task.created_at.localeCompare(other.task.created_at),
  );
}
