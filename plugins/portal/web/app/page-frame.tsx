// One registered page: asks for the session where the page needs one, loads its plugin, catches its crashes.
import {
  Boundary,
  LoadingNote,
  type PageEntry,
  PageHeading,
  ProblemNote,
  Skeleton,
  useGo,
  useLanguage,
  useMe,
  usePageTitle,
} from '@portico/web';
import { useMatch } from '@portico/web/shell';
import { type ReactNode, Suspense, use, useEffect, useRef } from 'react';
import { usePages } from './pages-context';
import { routerPath } from './page-path';
import { loadPlugin } from './plugin-loader';
import { takeExpired } from './session-end';

function PageSkeleton({ entry }: { entry: PageEntry }) {
  const title = entry.title[useLanguage()];
  usePageTitle(title);
  return (
    <>
      <h1 className="page-title mb-6">{title}</h1>
      <LoadingNote loading />
      <div className="card flex flex-col gap-4">
        <Skeleton className="h-5 w-1/3" />
        <Skeleton className="h-5 w-full" />
        <Skeleton className="h-5 w-5/6" />
        <Skeleton className="h-5 w-2/3" />
      </div>
    </>
  );
}

function RequireSession({ entry, children }: { entry: PageEntry; children: ReactNode }) {
  const me = useMe();
  const go = useGo();
  const title = entry.title[useLanguage()];
  const visitor = me.data === null && !me.isFetching;
  const left = useRef(false);
  useEffect(() => {
    if (!visitor) left.current = false;
    if (!visitor || left.current) return;
    // Once only, and from the address bar: the router's location runs ahead of the page that is still shown.
    left.current = true;
    const reason: Record<string, string> = takeExpired() ? { reason: 'expired' } : {};
    const here = window.location.pathname + window.location.search;
    void go('/auth/login', { search: { return: here, ...reason }, replace: true });
  }, [visitor, go]);

  if (me.data) return children;
  if (me.isError) {
    return (
      <>
        <PageHeading title={title} />
        <ProblemNote problem={me.error} onRetry={() => void me.refetch()} retrying={me.isFetching} />
      </>
    );
  }
  return <PageSkeleton entry={entry} />;
}

function PluginPage({ entry }: { entry: PageEntry }) {
  const { modules } = usePages();
  const module = modules.find(({ id }) => id === entry.plugin);
  if (!module) throw new Error(`no module for plugin ${entry.plugin}`);
  const wanted = routerPath(entry.path);
  const routes = Object.entries(use(loadPlugin(module)).routes);
  const Page = routes.find(([path]) => routerPath(path) === wanted)?.[1];
  if (!Page) throw new Error(`plugin ${entry.plugin} has no page ${entry.path}`);
  return <Page />;
}

export function PageFrame({ entry }: { entry: PageEntry }) {
  // The path of the page being shown; the router's location is already the next one while it loads.
  const pathname = useMatch({ strict: false, select: (match) => match.pathname });
  const page = (
    <Boundary resetKey={pathname}>
      <Suspense fallback={<PageSkeleton entry={entry} />}>
        <PluginPage key={pathname} entry={entry} />
      </Suspense>
    </Boundary>
  );
  return entry.access === 'signed_in' ? <RequireSession entry={entry}>{page}</RequireSession> : page;
}
