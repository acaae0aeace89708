// One ticket on the screen: loaded, kept live, changed with the version that was seen.
import { api, ApiProblem, asProblem, newKey } from '../api/client';
import { live } from '../api/live.svelte';
import type { Attachment, Page, ProblemBody, Ticket, TicketDetail, TimelineEntry, Visibility } from '../api/types';
import { directory, list } from '../directory.svelte';
import { type Change, differences, type Difference } from './conflict';

const TIMELINE_PAGE = 200;
/** 1000 entries; what is older is in the API. */
const TIMELINE_PAGES_MAX = 5;
const REFRESH_AFTER_MS = 80;
export const ATTACHMENT_BYTES_MAX = 25_000_000;

export interface Conflict {
  theirs: TicketDetail;
  change: Change;
  differences: Difference[];
}

export interface Sending {
  key: string;
  visibility: Visibility;
  body: string;
  at: string;
}

/** What came of a change; a conflict is shown by itself. */
export type Outcome = { done: true } | { done: false; problem?: ProblemBody };

export class TicketModel {
  readonly number: string;
  ticket = $state.raw<TicketDetail>();
  timeline = $state.raw<TimelineEntry[]>([]);
  attachments = $state.raw<Attachment[]>([]);
  children = $state.raw<Ticket[]>([]);
  fault = $state.raw<ProblemBody>();
  conflict = $state.raw<Conflict>();
  busy = $state(false);
  /** While somebody edits, news waits: the version that was seen is the one that is sent. */
  editing = $state(false);
  changedElsewhere = $state(false);
  /** Comments on their way: shown at once, and taken away when the timeline has them or they were refused. */
  sending = $state.raw<Sending[]>([]);
  #timer = 0;

  constructor(number: string) {
    this.number = number;
  }

  /** Loads, and keeps loading until the returned function is called. */
  watch(): () => void {
    void this.load();
    const stop = live.subscribe((event) => {
      const ticket = this.ticket;
      if (event !== 'resync' && ticket && (event.ticket !== ticket.id || event.version < ticket.version)) return;
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#news(), REFRESH_AFTER_MS);
    });
    return () => {
      clearTimeout(this.#timer);
      stop();
    };
  }

  async load() {
    this.fault = undefined;
    try {
      this.#take(await this.#fetch());
      await this.#loadRest();
    } catch (error) {
      this.fault = asProblem(error);
    }
  }

  async #news() {
    if (this.busy) return;
    try {
      if (this.editing || this.conflict) {
        const latest = await this.#fetch();
        if (this.ticket && latest.version > this.ticket.version) this.changedElsewhere = true;
      } else {
        this.#take(await this.#fetch());
      }
      await this.#loadRest();
    } catch (error) {
      // The ticket may have been closed to us; anything else will be tried again with the next event.
      if (error instanceof ApiProblem && error.status === 404) this.fault = error.body;
    }
  }

  #fetch(): Promise<TicketDetail> {
    return api.get<TicketDetail>(`/tickets/${encodeURIComponent(this.number)}`);
  }

  #take(ticket: TicketDetail) {
    directory.learn(ticket.names);
    this.ticket = ticket;
    this.changedElsewhere = false;
  }

  async #loadRest() {
    const path = this.path;
    const [timeline, attachments, children] = await Promise.all([
      this.#loadTimeline(),
      api.get<Page<Attachment> | Attachment[]>(`${path}/attachments`).then(list),
      api.get<Page<Ticket>>('/tickets', { parent: this.ticket?.id, limit: 50 }).then(list),
    ]);
    this.timeline = timeline;
    this.attachments = attachments;
    this.children = children;
  }

  async #loadTimeline(): Promise<TimelineEntry[]> {
    const entries: TimelineEntry[] = [];
    let after: string | null = null;
    for (let page = 0; page < TIMELINE_PAGES_MAX; page += 1) {
      const answer: Page<TimelineEntry> = await api.get(`${this.path}/timeline`, { after, limit: TIMELINE_PAGE });
      entries.push(...answer.items);
      after = answer.next;
      if (!after) break;
    }
    return entries;
  }

  get path(): string {
    return `/tickets/${encodeURIComponent(this.ticket?.id ?? this.number)}`;
  }

  async change(change: Change): Promise<Outcome> {
    return this.#send(change, this.ticket?.version ?? 0);
  }

  /** Our change again, on top of what they did. */
  async keepMine(): Promise<Outcome> {
    const conflict = this.conflict;
    if (!conflict) return { done: false };
    this.conflict = undefined;
    return this.#send(conflict.change, conflict.theirs.version);
  }

  dropMine() {
    if (this.conflict) this.#take(this.conflict.theirs);
    this.conflict = undefined;
    this.editing = false;
  }

  async #send(change: Change, version: number): Promise<Outcome> {
    const before = this.ticket;
    if (!before) return { done: false };
    return this.#busily(async () => {
      try {
        await api.patch(this.path, change, { ifMatch: version });
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
        const theirs = await this.#fetch();
        directory.learn(theirs.names);
        this.conflict = { theirs, change, differences: differences(before, theirs, change) };
        return { done: false };
      }
      this.editing = false;
      this.#take(await this.#fetch());
      await this.#loadRest();
      return { done: true };
    });
  }

  /** Something that adds to the ticket and so cannot collide: a comment, a file, a link, a watcher. */
  async add(run: (path: string) => Promise<unknown>): Promise<Outcome> {
    return this.#busily(async () => {
      await run(this.path);
      const latest = await this.#fetch();
      if (!this.editing) this.#take(latest);
      await this.#loadRest();
      return { done: true };
    });
  }

  /** Says that a comment is on its way, before its turn comes. */
  announce(visibility: Visibility, body: string, key: string) {
    this.sending = [...this.sending.filter((one) => one.key !== key), { key, visibility, body, at: new Date().toISOString() }];
  }

  async comment(visibility: Visibility, body: string, key = newKey()): Promise<Outcome> {
    this.announce(visibility, body, key);
    const outcome = await this.add((path) => api.post(`${path}/comments`, { visibility, body }, { key }));
    this.sending = this.sending.filter((one) => one.key !== key);
    return outcome;
  }

  attach(file: File): Promise<Outcome> {
    const form = new FormData();
    form.append('file', file);
    return this.add((path) => api.post(`${path}/attachments`, undefined, { raw: form }));
  }

  async #busily(run: () => Promise<Outcome>): Promise<Outcome> {
    this.busy = true;
    try {
      return await run();
    } catch (error) {
      return { done: false, problem: asProblem(error) };
    } finally {
      this.busy = false;
    }
  }
}
