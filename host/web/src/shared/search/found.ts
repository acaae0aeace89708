// What a search found, as places to go to.
import type { Found } from '../api/types';
import { directory } from '../directory.svelte';
import { session } from '../session.svelte';

export interface Place {
  id: string;
  noun: 'ticket' | 'record' | 'ci' | 'person';
  title: string;
  detail: string;
  /** Where there is a page for it. */
  href?: string;
}

export function places(found: Found): Place[] {
  const kind = (id: string) => directory.kind(id)?.title ?? id;
  return [
    ...found.tickets.map((ticket) => ({
      id: ticket.id,
      noun: 'ticket' as const,
      title: ticket.title,
      detail: `${ticket.number} · ${kind(ticket.kind)} · ${directory.stateTitle(ticket.kind, ticket.state)}`,
      href: `/tickets/${ticket.number}`,
    })),
    ...found.records.map((record) => ({
      id: record.id,
      noun: 'record' as const,
      title: record.title,
      detail: `${record.number} · ${kind(record.kind)}`,
      ...(directory.kind(record.kind)?.portal?.text ? { href: `/portal/records/${encodeURIComponent(record.number)}` } : {}),
    })),
    ...found.cis.map((ci) => ({
      id: ci.id,
      noun: 'ci' as const,
      title: ci.name,
      detail: directory.spaceTitle(ci.space),
      ...(session.works ? { href: `/cis/${encodeURIComponent(ci.id)}` } : {}),
    })),
    ...found.people.map((person) => ({
      id: person.id,
      noun: 'person' as const,
      title: person.name,
      detail: person.email,
      ...(session.administers ? { href: `/admin/people/${encodeURIComponent(person.id)}` } : {}),
    })),
  ];
}
