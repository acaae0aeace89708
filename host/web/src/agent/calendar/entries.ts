// From tickets and records to the entries of a calendar, as their kind says. Knows no kind by name.
import { api } from '../../shared/api/client';
import type { Category, Fields, Kind, Page, Ticket } from '../../shared/api/types';
import { display } from '../../shared/form/schema';
import type { Spanned } from './layout';
import { toLocal } from './layout';

export interface Conflict {
  reason: string;
  source: string;
}

export interface Entry extends Spanned {
  key: string;
  kind: string;
  number: string;
  title: string;
  state: string;
  category: Category;
  href: string;
  space: string;
  sort: string;
  sortTitle: string;
  conflicts: Conflict[];
  /** Instants, for what is said in words. */
  fromAt: string;
  toAt: string;
}

type Item = Pick<Ticket, 'id' | 'number' | 'kind' | 'space' | 'state' | 'category' | 'title' | 'fields'>;
export interface Window {
  open: string;
  close: string;
}

/** Kinds whose entries can be looked at: those that others only have behind them come last. */
export function calendarKinds(kinds: readonly Kind[]): Kind[] {
  const all = kinds.filter((kind) => kind.screen?.calendar);
  const behind = new Set(all.flatMap((kind) => kind.screen?.calendar?.bands ?? []));
  return [...all].sort((one, other) => Number(behind.has(one.id)) - Number(behind.has(other.id)) || one.plural.localeCompare(other.plural));
}

export function conflictsOf(fields: Fields, name: string | undefined): Conflict[] {
  const list = name === undefined ? undefined : fields[name];
  if (!Array.isArray(list)) return [];
  const found = list.flatMap((one) => (one && typeof one === 'object' && !Array.isArray(one) ? [{ reason: String(one.reason ?? ''), source: String(one.source ?? '') }] : []));
  // The same collision is found once for each item; it is read once.
  return found.filter((one, place) => found.findIndex((other) => other.reason === one.reason && other.source === one.source) === place);
}

/**
 * The entries of one item: one from field to field, or one for each window in which it recurs. What has no beginning began before what is
 * shown, and what has no end lasts longer; what has neither, and does not recur, is in no calendar.
 */
export function entriesOf(item: Item, kind: Kind, zone: string, shown: { from: string; to: string }, windows?: readonly Window[]): Entry[] {
  const screen = kind.screen?.calendar;
  if (!screen) return [];
  const text = (name: string) => (typeof item.fields[name] === 'string' && !Number.isNaN(Date.parse(item.fields[name])) ? item.fields[name] : undefined);
  const [from, to] = [text(screen.from), text(screen.to)];
  if (!windows && from === undefined && to === undefined) return [];
  const first = from ?? shown.from;
  const last = to ?? shown.to;
  const spans = (windows ?? [{ open: first, close: last }])
    .map(({ open, close }) => ({ open: Date.parse(open) < Date.parse(first) ? first : open, close: Date.parse(close) > Date.parse(last) ? last : close }))
    .filter(({ open, close }) => Date.parse(open) < Date.parse(close));
  const rule = kind.fields.find(([name]) => name === screen.sort)?.[1];
  const sort = screen.sort === undefined ? undefined : item.fields[screen.sort];
  return spans.map(({ open, close }, place) => ({
    key: `${item.id}/${place}`,
    kind: item.kind,
    number: item.number,
    title: item.title,
    state: item.state,
    category: item.category,
    href: kind.noun === 'ticket' ? `/agent/tickets/${encodeURIComponent(item.number)}` : `/records?kind=${encodeURIComponent(item.kind)}`,
    space: item.space,
    sort: sort === undefined || sort === null ? '' : String(sort),
    sortTitle: rule ? display(sort, rule.schema) : '',
    conflicts: conflictsOf(item.fields, screen.conflicts),
    from: toLocal(Date.parse(open), zone),
    to: toLocal(Date.parse(close), zone),
    fromAt: open,
    toAt: close,
  }));
}

/** The entries of a kind between two instants, and whether there are more than the server gives at once. */
export async function load(kind: Kind, zone: string, shown: { from: string; to: string }): Promise<{ entries: Entry[]; more: boolean }> {
  const found = await api.get<{ items: Item[]; complete: boolean }>('/planned', { kind: kind.id, start: shown.from, end: shown.to });
  const recurring = kind.screen?.calendar?.recurring;
  const calendars = new Map<string, Promise<Window[]>>();
  const windowsOf = (key: string) => {
    const known = calendars.get(key);
    if (known) return known;
    const asked = api.get<Page<Window>>(`/calendars/${encodeURIComponent(key)}/windows`, { start: shown.from, end: shown.to }).then(
      (page) => page.items,
      // A calendar that is gone opens never; the practice itself says so where it matters.
      () => [],
    );
    calendars.set(key, asked);
    return asked;
  };
  const entries = await Promise.all(
    found.items.map(async (item) => {
      const key = recurring ? item.fields[recurring] : undefined;
      const windows = typeof key === 'string' && key !== '' ? await windowsOf(key) : undefined;
      return entriesOf(item, kind, zone, shown, windows);
    }),
  );
  return { entries: entries.flat(), more: !found.complete };
}
