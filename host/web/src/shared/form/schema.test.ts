import { describe, expect, test } from 'vitest';
import type { FieldRule, Kind, Role, Schema } from '../api/types';
import { byControl, changes, control, defaults, display, fromText, humanise, toText, writable } from './schema';

const rule = (schema: Schema, write: Role[] = ['agent']): FieldRule => ({
  title: 'A field',
  description: '',
  schema,
  required: false,
  write,
  read: [],
});

test.each<[Schema, string]>([
  [{ type: 'string' }, 'text'],
  [{ type: 'string', maxLength: 100 }, 'text'],
  [{ type: 'string', maxLength: 4000 }, 'textarea'],
  [{ type: 'string', format: 'markdown' }, 'textarea'],
  [{ type: 'string', format: 'date' }, 'date'],
  [{ type: 'string', format: 'date-time' }, 'datetime'],
  [{ type: 'string', format: 'person' }, 'person'],
  [{ type: ['string', 'null'], enum: ['a', null] }, 'select'],
  [{ oneOf: [{ const: 1, title: 'High' }] }, 'select'],
  [{ type: 'integer', minimum: 1 }, 'integer'],
  [{ type: 'number' }, 'number'],
  [{ type: 'boolean' }, 'boolean'],
  [{ type: 'array', items: { type: 'string' } }, 'list'],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, 'checks'],
  [{ type: 'array', items: { type: 'object' } }, 'json'],
  [{ type: 'object' }, 'json'],
  [{}, 'text'],
])('%j is asked with a %s', (schema, type) => expect(control(schema).type).toBe(type));

describe('values', () => {
  test('a choice keeps its type', () => {
    const choice = control({ type: 'integer', enum: [1, 2, 3] });
    expect(fromText('2', choice)).toBe(2);
    expect(toText(2, choice)).toBe('2');
  });

  test('an empty control clears', () => expect(fromText('  ', control({ type: 'integer' }))).toBeNull());

  test('what is no number goes to the server as it is', () => {
    expect(fromText('12', control({ type: 'integer' }))).toBe(12);
    expect(fromText('twelve', control({ type: 'integer' }))).toBe('twelve');
  });

  test('a list is split at commas and lines', () => {
    const list = control({ type: 'array', items: { type: 'string' } });
    expect(fromText('a, b\nc,', list)).toEqual(['a', 'b', 'c']);
  });

  test('an instant survives the round trip through the local input', () => {
    const instant = control({ type: 'string', format: 'date-time' });
    expect(fromText(toText('2026-03-02T10:30:00.000Z', instant), instant)).toBe('2026-03-02T10:30:00.000Z');
  });

  test('people read titles', () => {
    expect(display(1, { oneOf: [{ const: 1, title: 'High' }] })).toBe('High');
    expect(display('awaiting-caller', { enum: ['awaiting-caller'] })).toBe('Awaiting caller');
    expect(display(['a', 'b'], { type: 'array' })).toBe('a, b');
    expect(humanise('on_hold')).toBe('On hold');
  });
});

test('only what a role may write is asked, with its defaults', () => {
  const fields: [string, FieldRule][] = [
    ['impact', rule({ type: 'integer', default: 3 }, ['agent', 'requester'])],
    ['priority', rule({ type: 'integer', default: 5 }, [])],
    ['cause', rule({ type: 'string' })],
  ];
  const kind = { fields } as Kind;

  expect(writable(kind, ['requester']).map(([name]) => name)).toEqual(['impact']);
  expect(writable(kind, ['requester', 'agent']).map(([name]) => name)).toEqual(['impact', 'cause']);
  expect(defaults(writable(kind, ['agent']))).toEqual({ impact: 3 });
});

test('a patch has what changed, and null for what was cleared', () => {
  expect(changes({ a: 1, b: 'x', c: [1] }, { a: 2, b: null, c: [1], d: true })).toEqual({ a: 2, b: null, d: true });
});

test('problems go to their controls, the rest stays visible', () => {
  const problem = {
    title: 'not valid',
    status: 422,
    errors: [
      { pointer: '/fields/impact', code: 'invalid-value', message: 'impact is missing' },
      { pointer: '/fields/tags/0', code: 'invalid-value', message: 'too short' },
      { pointer: '/title', code: 'required', message: 'give it a title' },
      { pointer: '/state', code: 'illegal', message: 'cannot close' },
    ],
  };

  const { messages, rest } = byControl(problem, ['title', 'impact', 'tags']);

  expect(messages).toEqual({ impact: 'impact is missing', tags: 'too short', title: 'give it a title' });
  expect(rest).toEqual([{ pointer: '/state', message: 'cannot close' }]);
});
