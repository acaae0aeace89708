// A question as the form holds it, and as the API takes it.
import type { Kind } from '../shared/api/types';

export const MEASURES = ['count', 'share', 'time-to-resolve', 'time-to-close', 'time-on-clock', 'targets-met', 'average', 'sum', 'spread'] as const;
export type Measure = (typeof MEASURES)[number];

/** What only tickets have, their end and their clocks. */
const OF_TICKETS: Measure[] = ['time-to-resolve', 'time-to-close', 'time-on-clock', 'targets-met'];
/** What is told of clocks: of one, or where that is left open, of all. */
export const OF_CLOCKS: Measure[] = ['time-on-clock', 'targets-met'];

/** What a question is about: all tickets and configuration items stand for a kind. */
export const TICKETS = '*';
export const CIS = 'ci';

export interface Condition {
  on: string;
  not: boolean;
  /** Separated by commas; a number or true and false is one. */
  values: string;
}

export interface Draft {
  id: string;
  title: string;
  description: string;
  kind: string;
  measure: Measure;
  field: string;
  clock: string;
  group: string;
  days: string;
  where: Condition[];
  of: Condition[];
}

export interface Question {
  [key: string]: unknown;
}

export function emptyDraft(): Draft {
  return { id: '', title: '', description: '', kind: TICKETS, measure: 'count', field: '', clock: '', group: '', days: '', where: [], of: [] };
}

const COLUMNS = ['state', 'category', 'space', 'group', 'assignee', 'kind'];
const RECORD_COLUMNS = ['state', 'category', 'space'];

export function isOfTickets(kind: Kind | undefined, name: string): boolean {
  return name === TICKETS || (name !== CIS && kind?.noun !== 'record');
}

export function measuresOf(kind: Kind | undefined, name: string): Measure[] {
  const tickets = isOfTickets(kind, name);
  return MEASURES.filter((measure) => tickets || !OF_TICKETS.includes(measure));
}

/** Columns that conditions and rows may name. */
export function columnsOf(kind: Kind | undefined, name: string): string[] {
  if (name === CIS) return ['class', 'space'];
  const columns = isOfTickets(kind, name) ? COLUMNS : RECORD_COLUMNS;
  const fields = (kind?.fields ?? []).filter(([, rule]) => !rule.read?.length).map(([field]) => `field.${field}`);
  return [...columns, ...fields];
}

/** Fields that are numbers. */
export function numbersOf(kind: Kind | undefined): string[] {
  const numbers = (kind?.fields ?? []).filter(([, rule]) => {
    const type = (rule.schema as { type?: unknown }).type;
    return !rule.read?.length && (type === 'integer' || type === 'number');
  });
  return numbers.map(([field]) => field);
}

function value(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function condition({ on, not, values }: Condition) {
  const wanted = values
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  return { on, [not ? 'not' : 'is']: on.startsWith('field.') || on === 'class' ? wanted.map(value) : wanted };
}

/** What the API takes. What was not chosen is left out. */
export function toQuestion(draft: Draft): Question {
  const { title, description, kind, measure, field, clock, group, days, where, of } = draft;
  return {
    title: title.trim(),
    ...(description.trim() ? { description: description.trim() } : {}),
    kind,
    measure,
    ...(['average', 'sum', 'spread'].includes(measure) && field.trim() ? { field: field.trim() } : {}),
    ...(OF_CLOCKS.includes(measure) && clock.trim() ? { clock: clock.trim() } : {}),
    ...(group ? { group } : {}),
    ...(days ? { days: Number(days) } : {}),
    ...(where.length > 0 ? { where: where.map(condition) } : {}),
    ...(measure === 'share' ? { of: of.map(condition) } : {}),
  };
}

/** Back into the form. What the form does not know is kept by [`rest`]. */
export function toDraft(id: string, question: Question): Draft {
  const text = (key: string) => (typeof question[key] === 'string' ? (question[key] as string) : '');
  const conditions = (key: string): Condition[] =>
    (Array.isArray(question[key]) ? (question[key] as Record<string, unknown>[]) : []).map((one) => ({
      on: String(one.on ?? ''),
      not: 'not' in one,
      values: [one.not ?? one.is ?? []].flat().map(String).join(', '),
    }));
  return {
    id,
    title: text('title'),
    description: text('description'),
    kind: text('kind'),
    measure: (text('measure') || 'count') as Measure,
    field: text('field'),
    clock: text('clock'),
    group: text('group'),
    days: question.days === undefined ? '' : String(question.days),
    where: conditions('where'),
    of: conditions('of'),
  };
}

/** Keys of a question that the form does not show: a change in the form leaves them as they are. */
export function rest(question: Question): Question {
  const { by, percentiles } = question;
  return Object.fromEntries(Object.entries({ by, percentiles }).filter(([, one]) => one !== undefined));
}

/** An id out of a title: what may stand in an address. */
export function idOf(title: string): string {
  const plain = title.toLowerCase().normalize('NFKD').replace(/[̀-ͯ]/g, '').replace(/ß/g, 'ss');
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
}
