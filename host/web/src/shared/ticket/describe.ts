// What a journal row says, as sentences for people. Pure: names and texts come in.
import { display, humanise } from '../form/schema';
import type { Kind, TimelineEntry, Value } from '../api/types';
import type { t } from '../i18n/index.svelte';

export interface Words {
  t: typeof t;
  /** The name of a person, group or ticket by id. */
  name: (id: string) => string;
  kind: Kind | undefined;
}

const PEOPLE_AND_GROUPS = ['requester', 'group', 'assignee', 'parent'];

/** The sentences of an entry, each to be read after the name of its actor. Comments have none: their text speaks. */
export function describe(entry: TimelineEntry, words: Words): string[] {
  const { t } = words;
  const text = (name: string) => String(entry.data[name] ?? '');
  switch (entry.kind) {
    case 'comment.added':
      return [];
    case 'ticket.created':
      return [t('timeline.created')];
    case 'ticket.changed':
      return changesOf(entry).map((change) => changeSentence(change, words));
    case 'attachment.added':
      return [t('timeline.attached', { name: text('name') })];
    case 'ticket.linked':
    case 'ticket.unlinked': {
      const key = entry.kind === 'ticket.linked' ? 'timeline.linked' : 'timeline.unlinked';
      return [t(key, { type: linkTitle(text('type'), t), other: words.name(text('other') || text('to')) })];
    }
    case 'ticket.watched':
      return [t('timeline.watch')];
    default:
      return [genericSentence(entry, t)];
  }
}

interface FieldChange {
  field: string;
  from: Value;
  to: Value;
}

function changesOf(entry: TimelineEntry): FieldChange[] {
  const changes = entry.data.changes;
  return Array.isArray(changes) ? (changes as unknown as FieldChange[]) : [];
}

function changeSentence({ field, from, to }: FieldChange, words: Words): string {
  const { t } = words;
  if (field === 'state') {
    return t('timeline.moved', { state: words.kind?.states.find(({ id }) => id === to)?.title ?? humanise(to) });
  }
  if (field === 'assignee') {
    return to === null ? t('timeline.unassigned') : t('timeline.assigned', { value: words.name(String(to)) });
  }
  const [title, show] = fieldWords(field, words);
  if (to === null) return t('timeline.cleared', { field: title });
  if (from === null || String(from).length > 80) return t('timeline.set', { field: title, value: show(to) });
  return t('timeline.changed', { field: title, before: show(from), value: show(to) });
}

/** The title of a field, and how its values read. */
export function fieldWords(field: string, { t, name, kind }: Words): [string, (value: Value) => string] {
  const plain = field.replace(/^fields\./, '');
  const rule = kind?.fields.find(([own]) => own === plain)?.[1];
  if (rule && plain !== 'title') return [rule.title, (value) => short(typeof value === 'boolean' ? yesNo(value, t) : display(value, rule.schema))];
  if (PEOPLE_AND_GROUPS.includes(plain)) return [t(`ticket.${plain}` as 'ticket.group'), (value) => (value ? name(String(value)) : '–')];
  if (plain === 'state') {
    return [t('ticket.state'), (value) => kind?.states.find(({ id }) => id === value)?.title ?? humanise(value)];
  }
  if (plain === 'title' || plain === 'restricted') return [t(`ticket.${plain}`), (value) => short(yesNo(value, t))];
  return [humanise(plain), (value) => short(yesNo(value, t))];
}

export function yesNo(value: Value, t: Words['t']): string {
  if (value === null) return '–';
  return typeof value === 'boolean' ? t(value ? 'app.yes' : 'app.no') : display(value, {});
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}

/** Clocks and whatever a plugin brings: the event in words, and its reason. */
function genericSentence(entry: TimelineEntry, t: Words['t']): string {
  const [noun = '', verb = ''] = entry.kind.split('.');
  const title = entry.data.title ?? entry.data.clock ?? noun;
  const reason = typeof entry.data.reason === 'string' && entry.data.reason !== '' ? ` – ${entry.data.reason}` : '';
  return t('timeline.clock', { title: humanise(title), what: `${humanise(verb).toLowerCase()}${reason}` });
}

export const LINK_TYPES = ['related-to', 'caused-by', 'blocks', 'duplicate-of'] as const;

export function linkTitle(type: string, t: Words['t']): string {
  const known = LINK_TYPES.find((own) => own === type);
  return known ? t(`links.${known}`) : humanise(type).toLowerCase();
}
