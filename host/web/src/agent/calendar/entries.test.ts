import { expect, test } from 'vitest';
import type { Kind } from '../../shared/api/types';
import { calendarKinds, conflictsOf, entriesOf } from './entries';

const kind = (id: string, noun: 'ticket' | 'record', calendar: object): Kind =>
  ({ id, noun, plural: id, fields: [['type', { title: 'Type', schema: { enum: ['freeze', 'maintenance'] } }]], screen: { calendar } }) as unknown as Kind;
const window = kind('window', 'record', { from: 'start', to: 'end', sort: 'type', recurring: 'calendar' });
const job = kind('job', 'ticket', { from: 'from', to: 'to', conflicts: 'clash', bands: ['window'] });
const item = (fields: object) => ({ id: 'x', number: 'N1', kind: 'window', space: 'it', state: 'active', category: 'active', title: 'One', fields }) as never;
const shown = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };

test('kinds that lie behind others come last', () => {
  expect(calendarKinds([window, job, { id: 'plain' } as Kind]).map(({ id }) => id)).toEqual(['job', 'window']);
});

test('an entry goes from field to field, in the zone of who looks, and says of what sort it is', () => {
  const [entry] = entriesOf(item({ start: '2026-03-05T20:00:00Z', end: '2026-03-05T23:30:00Z', type: 'freeze' }), window, 'Europe/Zurich', shown);
  expect(entry).toMatchObject({ from: Date.UTC(2026, 2, 5, 21), to: Date.UTC(2026, 2, 6, 0, 30), sort: 'freeze', sortTitle: 'Freeze', href: '/records?kind=window' });
});

test('one that recurs has an entry for each window, cut where it begins and ends', () => {
  const windows = [
    { open: '2026-03-02T20:00:00Z', close: '2026-03-02T22:00:00Z' },
    { open: '2026-03-09T20:00:00Z', close: '2026-03-09T22:00:00Z' },
    { open: '2026-03-16T20:00:00Z', close: '2026-03-16T22:00:00Z' },
  ];
  const found = entriesOf(item({ calendar: 'mondays', start: '2026-03-09T21:00:00Z' }), window, 'UTC', shown, windows);
  expect(found.map(({ fromAt, toAt }) => [fromAt, toAt])).toEqual([
    ['2026-03-09T21:00:00Z', '2026-03-09T22:00:00Z'],
    ['2026-03-16T20:00:00Z', '2026-03-16T22:00:00Z'],
  ]);
});

test('without a beginning and an end there is no entry, with one of them it is open', () => {
  expect(entriesOf(item({}), window, 'UTC', shown)).toEqual([]);
  expect(entriesOf(item({ start: 'soon' }), window, 'UTC', shown)).toEqual([]);
  expect(entriesOf(item({ start: '2026-03-20T00:00:00Z' }), window, 'UTC', shown)[0]?.toAt).toBe(shown.to);
  expect(entriesOf(item({ start: '2026-03-20T00:00:00Z', end: '2026-03-19T00:00:00Z' }), window, 'UTC', shown)).toEqual([]);
});

test('a conflict is told once, however many items it is about', () => {
  const clash = [{ reason: 'CI already scheduled', source: 'CHG2' }, { reason: 'CI already scheduled', source: 'CHG2' }, { reason: 'freeze', source: 'WIN1' }, 'odd'];
  expect(conflictsOf({ clash }, 'clash')).toEqual([{ reason: 'CI already scheduled', source: 'CHG2' }, { reason: 'freeze', source: 'WIN1' }]);
  expect(conflictsOf({}, 'clash')).toEqual([]);
});
