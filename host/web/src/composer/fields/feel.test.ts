import { expect, test } from 'vitest';
import { context, due, duration, literal, members, texts, toDue, toDuration, toSource } from './feel';

test.each([
  ['', { value: null }],
  ['laptop', { value: 'laptop' }],
  ['="laptop"', { value: 'laptop' }],
  ['=3', { value: 3 }],
  ['=true', { value: true }],
  ['=["a", "b"]', { value: ['a', 'b'] }],
  ['=ticket.fields.model', undefined],
  ['=if a then 1 else 2', undefined],
])('%j is the plain value %j', (source, value) => expect(literal(source)).toEqual(value));

test('a plain value is written as FEEL that means the same', () => {
  expect(toSource('with "quotes"')).toBe('="with \\"quotes\\""');
  expect(toSource(null)).toBe('');
  expect(literal(toSource('with "quotes"'))).toEqual({ value: 'with "quotes"' });
});

test('a context is read by its members, whatever they contain, and written again', () => {
  const read = members('={quorum: count(board) / 2, mode: "deciding, at once", who: {a: [1, 2]}}');
  expect(read).toEqual({ quorum: '=count(board) / 2', mode: '="deciding, at once"', who: '={a: [1, 2]}' });
  expect(context({ ...read, mode: '', quorum: '=3' })).toBe('={quorum: 3, who: {a: [1, 2]}}');
  expect(members('=parameters')).toBeUndefined();
  expect(members('')).toEqual({});
  expect(context({ mode: '' })).toBe('');
});

test.each([
  ['=["a","b"]', ['a', 'b']],
  ['a, b', ['a', 'b']],
  ['=[groups.a]', undefined],
  ['', []],
])('%j lists %j', (source, list) => expect(texts(source)).toEqual(list));

test.each([
  ['P2D', { amount: 2, unit: 'days' }],
  ['PT40H', { amount: 40, unit: 'hours' }],
  ['P1DT4H', undefined],
  ['=x', undefined],
])('%j lasts %j', (text, expected) => expect(duration(text)).toEqual(expected));

test('what is not longer than nothing is no duration', () => {
  expect(toDuration(0, 'days')).toBe('');
  expect(toDuration(3, 'minutes')).toBe('PT3M');
});

test('a due time within working hours comes back as it was', () => {
  const source = '=due(now(), "PT16H", calendar)';
  expect(due(source)).toEqual({ within: 'PT16H', calendar: 'calendar' });
  expect(toDue(due(source) ?? { within: '' })).toBe(source);
  expect(due('=requested_at + duration("P1D")')).toBeUndefined();
});
