// Asks the worker that knows FEEL, one expression at a time; what takes too long is ended and said.
import Worker from './feel-worker?worker';

/** A problem of the text. Lines and columns count from 1. */
export interface SyntaxProblem {
  offset: number;
  line: number;
  column: number;
  message: string;
}

/** What became null, and why. */
export interface Note {
  function: string;
  offset: number;
  reason: string;
}

export interface Tried {
  problems?: SyntaxProblem[];
  /** It needs more than it may take. */
  exceeded?: string;
  value?: unknown;
  /** The value as FEEL writes it. */
  shown?: string;
  type?: string;
  notes?: Note[];
  /** The names that the expression needs. */
  reads?: string[];
  because?: string;
}

export interface Trial {
  text: string;
  kind?: 'expression' | 'unary-tests';
  variables?: Record<string, unknown>;
  input?: unknown;
  /** RFC 3339. */
  now?: string;
  zone?: string;
}

/** The budget of an expression ends it long before; this is for a machine that is very slow. */
const ANSWER_MS_MAX = 5000;
const [url] = Object.values(import.meta.glob<string>('./feel.wasm', { query: '?url', import: 'default', eager: true }));

let worker: Worker | undefined;
let asked = 0;

/** Evaluates as the server would. Rejects with a sentence when there is no answer. */
export function evaluate(trial: Trial): Promise<Tried> {
  if (url === undefined) return Promise.reject(new Error('this build came without FEEL for the browser'));
  const id = ++asked;
  const one = (worker ??= new Worker());
  return new Promise((resolve, reject) => {
    const end = (done: () => void) => {
      clearTimeout(timer);
      one.removeEventListener('message', answered);
      done();
    };
    const stop = (reason: string) => {
      one.terminate();
      if (worker === one) worker = undefined;
      end(() => reject(new Error(reason)));
    };
    const answered = ({ data }: MessageEvent<{ id: number; answer?: string; fault?: string }>) => {
      if (data.id !== id) return;
      end(() => (data.answer === undefined ? reject(new Error(data.fault)) : resolve(JSON.parse(data.answer) as Tried)));
    };
    const timer = setTimeout(() => stop(`there was no answer within ${ANSWER_MS_MAX / 1000} seconds`), ANSWER_MS_MAX);
    one.addEventListener('message', answered);
    one.addEventListener('error', (event) => stop(event.message || 'the worker could not be started'), { once: true });
    one.postMessage({ id, url: new URL(url, location.href).href, request: JSON.stringify(trial) });
  });
}
