// What the host says about this portal (name, time zone, languages), handed to all pages by the shell.
import { createContext, use, useCallback } from 'react';
import { formatDate, formatDateTime, formatDay, formatMoney } from './i18n/format';
import { type Language, useLanguage } from './i18n/language';
import type { Money } from './api/types';

export interface PortalInfo {
  name: string;
  timeZone: string;
  languages: readonly Language[];
  /** Whether a page is there; plugins can be switched off, and nothing may link to a page that is not. */
  hasPage: (path: string) => boolean;
}

export const PortalContext = createContext<PortalInfo>({
  name: 'Portico',
  timeZone: 'Asia/Tokyo',
  languages: ['en', 'ja'],
  hasPage: () => true,
});

export const usePortal = (): PortalInfo => use(PortalContext);

/** Formatters bound to the reader's language and the portal's time zone. */
export function useFormat() {
  const language = useLanguage();
  const { timeZone } = usePortal();
  return {
    money: useCallback((money: Money) => formatMoney(money, language), [language]),
    date: useCallback(
      (date: string, width: 'long' | 'short' = 'long') => formatDate(date, language, width),
      [language],
    ),
    day: useCallback((moment: string) => formatDay(moment, language, timeZone), [language, timeZone]),
    dateTime: useCallback(
      (moment: string) => formatDateTime(moment, language, timeZone),
      [language, timeZone],
    ),
  };
}
