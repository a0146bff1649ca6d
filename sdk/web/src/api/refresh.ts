// Renews the session once for all tabs: the refresh token rotates, so two renewals at a time would race.
import { ApiProblem, problemOf } from './problem';
import { storage } from '../storage';

const kStamp = 'portico.refreshed_at';
let inFlight: Promise<boolean> | null = null;

const locked = <T>(work: () => Promise<T>): Promise<T> =>
  typeof navigator !== 'undefined' && 'locks' in navigator
    ? navigator.locks.request('portico-refresh', work).then((value) => value as T)
    : work();

async function renew(sinceMs: number): Promise<boolean> {
  // Another tab may have renewed while this one waited for the lock: its cookies are ours too.
  if (Number(storage.local.get(kStamp) ?? 0) > sinceMs) return true;
  let response: Response;
  try {
    response = await fetch('/api/auth/refresh', {
      method: 'POST',
      headers: { 'X-Portico-CSRF': '1', Accept: 'application/json' },
      credentials: 'same-origin',
    });
  } catch {
    throw new ApiProblem(0, 'network.unreachable');
  }
  if (response.ok) {
    storage.local.set(kStamp, String(Date.now()));
    return true;
  }
  if (response.status === 401) return false;
  throw await problemOf(response);
}

/**
 * Renews the session, single flight over this tab and all others.
 *
 * sinceMs  when the refused request was sent; a renewal later than that counts
 * returns  true when the request may be repeated, false when the session has ended
 * errors   ApiProblem when the host could not say (then nobody is signed out)
 */
export function refreshSession(sinceMs: number): Promise<boolean> {
  inFlight ??= locked(() => renew(sinceMs)).finally(() => {
    inFlight = null;
  });
  return inFlight;
}
