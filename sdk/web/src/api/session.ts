// Who is signed in, as every page sees it.
import { useQuery } from '@tanstack/react-query';
import { storage } from '../storage';
import { request } from './client';
import { ApiProblem } from './problem';
import { queryClient } from './query';
import type { Me } from './types';

const kMe = ['me'] as const;
// Cookies are HttpOnly; this mark only saves visitors who never signed in two refused requests.
const kHint = 'portico.signed_in';
const kPasswordAt = 'portico.password_at';
const kStepUpMs = 9.5 * 60_000;
let probed = false;

async function readMe(signal: AbortSignal): Promise<Me | null> {
  if (!probed && storage.local.get(kHint) === null) return null;
  try {
    const { data } = await request<Me>('GET', '/api/me', { session: 'quiet', signal });
    storage.local.set(kHint, '1');
    return data;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) {
      storage.local.remove(kHint);
      return null;
    }
    throw error;
  }
}

/** The signed-in customer; null for a visitor. */
export function useMe() {
  return useQuery<Me | null, ApiProblem>({
    queryKey: kMe,
    queryFn: ({ signal }) => readMe(signal),
    staleTime: 5 * 60_000,
  });
}

/** Asks the host even without the local mark; called before a page that needs a session is shown. */
export function probeSession(): void {
  if (probed) return;
  probed = true;
  if (queryClient.getQueryData(kMe) === null) queryClient.removeQueries({ queryKey: kMe });
}

/** Takes over an answer that carries the customer (sign-in, profile change). */
export function rememberMe(me: Me): void {
  probed = true;
  storage.local.set(kHint, '1');
  queryClient.setQueryData(kMe, me);
}

/** Drops everything that belonged to the customer who was signed in. */
export function forgetMe(): void {
  storage.local.remove(kHint);
  storage.local.remove(kPasswordAt);
  queryClient.removeQueries({
    predicate: (query) => query.queryKey[0] !== 'me' && query.queryKey[0] !== 'pages',
  });
  queryClient.setQueryData(kMe, null);
}

/** Notes that the password was just given, so that a step-up question can be foreseen. */
export function notePassword(): void {
  storage.local.set(kPasswordAt, String(Date.now()));
}

/** Whether the host will probably accept a sensitive action without asking for the password again. */
export function passwordIsFresh(): boolean {
  return Date.now() - Number(storage.local.get(kPasswordAt) ?? 0) < kStepUpMs;
}

/** Ends the session; `leave` moves on to a page for visitors before the customer's data is dropped. */
export async function signOut(leave: () => Promise<void>): Promise<void> {
  await request<void>('POST', '/api/auth/logout', { session: 'quiet' }).catch((error: unknown) => {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
  });
  await leave();
  forgetMe();
}

/** Follows a sign-out in another tab. */
export function watchOtherTabs(): void {
  window.addEventListener('storage', (event) => {
    if (event.key === kHint && event.newValue === null && queryClient.getQueryData(kMe)) forgetMe();
    if (event.key === kHint && event.newValue !== null && !queryClient.getQueryData(kMe)) {
      void queryClient.invalidateQueries({ queryKey: kMe });
    }
  });
}
