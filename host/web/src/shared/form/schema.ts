// From a JSON Schema to a form control, and from what was typed to the value that is sent. The server validates; this only decides
// how to ask.
import type { FieldRule, Fields, Kind, ProblemBody, Role, Schema, Value } from '../api/types';

export type Control =
  | { type: 'select'; options: { value: Value; title: string }[] }
  | { type: 'checks'; options: { value: Value; title: string }[] }
  | { type: 'integer' | 'number'; min?: number; max?: number }
  | { type: 'boolean' | 'date' | 'datetime' | 'textarea' | 'list' | 'json' | 'person' | 'group' }
  | { type: 'text'; input: 'text' | 'email' | 'url' };

/** A string that may be longer than this gets several lines. */
const ONE_LINE_LENGTH_MAX = 255;
/** Under which members of a body the values of a form are sent. */
const ENVELOPES = ['fields', 'variables'];
const LONG_TEXT = ['markdown', 'textarea', 'multiline'];

export function control(schema: Schema): Control {
  const options = choices(schema);
  if (options) return { type: 'select', options };
  switch (mainType(schema)) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
      return { type: 'integer', min: schema.minimum, max: schema.maximum };
    case 'number':
      return { type: 'number', min: schema.minimum, max: schema.maximum };
    case 'array': {
      const items = schema.items && choices(schema.items);
      if (items) return { type: 'checks', options: items };
      return schema.items && mainType(schema.items) !== 'string' ? { type: 'json' } : { type: 'list' };
    }
    case 'object':
      return { type: 'json' };
    default:
      return textControl(schema);
  }
}

function textControl(schema: Schema): Control {
  const format = schema.format ?? '';
  if (format === 'date') return { type: 'date' };
  if (format === 'date-time') return { type: 'datetime' };
  if (format === 'person' || format === 'group') return { type: format };
  if (LONG_TEXT.includes(format) || (schema.maxLength ?? 0) > ONE_LINE_LENGTH_MAX) return { type: 'textarea' };
  return { type: 'text', input: format === 'email' ? 'email' : format === 'uri' ? 'url' : 'text' };
}

function choices(schema: Schema): { value: Value; title: string }[] | undefined {
  if (schema.oneOf?.every((option) => 'const' in option)) {
    return schema.oneOf.map((option) => ({ value: option.const, title: option.title ?? humanise(option.const) }));
  }
  return schema.enum?.filter((value) => value !== null).map((value) => ({ value, title: humanise(value) }));
}

function mainType(schema: Schema): string {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'string'];
  return types.find((type) => type !== 'null') ?? 'string';
}

/** `awaiting-caller` and `awaiting_caller` read Awaiting caller. */
export function humanise(value: Value): string {
  const text = String(value).replace(/[-_.]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a control shows for a value. */
export function toText(value: Value | undefined, control: Control): string {
  if (value === null || value === undefined) return '';
  if (control.type === 'json') return JSON.stringify(value, null, 2);
  if (Array.isArray(value)) return value.join('\n');
  if (control.type === 'datetime') return toLocalInput(String(value));
  return String(value);
}

/** The value of what was typed; an empty control has none. Text that is no value of the type is sent as it is: the server says why. */
export function fromText(text: string, control: Control): Value {
  if (text.trim() === '') return null;
  switch (control.type) {
    case 'integer':
    case 'number': {
      const number = Number(text);
      return Number.isFinite(number) ? number : text;
    }
    case 'select':
      return control.options.find((option) => String(option.value) === text)?.value ?? text;
    case 'list':
      return text.split(/[\n,]/).map((item) => item.trim()).filter((item) => item !== '');
    case 'datetime': {
      const at = new Date(text);
      return Number.isNaN(at.getTime()) ? text : at.toISOString();
    }
    case 'json':
      try {
        return JSON.parse(text) as Value;
      } catch {
        return text;
      }
    default:
      return text;
  }
}

function toLocalInput(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return '';
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** What is read: the title of a choice, not its value. */
/** Whether a field is asked for, given what the others say: the same rule as on the server. */
export function applies(rule: { when?: { field: string; is: Value[] } }, fields: Fields): boolean {
  const { when } = rule;
  if (!when) return true;
  const value = fields[when.field];
  return value !== undefined && when.is.some((one) => one === value || JSON.stringify(one) === JSON.stringify(value));
}

export function display(value: Value | undefined, schema: Schema): string {
  if (value === null || value === undefined || value === '') return '';
  const kind = control(schema);
  if (kind.type === 'select') return kind.options.find((option) => option.value === value)?.title ?? String(value);
  if (kind.type === 'checks' && Array.isArray(value)) {
    return value.map((item) => kind.options.find((option) => option.value === item)?.title ?? String(item)).join(', ');
  }
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** The fields that somebody with these roles may set, in the order of the kind. */
export function writable(kind: Kind, roles: readonly Role[]): [string, FieldRule][] {
  return kind.fields.filter(([, rule]) => rule.write.some((role) => roles.includes(role)));
}

/** The fields that somebody with these roles sees. */
export function readable(kind: Kind, roles: readonly Role[]): [string, FieldRule][] {
  return kind.fields.filter(([, rule]) => rule.read.length === 0 || rule.read.some((role) => roles.includes(role)));
}

export function defaults(fields: readonly [string, FieldRule][]): Fields {
  return Object.fromEntries(
    fields.flatMap(([name, rule]) => (rule.schema.default === undefined ? [] : [[name, rule.schema.default]])),
  );
}

/** What differs, for a PATCH: `null` clears. */
export function changes(before: Fields, after: Fields): Fields {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const result: Fields = {};
  for (const name of names) {
    const [old, now] = [before[name] ?? null, after[name] ?? null];
    if (JSON.stringify(old) !== JSON.stringify(now)) result[name] = now;
  }
  return result;
}

/**
 * The messages of a problem by control: `/fields/impact/0` and `/variables/impact` belong to `impact`, `/title` to `title`,
 * `/comment/body` to `comment`.
 * What no control shows stays in `rest`.
 */
export function byControl(problem: ProblemBody | undefined, controls: readonly string[]) {
  const messages: Record<string, string> = {};
  const rest: { pointer: string; message: string }[] = [];
  for (const { pointer, message } of problem?.errors ?? []) {
    const parts = pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const name = ENVELOPES.includes(parts[0] ?? '') ? parts[1] : parts[0];
    if (name !== undefined && controls.includes(name)) messages[name] = messages[name] ? `${messages[name]} ${message}` : message;
    else rest.push({ pointer, message });
  }
  return { messages, rest };
}
