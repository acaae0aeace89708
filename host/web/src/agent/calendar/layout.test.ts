import { expect, test } from 'vitest';
import { days, fromDate, lanes, onDay, range, startOfWeek, step, toDate, toLocal } from './layout';

const at = (text: string) => Date.parse(`${text}Z`);

test.each([
  ['2026-03-28T23:30:00Z', 'Europe/Zurich', '2026-03-29T00:30:00'],
  // The clocks go forward at one o'clock UTC.
  ['2026-03-29T01:30:00Z', 'Europe/Zurich', '2026-03-29T03:30:00'],
  ['2026-01-01T02:00:00Z', 'America/New_York', '2025-12-31T21:00:00'],
  ['2026-01-01T00:00:00Z', 'UTC', '2026-01-01T00:00:00'],
])('%s in %s is %s', (instant, zone, local) => expect(toLocal(Date.parse(instant), zone)).toBe(at(local)));

test('a month shows whole weeks from Monday on, a list only itself', () => {
  const month = range('month', at('2026-03-15T12:00:00'));
  expect([toDate(month.from), toDate(month.to)]).toEqual(['2026-02-23', '2026-04-06']);
  expect(days(month).length).toBe(42);
  const list = range('list', at('2026-02-15T00:00:00'));
  expect([toDate(list.from), toDate(list.to)]).toEqual(['2026-02-01', '2026-03-01']);
  expect(toDate(startOfWeek(at('2026-03-01T08:00:00')))).toBe('2026-02-23');
});

test('a page on from the last day of a month is the next month', () => {
  expect(toDate(step('month', at('2026-01-31T00:00:00'), 1))).toBe('2026-02-01');
  expect(toDate(step('month', at('2026-01-31T00:00:00'), -1))).toBe('2025-12-01');
  expect(toDate(step('week', at('2026-03-02T00:00:00'), -1))).toBe('2026-02-23');
});

test('what touches a day is on it, and midnight belongs to the next', () => {
  const entries = [
    { name: 'over night', from: at('2026-03-01T22:00:00'), to: at('2026-03-02T02:00:00') },
    { name: 'until midnight', from: at('2026-03-01T20:00:00'), to: at('2026-03-02T00:00:00') },
    { name: 'later', from: at('2026-03-02T09:00:00'), to: at('2026-03-02T10:00:00') },
  ];
  expect(onDay(entries, at('2026-03-02T00:00:00')).map(({ name }) => name)).toEqual(['over night', 'later']);
});

test('what overlaps stands side by side, and what comes after has the whole width again', () => {
  const day = at('2026-03-02T00:00:00');
  const entry = (name: string, from: string, to: string) => ({ name, from: at(`2026-03-02T${from}`), to: at(`2026-03-02T${to}`) });
  const placed = lanes([entry('a', '09:00:00', '12:00:00'), entry('b', '10:00:00', '11:00:00'), entry('c', '11:00:00', '12:00:00'), entry('d', '14:00:00', '14:05:00')], day);
  expect(placed.map(({ entry, lane, lanes }) => [entry.name, lane, lanes])).toEqual([['a', 0, 2], ['b', 1, 2], ['c', 1, 2], ['d', 0, 1]]);
  expect(placed[3]?.height).toBeCloseTo(1 / 24);
});

test('an address that names no day is none', () => {
  expect(fromDate('2026-13-45')).toBeUndefined();
  expect(fromDate('yesterday')).toBeUndefined();
  expect(fromDate(null)).toBeUndefined();
  expect(fromDate('2026-03-02')).toBe(at('2026-03-02T00:00:00'));
});
