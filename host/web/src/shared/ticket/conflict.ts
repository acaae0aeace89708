// What to show when somebody else was faster: what they changed, and what of it we were about to overwrite.
import type { Fields, Ticket, Value } from '../api/types';

export interface Difference {
  /** A field of the kind or one of the envelope. */
  name: string;
  before: Value;
  theirs: Value;
  /** What we wanted, if we touched it too. */
  mine?: Value;
}

/** The part of a ticket that people change. */
export const ENVELOPE = ['title', 'state', 'group', 'assignee', 'requester', 'parent', 'restricted'] as const;

export interface Change extends Partial<Record<(typeof ENVELOPE)[number], Value>> {
  fields?: Fields;
  comment?: { visibility: string; body: string };
}

export function differences(before: Ticket, theirs: Ticket, mine: Change): Difference[] {
  const result: Difference[] = [];
  const add = (name: string, old: Value, now: Value, wanted: Value | undefined) => {
    if (JSON.stringify(old) === JSON.stringify(now)) return;
    result.push(wanted === undefined ? { name, before: old, theirs: now } : { name, before: old, theirs: now, mine: wanted });
  };
  for (const name of ENVELOPE) add(name, before[name], theirs[name], mine[name]);
  for (const name of new Set([...Object.keys(before.fields), ...Object.keys(theirs.fields)])) {
    add(name, before.fields[name] ?? null, theirs.fields[name] ?? null, mine.fields?.[name]);
  }
  return result;
}
