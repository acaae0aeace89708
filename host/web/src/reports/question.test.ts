import { expect, test } from 'vitest';
import { columnsOf, CIS, emptyDraft, idOf, rest, toDraft, toQuestion } from './question';

test('a question goes through the form and back', () => {
  const question = {
    title: 'Open work',
    kind: 'incident',
    measure: 'share',
    group: 'field.impact',
    days: 30,
    where: [{ on: 'category', not: ['closed', 'cancelled'] }],
    of: [{ on: 'field.impact', is: [1, 2] }],
    percentiles: [75],
  };
  const draft = toDraft('open-work', question);
  expect({ ...toQuestion(draft), ...rest(question) }).toEqual(question);
  expect(draft.of).toEqual([{ on: 'field.impact', not: false, values: '1, 2' }]);
});

test('a clock stays with what is told of clocks, and with nothing else', () => {
  const question = { title: 'Pace', kind: 'incident', measure: 'time-on-clock', clock: 'resolution', group: 'clock' };
  const draft = toDraft('pace', question);
  expect({ ...toQuestion(draft), ...rest(question) }).toEqual(question);
  expect(toQuestion({ ...draft, measure: 'count', group: '' })).toEqual({ title: 'Pace', kind: 'incident', measure: 'count' });
});

test('what was not chosen is left out', () => {
  expect(toQuestion({ ...emptyDraft(), title: ' All ', field: 'cost' })).toEqual({ title: 'All', kind: '*', measure: 'count' });
});

test('a condition without values asks for what is empty', () => {
  const where = [{ on: 'assignee', not: false, values: ' ' }];
  expect(toQuestion({ ...emptyDraft(), title: 'T', where }).where).toEqual([{ on: 'assignee', is: [] }]);
});

test('an id is what may stand in an address', () => {
  expect(idOf('Größe & Menge (Büro)')).toBe('grosse-menge-buro');
  expect(columnsOf(undefined, CIS)).toEqual(['class', 'space']);
});
