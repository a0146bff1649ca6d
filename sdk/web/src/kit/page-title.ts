// The document title: what the page is, then the portal's name.
import { useEffect } from 'react';
import { usePortal } from '../portal';

export function usePageTitle(title: string): void {
  const { name } = usePortal();
  useEffect(() => {
    document.title = title === '' || title === name ? name : `${title} · ${name}`;
  }, [title, name]);
}
