// The open tasks of this person, for the list and for the counter in the navigation: one store, kept as live as the server allows.
import { SvelteMap } from 'svelte/reactivity';
import { api, asProblem } from '../api/client';
import type { Task } from '../api/flow';
import { live } from '../api/live.svelte';
import type { Page, ProblemBody, Ticket } from '../api/types';
import { inOrder } from './order';

const PAGE = 200;
const REFRESH_AFTER_MS = 150;
/** Tickets that are looked up in one go. */
const LOOKUPS_MAX = 50;

class Tasks {
  items = $state.raw<Task[]>([]);
  loaded = $state(false);
  /** There are more than one page shows. */
  more = $state(false);
  problem = $state.raw<ProblemBody>();
  /** Tickets of tasks, by id; null for those that this person may not read. */
  tickets = new SvelteMap<string, Ticket | null>();
  count = $derived(this.items.length);
  #timer = 0;
  #looking = new Set<string>();

  start(): () => void {
    void this.load();
    const stop = live.subscribeFlows(() => this.soon());
    return () => {
      stop();
      clearTimeout(this.#timer);
    };
  }

  /** Load again, once the events that come in a bunch are all here. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.load(), REFRESH_AFTER_MS);
  }

  async load() {
    try {
      const page = await api.get<Page<Task>>('/tasks', { limit: PAGE });
      this.items = inOrder(page.items);
      this.more = page.next !== null && page.next !== undefined;
      this.problem = undefined;
      this.lookUp(page.items);
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.loaded = true;
    }
  }

  lookUp(about: readonly { ticket: string | null }[]) {
    const ids = new Set(about.map(({ ticket }) => ticket).filter((id): id is string => id !== null));
    for (const id of [...ids].filter((id) => !this.tickets.has(id) && !this.#looking.has(id)).slice(0, LOOKUPS_MAX)) {
      this.#looking.add(id);
      api
        .get<Ticket>(`/tickets/${encodeURIComponent(id)}`)
        .then((ticket) => this.tickets.set(id, ticket))
        // Who is asked about a ticket need not be allowed to read it.
        .catch(() => this.tickets.set(id, null))
        .finally(() => this.#looking.delete(id));
    }
  }
}

export const tasks = new Tasks();
