// One instance on the screen of those who run it: loaded, kept fresh, and moved by commands.
import { api, ApiProblem, asProblem, newKey } from '../../shared/api/client';
import { live } from '../../shared/api/live.svelte';
import type { Definition, History, HistoryEntry, InstanceDetail, Outcome } from '../../shared/api/flow';
import type { Page, ProblemBody } from '../../shared/api/types';
import { list } from '../../shared/directory.svelte';
import { toasts } from '../../shared/toasts.svelte';

const REFRESH_AFTER_MS = 150;
/** 2000 waves; longer histories are in the API. */
const HISTORY_PAGES_MAX = 10;

/** What came of a command. */
export type Done = { outcome: Outcome; problem?: undefined } | { outcome?: undefined; problem: ProblemBody };

export class InstanceModel {
  readonly path: string;
  detail = $state.raw<InstanceDetail>();
  history = $state.raw<HistoryEntry[]>([]);
  /** The history is longer than what is listed. */
  cut = $state(false);
  versions = $state.raw<Definition[]>([]);
  fault = $state.raw<ProblemBody>();
  busy = $state(false);

  constructor(id: string) {
    this.path = `/instances/${encodeURIComponent(id)}`;
  }

  watch(): () => void {
    void this.load();
    let timer = 0;
    const stop = live.subscribeFlows((event) => {
      if (event !== 'resync' && !this.path.endsWith(`/${encodeURIComponent(event.instance)}`)) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => !this.busy && void this.load(), REFRESH_AFTER_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  async load() {
    try {
      const before = this.detail?.version;
      const detail = await api.get<InstanceDetail>(this.path);
      this.detail = detail;
      this.fault = undefined;
      if (detail.version === before) return;
      await Promise.all([this.#loadHistory(), this.#loadVersions(detail.process)]);
    } catch (error) {
      if (!this.detail || (error instanceof ApiProblem && error.status === 404)) this.fault = asProblem(error);
    }
  }

  async #loadHistory() {
    const entries = this.history.slice();
    let more = false;
    for (let page = 0; page < HISTORY_PAGES_MAX; page += 1) {
      const answer: History = await api.get(`${this.path}/history`, { after: entries.at(-1)?.place ?? 0 });
      entries.push(...answer.entries);
      more = answer.next != null;
      if (!more) break;
    }
    this.history = entries;
    this.cut = more;
  }

  async #loadVersions(process: string) {
    this.versions = list(await api.get<Page<Definition>>(`/flows/process/${encodeURIComponent(process)}/versions`));
  }

  /** Carry out a command and show where it led. */
  async command(verb: string, body: unknown, said: string): Promise<Done> {
    const done = await this.#send(verb, body, false);
    if (done.outcome) {
      toasts.show(said);
      await this.load();
    }
    return done;
  }

  /** What a command would do. Nothing is kept. */
  tried(verb: string, body: unknown): Promise<Done> {
    return this.#send(verb, body, true);
  }

  async #send(verb: string, body: unknown, dry: boolean): Promise<Done> {
    this.busy = true;
    try {
      const query = dry ? { dry_run: true } : {};
      return { outcome: await api.post<Outcome>(`${this.path}/${verb}`, body, { query, key: newKey() }) };
    } catch (error) {
      return { problem: asProblem(error) };
    } finally {
      this.busy = false;
    }
  }
}
