// The language the person reads, kept over visits and mirrored in <html lang>.
import { useSyncExternalStore } from 'react';
import { storage } from '../storage';

export type Language = 'en' | 'ja';

const kKey = 'portico.language';
const listeners = new Set<() => void>();

// The early script has put the right value on <html> before the first paint.
let current: Language =
  typeof document !== 'undefined' && document.documentElement.lang === 'ja' ? 'ja' : 'en';

export const getLanguage = (): Language => current;

export function setLanguage(language: Language, keep: 'keep' | 'this_visit' = 'keep'): void {
  if (keep === 'keep') storage.local.set(kKey, language);
  if (language === current) return;
  current = language;
  document.documentElement.lang = language;
  listeners.forEach((listener) => listener());
}

/** True once the person has chosen a language by hand. */
export const languageChosen = (): boolean => storage.local.get(kKey) !== null;

export function useLanguage(): Language {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getLanguage);
}
