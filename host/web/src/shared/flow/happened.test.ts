import { describe, expect, test } from 'vitest';
import type { FlowEvent, HistoryEntry, Instance } from '../api/flow';
import { en } from '../i18n/en';
import { fill } from '../i18n/index.svelte';
import { afterwards, entered, steps, waves, type Words } from './happened';

const node = (id: string, name: string, type: string) => [id, { id, name, type, documentation: '' }] as const;
const words: Words = {
  say: (key, params) => fill(en[key], params),
  person: (id) => ({ mona: 'Mona', cem: 'Cem' })[id] ?? id,
  model: {
    name: 'Laptop request',
    nodes: new Map([
      node('ask', 'Manager approves', 'userTask'),
      node('reserve', 'Reserve a laptop', 'serviceTask'),
      node('shelf', '', 'exclusiveGateway'),
      node('prepare', 'Prepare the laptop', 'userTask'),
    ]),
  },
};
const wave = (place: number, events: FlowEvent[]): HistoryEntry => ({ place, at: '2026-11-22T10:00:00Z', actor: 'mona', kind: 'flow.moved', data: { events } });
const instance = { process: 'laptop', status: 'running' } as Instance;
const APPROVED: FlowEvent[] = [
  { event: 'voted', element: 3, node: 'ask', vote: { person: 'mona', answer: 'approve', at: '', comment: 'Needed' } },
  { event: 'judged', element: 3, node: 'ask', verdict: { verdict: 'approved', reason: 'one is enough' } },
  { event: 'task-closed', element: 3, node: 'ask', outcome: 'approved' },
  { event: 'completed', element: 3, node: 'ask' },
  { event: 'activated', element: 4, node: 'shelf' },
  { event: 'completed', element: 4, node: 'shelf' },
  { event: 'activated', element: 5, node: 'reserve' },
  { event: 'completed', element: 5, node: 'reserve' },
  { event: 'activated', element: 6, node: 'prepare' },
];

describe('for people', () => {
  test('work and answers are told, the way between them is not', () => {
    const told = steps([wave(1, [{ event: 'started' }]), wave(2, [{ event: 'timer-armed', node: 'ask' }]), wave(3, APPROVED)], words);
    expect(told.map(({ place, sentences }) => [place, sentences])).toEqual([
      [1, ['It began']],
      [3, ['Mona approved “Manager approves”: Needed', '“Manager approves” is approved', '“Reserve a laptop” was done']],
    ]);
  });

  test.each<[FlowEvent, string]>([
    [{ event: 'task-closed', node: 'prepare', outcome: 'completed', by: 'cem' }, '“Prepare the laptop” was done by Cem'],
    [{ event: 'task-closed', node: 'ask', outcome: 'expired' }, 'Nobody answered “Manager approves” in time'],
    [{ event: 'voted', node: 'ask', vote: { person: 'mona', delegate: 'cem', answer: 'reject', at: '' } }, 'Cem rejected “Manager approves”'],
    [{ event: 'incident-raised', node: 'reserve', message: 'secret' }, '“Reserve a laptop” is held up; somebody has to look at it'],
    [{ event: 'cancel-requested', reason: 'not needed' }, 'It was cancelled: not needed'],
    [{ event: 'ended', status: 'completed' }, 'It ended'],
  ])('%j', (event, text) => expect(steps([wave(1, [event])], words)[0]?.sentences).toEqual([text]));
});

test('those who run it see every wave', () => {
  const told = waves([wave(1, [{ event: 'timer-armed', node: 'ask' }]), wave(2, [{ event: 'activated', element: 1, node: 'ask' }])], words);
  expect(told.map(({ sentences }) => sentences)).toEqual([['Timer armed'], ['Reached: Manager approves']]);
});

describe('afterwards', () => {
  test('says where it goes on', () => {
    expect(entered(APPROVED)).toEqual(['prepare']);
    expect(afterwards({ instance, happened: APPROVED, existed: false }, words)).toBe('Approved. It goes on with: Prepare the laptop.');
  });

  test.each<[FlowEvent[], Partial<Instance>, string]>([
    [[{ event: 'judged', verdict: { verdict: 'pending', reason: 'two of three' } }], {}, 'Your answer counts. It is not decided yet: two of three.'],
    [[{ event: 'judged', verdict: { verdict: 'rejected' } }], { status: 'completed' }, 'Rejected. The flow has ended.'],
    [[], {}, 'Done. The flow goes on by itself.'],
    [[{ event: 'incident-raised', node: 'reserve' }], {}, 'Done, but the next step is held up. The people who run the flow see it.'],
  ])('%j, %j', (happened, changed, text) =>
    expect(afterwards({ instance: { ...instance, ...changed }, happened, existed: false }, words)).toBe(text),
  );
});
