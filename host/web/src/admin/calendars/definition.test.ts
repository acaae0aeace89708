import { expect, test } from 'vitest';
import type { Fields } from '../../shared/api/types';
import { byPlace, empty, read, weekHours, write } from './definition';

const full: Fields = {
  title: 'Office',
  zone: 'Europe/Zurich',
  hours: { mon: [['08:00', '12:00'], ['13:00', '17:00']], fri: [['08:00', '24:00']] },
  holidays: [{ title: 'Christmas', date: '--12-25' }, { title: 'Works holiday', from: '2026-07-20', to: '2026-08-01', active: false }, { date: '2026-05-14' }],
  shifts: { '2026-03-07': [['09:00', '12:00']] },
  breaks: { '2026-03-02': [['10:00', '11:00']] },
  preset: 'weft',
  options: { landing: 'latest' },
};

test('what is read is written again, with what the form does not show', () => {
  expect(write(read(full))).toEqual(full);
  expect(write(read({ zone: 'UTC', hours: 'always' }))).toEqual({ zone: 'UTC', hours: 'always' });
});

test('a yearly day is one of any year, and a single day needs no end', () => {
  const form = read(full);
  expect(form.holidays[0]).toMatchObject({ from: '2000-12-25', to: '2000-12-25', yearly: true });
  form.holidays = [{ title: 'New year', from: '2026-01-01', to: '', yearly: true, rest: {} }];
  expect(write(form).holidays).toEqual([{ title: 'New year', date: '--01-01' }]);
  form.holidays = [{ title: 'Between', from: '2026-12-24', to: '2027-01-02', yearly: true, rest: {} }];
  expect(write(form).holidays).toEqual([{ title: 'Between', from: '--12-24', to: '--01-02' }]);
});

test('two exceptions of one date are one of the calendar', () => {
  const form = read({ zone: 'UTC', hours: 'always' });
  form.exceptions = [
    { date: '2026-03-02', type: 'breaks', hours: [{ from: '10:00', to: '11:00' }] },
    { date: '2026-03-02', type: 'breaks', hours: [{ from: '15:00', to: '16:00' }] },
  ];
  expect(write(form).breaks).toEqual({ '2026-03-02': [['10:00', '11:00'], ['15:00', '16:00']] });
});

test('each problem stands where it was made', () => {
  const problem = (pointer: string) => ({ pointer, code: 'x', message: pointer });
  const { at, rest } = byPlace(['/zone', '/hours/mon/1', '/hours/mon/0/0', '/hours', '/holidays/1', '/shifts/2026-03-07/0', '/options/landing', '/holidays/9'].map(problem), read(full));
  expect(at).toEqual({
    zone: '/zone', 'week.mon': '/hours/mon/1 /hours/mon/0/0', hours: '/hours', 'holidays.1': '/holidays/1', 'exceptions.1': '/shifts/2026-03-07/0',
  });
  expect(rest.map(({ pointer }) => pointer)).toEqual(['/options/landing', '/holidays/9']);
});

test('the hours of a week are summed', () => {
  expect(weekHours(read(full))).toBe(24);
  expect(weekHours(empty('UTC'))).toBe(45);
  expect(weekHours(read({ zone: 'UTC', hours: 'always' }))).toBe(168);
  expect(weekHours(read({ zone: 'UTC', hours: { mon: [['', '10:00']] } }))).toBeUndefined();
});
