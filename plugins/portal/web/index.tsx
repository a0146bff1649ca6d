// The shell: mounts the portal and contributes its own pages like any plugin.
import { definePlugin, queryClient } from '@portico/web';
import { createRoot, QueryClientProvider } from '@portico/web/shell';
import { Portal } from './app/portal';
import { registerPlugin } from './app/plugin-loader';
import { messages } from './messages';
import { Dashboard } from './pages/dashboard';
import { Landing } from './pages/landing';

const portal = definePlugin({
  id: 'portal',
  routes: { '/': Landing, '/dashboard': Dashboard },
  translations: messages,
});
export default portal;

registerPlugin(portal);
const root = document.getElementById('portal');
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={queryClient}>
      <Portal />
    </QueryClientProvider>,
  );
}
