// What the host registered, for the parts of the shell that draw it.
import type { Pages } from '@portico/web';
import { createContext, use } from 'react';

export const PagesContext = createContext<Pages | null>(null);

export function usePages(): Pages {
  const pages = use(PagesContext);
  if (!pages) throw new Error('PagesContext is missing');
  return pages;
}
