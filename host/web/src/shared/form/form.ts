// The form of a task: in which order its schema is asked, and what is wrong with the answers before they are sent. The server checks
// again and knows more; this only saves people the way there and back.
import type { FormSchema } from '../api/flow';
import type { Fields, Schema, Value } from '../api/types';
import type { Key } from '../i18n/index.svelte';
import { control, humanise, isEmpty } from './schema';

export interface Question {
  title: string;
  description: string;
  schema: Schema;
  required: boolean;
}
export type Questions = [string, Question][];
export type Say = (key: Key, params?: Record<string, string | number>) => string;

/** More would be no form any more; the server deploys none that is larger. */
const QUESTIONS_MAX = 200;

export function questions(form: FormSchema | null | undefined): Questions {
  const properties = form?.properties ?? {};
  const order = [...(form?.['x-order'] ?? []), ...Object.keys(properties)];
  const names = order.filter((name, index) => name in properties && order.indexOf(name) === index);
  return names.slice(0, QUESTIONS_MAX).map((name) => {
    const schema = properties[name] ?? {};
    const required = form?.required?.includes(name) ?? false;
    return [name, { title: schema.title ?? humanise(name), description: schema.description ?? '', schema, required }];
  });
}

/** What the form shows first: what the flow knows already, else the defaults. */
export function initial(asked: Questions, known: Fields): Fields {
  return Object.fromEntries(
    asked.flatMap(([name, { schema }]) => {
      const value = known[name] ?? schema.default;
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );
}

/** What is sent: what was not answered is not there. A box that nobody ticked is a no where a no is possible. */
export function answers(asked: Questions, values: Fields): Fields {
  return Object.fromEntries(
    asked.flatMap(([name, { schema, required }]) => {
      const value = values[name];
      if (value !== undefined && !isEmpty(value)) return [[name, value]];
      return required && control(schema).type === 'boolean' && schema.const !== true ? [[name, false]] : [];
    }),
  );
}

/** What is wrong, by question. */
export function check(asked: Questions, values: Fields, say: Say): Record<string, string> {
  const sent = answers(asked, values);
  const found: Record<string, string> = {};
  for (const [name, question] of asked) {
    const message = wrong(question, sent[name], say);
    if (message) found[name] = message;
  }
  return found;
}

function wrong({ title, schema, required }: Question, value: Value | undefined, say: Say): string | undefined {
  const kind = control(schema);
  if (isEmpty(value) || value === undefined) {
    if (!required) return undefined;
    return say(kind.type === 'boolean' ? 'form.wrong.tick' : 'form.wrong.missing', { field: title });
  }
  if (schema.const === true && value !== true) return say('form.wrong.tick', { field: title });
  if (kind.type === 'integer' || kind.type === 'number') return wrongNumber(schema, value, say);
  if (Array.isArray(value)) {
    if (schema.maxItems !== undefined && value.length > schema.maxItems) return say('form.wrong.many', { max: schema.maxItems });
    if (schema.minItems !== undefined && value.length < schema.minItems) return say('form.wrong.few', { min: schema.minItems });
    return undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (kind.type === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return say('form.wrong.date');
  // JSON Schema counts characters, not the units of UTF-16.
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) return say('form.wrong.long', { max: schema.maxLength });
  if (schema.minLength !== undefined && length < schema.minLength) return say('form.wrong.short', { min: schema.minLength });
  return undefined;
}

function wrongNumber(schema: Schema, value: Value, say: Say): string | undefined {
  if (typeof value !== 'number') return say('form.wrong.number');
  if (control(schema).type === 'integer' && !Number.isInteger(value)) return say('form.wrong.whole');
  if (schema.minimum !== undefined && value < schema.minimum) return say('form.wrong.least', { min: schema.minimum });
  if (schema.maximum !== undefined && value > schema.maximum) return say('form.wrong.most', { max: schema.maximum });
  return undefined;
}
