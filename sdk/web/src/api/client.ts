// The one door to the host's API: CSRF header, problem answers, session renewal, cache marks.
import { ApiProblem, problemOf } from './problem';
import { refreshSession } from './refresh';

export interface Answer<T> {
  data: T;
  /** `stale`: the system of record is down, the data is from `as_of`. */
  cache: 'hit' | 'miss' | 'stale' | null;
}

export interface RequestOptions {
  body?: unknown;
  query?: Record<string, string | number | undefined>;
  signal?: AbortSignal;
  /** Of any number of requests with the same key one takes effect; `useSubmit` hands one to `send`. */
  idempotencyKey?: string;
  /** `quiet`: a 401 is an expected answer ("nobody is signed in") and does not end the session in the pages. */
  session?: 'required' | 'quiet';
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

const kTimeoutMs = 40_000;
const kUnauthenticated = new Set(['auth.required', 'auth.session_expired']);
const sessionEndListeners = new Set<() => void>();

/** Calls `listener` when a request found that the session has ended and could not be renewed. */
export function onSessionEnded(listener: () => void): () => void {
  sessionEndListeners.add(listener);
  return () => sessionEndListeners.delete(listener);
}

function address(path: string, query: RequestOptions['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Portico-CSRF'] = '1';
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  const timeout = AbortSignal.timeout(kTimeoutMs);
  try {
    return await fetch(address(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    if (timeout.aborted) throw new ApiProblem(0, 'network.timeout');
    throw new ApiProblem(0, navigator.onLine ? 'network.unreachable' : 'network.offline');
  }
}

function cacheMark(response: Response): Answer<unknown>['cache'] {
  const mark = response.headers.get('Portico-Cache');
  return mark === 'hit' || mark === 'miss' || mark === 'stale' ? mark : null;
}

/**
 * Calls the host and returns the parsed answer.
 *
 * errors  ApiProblem for every answer that is not 2xx, for no answer, and for a body that is not JSON;
 *         a 401 for a missing session is renewed and repeated once before it counts
 */
export async function request<T>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<T>> {
  const sentAt = Date.now();
  let response = await send(method, path, options);
  if (response.status === 401) {
    const problem = await problemOf(response);
    if (!kUnauthenticated.has(problem.code)) throw problem;
    const renewed = await refreshSession(sentAt);
    if (renewed) response = await send(method, path, options);
    if (!renewed || response.status === 401) {
      if (options.session !== 'quiet') sessionEndListeners.forEach((listener) => listener());
      throw problem;
    }
  }
  if (!response.ok) throw await problemOf(response);
  const cache = cacheMark(response);
  if (response.status === 204) return { data: undefined as T, cache };
  try {
    return { data: (await response.json()) as T, cache };
  } catch {
    throw new ApiProblem(response.status, 'http.bad_answer', response.headers.get('X-Correlation-Id'));
  }
}
