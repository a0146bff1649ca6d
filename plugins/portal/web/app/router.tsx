// The route tree, made from the pages that the enabled plugins registered with the host.
import type { Pages } from '@portico/web';
import {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  probeSession,
  requestHeadingFocus,
} from '@portico/web/shell';
import { NotFound } from '../pages/not-found';
import { Layout } from './layout';
import { PageFrame } from './page-frame';
import { routerPath } from './page-path';

// Query parameters stay the text they are; the router would otherwise read `?page=2` as a number.
const parseSearch = (search: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(search));
const stringifySearch = (search: Record<string, unknown>): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search))
    if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
};

export function createPortalRouter(pages: Pages) {
  const root = createRootRoute({
    component: () => (
      <Layout>
        <Outlet />
      </Layout>
    ),
    notFoundComponent: NotFound,
  });
  const routes = pages.pages.map((entry) =>
    createRoute({
      getParentRoute: () => root,
      path: routerPath(entry.path),
      beforeLoad: () => {
        if (entry.access === 'signed_in') probeSession();
      },
      component: () => <PageFrame entry={entry} />,
    }),
  );
  const router = createRouter({
    routeTree: root.addChildren(routes),
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultPreload: false,
    trailingSlash: 'never',
  });
  router.subscribe('onBeforeLoad', ({ pathChanged, fromLocation }) => {
    if (pathChanged && fromLocation) requestHeadingFocus();
  });
  return router;
}
