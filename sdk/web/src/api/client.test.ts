// The client's promises: CSRF header, one renewal for all, nothing repeated without need.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

type Handler = (path: string, init: RequestInit) => Response | Promise<Response>;

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
const refused = () => json(401, { code: 'auth.required', correlation_id: 'c1' });

// One lock manager for "all tabs", as the browser has.
function sharedLocks() {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    request: (_name: string, work: () => Promise<unknown>) => {
      const run = tail.then(work);
      tail = run.catch(() => undefined);
      return run;
    },
  };
}

function sharedStorage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

let calls: string[] = [];

function serve(handler: Handler) {
  calls = [];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    calls.push(`${init.method} ${path}`);
    return handler(path, init);
  });
}

// Each import after a reset is a tab of its own: its module state is not shared, locks and storage are.
async function openTab() {
  vi.resetModules();
  return import('./client');
}

beforeEach(() => {
  vi.stubGlobal('navigator', { onLine: true, locks: sharedLocks() });
  vi.stubGlobal('window', { localStorage: sharedStorage(), sessionStorage: sharedStorage() });
});

afterEach(() => vi.unstubAllGlobals());

const refreshes = () => calls.filter((call) => call === 'POST /api/auth/refresh').length;

describe('requests', () => {
  test('a key goes out with the write, and again with its repeat after a renewal', async () => {
    const keys: (string | undefined)[] = [];
    let tries = 0;
    serve((path, init) => {
      if (path === '/api/auth/refresh') return json(200, {});
      keys.push((init.headers as Record<string, string>)['Idempotency-Key']);
      return (tries += 1) === 1 ? refused() : json(201, {});
    });
    const { request } = await openTab();
    await request('POST', '/api/orders', { body: {}, idempotencyKey: 'key-of-this-wish-0001' });
    expect(keys).toEqual(['key-of-this-wish-0001', 'key-of-this-wish-0001']);
  });
  test('a write carries the CSRF header, a read does not', async () => {
    const seen: (string | undefined)[] = [];
    serve((_path, init) => {
      seen.push((init.headers as Record<string, string>)['X-Portico-CSRF']);
      return json(200, {});
    });
    const { request } = await openTab();
    await request('POST', '/api/x', { body: {} });
    await request('GET', '/api/x');
    expect(seen).toEqual(['1', undefined]);
  });

  test('empty query values are left out', async () => {
    serve(() => json(200, {}));
    const { request } = await openTab();
    await request('GET', '/api/x', { query: { page: 2, status: '', other: undefined } });
    expect(calls).toEqual(['GET /api/x?page=2']);
  });

  test('the cache mark comes with the answer', async () => {
    serve(() => json(200, { a: 1 }, { 'Portico-Cache': 'stale' }));
    const { request } = await openTab();
    expect(await request('GET', '/api/x')).toEqual({ data: { a: 1 }, cache: 'stale' });
  });

  test('no answer is a problem of its own, and says when the device is offline', async () => {
    serve(() => Promise.reject(new TypeError('fetch failed')));
    const { request } = await openTab();
    await expect(request('GET', '/api/x')).rejects.toMatchObject({ status: 0, code: 'network.unreachable' });
    vi.stubGlobal('navigator', { onLine: false, locks: sharedLocks() });
    await expect(request('GET', '/api/x')).rejects.toMatchObject({ code: 'network.offline' });
  });

  test('a good status with a body that is not JSON is a problem', async () => {
    serve(() => new Response('<html>', { status: 200 }));
    const { request } = await openTab();
    await expect(request('GET', '/api/x')).rejects.toMatchObject({ code: 'http.bad_answer' });
  });
});

describe('renewal', () => {
  test('ten requests refused at once are renewed once and all repeated', async () => {
    let renewed = false;
    serve(async (path) => {
      if (path === '/api/auth/refresh') {
        await new Promise((resolve) => setTimeout(resolve, 5));
        renewed = true;
        return new Response(null, { status: 204 });
      }
      return renewed ? json(200, { fine: true }) : refused();
    });
    const { request } = await openTab();
    const answers = await Promise.all(Array.from({ length: 10 }, () => request('GET', '/api/me')));
    expect(answers.every(({ data }) => (data as { fine: boolean }).fine)).toBe(true);
    expect(refreshes()).toBe(1);
  });

  test('eight tabs refused at once renew once between them', async () => {
    let renewed = false;
    serve(async (path) => {
      if (path === '/api/auth/refresh') {
        await new Promise((resolve) => setTimeout(resolve, 5));
        renewed = true;
        return new Response(null, { status: 204 });
      }
      return renewed ? json(200, {}) : refused();
    });
    const tabs = [];
    for (let count = 0; count < 8; count += 1) tabs.push(await openTab());
    await Promise.all(tabs.map(({ request }) => request('GET', '/api/me')));
    expect(refreshes()).toBe(1);
  });

  test('a session that cannot be renewed ends once per request and says so to the pages', async () => {
    serve((path) => (path === '/api/auth/refresh' ? json(401, { code: 'auth.session_expired' }) : refused()));
    const { request, onSessionEnded } = await openTab();
    const ended = vi.fn();
    onSessionEnded(ended);
    await expect(request('GET', '/api/invoices')).rejects.toMatchObject({
      status: 401,
      code: 'auth.required',
    });
    expect(ended).toHaveBeenCalledTimes(1);
    await expect(request('GET', '/api/me', { session: 'quiet' })).rejects.toMatchObject({ status: 401 });
    expect(ended).toHaveBeenCalledTimes(1);
  });

  test('a host that cannot renew right now signs nobody out', async () => {
    serve((path) => (path === '/api/auth/refresh' ? json(503, { code: 'server.busy' }) : refused()));
    const { request, onSessionEnded } = await openTab();
    const ended = vi.fn();
    onSessionEnded(ended);
    await expect(request('GET', '/api/invoices')).rejects.toMatchObject({ status: 503, code: 'server.busy' });
    expect(ended).not.toHaveBeenCalled();
  });

  test('a wrong password is not renewed', async () => {
    serve(() => json(401, { code: 'auth.invalid_credentials' }));
    const { request } = await openTab();
    await expect(request('POST', '/api/auth/login', { body: {} })).rejects.toMatchObject({
      code: 'auth.invalid_credentials',
    });
    expect(refreshes()).toBe(0);
  });
});
