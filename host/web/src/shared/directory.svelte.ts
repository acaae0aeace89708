// Names of people and groups, and the kinds and spaces: loaded once, asked for often.
import { SvelteMap } from 'svelte/reactivity';
import { api } from './api/client';
import type { Group, Kind, Page, Person, Space } from './api/types';

/** Ids that are looked for in one go; the rest waits for the next. */
const LOOKUPS_MAX = 20;
/** The most that one page has. */
const PEOPLE_MAX = 200;

class Directory {
  kinds = $state.raw<Kind[]>([]);
  groups = $state.raw<Group[]>([]);
  spaces = $state.raw<Space[]>([]);
  #names = new SvelteMap<string, string>();
  #asked = new Set<string>();
  #pending: string[] = [];
  #loading: Promise<void> | undefined;

  /** Everything that a page needs before it can name things. */
  load(): Promise<void> {
    this.#loading ??= this.#loadAll().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async reloadKinds() {
    this.kinds = list(await api.get<Page<Kind> | Kind[]>('/kinds'));
  }

  async #loadAll() {
    const [kinds, groups, spaces, people] = await Promise.all([
      api.get<Page<Kind> | Kind[]>('/kinds'),
      api.get<Page<Group> | Group[]>('/groups'),
      api.get<Page<Space> | Space[]>('/spaces'),
      // Enough for most lists at once; others are looked up when they are met.
      api.get<Page<Person> | Person[]>('/people', { limit: PEOPLE_MAX }),
    ]);
    for (const person of list(people)) this.#names.set(person.id, person.name);
    this.kinds = list(kinds);
    this.groups = list(groups);
    this.spaces = list(spaces);
    for (const group of this.groups) this.#names.set(group.id, group.title);
  }

  kind(id: string): Kind | undefined {
    return this.kinds.find((kind) => kind.id === id);
  }

  spaceTitle(id: string): string {
    return this.spaces.find((space) => space.id === id)?.title ?? id;
  }

  stateTitle(kind: string, state: string): string {
    return this.kind(kind)?.states.find(({ id }) => id === state)?.title ?? state;
  }

  learn(names: Record<string, string> | undefined) {
    for (const [id, name] of Object.entries(names ?? {})) this.#names.set(id, name);
  }

  /** The name of a person or group; its id until the name is known. */
  name(id: string | null | undefined): string {
    if (!id) return '';
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    this.#ask(id);
    return id;
  }

  async people(text: string, signal?: AbortSignal): Promise<Person[]> {
    const found = list(await api.get<Page<Person> | Person[]>('/people', { text, limit: 20 }, signal));
    for (const person of found) this.#names.set(person.id, person.name);
    return found;
  }

  #ask(id: string) {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    this.#pending.push(id);
    if (this.#pending.length === 1) queueMicrotask(() => this.#lookUp());
  }

  #lookUp() {
    const ids = this.#pending.splice(0, LOOKUPS_MAX);
    for (const id of ids) {
      api
        .get<Person>(`/people/${encodeURIComponent(id)}`)
        .then((person) => this.#names.set(person.id, person.name))
        .catch(() => undefined);
    }
    if (this.#pending.length > 0) setTimeout(() => this.#lookUp(), 200);
  }
}

/** Small collections come as a plain list or as one page; both are fine here. */
export function list<T>(answer: Page<T> | T[]): T[] {
  return Array.isArray(answer) ? answer : answer.items;
}

export const directory = new Directory();
