// Hooks about waiting: slow answers and "try again in …".
import { useEffect, useState } from 'react';

/** True once `waiting` has lasted `afterMs`. */
export function useSlow(waiting: boolean, afterMs = 2_000): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setSlow(true), afterMs);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [waiting, afterMs]);
  return waiting && slow;
}

/** Seconds left until `untilMs` (wall clock), counted down once a second; 0 when over or null. */
export function useCountdown(untilMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (untilMs === null) return;
    const first = setTimeout(() => setNow(Date.now()), 0);
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= untilMs) clearInterval(timer);
    }, 1_000);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [untilMs]);
  return untilMs === null ? 0 : Math.max(0, Math.ceil((untilMs - now) / 1000));
}
