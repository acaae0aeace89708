// Keyboard shortcuts: one listener, a stack of scopes (the page, then what lies over it). Single keys can be turned off (WCAG 2.1.4).

export type Bindings = Record<string, (event: KeyboardEvent) => void>;

const STORED = 'weft.single-keys';
/** How long the first key of a pair such as `g t` is remembered. */
const PAIR_MS = 1200;

class Shortcuts {
  enabled = $state(true);
  #scopes: Bindings[] = [];
  #first = '';
  #firstAt = 0;

  start() {
    this.enabled = localStorage.getItem(STORED) !== 'off';
    addEventListener('keydown', (event) => this.#press(event));
  }

  turn(on: boolean) {
    this.enabled = on;
    localStorage.setItem(STORED, on ? 'on' : 'off');
  }

  /** Binds keys until the returned function is called: made for `$effect`. */
  bind(bindings: Bindings): () => void {
    this.#scopes.push(bindings);
    return () => {
      this.#scopes = this.#scopes.filter((scope) => scope !== bindings);
    };
  }

  #press(event: KeyboardEvent) {
    if (event.defaultPrevented || event.isComposing) return;
    const name = keyName(event);
    const single = !name.startsWith('mod+');
    if (single && (!this.enabled || typing(event) || document.querySelector('dialog[open]'))) return;
    const pair = event.timeStamp - this.#firstAt < PAIR_MS ? `${this.#first} ${name}` : '';
    for (const scope of [...this.#scopes].reverse()) {
      const run = (pair && scope[pair]) || scope[name];
      if (!run) continue;
      this.#first = '';
      event.preventDefault();
      run(event);
      return;
    }
    this.#first = name;
    this.#firstAt = event.timeStamp;
  }
}

function keyName(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `mod+${key}` : event.altKey ? `alt+${key}` : key;
}

/** Keys belong to whoever is writing, and Enter and Space to what is focused. */
function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (target?.closest('input:not([type=checkbox]), textarea, select, [contenteditable], [role=listbox]')) return true;
  return (event.key === 'Enter' || event.key === ' ') && target?.closest('a, button, summary, input') != null;
}

export const shortcuts = new Shortcuts();
