import { expect, test } from 'vitest';
import type { Kind } from '../../shared/api/types';
import { affected, hasRoom } from './room';

const kind = (room?: object) => ({ screen: room && { room } }) as unknown as Kind;

test('a room is there for those that the kind names', () => {
  const major = kind({ when: { field: 'major', is: [true] } });
  expect(hasRoom({ fields: { major: true } }, major)).toBe(true);
  expect(hasRoom({ fields: { major: false } }, major)).toBe(false);
  expect(hasRoom({ fields: {} }, major)).toBe(false);
  expect(hasRoom({ fields: {} }, kind({}))).toBe(true);
  expect(hasRoom({ fields: { major: true } }, kind())).toBe(false);
  expect(hasRoom({ fields: {} }, undefined)).toBe(false);
});

test('affected are the items of every field that the kind names, each once', () => {
  expect(affected({ fields: { ci: 'db', cis: ['db', 'web', 7] } }, kind({ cis: ['ci', 'cis', 'more'] }))).toEqual(['db', 'web']);
  expect(affected({ fields: { ci: 'db' } }, kind())).toEqual([]);
});
