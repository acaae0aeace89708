import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import { beforeAll, expect, test } from 'vitest';
import { blank, fired, moved, parse, read, write } from './dmn';

beforeAll(() => Object.assign(globalThis, { DOMParser, XMLSerializer }));

const TABLES = import.meta.glob<string>('../../../../../plugins/*/*/decisions/*.dmn', { query: '?raw', import: 'default', eager: true });
const text = (path: string) => TABLES[`../../../../../plugins/${path}`] ?? '';

test.each([
  ['laptop-approval', 'practices/request/decisions/laptop-approval.dmn'],
  ['contract-approval', 'departments/legal/decisions/contract-approval.dmn'],
  ['change-approval', 'practices/change/decisions/change-approval.dmn'],
])('%s is the same table after it was read and written', (id, path) => {
  const document = parse(text(path));
  const before = read(document, id);
  expect(before?.rules.length).toBeGreaterThan(1);
  const after = read(parse(write(document, id, before!)), id);
  expect(after).toEqual(before);
});

test('what rules read beside the columns stays an input of the model', () => {
  const table = read(parse(text('practices/request/decisions/laptop-approval.dmn')), 'laptop-approval');
  expect(table?.needs).toEqual([{ name: 'finance_limit', type: 'number' }]);
});

test('a new column brings its input, and one that nobody reads any more takes it along', () => {
  const document = parse(blank('level', 'Level <of> a loan'));
  const table = read(document, 'level')!;
  expect(table.name).toBe('Level <of> a loan');
  table.inputs = [{ label: 'Days', text: 'days', type: 'number', values: '', otherwise: '' }];
  for (const rule of table.rules) rule.inputs = ['-'];
  const xml = write(document, 'level', table);
  expect(xml).toContain('name="days"');
  expect(xml).not.toContain('name="amount"');
  expect(read(parse(xml), 'level')?.needs).toEqual([]);
});

test('several outputs are told apart by their names', () => {
  const document = parse(blank('level', 'Level'));
  const table = read(document, 'level')!;
  table.outputs[0]!.text = 'level';
  table.outputs.push({ label: '', text: 'days', type: 'number', values: '', otherwise: '3' });
  for (const rule of table.rules) rule.outputs.push('1');
  const again = read(parse(write(document, 'level', table)), 'level');
  expect(again?.outputs.map(({ text }) => text)).toEqual(['level', 'days']);
  expect(again?.outputs[1]?.otherwise).toBe('3');
});

test('the rules that fired are read from why it was decided', () => {
  expect(fired('because rule 2 of "Laptop approval": Price 2,000 > finance_limit', 'Laptop approval')).toEqual([2]);
  expect(fired('because rules 1, 3 of "Discounts" match customer "gold"', 'Discounts')).toEqual([1, 3]);
  expect(fired('because no rule of "Discounts" matches', 'Discounts')).toEqual([]);
});

test('what would be moved out of a list stays where it is', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
});
