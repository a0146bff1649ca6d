// The frame of every page: skip link, header, the page, footer.
import { useLanguage, usePortal, useText } from '@portico/web';
import type { ReactNode } from 'react';
import { messages } from '../messages';
import { ThemeSwitch } from './choices';
import { Header } from './header';

export function Layout({ children }: { children: ReactNode }) {
  const text = useText(messages);
  const { name } = usePortal();
  useLanguage();
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="skip-link">
        {text('skip')}
      </a>
      <Header />
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-6xl flex-1 px-4 py-8 sm:px-6 sm:py-10">
        {children}
      </main>
      <footer data-part="shell" className="border-t border-line">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-4 px-4 py-5 pb-[max(1.25rem,env(safe-area-inset-bottom))] text-sm text-muted sm:px-6">
          <p>
            <span className="font-semibold text-ink">{name}</span> — {text('footer')}
          </p>
          <ThemeSwitch />
        </div>
      </footer>
    </div>
  );
}
