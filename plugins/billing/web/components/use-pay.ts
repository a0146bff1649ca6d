// Paying as a small state machine: new tab, password question, opened, waiting for the money.
import {
  type ApiProblem,
  asProblem,
  type Invoice,
  passwordIsFresh,
  type PaymentLink,
  storage,
} from '@portico/web';
import { useEffect, useState } from 'react';
import { makePaymentLink } from '../api/payment-link';
import { isPayable } from './status-badge';

export type PayState =
  | { at: 'idle' }
  | { at: 'opening' }
  | { at: 'step_up' }
  /** The browser refused a new tab: the link is there to press. */
  | { at: 'ready'; link: PaymentLink }
  | { at: 'opened'; site: string }
  | { at: 'failed'; problem: ApiProblem };

const kWaitMs = 15 * 60_000;
const kEagerMs = 2 * 60_000;
const keyOf = (id: string) => `portico.paying.${id}`;

const begunAt = (id: string): number => Number(storage.session.get(keyOf(id)) ?? 0);

/** Whether a payment page of this invoice was opened lately and the money has not arrived. */
export const isWaiting = (id: string): boolean => Date.now() - begunAt(id) < kWaitMs;

/** How often to look again: every 8 s at first, then every 30 s, then no more. */
export function rereadEveryMs(id: string, invoice: Invoice | undefined): number | false {
  if (!isWaiting(id) || (invoice && !isPayable(invoice.status) && invoice.status !== 'payment_pending'))
    return false;
  return Date.now() - begunAt(id) < kEagerMs ? 8_000 : 30_000;
}

// A tab opened in the very click is not blocked; it is told where to go once the link is there.
function openTab(words: string): Window | null {
  const tab = window.open('', '_blank');
  if (!tab) return null;
  tab.opener = null;
  try {
    const referrer = tab.document.createElement('meta');
    referrer.name = 'referrer';
    referrer.content = 'no-referrer';
    tab.document.head.append(referrer);
    tab.document.title = words;
    tab.document.body.textContent = words;
  } catch {
    // The words are a courtesy only.
  }
  return tab;
}

function goTo(tab: Window, link: PaymentLink, words: (site: string) => string): void {
  try {
    tab.document.body.textContent = words(link.site);
  } catch {
    // See above.
  }
  tab.location.replace(link.url);
}

interface PayWords {
  opening: string;
  openingSite: (site: string) => string;
}

export function usePay(invoiceId: string, words: PayWords, reread: () => void) {
  const [state, setState] = useState<PayState>({ at: 'idle' });

  const opened = (site: string) => {
    storage.session.set(keyOf(invoiceId), String(Date.now()));
    setState({ at: 'opened', site });
    reread();
  };

  const fetchLink = async (tab: Window | null) => {
    setState({ at: 'opening' });
    try {
      const link = await makePaymentLink(invoiceId);
      const target = tab && !tab.closed ? tab : openTab(words.opening);
      if (target) {
        goTo(target, link, words.openingSite);
        opened(link.site);
      } else {
        setState({ at: 'ready', link });
      }
    } catch (error) {
      tab?.close();
      const problem = asProblem(error);
      // Settled in the meantime: the page shows the new state.
      if (problem.code === 'billing.invoice_not_payable') reread();
      setState(problem.code === 'auth.step_up_required' ? { at: 'step_up' } : { at: 'failed', problem });
    }
  };

  return {
    state,
    /** From the click on "Pay". Where the password is surely asked for, no tab flashes up before. */
    start: () => void fetchLink(passwordIsFresh() ? openTab(words.opening) : null),
    /** After the password was given. */
    proceed: () => fetchLink(null),
    /** The link was pressed by hand. */
    pressed: (site: string) => opened(site),
    cancel: () => setState({ at: 'idle' }),
  };
}

/** Calls `look` whenever the person comes back to this tab. */
export function useComeBack(look: () => void, active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const seen = () => document.visibilityState === 'visible' && look();
    document.addEventListener('visibilitychange', seen);
    window.addEventListener('focus', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('focus', seen);
    };
  }, [look, active]);
}
