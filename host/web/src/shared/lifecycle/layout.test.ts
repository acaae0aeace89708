import { expect, test } from 'vitest';
import { layout } from './layout';

const states = [
  { id: 'new', title: 'New', category: 'new' },
  { id: 'work', title: 'In progress', category: 'active' },
  { id: 'hold', title: 'On hold', category: 'paused' },
  { id: 'done', title: 'Closed', category: 'closed' },
] as const;
const transitions = [
  { from: ['new'], to: 'work', title: 'Start' },
  { from: ['new', 'work'], to: 'hold', title: 'Hold' },
  { from: ['hold'], to: 'work', title: 'Resume' },
  { from: ['new', 'work'], to: 'done', title: 'Close' },
];

test('states stand by how far they are from the first, and the end stands last', () => {
  const { boxes, arrows, width } = layout([...states], transitions);
  const x = Object.fromEntries(boxes.map((box) => [box.id, box.x]));
  expect(x.new).toBeLessThan(x.work ?? 0);
  expect(x.work).toBe(x.hold);
  expect(x.done).toBeGreaterThan(x.work ?? 0);
  expect(arrows).toHaveLength(6);
  expect(boxes.every((box) => box.x + 132 < width)).toBe(true);
  expect(new Set(boxes.map((box) => `${box.x}/${box.y}`)).size).toBe(4);
});

test('a state that nothing leads to is still there', () => {
  const { boxes } = layout([{ id: 'a', title: 'A', category: 'new' }, { id: 'b', title: 'B', category: 'active' }], []);
  expect(boxes.map(({ id }) => id)).toEqual(['a', 'b']);
});
