// Starts the client: asks the host what is enabled, then draws it.
import { type Pages, ProblemNote, useApiQuery, useMe, usePageTitle, useText } from '@portico/web';
import {
  languageChosen,
  PortalContext,
  type PortalInfo,
  preloadDialog,
  RouterProvider,
  setLanguage,
  watchOtherTabs,
} from '@portico/web/shell';
import { useEffect, useMemo } from 'react';
import { messages } from '../messages';
import { Logo } from './logo';
import { PagesContext } from './pages-context';
import { loadWhenIdle } from './plugin-loader';
import { createPortalRouter } from './router';
import { followSessionEnd } from './session-end';

followSessionEnd();
watchOtherTabs();

function Starting() {
  return (
    <div className="border-b border-line bg-surface">
      <div className="mx-auto flex h-[3.8125rem] max-w-6xl items-center px-4 sm:px-6">
        <Logo />
      </div>
    </div>
  );
}

function Failed({ error, onRetry, retrying }: { error: unknown; onRetry: () => void; retrying: boolean }) {
  const text = useText(messages);
  usePageTitle(text('failed_tab'));
  return (
    <main className="mx-auto max-w-xl px-4 py-16">
      <Logo />
      <h1 className="page-title mt-6 mb-6">{text('failed_title')}</h1>
      <ProblemNote problem={error} onRetry={onRetry} retrying={retrying} />
    </main>
  );
}

/** Reads in the language of the profile until the person picks one by hand. */
function FollowProfileLanguage() {
  const me = useMe();
  const language = me.data?.language;
  useEffect(() => {
    if (language && !languageChosen()) setLanguage(language, 'this_visit');
  }, [language]);
  return null;
}

function Ready({ pages }: { pages: Pages }) {
  const router = useMemo(() => createPortalRouter(pages), [pages]);
  const info = useMemo<PortalInfo>(() => {
    const paths = new Set(pages.pages.map(({ path }) => path));
    return {
      name: pages.name,
      timeZone: pages.time_zone,
      languages: ['en', 'ja'],
      hasPage: (path) => paths.has(path),
    };
  }, [pages]);
  useEffect(() => loadWhenIdle(pages.modules, preloadDialog), [pages]);
  return (
    <PortalContext value={info}>
      <PagesContext value={pages}>
        <FollowProfileLanguage />
        <RouterProvider router={router} />
      </PagesContext>
    </PortalContext>
  );
}

export function Portal() {
  const pages = useApiQuery<Pages>({ key: ['pages'], path: '/api/pages', staleTimeMs: Infinity });
  if (pages.data) return <Ready pages={pages.data.data} />;
  if (pages.isError) {
    return <Failed error={pages.error} onRetry={() => void pages.refetch()} retrying={pages.isFetching} />;
  }
  return <Starting />;
}
