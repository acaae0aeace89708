import { expect, test } from 'vitest';
import type { FlowEvent } from '../../shared/api/flow';
import { asTrial, moments, passages, path, standing } from './replay';

const at = '2026-11-22T10:00:00Z';
const EVENTS: FlowEvent[] = [
  { event: 'started', start: 's', variables: { price: 10 } },
  { event: 'activated', element: 1, node: 'p' },
  { event: 'activated', element: 2, node: 's', scope: 1 },
  { event: 'completed', element: 2, node: 's' },
  { event: 'flow-taken', scope: 1, flow: 's-t' },
  { event: 'activated', element: 3, node: 't', scope: 1, flow: 's-t' },
  { event: 'variables-set', scope: 3, variables: { class: 'laptop' } },
  { event: 'inputs-mapped', element: 3, node: 't', inputs: { class: 'laptop' } },
  { event: 'step-requested', element: 3, node: 't', task_type: 'asset-steps/reserve', attempt: 1 },
  { event: 'variables-set', scope: 3, variables: { item: 'ci-7' } },
  { event: 'variables-set', scope: 1, variables: { asset: 'ci-7' } },
  { event: 'completed', element: 3, node: 't' },
  { event: 'activated', element: 4, node: 'u', scope: 1, flow: 't-u' },
  { event: 'task-opened', element: 4, node: 'u' },
];
const lines = EVENTS.map((event) => ({ at, event }));

test('each moment has its tokens and its variables', () => {
  const all = moments(lines, 'p');
  expect(all.map(({ node }) => node)).toEqual(['', 's', 't', 'u']);
  const before = standing(all, 2, 'p');
  expect([...before.tokens.keys()]).toEqual([]);
  expect(before.variables).toEqual({ price: 10 });
  const now = standing(all, 4, 'p');
  expect([...now.tokens]).toEqual([['u', 1]]);
  expect(now.variables).toEqual({ price: 10, asset: 'ci-7' });
  expect([...now.flows]).toEqual(['s-t']);
});

test('what went in, what came out and what was kept are told apart', () => {
  const [passage] = passages(lines).get('t') ?? [];
  expect(passage).toMatchObject({ inputs: { class: 'laptop' }, outputs: { item: 'ci-7' }, kept: { asset: 'ci-7' }, left: at });
});

test('a run becomes a trial in which steps answer as they did, and whoever has not answered stays silent', () => {
  const trial = asTrial([{ place: 1, at, actor: 'system', kind: 'flow.started', data: { events: EVENTS } }]);
  expect(trial.variables).toEqual({ price: 10 });
  expect(trial.mocks).toEqual({ t: { outputs: { item: 'ci-7' } }, u: { outputs: {}, silent: true } });
  expect(path(lines, 'p')).toEqual(['s', 't', 'u']);
});
