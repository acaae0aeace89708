// Tickets that a list has shown: their page begins with what is known of them, and loads the rest. Nothing here outlives a sign-in.
import type { Ticket } from '../api/types';

/** Tickets that are kept; the oldest go first. */
export const KNOWN_MAX = 500;
const tickets = new Map<string, Ticket>();

export function know(found: readonly Ticket[]) {
  for (const ticket of found) {
    tickets.delete(ticket.number);
    tickets.set(ticket.number, ticket);
  }
  for (const number of [...tickets.keys()].slice(0, Math.max(0, tickets.size - KNOWN_MAX))) tickets.delete(number);
}

export function known(number: string): Ticket | undefined {
  return tickets.get(number);
}

export function forgetKnown() {
  tickets.clear();
}
