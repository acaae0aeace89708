// Canned replies and macros: which fit a ticket, and what they say.
import type { RecordItem, TicketDetail } from '../../shared/api/types';

export interface Reply {
  id: string;
  title: string;
  body: string;
  visibility: 'public' | 'internal';
  /** With a state or an assignment it is a macro: one change. */
  state?: string;
  assign: boolean;
}

/** Those of the ticket's space and kind that are in use; a macro only where its step is possible. */
export function fitting(records: RecordItem[], ticket: TicketDetail): Reply[] {
  return records
    .filter(({ space, category, fields }) => space === ticket.space && category !== 'closed' && (!fields.kind || fields.kind === ticket.kind))
    .map(({ id, title, fields }) => ({
      id,
      title,
      body: String(fields.body ?? ''),
      visibility: fields.visibility === 'internal' ? ('internal' as const) : ('public' as const),
      ...(typeof fields.state === 'string' && fields.state !== '' ? { state: fields.state } : {}),
      assign: fields.assign === true,
    }))
    .filter(({ state }) => state === undefined || ticket.actions.transitions.some(({ to }) => to === state))
    .sort((one, other) => one.title.localeCompare(other.title));
}

/** The text with the ticket's own words in it. What is not known stays, so that somebody notices. */
export function filled(body: string, words: Record<string, string>): string {
  return body.replace(/\{(\w+)\}/g, (hole, name: string) => words[name] || hole);
}
