import { expect, test } from 'vitest';
import type { Ticket } from '../../shared/api/types';
import { isNews, merge } from './live-list';

const ticket = (id: string, version: number): Ticket => ({ id, version }) as Ticket;
const event = (ticket: string, version: number) => ({ seq: 1, kind: 'ticket.changed', ticket, number: ticket, version });

test('news is what the list does not know', () => {
  const items = [ticket('a', 3)];

  expect(isNews(items, event('a', 4))).toBe(true);
  expect(isNews(items, event('a', 3))).toBe(false);
  expect(isNews(items, event('b', 1))).toBe(true);
  expect(isNews(items, 'resync')).toBe(true);
});

test('the cursor stays on its ticket and the selection loses what left', () => {
  const before = [ticket('a', 1), ticket('b', 1), ticket('c', 1)];
  const after = [ticket('d', 1), ticket('b', 2), ticket('c', 1)];

  expect(merge(before, after, ['a', 'b'], 2)).toMatchObject({ fresh: ['d', 'b'], selected: ['b'], cursor: 2 });
  expect(merge(before, after, [], 1).cursor).toBe(1);
});

test('when the ticket under the cursor left, the cursor stays where it was', () => {
  const before = [ticket('a', 1), ticket('b', 1)];

  expect(merge(before, [ticket('a', 1)], [], 1).cursor).toBe(0);
  expect(merge(before, [], [], 1).cursor).toBe(-1);
});

test('a late answer does not undo what we know', () => {
  const merged = merge([ticket('a', 5)], [ticket('a', 4)], [], 0);

  expect(merged.items[0]?.version).toBe(5);
  expect(merged.fresh).toEqual([]);
});
