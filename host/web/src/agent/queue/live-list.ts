// What a live event does to a list on the screen. Pure: the queue calls it and renders what comes out.
import type { LiveEvent, Ticket } from '../../shared/api/types';

/** Whether an event says something that the list does not know yet. */
export function isNews(items: readonly Ticket[], event: LiveEvent | 'resync'): boolean {
  if (event === 'resync') return true;
  const known = items.find((item) => item.id === event.ticket);
  return !known || known.version < event.version;
}

export interface Merged {
  items: Ticket[];
  /** New or newer than before: shown for a moment. */
  fresh: string[];
  /** Still selected: what left the list leaves the selection too. */
  selected: string[];
  /** Where the cursor is now: it stays on its ticket, or where that was. */
  cursor: number;
}

export function merge(
  before: readonly Ticket[],
  after: readonly Ticket[],
  selected: readonly string[],
  cursor: number,
): Merged {
  const versions = new Map(before.map((item) => [item.id, item.version]));
  // An answer that was on its way while we changed something must not bring the old state back.
  const items = after.map((item) => {
    const known = before.find((other) => other.id === item.id);
    return known && known.version > item.version ? known : item;
  });
  const ids = new Set(items.map((item) => item.id));
  const current = before[cursor]?.id;
  const found = items.findIndex((item) => item.id === current);
  return {
    items,
    fresh: items.filter((item) => (versions.get(item.id) ?? 0) < item.version).map((item) => item.id),
    selected: selected.filter((id) => ids.has(id)),
    cursor: found !== -1 ? found : Math.min(cursor, items.length - 1),
  };
}
