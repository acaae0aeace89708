import { expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';
import { fill } from './index.svelte';

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const keys = Object.keys(en) as (keyof typeof en)[];

test('German has every text and no other', () => expect(Object.keys(de).sort()).toEqual([...keys].sort()));

test.each(keys)('%s says something and has the same holes in both languages', (key) => {
  expect(en[key].trim()).not.toBe('');
  expect(de[key].trim()).not.toBe('');
  expect(holes(de[key])).toEqual(holes(en[key]));
});

test('every plural has both forms', () => {
  const one = keys.filter((key) => key.endsWith('.one')).map((key) => key.slice(0, -4));
  const other = keys.filter((key) => key.endsWith('.other') && one.includes(key.slice(0, -6)));
  expect(other.length).toBe(one.length);
});

test('every text is used', () => {
  const files = import.meta.glob<string>('../../**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true });
  const sources = Object.entries(files)
    .filter(([file]) => !/\/(en|de)\.ts$|\.test\.ts$/.test(file))
    .map(([, text]) => text)
    .join('\n');
  // Keys that are put together at run time: their first part has to occur with the hole.
  const used = (key: string) =>
    sources.includes(`'${key}'`) ||
    sources.includes(`'${key.replace(/\.(one|other)$/, '')}'`) ||
    sources.includes(`\`${key.slice(0, key.lastIndexOf('.'))}.\${`);
  expect(keys.filter((key) => !used(key))).toEqual([]);
});

test('a hole without a value stays visible', () => {
  expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
});
