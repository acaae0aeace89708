import { expect, test } from 'vitest';
import { forgetAll, keep, kept } from './kept';

function shelf(entries = new Map<string, string>()) {
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
    key: (place: number) => [...entries.keys()][place] ?? null,
    get length() {
      return entries.size;
    },
  };
}

test('what was typed comes back, to whom it belongs, until it is sent', () => {
  const one = shelf();
  keep('erin', 'new.incident', { title: 'My screen is black' }, () => one);

  expect(kept('erin', 'new.incident', () => one)).toEqual({ title: 'My screen is black' });
  expect(kept('ada', 'new.incident', () => one)).toBeUndefined();

  keep('erin', 'new.incident', undefined, () => one);
  expect(kept('erin', 'new.incident', () => one)).toBeUndefined();
});

test('signing out forgets everything of ours and nothing else', () => {
  const one = shelf(new Map([['weft.theme', 'dark']]));
  keep('erin', 'new.incident', 'a', () => one);
  keep('erin', 'comment.INC1', 'b', () => one);

  forgetAll(() => one);

  expect([...one.entries.keys()]).toEqual(['weft.theme']);
});

test('without storage, and with what is no value, typing goes on', () => {
  const broken = () => {
    throw new Error('denied');
  };
  keep('erin', 'new.incident', 'a', broken);
  expect(kept('erin', 'new.incident', broken)).toBeUndefined();
  forgetAll(broken);

  const one = shelf(new Map([['weft.kept.erin.x', '{']]));
  expect(kept('erin', 'x', () => one)).toBeUndefined();
  keep('erin', 'long', 'x'.repeat(200_001), () => one);
  expect(kept('erin', 'long', () => one)).toBeUndefined();
});
