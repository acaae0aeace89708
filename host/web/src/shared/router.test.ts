import { expect, test } from 'vitest';
import { changed, match, resolve } from './router.svelte';

test.each([
  ['/agent', '/agent', {}],
  ['/agent', '/agent/', {}],
  ['/agent', '/agents', undefined],
  ['/agent', '/agent/x', undefined],
  ['/tickets/:number', '/tickets/INC0000001', { number: 'INC0000001' }],
  ['/tickets/:number', '/tickets/a%2Fb', { number: 'a/b' }],
  ['/tickets/:number', '/tickets/%E0%A4', undefined],
  ['/:a/x/:b', '/1/x/2', { a: '1', b: '2' }],
])('%s against %s', (pattern, path, params) => expect(match(pattern, path)).toEqual(params));

test('the first route that fits wins', () => {
  const routes = [
    ['/portal/new', 'report'],
    ['/portal/:number', 'ticket'],
  ] as const;

  expect(resolve(routes, '/portal/new')).toEqual({ target: 'report', params: {} });
  expect(resolve(routes, '/portal/INC1')).toEqual({ target: 'ticket', params: { number: 'INC1' } });
  expect(resolve(routes, '/elsewhere')).toBeUndefined();
});

test('a changed query keeps the rest and drops what is empty', () => {
  const query = new URLSearchParams('category=open&text=vpn');

  expect(changed(query, { assignee: 'me' })).toBe('?category=open&text=vpn&assignee=me');
  expect(changed(query, { text: '' })).toBe('?category=open');
  expect(changed(query, { text: null, category: undefined })).toBe('');
});
