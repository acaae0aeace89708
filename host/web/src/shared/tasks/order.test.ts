import { expect, test } from 'vitest';
import type { Task } from '../api/flow';
import { holding, inOrder } from './order';

const task = (id: string, rest: Partial<Task> = {}): Task =>
  ({ id, rule: null, due_at: null, priority: 50, created_at: '2026-01-01T00:00:00Z', assignee: null, owner: null, ...rest }) as Task;

test('approvals first, then by due time, priority and age', () => {
  const tasks = [
    task('no-due'),
    task('later', { due_at: '2026-03-02T00:00:00Z' }),
    task('urgent', { priority: 90 }),
    task('soon', { due_at: '2026-03-01T00:00:00Z' }),
    task('older', { created_at: '2025-01-01T00:00:00Z' }),
    task('approval', { rule: 'first-response' }),
  ];
  expect(inOrder(tasks).map(({ id }) => id)).toEqual(['approval', 'soon', 'later', 'urgent', 'older', 'no-due']);
});

test('whose it is', () => {
  expect(holding(task('a'), 'me')).toBe('free');
  expect(holding(task('a', { assignee: 'me' }), 'me')).toBe('mine');
  expect(holding(task('a', { assignee: 'ada', owner: 'me' }), 'me')).toBe('lent');
  expect(holding(task('a', { assignee: 'ada' }), 'me')).toBe('others');
});
