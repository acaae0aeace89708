// Light, dark, high contrast or as the system; kept in this browser.
const STORED = 'weft.theme';
export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

class Themes {
  current = $state<Theme>('auto');

  start() {
    const stored = localStorage.getItem(STORED);
    this.choose(THEMES.find((theme) => theme === stored) ?? 'auto');
  }

  choose(theme: Theme) {
    this.current = theme;
    localStorage.setItem(STORED, theme);
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

export const themes = new Themes();
