import { expect, test } from 'vitest';
import { blank, read, write } from './model';

const FORMS = Object.entries(import.meta.glob<string>('../../../../../plugins/*/*/forms/*.json', { query: '?raw', import: 'default', eager: true })).map(
  ([path, text]) => [path.split('/').at(-1) ?? '', text] as const,
);

test('there are forms to try it with', () => expect(FORMS.length).toBeGreaterThan(10));

/** The order of members says nothing. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(sorted) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort().map(([key, one]) => [key, sorted(one)])) : value;

test.each(FORMS)('%s is the same after it was read and written', (_, text) => {
  const before = JSON.parse(text);
  const after = JSON.parse(write(read(text)));
  expect(sorted(after.properties)).toEqual(sorted(before.properties));
  expect([...after.required].sort()).toEqual([...(before.required ?? [])].sort());
  expect(after.additionalProperties).toEqual(before.additionalProperties);
});

test('a condition makes a field required only where it holds', () => {
  const form = read(blank('A form'));
  const base = { description: '', ticked: false, options: [], schema: {} };
  form.fields.push({ ...base, name: 'damaged', kind: 'boolean', title: 'Damaged', required: true });
  form.fields.push({ ...base, name: 'how', kind: 'long', title: 'How?', required: true, when: { field: 'damaged', value: true } });
  const text = write(form);
  const schema = JSON.parse(text);
  expect(schema.required).toEqual(['damaged']);
  expect(schema.allOf).toEqual([{ if: { properties: { damaged: { const: true } }, required: ['damaged'] }, then: { required: ['how'] } }]);
  expect(read(text).fields[1]?.when).toEqual({ field: 'damaged', value: true });
});

test('choices have titles of their own where they are written', () => {
  const form = read(blank('A form'));
  form.fields.push({ name: 'size', kind: 'choice', title: '', description: '', required: false, ticked: false, options: ['s: Small', 'l'], schema: {} });
  expect(JSON.parse(write(form)).properties.size.oneOf).toEqual([{ const: 's', title: 'Small' }, { const: 'l', title: 'l' }]);
  expect(read(write(form)).fields[0]?.options).toEqual(['s: Small', 'l: l']);
});
