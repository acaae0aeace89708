import { expect, test } from 'vitest';
import { look, type Theme } from './theme.svelte';

test.each<[Theme, boolean, object]>([
  ['auto', false, {}],
  ['auto', true, { contrast: 'more' }],
  ['light', false, { scheme: 'light' }],
  ['dark', true, { scheme: 'dark', contrast: 'more' }],
  ['contrast', false, { contrast: 'more' }],
  ['contrast-light', false, { scheme: 'light', contrast: 'more' }],
  ['contrast-dark', false, { scheme: 'dark', contrast: 'more' }],
])('%s, and the system asks for more: %j', (theme, more, expected) => expect(look(theme, more)).toEqual(expected));
