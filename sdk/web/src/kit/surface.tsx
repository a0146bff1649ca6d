// The pieces pages are laid out with: heading, card, empty state, badge, facts.
import { type ReactNode, useEffect, useRef } from 'react';
import { cx } from './class-names';
import { takeHeadingFocus } from './heading-focus';
import { usePageTitle } from './page-title';

interface PageHeadingProps {
  title: ReactNode;
  /** What the browser tab says; the title itself where it is text. */
  tabTitle?: string;
  lead?: ReactNode;
  actions?: ReactNode;
}

/** The page's h1, which takes the focus after a change of page, and the document title. */
export function PageHeading({ title, tabTitle, lead, actions }: PageHeadingProps) {
  usePageTitle(tabTitle ?? (typeof title === 'string' ? title : ''));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takeHeadingFocus()) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 ref={heading} tabIndex={-1} className="page-title">
          {title}
        </h1>
        {lead && <p className="mt-2 max-w-prose text-muted">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2 print:hidden">{actions}</div>}
    </div>
  );
}

interface CardBoxProps {
  title?: ReactNode;
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, aside, className, children }: CardBoxProps) {
  return (
    <section className={cx('card', className)}>
      {(title || aside) && (
        <div className="mb-4 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
          {title && <h2 className="section-title">{title}</h2>}
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 px-4 py-10 text-center">
      <svg width="64" height="48" viewBox="0 0 64 48" aria-hidden="true" className="text-line-strong">
        <path
          d="M6 18 32 5l26 13M11 18v22m14-22v22m14-22v22m14-22v22M5 43h54"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <h2 className="section-title">{title}</h2>
      {children && <p className="max-w-prose text-muted">{children}</p>}
      {action}
    </div>
  );
}

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info';

/** A state in words; the colour only repeats what the words say. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

/** Label and value pairs. */
export function Facts({ rows }: { rows: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(11rem,1fr))] gap-x-6 gap-y-4">
      {rows.map(([label, value]) => (
        <div key={label} className="min-w-0">
          <dt className="text-sm text-muted">{label}</dt>
          <dd className="mt-0.5 font-medium break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Grey shapes in the place of what is being loaded; the words for it are said once, by LoadingNote. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx('skeleton', className)} />;
}
