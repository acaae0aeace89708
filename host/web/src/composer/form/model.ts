// Between the JSON Schema of a form and a list of fields. What the list does not show of a schema stays as it was.
import type { Schema, Value } from '../../shared/api/types';

export type Kind = 'text' | 'long' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime' | 'choice' | 'choices' | 'person' | 'group' | 'other';
export const KINDS: Kind[] = ['text', 'long', 'integer', 'number', 'boolean', 'date', 'datetime', 'choice', 'choices', 'person', 'group'];

export interface FormField {
  name: string;
  kind: Kind;
  title: string;
  description: string;
  required: boolean;
  /** For a box: it has to be ticked. */
  ticked: boolean;
  options: string[];
  /** Required only when another field has a value. */
  when?: { field: string; value: Value };
  /** The rest of its schema. */
  schema: Schema;
}

export interface Form {
  title: string;
  fields: FormField[];
  /** Everything else that the schema says. */
  rest: Record<string, unknown>;
}

interface Condition {
  if?: { properties?: Record<string, { const?: Value }>; required?: string[] };
  then?: { required?: string[] };
}

const LONG = 2000;

function kindOf(schema: Schema): Kind {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (schema.enum || schema.oneOf) return 'choice';
  if (type === 'array') return schema.items?.enum || schema.items?.oneOf ? 'choices' : 'other';
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  if (type !== undefined && type !== 'string') return 'other';
  if (schema.format === 'date') return 'date';
  if (schema.format === 'date-time') return 'datetime';
  if (schema.format === 'person' || schema.format === 'group') return schema.format;
  return (schema.maxLength ?? 0) > 255 || ['markdown', 'textarea', 'multiline'].includes(schema.format ?? '') ? 'long' : 'text';
}

function optionsOf(schema: Schema): string[] {
  const from = schema.enum || schema.oneOf ? schema : (schema.items ?? {});
  if (from.oneOf) return from.oneOf.map((one) => (one.title ? `${String(one.const)}: ${one.title}` : String(one.const)));
  return (from.enum ?? []).map(String);
}

export function read(text: string): Form {
  const { title, properties, required, 'x-order': order, allOf, ...rest } = JSON.parse(text) as Record<string, unknown> & { properties?: Record<string, Schema>; required?: string[]; 'x-order'?: string[]; allOf?: Condition[] };
  const names = [...new Set([...(order ?? []), ...Object.keys(properties ?? {})])].filter((name) => name in (properties ?? {}));
  const simple = (allOf ?? []).filter((one) => conditionOf(one) !== undefined);
  const strange = (allOf ?? []).filter((one) => !simple.includes(one));
  return {
    title: typeof title === 'string' ? title : '',
    rest: strange.length > 0 ? { ...rest, allOf: strange } : rest,
    fields: names.map((name) => {
      const schema = properties?.[name] ?? {};
      const found = simple.map(conditionOf).find((one) => one?.field === name);
      return {
        name,
        kind: kindOf(schema),
        title: schema.title ?? '',
        description: schema.description ?? '',
        required: required?.includes(name) ?? false,
        ticked: schema.const === true,
        options: optionsOf(schema),
        ...(found ? { when: { field: found.of, value: found.value } } : {}),
        schema,
      };
    }),
  };
}

function conditionOf(one: Condition): { field: string; of: string; value: Value } | undefined {
  const entries = Object.entries(one.if?.properties ?? {});
  const [field] = one.then?.required ?? [];
  const [first] = entries;
  if (entries.length !== 1 || !first || first[1].const === undefined || !field || one.then?.required?.length !== 1) return undefined;
  return { field, of: first[0], value: first[1].const };
}

/** `low: Low` is the value low with a title of its own. */
function choices(options: string[]): Pick<Schema, 'enum' | 'oneOf'> {
  const filled = options.map((one) => one.trim()).filter((one) => one !== '');
  if (!filled.some((one) => one.includes(':'))) return { enum: filled };
  return {
    oneOf: filled.map((one) => {
      const [value = '', ...title] = one.split(':');
      return { const: value.trim(), title: title.join(':').trim() || value.trim() };
    }),
  };
}

function schemaOf(field: FormField): Schema {
  const { title: _t, description: _d, enum: _e, oneOf: _o, items: _i, format: _f, type: _y, const: _c, ...kept } = field.schema;
  const words: Schema = { ...(field.title ? { title: field.title } : {}), ...(field.description ? { description: field.description } : {}) };
  // A kind that did not change keeps its own way of saying it.
  if (field.kind === 'other' || (kindOf(field.schema) === field.kind && !['choice', 'choices', 'boolean'].includes(field.kind))) {
    const { title: _title, description: _description, ...same } = field.schema;
    return { ...same, ...words };
  }
  const { maxLength: _m, minLength: _n, pattern: _p, minimum: _a, maximum: _b, ...plain } = kept;
  switch (field.kind) {
    case 'text':
      return { type: 'string', maxLength: 255, ...words, ...plain };
    case 'long':
      return { type: 'string', maxLength: LONG, ...words, ...plain };
    case 'boolean':
      return { type: 'boolean', ...words, ...(field.ticked ? { const: true } : {}), ...plain };
    case 'integer':
    case 'number':
      return { type: field.kind, ...words, ...plain };
    case 'date':
      return { type: 'string', format: 'date', ...words, ...plain };
    case 'datetime':
      return { type: 'string', format: 'date-time', ...words, ...plain };
    case 'person':
    case 'group':
      return { type: 'string', format: field.kind, ...words, ...plain };
    case 'choice':
      return { ...words, ...choices(field.options), ...plain };
    case 'choices':
      return { type: 'array', items: choices(field.options), uniqueItems: true, ...words, ...plain } as Schema;
  }
}

export function write(form: Form): string {
  const conditions: Condition[] = form.fields.flatMap(({ name, when }) =>
    when && when.field !== '' ? [{ if: { properties: { [when.field]: { const: when.value } }, required: [when.field] }, then: { required: [name] } }] : [],
  );
  const { allOf, ...rest } = form.rest as { allOf?: Condition[] };
  const all = [...(allOf ?? []), ...conditions];
  return JSON.stringify(
    {
      type: 'object',
      title: form.title,
      additionalProperties: false,
      ...rest,
      properties: Object.fromEntries(form.fields.map((field) => [field.name, schemaOf(field)])),
      required: form.fields.filter(({ required, when }) => required && !when).map(({ name }) => name),
      'x-order': form.fields.map(({ name }) => name),
      ...(all.length > 0 ? { allOf: all } : {}),
    },
    null,
    2,
  );
}

export function blank(name: string): string {
  return write({ title: name, rest: {}, fields: [] });
}
