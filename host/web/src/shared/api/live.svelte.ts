// Live events: one stream for the whole application. The browser resumes it with Last-Event-ID; when it gives up we start a new
// one and tell every listener to load again, because events may have been missed.
import type { LiveEvent, LiveFlow, Watching } from './types';

const RETRY_MS_MAX = 15_000;
/** The server pings every 15 s; a stream that is silent for longer is dead even if nobody said so. */
const SILENCE_MS_MAX = 40_000;
/** A hidden tab gives its connection back after this: browsers allow six per host. */
const HIDDEN_MS_MAX = 60_000;
/** A short gap is nobody's business. */
const BANNER_AFTER_MS = 2_500;

type Listener = (event: LiveEvent | 'resync') => void;
type PresenceListener = (ticket: string, people: Watching[]) => void;
type FlowListener = (event: LiveFlow | 'resync') => void;

class Live {
  /** Shown to people: false only once a gap has lasted. */
  connected = $state(true);
  /** What the device says of itself: without a network there is nothing to try again. */
  online = $state(true);
  #listeners = new Set<Listener>();
  #flowListeners = new Set<FlowListener>();
  #presenceListeners = new Set<PresenceListener>();
  #source: EventSource | undefined;
  #retryMs = 500;
  #missed = false;
  #timers = { retry: 0, silence: 0, hidden: 0, banner: 0 };
  #wanted = false;

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Who came to a ticket, or left it. */
  subscribePresence(listener: PresenceListener): () => void {
    this.#presenceListeners.add(listener);
    return () => this.#presenceListeners.delete(listener);
  }

  /** Instances that went on; their tasks may have come or gone. */
  subscribeFlows(listener: FlowListener): () => void {
    this.#flowListeners.add(listener);
    return () => this.#flowListeners.delete(listener);
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.online = navigator.onLine;
    addEventListener('online', this.#back);
    addEventListener('offline', this.#gone);
    document.addEventListener('visibilitychange', this.#visibility);
    this.#open();
  }

  stop() {
    this.#wanted = false;
    removeEventListener('online', this.#back);
    removeEventListener('offline', this.#gone);
    document.removeEventListener('visibilitychange', this.#visibility);
    this.#close();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.connected = true;
  }

  retryNow = () => {
    this.#retryMs = 500;
    this.#close();
    this.#open();
  };

  #open() {
    clearTimeout(this.#timers.retry);
    if (!this.#wanted || this.#source) return;
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    source.onopen = () => {
      this.#retryMs = 500;
      clearTimeout(this.#timers.banner);
      this.connected = true;
      this.#heard();
      if (this.#missed) this.#emit('resync');
      this.#missed = false;
    };
    source.onerror = () => {
      this.#bannerSoon();
      if (source.readyState !== EventSource.CLOSED) return;
      this.#lost();
    };
    source.addEventListener('ticket', (message) => {
      this.#heard();
      this.#emit(JSON.parse((message as MessageEvent<string>).data) as LiveEvent);
    });
    source.addEventListener('flow', (message) => {
      this.#heard();
      const event = JSON.parse((message as MessageEvent<string>).data) as LiveFlow;
      for (const listener of this.#flowListeners) listener(event);
    });
    source.addEventListener('presence', (message) => {
      this.#heard();
      const { ticket, people } = JSON.parse((message as MessageEvent<string>).data) as { ticket: string; people: Watching[] };
      for (const listener of this.#presenceListeners) listener(ticket, people);
    });
    source.addEventListener('ping', () => this.#heard());
  }

  /** The device knows at once, so the page does not wait to see whether the gap lasts. */
  #gone = () => {
    this.online = false;
    this.connected = false;
    this.#lost();
  };

  #back = () => {
    this.online = true;
    this.retryNow();
  };

  #close() {
    this.#source?.close();
    this.#source = undefined;
    this.#missed = true;
    clearTimeout(this.#timers.silence);
  }

  #lost = () => {
    this.#close();
    this.#bannerSoon();
    clearTimeout(this.#timers.retry);
    this.#timers.retry = window.setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  };

  #bannerSoon() {
    clearTimeout(this.#timers.banner);
    this.#timers.banner = window.setTimeout(() => {
      if (this.#wanted && this.#source?.readyState !== EventSource.OPEN) this.connected = false;
    }, BANNER_AFTER_MS);
  }

  #heard() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = window.setTimeout(this.#lost, SILENCE_MS_MAX);
  }

  #visibility = () => {
    clearTimeout(this.#timers.hidden);
    if (document.hidden) this.#timers.hidden = window.setTimeout(() => this.#close(), HIDDEN_MS_MAX);
    else this.#open();
  };

  #emit(event: LiveEvent | 'resync') {
    for (const listener of this.#listeners) listener(event);
    if (event === 'resync') for (const listener of this.#flowListeners) listener(event);
  }
}

export const live = new Live();
