// A business calendar as a form and back. What the form does not show is kept as it was. Pure; the server checks.
import type { FieldProblem, Fields, Value } from '../../shared/api/types';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export interface Interval {
  from: string;
  to: string;
}
export interface Holiday {
  title: string;
  /** The first and the last day as `YYYY-MM-DD`; of a yearly one, the year says nothing. */
  from: string;
  to: string;
  yearly: boolean;
  /** Other members of the entry, as they were. */
  rest: Fields;
}
/** Of one date: hours in place of those of the weekday, or hours that are taken out of them. */
export interface Exception {
  date: string;
  type: 'shifts' | 'breaks';
  hours: Interval[];
}
export interface Form {
  title: string;
  zone: string;
  always: boolean;
  week: Record<Weekday, Interval[]>;
  holidays: Holiday[];
  exceptions: Exception[];
  rest: Fields;
}

/** A year for a yearly day in an input that wants one; it has a 29 February. */
const ANY_YEAR = '2000';
const SHOWN = ['title', 'zone', 'hours', 'holidays', 'shifts', 'breaks', 'key'];

const object = (value: Value | undefined): Fields => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});
const array = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : []);
const text = (value: Value | undefined) => (typeof value === 'string' ? value : '');

function intervals(value: Value | undefined): Interval[] {
  return array(value).map((pair) => ({ from: text(array(pair)[0]), to: text(array(pair)[1]) }));
}

const pairs = (list: readonly Interval[]): Value => list.map(({ from, to }) => [from, to]);

export function empty(zone: string): Form {
  const day = [{ from: '08:00', to: '17:00' }];
  return read({ zone, hours: Object.fromEntries(WEEKDAYS.slice(0, 5).map((name) => [name, pairs(day)])) });
}

export function read(definition: Fields): Form {
  const hours = object(definition.hours);
  const exceptions = (['shifts', 'breaks'] as const).flatMap((type) =>
    Object.entries(object(definition[type])).map(([date, list]) => ({ date, type, hours: intervals(list) })),
  );
  return {
    title: text(definition.title),
    zone: text(definition.zone),
    always: definition.hours === 'always',
    week: Object.fromEntries(WEEKDAYS.map((name) => [name, intervals(hours[name])])) as Form['week'],
    holidays: array(definition.holidays).map(holiday),
    exceptions: exceptions.sort((one, other) => one.date.localeCompare(other.date)),
    rest: Object.fromEntries(Object.entries(definition).filter(([name]) => !SHOWN.includes(name))),
  };
}

function holiday(value: Value): Holiday {
  const { title, date, from, to, ...rest } = object(value);
  const [first, last] = [text(date) || text(from), text(date) || text(to)];
  const yearly = first.startsWith('--');
  const day = (written: string) => (written.startsWith('--') ? `${ANY_YEAR}-${written.slice(2)}` : written);
  return { title: text(title), from: day(first), to: day(last), yearly, rest };
}

export function write(form: Form): Fields {
  const day = (date: string, yearly: boolean) => (yearly ? `--${date.slice(5)}` : date);
  const holidays = form.holidays.map(({ title, from, to, yearly, rest }): Fields => {
    const last = to === '' ? from : to;
    const when: Fields = from === last ? { date: day(from, yearly) } : { from: day(from, yearly), to: day(last, yearly) };
    return { ...(title ? { title } : {}), ...when, ...rest };
  });
  const dates = (type: Exception['type']) => {
    const byDate: Record<string, Interval[]> = {};
    for (const one of form.exceptions) if (one.type === type) byDate[one.date] = [...(byDate[one.date] ?? []), ...one.hours];
    return Object.fromEntries(Object.entries(byDate).map(([date, list]) => [date, pairs(list)]));
  };
  const [shifts, breaks] = [dates('shifts'), dates('breaks')];
  const week = Object.fromEntries(WEEKDAYS.filter((name) => form.week[name].length > 0).map((name) => [name, pairs(form.week[name])]));
  return {
    ...(form.title ? { title: form.title } : {}),
    zone: form.zone,
    hours: form.always ? 'always' : week,
    ...(holidays.length > 0 ? { holidays } : {}),
    ...(Object.keys(shifts).length > 0 ? { shifts } : {}),
    ...(Object.keys(breaks).length > 0 ? { breaks } : {}),
    ...form.rest,
  };
}

/**
 * Where each problem of the server is shown: `zone`, `hours`, `week.mon`, `holidays.0`, `exceptions.2`, `title`, `key`. What no control
 * shows stays in `rest`.
 */
export function byPlace(errors: readonly FieldProblem[], form: Form): { at: Record<string, string>; rest: FieldProblem[] } {
  const at: Record<string, string> = {};
  const rest: FieldProblem[] = [];
  for (const error of errors) {
    const [first, second] = error.pointer.split('/').slice(1);
    const place = placeOf(first, second, form);
    if (place === undefined) rest.push(error);
    else at[place] = at[place] ? `${at[place]} ${error.message}` : error.message;
  }
  return { at, rest };
}

function placeOf(first: string | undefined, second: string | undefined, form: Form): string | undefined {
  switch (first) {
    case 'key':
    case 'title':
    case 'zone':
      return first;
    case 'hours':
      return WEEKDAYS.some((name) => name === second) ? `week.${second}` : 'hours';
    case 'holidays':
      return second !== undefined && form.holidays[Number(second)] ? `holidays.${second}` : undefined;
    case 'shifts':
    case 'breaks': {
      const place = form.exceptions.findIndex(({ date, type }) => type === first && date === second);
      return place === -1 ? undefined : `exceptions.${place}`;
    }
    default:
      return undefined;
  }
}

/** Hours of a usual week; nothing while a time is not written out. */
export function weekHours(form: Form): number | undefined {
  if (form.always) return 168;
  const minutes = (time: string) => (/^\d{2}:\d{2}$/.test(time) ? Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) : Number.NaN);
  const all = WEEKDAYS.flatMap((name) => form.week[name]).map(({ from, to }) => minutes(to) - minutes(from));
  const sum = all.reduce((total, one) => total + one, 0) / 60;
  return Number.isNaN(sum) ? undefined : sum;
}
