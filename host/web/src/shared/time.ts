// Times as people read them. Pure: the present is an argument.

export type DueLevel = 'overdue' | 'soon' | 'fine';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Without a start to measure from, the last hour counts as soon. */
const SOON_MS = HOUR;
/** With one, the last quarter does: where the usual warning at 75 % fires. */
const SOON_SHARE = 0.25;

const UNITS = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
] as const;

/**
 * A length of time in its two largest units: `3 days 4 hr`, `2 hr 5 min`, `40 sec`. Seconds next to minutes are for who watches one
 * clock; in a list they only flicker.
 */
export function formatSpan(ms: number, locale: string, least: 'minute' | 'second' = 'second'): string {
  let rest = Math.abs(ms);
  const first = UNITS.findIndex(([, size]) => rest >= size);
  if (first === -1) return unit(0, 'second', locale);
  const parts: string[] = [];
  for (const [name, size] of UNITS.slice(first, first + 2)) {
    if (name === 'second' && least === 'minute' && parts.length > 0) break;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(unit(count, name, locale));
  }
  return parts.join(' ');
}

function unit(count: number, name: 'day' | 'hour' | 'minute' | 'second', locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(count);
}

export function dueLevel(due: number, now: number, started?: number): DueLevel {
  const left = due - now;
  if (left <= 0) return 'overdue';
  const soon = started === undefined || started >= due ? SOON_MS : (due - started) * SOON_SHARE;
  return left <= soon ? 'soon' : 'fine';
}

/** `5 min ago`, `yesterday`; a date once it is longer than a week. */
export function formatAgo(at: string, now: number, locale: string, zone?: string): string {
  const ms = Date.parse(at) - now;
  if (Math.abs(ms) > 7 * DAY) return formatDate(at, locale, zone);
  if (Math.abs(ms) < MINUTE) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(0, 'second');
  const [name, size] = UNITS.find(([, size]) => Math.abs(ms) >= size) ?? UNITS[2];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }).format(Math.trunc(ms / size), name);
}

export function formatDate(at: string, locale: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: known(zone) }).format(new Date(at));
}

export function formatInstant(at: string, locale: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: known(zone),
    timeZoneName: 'short',
  }).format(new Date(at));
}

/** A zone that this browser does not know must not take the page down. */
function known(zone: string | undefined): string | undefined {
  if (!zone) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}

export function formatBytes(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte'] as const;
  const step = bytes >= 1_000_000 ? 2 : bytes >= 1000 ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[step],
    unitDisplay: 'short',
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}

export function formatMicros(micros: number | null, locale: string): string {
  if (micros === null) return '–';
  const number = (value: number) => new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(value);
  if (micros >= 1_000_000) return `${number(micros / 1_000_000)} s`;
  return micros < 1000 ? `${number(micros)} µs` : `${number(micros / 1000)} ms`;
}
