import { expect, test } from 'vitest';
import type { Kind } from '../../shared/api/types';
import { boardOf, boardsOf, inTurn, plannedAt } from './agenda';

const groups = [
  { id: 'everybody', members: ['ada', 'ben', 'max'] },
  { id: 'board', members: ['ada', 'ben'] },
];
const asked = (candidate_people: string[], candidate_groups: string[] = []) => ({ candidate_people, candidate_groups });

test('the board is the group that the task names, else the smallest that holds all who were asked', () => {
  expect(boardOf(asked(['ada'], ['security']), groups)).toBe('security');
  expect(boardOf(asked(['ada', 'ben']), groups)).toBe('board');
  expect(boardOf(asked(['ada', 'max']), groups)).toBe('everybody');
  expect(boardOf(asked(['ada', 'zoe']), groups)).toBe('');
  expect(boardOf(asked(['ada']), groups)).toBe('');
});

test('boards are those that ask, and the groups of more than one that somebody is in', () => {
  const all = [...groups, { id: 'alone', members: ['ada'] }, { id: 'others', members: ['ben', 'zoe'] }];
  expect(boardsOf([asked(['ada'], ['security'])], all, 'ada')).toEqual(['security', 'everybody', 'board']);
  expect(boardsOf([], all, 'zoe')).toEqual(['others']);
});

test('what is planned first comes first, whatever the zone it is written in', () => {
  const item = (id: string, planned: string | undefined, due_at: string | null, created_at: string) => ({ id, planned, task: { due_at, created_at } });
  const items = [
    item('unplanned, due', undefined, '2026-03-01T00:00:00Z', '2026-01-02'),
    item('unplanned, older', undefined, null, '2026-01-01'),
    item('unplanned', undefined, null, '2026-01-03'),
    item('later', '2026-03-05T10:00:00+01:00', null, '2026-01-01'),
    item('first', '2026-03-05T08:30:00Z', null, '2026-01-01'),
  ];
  expect(inTurn(items).map(({ id }) => id)).toEqual(['first', 'later', 'unplanned, due', 'unplanned, older', 'unplanned']);
});

test('without a calendar or a time nothing is planned', () => {
  const kind = { screen: { calendar: { from: 'start', to: 'end' } } } as unknown as Kind;
  expect(plannedAt({ fields: { start: '2026-03-05T08:30:00Z' } }, kind)).toBe('2026-03-05T08:30:00Z');
  expect(plannedAt({ fields: { start: '' } }, kind)).toBeUndefined();
  expect(plannedAt(null, kind)).toBeUndefined();
  expect(plannedAt({ fields: {} }, undefined)).toBeUndefined();
});
