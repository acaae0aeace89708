import { expect, test } from 'vitest';
import type { Ticket } from '../api/types';
import { differences } from './conflict';

const ticket = (over: Partial<Ticket>): Ticket =>
  ({ title: 'No network', state: 'new', group: null, assignee: null, requester: 'erin', parent: null, restricted: false, fields: {}, ...over }) as Ticket;

test('only what they changed is shown, with what we wanted where we touched it too', () => {
  const before = ticket({ fields: { impact: 2, urgency: 2 } });
  const theirs = ticket({ assignee: 'ben', fields: { impact: 1, urgency: 2 } });

  const found = differences(before, theirs, { fields: { impact: 3, urgency: 1 } });

  expect(found).toEqual([
    { name: 'assignee', before: null, theirs: 'ben' },
    { name: 'impact', before: 2, theirs: 1, mine: 3 },
  ]);
});

test('a field that appeared or went away counts', () => {
  const found = differences(ticket({ fields: { a: 1 } }), ticket({ fields: { b: 2 } }), {});

  expect(found).toEqual([
    { name: 'a', before: 1, theirs: null },
    { name: 'b', before: null, theirs: 2 },
  ]);
});
