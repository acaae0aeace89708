// Where the entries of a calendar stand: days, weeks and lanes. Pure. A local time here is the wall clock of the zone written as
// milliseconds of UTC, so that days are always 24 hours long and no browser zone gets in between.

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Shorter entries are drawn as if they took this long, so that their names can be read. */
const SHOWN_MS_MIN = HOUR_MS;

export type Layout = 'month' | 'week' | 'list';
export const LAYOUTS: readonly Layout[] = ['month', 'week', 'list'];

export interface Spanned {
  from: number;
  to: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone at an instant. */
export function toLocal(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    formats.set(zone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  return Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second);
}

export const startOfDay = (local: number) => Math.floor(local / DAY_MS) * DAY_MS;

/** Monday is the first day of a week (ISO 8601). */
export const startOfWeek = (local: number) => startOfDay(local) - ((new Date(local).getUTCDay() + 6) % 7) * DAY_MS;

export function startOfMonth(local: number): number {
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** From when to when a layout shows; a list shows what a month does. */
export function range(layout: Layout, at: number): Spanned {
  if (layout === 'week') return { from: startOfWeek(at), to: startOfWeek(at) + 7 * DAY_MS };
  const first = startOfMonth(at);
  const next = step('month', first, 1);
  return layout === 'list' ? { from: first, to: next } : { from: startOfWeek(first), to: startOfWeek(next - DAY_MS) + 7 * DAY_MS };
}

/** The same place one page on or back. */
export function step(layout: Layout, at: number, by: 1 | -1): number {
  if (layout === 'week') return startOfDay(at) + by * 7 * DAY_MS;
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by, 1);
}

export function days({ from, to }: Spanned): number[] {
  return Array.from({ length: Math.round((to - from) / DAY_MS) }, (_, index) => from + index * DAY_MS);
}

export const overlaps = (one: Spanned, other: Spanned) => one.from < other.to && other.from < one.to;

/** What a day has, the earliest first. */
export function onDay<T extends Spanned>(entries: readonly T[], day: number): T[] {
  return entries.filter((entry) => overlaps(entry, { from: day, to: day + DAY_MS })).sort((a, b) => a.from - b.from || b.to - a.to);
}

export interface Placed<T> {
  entry: T;
  /** Parts of the day, from 0 to 1. */
  top: number;
  height: number;
  lane: number;
  lanes: number;
}

/** The entries of one day beside each other where they overlap. */
export function lanes<T extends Spanned>(entries: readonly T[], day: number): Placed<T>[] {
  const placed: Placed<T>[] = [];
  let cluster: (Placed<T> & { end: number })[] = [];
  const close = () => {
    const count = Math.max(0, ...cluster.map(({ lane }) => lane + 1));
    for (const one of cluster) one.lanes = count;
    placed.push(...cluster);
    cluster = [];
  };
  for (const entry of onDay(entries, day)) {
    const from = Math.min(Math.max(entry.from, day), day + DAY_MS - SHOWN_MS_MIN);
    const end = Math.max(Math.min(entry.to, day + DAY_MS), from + SHOWN_MS_MIN);
    if (!cluster.some((other) => other.end > from)) close();
    const busy = new Set(cluster.filter((other) => other.end > from).map(({ lane }) => lane));
    let lane = 0;
    while (busy.has(lane)) lane += 1;
    cluster.push({ entry, top: (from - day) / DAY_MS, height: (end - from) / DAY_MS, lane, lanes: 1, end });
  }
  close();
  return placed;
}

export const toDate = (local: number) => new Date(local).toISOString().slice(0, 10);

/** The day of an address; nothing when it is none. */
export function fromDate(text: string | null): number | undefined {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : at;
}
