// The texts of the composer. They come with it, not with the first load.
import { fill, language } from '../../shared/i18n/index.svelte';
import { de } from './de';
import { en } from './en';

export type Text = keyof typeof en;
const TEXTS = { en, de };

export function c(key: Text, params?: Record<string, string | number>): string {
  return fill(TEXTS[language.locale][key], params);
}
