// Light, dark, high contrast or as the system; kept in this browser. More contrast is added to whatever is chosen when the system asks for it.
const STORED = 'weft.theme';
export const THEMES = ['auto', 'light', 'dark', 'contrast', 'contrast-light', 'contrast-dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What a choice says to the style sheets: which colours, and whether there is more contrast. */
export function look(theme: Theme, systemWantsMore: boolean): { scheme?: 'light' | 'dark'; contrast?: 'more' } {
  const scheme = theme.endsWith('light') ? 'light' : theme.endsWith('dark') ? 'dark' : undefined;
  return { scheme, contrast: systemWantsMore || theme.startsWith('contrast') ? 'more' : undefined };
}

class Themes {
  current = $state<Theme>('auto');
  #more?: MediaQueryList;

  start() {
    this.#more = matchMedia('(prefers-contrast: more)');
    this.#more.addEventListener('change', () => this.#show());
    const stored = localStorage.getItem(STORED);
    this.choose(THEMES.find((theme) => theme === stored) ?? 'auto');
  }

  choose(theme: Theme) {
    this.current = theme;
    localStorage.setItem(STORED, theme);
    this.#show();
  }

  #show() {
    const { scheme, contrast } = look(this.current, this.#more?.matches ?? false);
    const { dataset } = document.documentElement;
    if (scheme) dataset.theme = scheme;
    else delete dataset.theme;
    if (contrast) dataset.contrast = contrast;
    else delete dataset.contrast;
  }
}

export const themes = new Themes();
