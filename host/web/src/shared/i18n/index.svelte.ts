// The texts of the screens in the language of the person. English comes with the first load, others when they are chosen.
import { en, type Key } from './en';

export type { Key };
export const LOCALES = { en: 'English', de: 'Deutsch' } as const;
export type Locale = keyof typeof LOCALES;
type Texts = Record<Key, string>;
type Params = Record<string, string | number>;
type PluralKey = Key extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;

const STORED = 'weft.locale';
const loaders: Record<Locale, () => Promise<Texts>> = {
  en: () => Promise.resolve(en),
  de: () => import('./de').then((module) => module.de),
};

class Language {
  locale = $state<Locale>('en');
  texts = $state.raw<Texts>(en);

  /** The choice of this browser, else what the account says, else what the browser asks for. */
  async start(account?: string) {
    const wishes = [localStorage.getItem(STORED), account, ...navigator.languages];
    const found = wishes.map((wish) => wish?.slice(0, 2)).find((wish): wish is Locale => wish !== undefined && wish in LOCALES);
    await this.#load(found ?? 'en');
  }

  async choose(locale: Locale) {
    localStorage.setItem(STORED, locale);
    await this.#load(locale);
  }

  async #load(locale: Locale) {
    this.texts = await loaders[locale]();
    this.locale = locale;
    document.documentElement.lang = locale;
  }
}

export const language = new Language();

export function t(key: Key, params?: Params): string {
  return fill(language.texts[key], params);
}

/** The text for a count; `{n}` is the count. */
export function tn(key: PluralKey, n: number, params?: Params): string {
  const form = new Intl.PluralRules(language.locale).select(n) === 'one' ? 'one' : 'other';
  const text = language.texts[`${key}.${form}` as Key];
  return fill(text, { n: new Intl.NumberFormat(language.locale).format(n), ...params });
}

export function fill(text: string, params: Params = {}): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in params ? String(params[name]) : hole));
}
