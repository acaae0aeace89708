// A history router: the address is the state. Patterns are literal segments and `:name`.

export type Params = Record<string, string>;

/** The parameters of `path` under `pattern`, or nothing if it is another page. */
export function match(pattern: string, path: string): Params | undefined {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) return undefined;
  const params: Params = {};
  for (const [index, want] of wanted.entries()) {
    const have = given[index] ?? '';
    if (want.startsWith(':')) {
      try {
        params[want.slice(1)] = decodeURIComponent(have);
      } catch {
        return undefined;
      }
    } else if (want !== have) return undefined;
  }
  return params;
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** The first route that fits. */
export function resolve<T>(routes: readonly (readonly [string, T])[], path: string): { target: T; params: Params } | undefined {
  for (const [pattern, target] of routes) {
    const params = match(pattern, path);
    if (params) return { target, params };
  }
  return undefined;
}

/** A query with some of its values changed; empty ones disappear. */
export function changed(query: URLSearchParams, changes: Record<string, string | null | undefined>): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text === '' ? '' : `?${text}`;
}

class Router {
  path = $state('/');
  search = $state('');
  query = $derived(new URLSearchParams(this.search));
  /** Asked before leaving a page with unsaved input. */
  #guard: (() => boolean) | undefined;

  start() {
    this.#read();
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => {
      const link = this.#ownLink(event);
      if (!link) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  go(to: string, how: { replace?: boolean } = {}) {
    const url = new URL(to, location.origin);
    const samePage = url.pathname === this.path;
    if (!samePage && this.#guard && !this.#guard()) return;
    if (how.replace) history.replaceState(null, '', to);
    else if (url.pathname + url.search !== this.path + this.search) history.pushState(null, '', to);
    this.#read();
    if (!samePage) scrollTo(0, 0);
  }

  /** Changes part of the query of this page without a new entry in the history. */
  set(changes: Record<string, string | null | undefined>) {
    this.go(this.path + changed(this.query, changes), { replace: true });
  }

  guard(ask: () => boolean): () => void {
    this.#guard = ask;
    return () => {
      if (this.#guard === ask) this.#guard = undefined;
    };
  }

  #read() {
    this.path = location.pathname;
    this.search = location.search;
  }

  #ownLink(event: MouseEvent): HTMLAnchorElement | undefined {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null;
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return;
    return link;
  }
}

export const router = new Router();
