import { expect, test } from 'vitest';
import type { Kind, TimelineEntry, Value } from '../api/types';
import { t } from '../i18n/index.svelte';
import { describe } from './describe';

const kind = {
  states: [{ id: 'on-hold', title: 'On Hold', category: 'paused' }],
  fields: [
    ['impact', { title: 'Impact', schema: { type: 'integer' } }],
    ['pending-reason', { title: 'On hold reason', schema: { enum: ['awaiting-caller'] } }],
    ['major', { title: 'Major incident', schema: { type: 'boolean' } }],
  ],
} as unknown as Kind;
const names: Record<string, string> = { p1: 'Ada Agent', g1: 'Network', t2: 'INC0000002' };
const words = { t, kind, name: (id: string) => names[id] ?? id };

const says = (kind: string, data: Record<string, Value>) =>
  describe({ seq: 1, at: '', actor: 'p1', actor_name: 'Ada', kind, data } as TimelineEntry, words);
const change = (field: string, from: Value, to: Value) => says('ticket.changed', { changes: [{ field, from, to }] })[0];

test.each<[string, Value, Value, string]>([
  ['state', 'new', 'on-hold', 'moved it to On Hold'],
  ['assignee', null, 'p1', 'assigned it to Ada Agent'],
  ['assignee', 'p1', null, 'took the assignment away'],
  ['group', null, 'g1', 'set Group to Network'],
  ['fields.impact', 3, 1, 'changed Impact from 3 to 1'],
  ['fields.impact', 3, null, 'cleared Impact'],
  ['fields.pending-reason', null, 'awaiting-caller', 'set On hold reason to Awaiting caller'],
  ['fields.major', false, true, 'changed Major incident from No to Yes'],
  ['fields.unknown-one', null, 'x', 'set Unknown one to x'],
])('%s from %j to %j', (field, from, to, text) => expect(change(field, from, to)).toBe(text));

test('one commit may say several things', () => {
  const both = { changes: [{ field: 'state', from: 'new', to: 'on-hold' }, { field: 'title', from: 'a', to: 'b' }] };

  expect(says('ticket.changed', both as unknown as Record<string, Value>)).toEqual([
    'moved it to On Hold',
    'changed Title from a to b',
  ]);
});

test('links, files and clocks', () => {
  expect(says('ticket.linked', { type: 'caused-by', other: 't2' })).toEqual(['linked caused by INC0000002']);
  expect(says('attachment.added', { name: 'log.txt' })).toEqual(['attached log.txt']);
  expect(says('clock.paused', { clock: 'resolution', reason: 'On Hold stops it' })).toEqual(['Resolution: paused – On Hold stops it']);
});

test('a comment speaks for itself, and an event nobody foresaw is still shown', () => {
  expect(says('comment.added', {})).toEqual([]);
  expect(says('cab.voted', {})).toEqual(['Cab: voted']);
});
