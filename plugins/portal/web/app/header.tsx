// The top of every page: home, navigation of the enabled plugins, language, sign-in and sign-out.
import {
  Button,
  Dialog,
  formatName,
  Link,
  signOut,
  useGo,
  useLanguage,
  useMe,
  usePortal,
  useText,
} from '@portico/web';
import { useState } from 'react';
import { messages } from '../messages';
import { LanguageSwitch, ThemeSwitch } from './choices';
import { Logo } from './logo';
import { usePages } from './pages-context';

function useNavigation() {
  const pages = usePages();
  const me = useMe();
  return pages.navigation
    .filter((entry) => entry.access === 'anyone' || me.data)
    .toSorted((a, b) => a.order - b.order);
}

function useSignOut() {
  const go = useGo();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await signOut(() => go('/'));
    } catch {
      // The host did not answer: the person stays signed in and sees so.
    } finally {
      setBusy(false);
    }
  };
  return { busy, leave };
}

function NavigationLinks({ onPick }: { onPick?: () => void }) {
  const language = useLanguage();
  return (
    <>
      {useNavigation().map((entry) => (
        <li key={entry.path}>
          <Link to={entry.path} className="nav-link" markActive onClick={onPick}>
            {entry.label[language]}
          </Link>
        </li>
      ))}
    </>
  );
}

function Visitor({ onPick }: { onPick?: () => void }) {
  const text = useText(messages);
  const { hasPage } = usePortal();
  return (
    <>
      {hasPage('/auth/login') && (
        <Link to="/auth/login" className="nav-link" onClick={onPick}>
          {text('sign_in')}
        </Link>
      )}
      {hasPage('/auth/signup') && (
        <Link to="/auth/signup" className="button button-primary min-h-10" onClick={onPick}>
          {text('sign_up')}
        </Link>
      )}
    </>
  );
}

function MobileMenu() {
  const text = useText(messages);
  const language = useLanguage();
  const me = useMe();
  const { busy, leave } = useSignOut();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button
        type="button"
        className="nav-link md:hidden"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path
            d="M3 5.5h14M3 10h14M3 14.5h14"
            stroke="currentColor"
            strokeWidth="1.75"
            strokeLinecap="round"
          />
        </svg>
        <span className="ms-1.5 max-[24rem]:sr-only">{text('menu')}</span>
      </button>
      <Dialog open={open} onClose={close} title={text('menu')} shape="sheet">
        {me.data && (
          <p className="mb-3 text-sm text-muted">
            {text('signed_in_as', { name: formatName(me.data, language) })}
          </p>
        )}
        <nav aria-label={text('main_navigation')}>
          <ul className="mb-4 flex flex-col gap-1 [&_.nav-link]:w-full">
            <NavigationLinks onPick={close} />
          </ul>
        </nav>
        <div className="flex flex-col gap-4 border-t border-line pt-4">
          <ThemeSwitch />
          {me.data ? (
            <Button look="secondary" wide busy={busy} onClick={() => void leave().then(close)}>
              {text('sign_out')}
            </Button>
          ) : (
            <div className="flex flex-wrap gap-2">
              <Visitor onPick={close} />
            </div>
          )}
        </div>
      </Dialog>
    </>
  );
}

export function Header() {
  const text = useText(messages);
  const language = useLanguage();
  const { name } = usePortal();
  const me = useMe();
  const { busy, leave } = useSignOut();
  return (
    <header data-part="shell" className="border-b border-line bg-surface">
      <div className="mx-auto flex max-w-6xl items-center gap-x-2 px-4 md:gap-x-4 py-2.5 sm:px-6">
        <Link
          to={me.data ? '/dashboard' : '/'}
          className="flex items-center gap-2.5 rounded-lg py-1 text-lg font-semibold tracking-tight"
        >
          <Logo />
          <span className="wrap-break-word">{name}</span>
        </Link>
        <nav aria-label={text('main_navigation')} className="hidden min-w-0 flex-1 md:block">
          <ul className="flex flex-wrap gap-1">
            <NavigationLinks />
          </ul>
        </nav>
        <div className="ms-auto flex items-center gap-1">
          <LanguageSwitch />
          <div className="hidden items-center gap-2 md:flex">
            {me.data ? (
              <>
                <span className="max-w-48 truncate ps-2 text-sm text-muted" title={me.data.email}>
                  {formatName(me.data, language)}
                </span>
                <Button look="secondary" className="min-h-10" busy={busy} onClick={() => void leave()}>
                  {text('sign_out')}
                </Button>
              </>
            ) : (
              <Visitor />
            )}
          </div>
          <MobileMenu />
        </div>
      </div>
    </header>
  );
}
