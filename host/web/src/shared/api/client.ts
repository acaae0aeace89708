// The only place that calls `fetch`. Every failure comes out as an `ApiProblem`, whatever caused it.
import type { ProblemBody } from './types';

const BASE = '/api/v1';
const TIMEOUT_MS = 30_000;
/** A request that never reached the server may be sent again: its idempotency key makes that safe. */
const RETRY_AFTER_MS = 400;

export class ApiProblem extends Error {
  readonly body: ProblemBody;

  constructor(body: ProblemBody) {
    super(body.title);
    this.name = 'ApiProblem';
    this.body = body;
  }

  get status() {
    return this.body.status;
  }

  get code() {
    return this.body.code ?? '';
  }
}

export interface Options {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  /** A body that is sent as it is: a file or a form. */
  raw?: BodyInit;
  contentType?: string;
  /** The version that the caller has seen. */
  ifMatch?: number;
  key?: string;
  signal?: AbortSignal;
  /** What is answered: JSON, or text as it is. */
  answer?: 'json' | 'text';
}

/** 128 random bits as text; works where `randomUUID` does not (plain http on a local network). */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function withQuery(path: string, query: Options['query'] = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const writes = method !== 'GET';
  const headers: Record<string, string> = { Accept: options.answer === 'text' ? '*/*' : 'application/json' };
  if (writes) headers['X-Weft'] = '1';
  if (method === 'POST' || method === 'PATCH') headers['Idempotency-Key'] = options.key ?? newKey();
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  else if (options.contentType) headers['Content-Type'] = options.contentType;

  const send = () =>
    fetch(withQuery(BASE + path, options.query), {
      method,
      headers,
      body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      credentials: 'same-origin',
      signal: options.signal
        ? AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)])
        : AbortSignal.timeout(TIMEOUT_MS),
    });

  let response: Response;
  try {
    response = await send().catch(async (error: unknown) => {
      if (options.signal?.aborted || (error instanceof DOMException && error.name === 'TimeoutError')) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      return send();
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiProblem({ title: '', status: 0, code: 'unreachable', detail: '' });
  }
  if (!response.ok) throw new ApiProblem(await readProblem(response));
  if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
  return (options.answer === 'text' ? await response.text() : await response.json()) as T;
}

async function readProblem(response: Response): Promise<ProblemBody> {
  const fallback: ProblemBody = { title: response.statusText, status: response.status };
  const retry = Number(response.headers.get('retry-after'));
  if (retry > 0) fallback.retry_after = retry;
  const text = await response.text().catch(() => '');
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<ProblemBody>) };
  } catch {
    return { ...fallback, detail: text.slice(0, 300) };
  }
}

/** Said while the page goes away: nobody hears the answer. */
function last(method: string, path: string, body: unknown): void {
  const headers = { 'X-Weft': '1', 'Content-Type': 'application/json' };
  fetch(BASE + path, { method, headers, body: JSON.stringify(body), credentials: 'same-origin', keepalive: true }).catch(() => undefined);
}

export const api = {
  last,
  text: (path: string, query?: Options['query']) => request<string>('GET', path, { query, answer: 'text' }),
  get: <T>(path: string, query?: Options['query'], signal?: AbortSignal) => request<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown, options: Options = {}) => request<T>('POST', path, { body, ...options }),
  patch: <T>(path: string, body: unknown, options: Options = {}) => request<T>('PATCH', path, { body, ...options }),
  put: <T>(path: string, body: unknown) => request<T>('PUT', path, { body }),
  delete: <T>(path: string, body?: unknown) => request<T>('DELETE', path, { body }),
};

/** Anything that was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): ProblemBody {
  if (error instanceof ApiProblem) return error.body;
  return { title: error instanceof Error ? error.message : String(error), status: -1, code: 'screen-fault' };
}
