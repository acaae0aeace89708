// The list behind the queue: loaded by filter, kept live, changed at once and corrected by the server.
import { api, asProblem } from '../../shared/api/client';
import { live } from '../../shared/api/live.svelte';
import type { Page, ProblemBody, Ticket } from '../../shared/api/types';
import { directory, list } from '../../shared/directory.svelte';
import { session } from '../../shared/session.svelte';
import { t } from '../../shared/i18n/index.svelte';
import { know } from '../../shared/ticket/known';
import { toasts } from '../../shared/toasts.svelte';
import { DEFAULT, type Filter, toApi, toCount, toQuery } from './filter';
import { isNews, merge } from './live-list';

const PAGE = 50;
/** The most that one request returns. */
const LIMIT_MAX = 200;
const REFRESH_AFTER_MS = 120;
const COUNT_AFTER_MS = 400;
/** How long a changed row is tinted. */
const FRESH_MS = 3000;
const OPEN = ['new', 'active', 'paused'];

type Count = { value: string | null; count: number };

export class QueueModel {
  items = $state.raw<Ticket[]>([]);
  next = $state<string | null>(null);
  total = $state<number>();
  /** Numbers next to the views, by the query of the view. */
  counts = $state.raw<Record<string, number>>({});
  selected = $state.raw<string[]>([]);
  fresh = $state.raw<string[]>([]);
  cursor = $state(-1);
  loading = $state(false);
  loaded = $state(false);
  problem = $state.raw<ProblemBody>();
  #filter: Filter = DEFAULT;
  #shown = '';
  #aborter: AbortController | undefined;
  #timers = { refresh: 0, count: 0, fresh: 0 };

  get current(): Ticket | undefined {
    return this.items[this.cursor];
  }

  watch(): () => void {
    void this.#countViews();
    const stop = live.subscribe((event) => {
      if (!isNews(this.items, event)) return;
      clearTimeout(this.#timers.refresh);
      this.#timers.refresh = window.setTimeout(() => void this.refresh(), REFRESH_AFTER_MS);
      clearTimeout(this.#timers.count);
      this.#timers.count = window.setTimeout(() => void this.#countViews(), COUNT_AFTER_MS);
    });
    return () => {
      for (const timer of Object.values(this.#timers)) clearTimeout(timer);
      this.#aborter?.abort();
      stop();
    };
  }

  show(filter: Filter) {
    const query = toQuery(filter);
    if (this.loaded && query === this.#shown) return;
    this.#filter = filter;
    this.#shown = query;
    this.cursor = -1;
    this.selected = [];
    void this.#load(PAGE, (page) => {
      this.items = page.items;
      know(page.items);
      this.next = page.next;
    });
  }

  /** What is shown, again: after news, or after something failed. */
  async refresh() {
    const limit = Math.min(Math.max(this.items.length, PAGE), LIMIT_MAX);
    await this.#load(limit, (page) => {
      const merged = merge(this.items, page.items, this.selected, this.cursor);
      this.items = merged.items;
      know(page.items);
      this.selected = merged.selected;
      this.cursor = merged.cursor;
      this.next = page.next;
      this.#tint(merged.fresh);
    });
  }

  async more() {
    this.loading = true;
    try {
      const page = await api.get<Page<Ticket>>('/tickets', { ...toApi(this.#filter), limit: PAGE, after: this.next });
      const known = new Set(this.items.map((item) => item.id));
      this.items = [...this.items, ...page.items.filter((item) => !known.has(item.id))];
      know(page.items);
      this.next = page.next;
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.loading = false;
    }
  }

  async #load(limit: number, take: (page: Page<Ticket>) => void) {
    this.#aborter?.abort();
    const aborter = new AbortController();
    this.#aborter = aborter;
    this.loading = true;
    try {
      const [page, counts] = await Promise.all([
        api.get<Page<Ticket>>('/tickets', { ...toApi(this.#filter), limit }, aborter.signal),
        api.get<Page<Count> | Count[]>('/tickets/counts', { by: 'category', ...toCount(this.#filter) }, aborter.signal),
      ]);
      for (const ticket of page.items) directory.learn(ticket.names);
      take(page);
      this.total = list(counts).reduce((sum, { count }) => sum + count, 0);
      this.problem = undefined;
      this.loaded = true;
    } catch (error) {
      if (!aborter.signal.aborted) this.problem = asProblem(error);
    } finally {
      if (this.#aborter === aborter) this.loading = false;
    }
  }

  async #countViews() {
    const ask = (filter: Record<string, string>) =>
      api.get<Page<Count> | Count[]>('/tickets/counts', { by: 'category', ...filter }).then(list);
    const open = (counts: Count[]) => sum(counts.filter(({ value }) => OPEN.includes(value ?? '')));
    const groups = session.current?.groups ?? [];
    try {
      const [all, mine, nobody, ...byGroup] = await Promise.all([
        ask({}),
        ask({ assignee: 'me' }),
        ask({ assignee: 'none' }),
        ...groups.map((group) => ask({ group })),
      ]);
      const counts: Record<string, number> = {
        '': open(all),
        '?assignee=me': open(mine),
        '?assignee=none': open(nobody),
        '?category=resolved': sum(all.filter(({ value }) => value === 'resolved')),
        '?category=any': sum(all),
      };
      for (const [index, group] of groups.entries()) {
        counts[toQuery({ ...DEFAULT, group })] = open(byGroup[index] ?? []);
      }
      this.counts = counts;
    } catch {
      // Counters are a help; the list itself says what is wrong.
    }
  }

  move(step: number) {
    if (this.items.length === 0) return;
    this.cursor = Math.min(Math.max(this.cursor + step, 0), this.items.length - 1);
  }

  toggle(id: string) {
    this.selected = this.selected.includes(id) ? this.selected.filter((other) => other !== id) : [...this.selected, id];
  }

  select(ids: string[]) {
    this.selected = ids;
  }

  /** Shown at once; the server's answer, or its refusal, follows. */
  async assignToMe(ticket: Ticket, me: string) {
    this.#replace({ ...ticket, assignee: me });
    try {
      this.#replace(await api.patch<Ticket>(`/tickets/${encodeURIComponent(ticket.id)}`, { assignee: me }, { ifMatch: ticket.version }));
      toasts.show(t('queue.assigned-me', { number: ticket.number }), `/agent/tickets/${ticket.number}`);
    } catch (error) {
      this.#replace(ticket);
      this.problem = asProblem(error);
    }
  }

  #replace(ticket: Ticket) {
    this.items = this.items.map((item) => (item.id === ticket.id ? { ...item, ...ticket } : item));
  }

  #tint(ids: string[]) {
    this.fresh = ids;
    clearTimeout(this.#timers.fresh);
    this.#timers.fresh = window.setTimeout(() => (this.fresh = []), FRESH_MS);
  }
}

function sum(counts: Count[]): number {
  return counts.reduce((all, { count }) => all + count, 0);
}
