import { expect, test } from 'vitest';
import type { Fields, RecordItem, TicketDetail } from '../../shared/api/types';
import { filled, fitting } from './replies';

const record = (title: string, space: string, fields: Fields, category: RecordItem['category'] = 'active') =>
  ({ id: title, title, space, category, fields }) as RecordItem;
const ticket = { space: 'it', kind: 'incident', actions: { transitions: [{ to: 'resolved', title: 'Resolve', required: [], comment: false }] } } as unknown as TicketDetail;

test('only what fits space, kind and step is offered', () => {
  const records = [
    record('Hello', 'it', { body: 'Hi' }),
    record('Other space', 'hr', { body: 'Hi' }),
    record('Other kind', 'it', { body: 'Hi', kind: 'change' }),
    record('Retired', 'it', { body: 'Hi' }, 'closed'),
    record('Done', 'it', { body: 'Done', state: 'resolved', assign: true }),
    record('Impossible', 'it', { body: 'Done', state: 'on-hold' }),
  ];
  expect(fitting(records, ticket).map(({ title, state, assign }) => [title, state, assign])).toEqual([
    ['Done', 'resolved', true],
    ['Hello', undefined, false],
  ]);
});

test('the words of the ticket are filled in, and a hole nobody knows stays', () => {
  expect(filled('Dear {requester}, {number} is {mood}.', { requester: 'Erin', number: 'INC1' })).toBe('Dear Erin, INC1 is {mood}.');
});
