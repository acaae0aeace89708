import { expect, test } from 'vitest';
import { DEFAULT, fromQuery, sameTickets, toApi, toCount, toQuery } from './filter';

const parse = (query: string) => fromQuery(new URLSearchParams(query));

test('no query is the open work, due first', () => {
  expect(parse('')).toEqual(DEFAULT);
  expect(toQuery(DEFAULT)).toBe('');
  expect(toApi(DEFAULT)).toMatchObject({ category: 'open', sort: 'due_at', order: 'asc' });
});

test.each(['?kind=incident&assignee=me', '?category=any&text=vpn+down', '?group=network&sort=number'])(
  '%s survives the round trip',
  (query) => expect(toQuery(parse(query))).toBe(query),
);

test('what no filter has is ignored', () => {
  expect(parse('category=weird&sort=colour&new=1')).toEqual(DEFAULT);
});

test('any state is no condition for the API', () => {
  expect(toApi(parse('category=any')).category).toBe('');
  expect(toApi(parse('sort=updated_at')).order).toBe('desc');
});

test('counters and views do not depend on the order', () => {
  expect(toCount(parse('sort=number'))).toEqual(toCount(DEFAULT));
  expect(sameTickets(parse('sort=number&assignee=me'), parse('assignee=me'))).toBe(true);
  expect(sameTickets(parse('assignee=me'), parse('assignee=none'))).toBe(false);
});
