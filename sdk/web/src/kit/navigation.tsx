// Links and address state for pages, so that a page needs to know the kit only.
import { Link as RouterLink, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactNode, useCallback } from 'react';

export interface LinkProps {
  to: string;
  search?: Record<string, string>;
  className?: string;
  /** Marks the link of the page being shown; children paths count too. */
  markActive?: boolean;
  /** Marks the link by hand, where the query decides and not the path. */
  isCurrent?: boolean;
  onClick?: () => void;
  children: ReactNode;
}

export function Link({ to, search, className, markActive, isCurrent, onClick, children }: LinkProps) {
  return (
    <RouterLink
      to={to}
      search={(search ?? {}) as never}
      className={className ?? 'link'}
      onClick={onClick}
      {...(isCurrent ? { 'aria-current': 'true' as const, 'data-active': 'true' } : {})}
      activeProps={markActive ? { 'aria-current': 'page', 'data-active': 'true' } : {}}
      activeOptions={{ exact: !markActive, includeSearch: !markActive }}
    >
      {children}
    </RouterLink>
  );
}

/** Goes to a path of the portal, which may carry its own query. `replace` leaves no step back. */
export function useGo() {
  const navigate = useNavigate();
  return useCallback(
    (to: string, options: { search?: Record<string, string>; replace?: boolean } = {}) => {
      const url = new URL(to, window.location.origin);
      const search = { ...Object.fromEntries(url.searchParams), ...options.search };
      return navigate({ to: url.pathname, search: search as never, replace: options.replace ?? false });
    },
    [navigate],
  );
}

/** A `:name` part of the page's path. */
export function usePathParam(name: string): string {
  const params = useParams({ strict: false }) as Record<string, string | undefined>;
  return params[name] ?? '';
}

/** All query parameters of the address, as text. */
export function useQueryParams(): Record<string, string> {
  return useSearch({ strict: false });
}

/** Only paths of this portal may be returned to: no scheme, no other host. */
export function safeReturnPath(path: string | undefined, fallback: string): string {
  if (path === undefined || !path.startsWith('/') || path.startsWith('//') || path.includes('\\'))
    return fallback;
  try {
    return new URL(path, window.location.origin).origin === window.location.origin ? path : fallback;
  } catch {
    return fallback;
  }
}
