// Server-sent events: one connection while a component is there, reopened when the session was renewed.
import { useEffect, useRef, useState } from 'react';
import { refreshSession } from './refresh';

export type StreamState = 'connecting' | 'open' | 'ended';
export interface StreamHandlers {
  /** Called for each event of the types listened to, oldest first. */
  onEvent: (type: string, data: string, id: string) => void;
  onState?: (state: StreamState) => void;
}

const kFirstWaitMs = 1_000;
const kLongestWaitMs = 30_000;

/**
 * Listens until the returned function is called.
 *
 * The browser reconnects by itself where a stream merely ended, and says what it saw last. Where the host refused
 * (401, a cap, a host that stops) it gives up: then the session is renewed and the stream opened again, later and
 * later. "ended" is final: the session is over.
 */
export function openEventStream(
  path: string,
  types: readonly string[],
  handlers: StreamHandlers,
): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let refusals = 0;
  let lastId = '';

  const say = (state: StreamState) => {
    if (!closed) handlers.onState?.(state);
  };
  const end = () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
  const openLater = () => {
    const wait = Math.min(kFirstWaitMs * 2 ** refusals, kLongestWaitMs);
    refusals += 1;
    timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
  };
  const refused = async (sinceMs: number) => {
    try {
      if (await refreshSession(sinceMs)) return closed ? undefined : openLater();
      say('ended');
      end();
    } catch {
      if (!closed) openLater(); // the host could not say: nobody is signed out
    }
  };
  function open() {
    const openedAt = Date.now();
    say('connecting');
    const query =
      lastId === '' ? '' : `${path.includes('?') ? '&' : '?'}last_event_id=${encodeURIComponent(lastId)}`;
    const current = new EventSource(path + query);
    source = current;
    current.onopen = () => {
      refusals = 0;
      say('open');
    };
    current.onerror = () => {
      if (closed) return;
      if (current.readyState === EventSource.CLOSED) void refused(openedAt);
      else say('connecting');
    };
    for (const type of types) {
      current.addEventListener(type, (event: MessageEvent<string>) => {
        if (closed) return;
        lastId = event.lastEventId;
        handlers.onEvent(type, event.data, event.lastEventId);
      });
    }
  }
  open();
  return end;
}

export interface EventStreamOptions {
  path: string;
  /** Event types to listen to; "message" are those without a type. */
  types: readonly string[];
  onEvent: StreamHandlers['onEvent'];
  enabled?: boolean;
}

/** Listens while the component is there; the newest onEvent is called. */
export function useEventStream({ path, types, onEvent, enabled = true }: EventStreamOptions): StreamState {
  const [state, setState] = useState<StreamState>('connecting');
  const newest = useRef(onEvent);
  useEffect(() => {
    newest.current = onEvent;
  });
  const names = types.join(' ');
  useEffect(() => {
    if (!enabled) return undefined;
    return openEventStream(path, names.split(' '), {
      onEvent: (...event) => newest.current(...event),
      onState: setState,
    });
  }, [path, names, enabled]);
  return state;
}
