// What only the shell needs beside the kit: mounting, routing, the session's edges.
export { QueryClientProvider } from '@tanstack/react-query';
export {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
  useMatch,
} from '@tanstack/react-router';
export { createRoot } from 'react-dom/client';
export { onSessionEnded } from './api/client';
export { probeSession, watchOtherTabs } from './api/session';
export { languageChosen, setLanguage } from './i18n/language';
export { preloadDialog } from './kit/dialog';
export { requestHeadingFocus } from './kit/heading-focus';
export { setTheme, useTheme, type Theme } from './kit/theme';
export { PortalContext, type PortalInfo } from './portal';
