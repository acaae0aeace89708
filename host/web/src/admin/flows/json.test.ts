import { expect, test } from 'vitest';
import { readObject } from './json';

test.each([
  ['', {}],
  ['  \n', {}],
  ['{"a": 1}', { a: 1 }],
])('%j is %j', (text, values) => expect(readObject(text)).toEqual({ values }));

test.each(['[1]', 'null', '"a"', '{a: 1}', '12'])('%j is no object, and says why', (text) => {
  const read = readObject(text);
  expect(read.values).toBeUndefined();
  expect(read.why).not.toBe('');
});
