// The texts of the screens in the language of the person. English comes with the first load, others when they are chosen.
import { en, type Key } from './en';

export type { Key };
export const LOCALES = { en: 'English', de: 'Deutsch' } as const;
/** For tests of the screens: every text longer and marked, from left to right or from right to left. */
const PSEUDO = ['qps', 'qps-rtl'] as const;
export type Locale = keyof typeof LOCALES;
type Texts = Record<Key, string>;
type Params = Record<string, string | number>;
type PluralKey = Key extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;

const STORED = 'weft.locale';
const PSEUDO_STORED = 'weft.pseudo';
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
    const pseudo = PSEUDO.find((name) => name === localStorage.getItem(PSEUDO_STORED));
    const texts = await loaders[locale]();
    this.texts = pseudo ? stretched(texts) : texts;
    this.locale = locale;
    document.documentElement.lang = locale;
    document.documentElement.dir = pseudo === 'qps-rtl' ? 'rtl' : 'ltr';
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

/** Longer by a third, with accents, in brackets: what is not in brackets on the screen was never translated. */
export function stretched(texts: Texts): Texts {
  const accents: Record<string, string> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú' };
  const stretch = (text: string) => {
    const marked = text.replace(/\{\w+\}|[aeiouAEIOU]/g, (part) => accents[part] ?? part);
    return `⟦${marked}${'·'.repeat(Math.ceil(text.length / 3))}⟧`;
  };
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, stretch(text)])) as Texts;
}

export function fill(text: string, params: Params = {}): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in params ? String(params[name]) : hole));
}
