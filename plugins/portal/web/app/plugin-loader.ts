// Brings in the modules of enabled plugins when their pages or cards are wanted.
import type { Pages, PluginWeb } from '@portico/web';

type Module = Pages['modules'][number];

const loaded = new Map<string, Promise<PluginWeb>>();
const styled = new Set<string>();

function addStyle(href: string): Promise<void> {
  if (styled.has(href)) return Promise.resolve();
  styled.add(href);
  return new Promise((resolve) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    // A page without its extra styles is still a page.
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}

async function load(module: Module): Promise<PluginWeb> {
  const styles = Promise.all(module.styles.map(addStyle));
  const found = (await import(/* @vite-ignore */ module.entry)) as { default?: PluginWeb };
  await styles;
  if (found.default?.id !== module.id) throw new Error(`module ${module.entry} is not plugin ${module.id}`);
  return found.default;
}

/** The plugin's module; the same promise for every caller until it fails. */
export function loadPlugin(module: Module): Promise<PluginWeb> {
  let promise = loaded.get(module.id);
  if (!promise) {
    promise = load(module);
    promise.catch(() => loaded.delete(module.id));
    loaded.set(module.id, promise);
  }
  return promise;
}

/** The shell's own pages are here already. */
export function registerPlugin(plugin: PluginWeb): void {
  const promise = Promise.resolve(plugin) as Promise<PluginWeb> & { status?: string; value?: PluginWeb };
  // Lets React's `use` read it without a first empty frame.
  promise.status = 'fulfilled';
  promise.value = plugin;
  loaded.set(plugin.id, promise);
}

/** Fetches the other modules while the browser has nothing better to do. */
export function loadWhenIdle(modules: readonly Module[], also: () => void): void {
  const work = () => {
    modules.forEach((module) => void loadPlugin(module).catch(() => undefined));
    also();
  };
  if ('requestIdleCallback' in window) window.requestIdleCallback(work, { timeout: 4_000 });
  else setTimeout(work, 1_500);
}
