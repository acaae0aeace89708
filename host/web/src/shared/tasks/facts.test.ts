import { expect, test } from 'vitest';
import type { Task, TaskDetail, Vote } from '../api/flow';
import type { FieldRule, Kind } from '../api/types';
import { asked, facts, waitsFor } from './facts';

const rule = (title: string, schema: FieldRule['schema']): FieldRule => ({ title, description: '', schema, required: false, write: ['requester'], read: [] });

const request = {
  id: 'request',
  fields: [
    ['item', rule('Item', { type: 'string' })],
    ['use', rule('Use', { enum: ['home-office', 'travel'] })],
    ['price', rule('Price', { type: 'number' })],
    ['quantity', rule('Quantity', { type: 'integer' })],
    ['satisfaction', rule('Satisfaction', { type: 'integer' })],
  ],
  portal: { spaces: [], summary: '', rating: 'satisfaction', hidden: false },
} as unknown as Kind;

test('what is asked for in the order of the kind, and how much of it as numbers are written', () => {
  const fields = { quantity: 2, price: 2598.5, use: 'home-office', item: 'Laptop', satisfaction: 4, other: 'x' };
  const found = facts({ number: 'REQ1', title: 'Two laptops', kind: 'request', requester: 'erin', fields }, request, 'de');

  expect(found.map(({ title, value }) => `${title}: ${value}`)).toEqual(['Item: Laptop', 'Use: Home office', 'Price: 2.598,5', 'Quantity: 2']);
  expect(found.filter(({ amount }) => amount).map(({ name }) => name)).toEqual(['price', 'quantity']);
});

test('what is unknown or empty is left out', () => {
  const subject = { number: 'REQ1', title: 'A laptop', kind: 'request', requester: null, fields: { item: '', price: null } };
  expect(facts(subject, request, 'en')).toEqual([]);
  expect(facts(subject, undefined, 'en')).toEqual([]);
});

test('an approval waits for those who were asked and have not answered', () => {
  const task = (over: Partial<TaskDetail>) =>
    ({ state: 'open', rule: 'first-response', actions: ['vote'], candidate_people: ['mona'], votes: [], ...over }) as unknown as TaskDetail;
  const vote = { person: 'mona', answer: 'approve', at: '2026-03-02T08:00:00Z' } as Vote;

  expect(waitsFor(task({}), 'mona')).toBe(true);
  expect(waitsFor(task({}), 'ada')).toBe(false);
  expect(waitsFor(task({ votes: [vote] }), 'mona')).toBe(false);
  expect(waitsFor(task({ state: 'completed' }), 'mona')).toBe(false);
  expect(waitsFor(task({ actions: [] }), 'mona')).toBe(false);
  expect(asked([task({}), task({ rule: null }), task({ candidate_people: ['ada'] })] as Task[], 'mona')).toHaveLength(1);
});
