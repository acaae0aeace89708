import { expect, test } from 'vitest';
import { dueLevel, formatAgo, formatBytes, formatInstant, formatMicros, formatSpan } from './time';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const minutes = (count: number) => count * 60_000;

test.each([
  [0, '0 sec'],
  [40_000, '40 sec'],
  [minutes(5) + 3000, '5 min 3 sec'],
  [minutes(125), '2 hr 5 min'],
  [minutes(120), '2 hr'],
  [minutes(60 * 76), '3 days 4 hr'],
  [-minutes(61), '1 hr 1 min'],
])('a span of %i ms reads %s', (ms, text) => expect(formatSpan(ms, 'en')).toBe(text));

test('a list does without the seconds, unless there is nothing else', () => {
  expect(formatSpan(minutes(5) + 3000, 'en', 'minute')).toBe('5 min');
  expect(formatSpan(40_000, 'en', 'minute')).toBe('40 sec');
});

test('a span has German units', () => expect(formatSpan(minutes(125), 'de')).toBe('2 Std. 5 Min.'));

test('due is exact: the instant itself is overdue', () => {
  expect(dueLevel(NOW, NOW)).toBe('overdue');
  expect(dueLevel(NOW + 1, NOW)).toBe('soon');
});

test('soon is the last hour, or the last quarter of what was given', () => {
  expect(dueLevel(NOW + minutes(61), NOW)).toBe('fine');
  expect(dueLevel(NOW + minutes(60), NOW)).toBe('soon');
  expect(dueLevel(NOW + minutes(61), NOW, NOW - minutes(183))).toBe('soon');
  expect(dueLevel(NOW + minutes(61), NOW, NOW - minutes(182))).toBe('fine');
});

test('ago is relative for a week, then a date', () => {
  expect(formatAgo('2026-03-02T09:55:00Z', NOW, 'en')).toBe('5 min. ago');
  expect(formatAgo('2026-03-02T09:59:20Z', NOW, 'en')).toBe('now');
  expect(formatAgo('2026-03-01T09:00:00Z', NOW, 'en')).toBe('yesterday');
  expect(formatAgo('2026-01-05T09:00:00Z', NOW, 'en', 'UTC')).toBe('Jan 5, 2026');
});

test('an instant is told in the zone of the person, and an unknown zone does no harm', () => {
  expect(formatInstant('2026-03-02T10:00:00Z', 'en', 'Europe/Berlin')).toContain('11:00');
  expect(() => formatInstant('2026-03-02T10:00:00Z', 'en', 'Mars/Olympus')).not.toThrow();
});

test('sizes and latencies', () => {
  expect(formatBytes(812, 'en')).toBe('812 byte');
  expect(formatBytes(185_300, 'en')).toBe('185.3 kB');
  expect(formatMicros(15, 'en')).toBe('15 µs');
  expect(formatMicros(1530, 'en')).toBe('1.53 ms');
  expect(formatMicros(null, 'en')).toBe('–');
});
