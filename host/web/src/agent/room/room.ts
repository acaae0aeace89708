// Which tickets have a room. Pure.
import type { Kind, Ticket } from '../../shared/api/types';
import { applies } from '../../shared/form/schema';

export function hasRoom(ticket: Pick<Ticket, 'fields'>, kind: Kind | undefined): boolean {
  const room = kind?.screen?.room;
  return room !== undefined && applies(room, ticket.fields);
}

/** The configuration items that the kind says are affected, each once. */
export function affected(ticket: Pick<Ticket, 'fields'>, kind: Kind | undefined): string[] {
  const values = (kind?.screen?.room?.cis ?? []).flatMap((name) => ticket.fields[name] ?? []);
  return [...new Set(values.filter((value): value is string => typeof value === 'string' && value !== ''))];
}
