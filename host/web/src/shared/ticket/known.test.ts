import { expect, test } from 'vitest';
import type { Ticket } from '../api/types';
import { forgetKnown, know, known, KNOWN_MAX } from './known';

const ticket = (number: string, title = number) => ({ number, title }) as Ticket;

test('the latest of each is known, the oldest are forgotten, and all of them at the end', () => {
  know([ticket('A'), ticket('B')]);
  know([ticket('A', 'again')]);
  expect(known('A')?.title).toBe('again');
  know(Array.from({ length: KNOWN_MAX - 1 }, (_, index) => ticket(`N${index}`)));
  expect([known('B'), known('A')?.title, known('N0')?.title]).toEqual([undefined, 'again', 'N0']);
  forgetKnown();
  expect(known('A')).toBeUndefined();
});
