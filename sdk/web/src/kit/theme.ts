// Light, dark or as the system says; the early script applies the kept choice before the first paint.
import { useSyncExternalStore } from 'react';
import { storage } from '../storage';

export type Theme = 'system' | 'light' | 'dark';

const kKey = 'portico.theme';
const listeners = new Set<() => void>();

export function getTheme(): Theme {
  const kept = storage.local.get(kKey);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function setTheme(theme: Theme): void {
  if (theme === 'system') {
    storage.local.remove(kKey);
    delete document.documentElement.dataset.theme;
  } else {
    storage.local.set(kKey, theme);
    document.documentElement.dataset.theme = theme;
  }
  listeners.forEach((listener) => listener());
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getTheme);
}
