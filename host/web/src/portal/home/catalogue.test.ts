import { expect, test } from 'vitest';
import type { Kind, Space } from '../../shared/api/types';
import { catalogue } from './catalogue';

const space = (id: string) => ({ id, title: id }) as Space;
const kind = (id: string) => ({ id }) as Kind;

test('what several departments offer is one tile with a choice, and the rest stands with its department', () => {
  const departments = [
    { space: space('facilities'), kinds: [kind('fault'), kind('incident')] },
    { space: space('finance'), kinds: [kind('incident')] },
    { space: space('it'), kinds: [kind('incident')] },
  ];

  const { shared, own } = catalogue(departments);

  expect(shared.map(({ kind, spaces }) => [kind.id, spaces.map(({ id }) => id)])).toEqual([['incident', ['facilities', 'finance', 'it']]]);
  expect(own.map(({ space, kinds }) => [space.id, kinds.map(({ id }) => id)])).toEqual([['facilities', ['fault']]]);
});

test('with one department everything is its own', () => {
  const { shared, own } = catalogue([{ space: space('it'), kinds: [kind('incident'), kind('request')] }]);
  expect([shared.length, own[0]?.kinds.length]).toEqual([0, 2]);
});
