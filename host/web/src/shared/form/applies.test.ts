import { expect, test } from 'vitest';
import { applies } from './schema';

const rule = { when: { field: 'type', is: ['loan', 2, true] } };

test.each([
  [{ type: 'loan' }, true],
  [{ type: 2 }, true],
  [{ type: true }, true],
  [{ type: '2' }, false],
  [{ type: 'gift' }, false],
  [{ type: null }, false],
  [{}, false],
])('with %j it is asked: %s', (fields, expected) => expect(applies(rule, fields)).toBe(expected));

test('a field without a condition is always asked', () => expect(applies({}, {})).toBe(true));
