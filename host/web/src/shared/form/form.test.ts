import { expect, test } from 'vitest';
import type { FormSchema } from '../api/flow';
import type { Fields } from '../api/types';
import { en } from '../i18n/en';
import { fill } from '../i18n/index.svelte';
import { answers, check, initial, questions, type Say } from './form';

const HAND_OVER: FormSchema = {
  title: 'Hand over the laptop',
  properties: {
    identity_checked: { type: 'boolean', title: 'Identity checked', const: true },
    handed_to: { type: 'string', title: 'Handed to', minLength: 2, maxLength: 10 },
    accessories: { type: 'array', items: { enum: ['charger', 'dock'] }, maxItems: 1 },
    expected_on: { type: 'string', format: 'date' },
    satisfaction: { type: 'integer', minimum: 1, maximum: 5 },
    complete: { type: 'boolean' },
    colour: { oneOf: [{ const: 'b', title: 'Blue' }], default: 'b' },
  },
  required: ['handed_to', 'identity_checked', 'complete'],
  'x-order': ['handed_to', 'accessories', 'unknown', 'identity_checked'],
};
const say: Say = (key, params) => fill(en[key], params);
const asked = questions(HAND_OVER);
const right = { handed_to: 'Erin', identity_checked: true };

test('people are asked in the given order, then in that of the schema', () => {
  expect(asked.map(([name]) => name)).toEqual([
    'handed_to',
    'accessories',
    'identity_checked',
    'expected_on',
    'satisfaction',
    'complete',
    'colour',
  ]);
  expect(asked[4]?.[1].title).toBe('Satisfaction');
  expect(questions(null)).toEqual([]);
});

test('what the flow knows comes before a default', () => {
  expect(initial(asked, { handed_to: 'Erin', other: 1 })).toEqual({ handed_to: 'Erin', colour: 'b' });
});

test('an unticked box is a no, unless only a yes is allowed', () => {
  expect(answers(asked, { ...right, expected_on: null })).toEqual({ ...right, complete: false });
  expect(answers(asked, { handed_to: 'Erin' })).toEqual({ handed_to: 'Erin', complete: false });
});

test.each<[Fields, Record<string, string>]>([
  [right, {}],
  [
    {},
    { handed_to: 'Enter a value for “Handed to”.', identity_checked: 'Tick “Identity checked”: the task is done only when it is so.' },
  ],
  [{ ...right, identity_checked: false }, { identity_checked: 'Tick “Identity checked”: the task is done only when it is so.' }],
  [{ ...right, handed_to: 'E' }, { handed_to: 'Write at least 2 characters.' }],
  [{ ...right, handed_to: '💻💻💻💻💻💻💻💻💻💻' }, {}],
  [{ ...right, handed_to: 'Erin Novak of Sales' }, { handed_to: 'Write at most 10 characters.' }],
  [{ ...right, accessories: ['charger', 'dock'] }, { accessories: 'Choose at most 1.' }],
  [{ ...right, expected_on: 'tomorrow' }, { expected_on: 'Enter a date.' }],
  [{ ...right, satisfaction: 'much' }, { satisfaction: 'Enter a number.' }],
  [{ ...right, satisfaction: 2.5 }, { satisfaction: 'Enter a whole number.' }],
  [{ ...right, satisfaction: 6 }, { satisfaction: 'Enter 5 or less.' }],
  [{ ...right, satisfaction: 0 }, { satisfaction: 'Enter 1 or more.' }],
])('%j: %j', (values, wrong) => expect(check(asked, values, say)).toEqual(wrong));
