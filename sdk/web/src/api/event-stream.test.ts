// An event stream's promises: events in order, one renewal after a refusal, and an end that is final.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

class FakeSource {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 0;
  onopen?: () => void;
  onerror?: () => void;
  listeners = new Map<string, (event: { data: string; lastEventId: string }) => void>();
  closed = false;
  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }
  addEventListener(type: string, listener: (event: { data: string; lastEventId: string }) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.closed = true;
    this.readyState = FakeSource.CLOSED;
  }
  opened() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(type: string, data: string, lastEventId: string) {
    this.listeners.get(type)?.({ data, lastEventId });
  }
  refused() {
    this.readyState = FakeSource.CLOSED;
    this.onerror?.();
  }
}

const refreshSession = vi.fn<(sinceMs: number) => Promise<boolean>>();
vi.mock('./refresh', () => ({ refreshSession: (sinceMs: number) => refreshSession(sinceMs) }));
const { openEventStream } = await import('./event-stream');

let events: string[] = [];
let states: string[] = [];
const listen = (path = '/api/notes/events') =>
  openEventStream(path, ['note', 'message'], {
    onEvent: (type, data, id) => events.push(`${type} ${data} ${id}`),
    onState: (state) => states.push(state),
  });
const last = () => {
  const source = FakeSource.all[FakeSource.all.length - 1];
  if (!source) throw new Error('nothing was opened');
  return source;
};

beforeEach(() => {
  FakeSource.all = [];
  events = [];
  states = [];
  refreshSession.mockReset();
  vi.stubGlobal('EventSource', FakeSource);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('events of the types listened to come in order', () => {
  listen();
  last().opened();
  last().says('note', 'a', '1');
  last().says('other', 'b', '2');
  last().says('message', 'c', '3');
  expect(events).toEqual(['note a 1', 'message c 3']);
  expect(states).toEqual(['connecting', 'open']);
});

test('a stream that merely ended is left to the browser', async () => {
  listen();
  last().opened();
  last().readyState = 0;
  last().onerror?.();
  await vi.runAllTimersAsync();
  expect(FakeSource.all).toHaveLength(1);
  expect(refreshSession).not.toHaveBeenCalled();
  expect(states).toEqual(['connecting', 'open', 'connecting']);
});

test('after a refusal the session is renewed and the stream goes on where it was', async () => {
  refreshSession.mockResolvedValue(true);
  listen('/api/notes/events?kind=all');
  last().opened();
  last().says('note', 'a', '7&8');
  last().refused();
  await vi.runAllTimersAsync();
  expect(refreshSession).toHaveBeenCalledTimes(1);
  expect(FakeSource.all).toHaveLength(2);
  expect(last().url).toBe('/api/notes/events?kind=all&last_event_id=7%268');
});

test('a session that is over ends it for good', async () => {
  refreshSession.mockResolvedValue(false);
  listen();
  last().refused();
  await vi.runAllTimersAsync();
  expect(FakeSource.all).toHaveLength(1);
  expect(states).toEqual(['connecting', 'ended']);
});

test('a host that refuses again and again is asked later and later, one that cannot be asked as well', async () => {
  refreshSession.mockImplementation(() => Promise.reject(new Error('unreachable')));
  listen();
  const waits: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    const before = Date.now();
    last().refused();
    await vi.runAllTimersAsync();
    waits.push(Date.now() - before);
  }
  expect(FakeSource.all).toHaveLength(9);
  expect(waits[0]).toBeLessThanOrEqual(1_250);
  expect(waits[4]).toBeGreaterThan(5_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(37_500);
});

test('who stops listening hears nothing more and opens nothing', async () => {
  refreshSession.mockResolvedValue(true);
  const stop = listen();
  last().opened();
  stop();
  last().says('note', 'late', '1');
  last().refused();
  await vi.runAllTimersAsync();
  expect(events).toEqual([]);
  expect(FakeSource.all).toHaveLength(1);
  expect(last().closed).toBe(true);
});
