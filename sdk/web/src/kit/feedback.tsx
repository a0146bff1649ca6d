// How a page speaks about its state: notes, problems, slow answers, data from before.
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { type ApiProblem, asProblem } from '../api/problem';
import { formatWait } from '../i18n/format';
import { kitMessages } from '../i18n/kit-messages';
import { useLanguage } from '../i18n/language';
import { useText } from '../i18n/messages';
import { useFormat } from '../portal';
import { Button } from './button';
import { cx } from './class-names';
import { problemWords } from './problem-words';
import { useCountdown, useSlow } from './timing';

export type NoteTone = 'info' | 'good' | 'warn' | 'bad';

const kIcons: Record<NoteTone, string> = {
  info: 'M12 11v6m0-9.5v.01',
  good: 'm8 12.5 2.8 2.8L16 9.5',
  warn: 'M12 7.5V13m0 3.5v.01',
  bad: 'M12 7.5V13m0 3.5v.01',
};

interface NoteProps {
  tone: NoteTone;
  title?: ReactNode;
  /** `said`: spoken by screen readers when it appears. */
  live?: 'said' | 'silent';
  /** Takes the focus when it appears, so that keyboard and screen reader land on the news. */
  focus?: 'when_shown';
  children?: ReactNode;
}

export function Note({ tone, title, live = 'said', focus, children }: NoteProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focus === 'when_shown') box.current?.focus();
  }, [focus]);
  return (
    <div
      ref={box}
      tabIndex={focus ? -1 : undefined}
      role={live === 'said' ? (tone === 'bad' ? 'alert' : 'status') : undefined}
      className={cx('note', `note-${tone}`)}
    >
      <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" className="note-icon">
        <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="1.75" />
        <path
          d={kIcons[tone]}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <div className="min-w-0 flex-1">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className={cx(title ? 'mt-1' : undefined, 'note-body')}>{children}</div>}
      </div>
    </div>
  );
}

export function ErrorId({ problem }: { problem: ApiProblem }) {
  const text = useText(kitMessages);
  if (problem.correlationId === null) return null;
  return (
    <p className="mt-2 text-sm">
      <span title={text('error_id_hint')}>{text('error_id')}:</span>{' '}
      <code className="font-mono break-all select-all">{problem.correlationId}</code>
    </p>
  );
}

/** "You can try again in 45 seconds", counted down in place but spoken only at its end. */
export function WaitNote({ untilMs }: { untilMs: number }) {
  const text = useText(kitMessages);
  const language = useLanguage();
  const left = useCountdown(untilMs);
  return (
    <>
      <p aria-hidden={left > 0 ? undefined : 'true'}>
        {left > 0 && text('wait_left', { time: formatWait(left, language) })}
      </p>
      <p role="status">{left === 0 && text('wait_over')}</p>
    </>
  );
}

interface ProblemNoteProps {
  problem: unknown;
  onRetry?: () => void;
  retrying?: boolean;
  /** Own words for codes that mean something special on this page. */
  words?: { title: string; text?: ReactNode } | null;
  focus?: 'when_shown';
}

/** Says what failed, whether waiting helps, how to try again, and the id support can look up. */
export function ProblemNote({ problem: thrown, onRetry, retrying, words, focus }: ProblemNoteProps) {
  const problem = useMemo(() => asProblem(thrown), [thrown]);
  const text = useText(kitMessages);
  const shown = words ?? problemWords(problem, text);
  const until = problem.retryAfterS === null ? null : problem.atMs + problem.retryAfterS * 1000;
  const own = problem.status >= 500 || problem.status === 0;
  return (
    <Note tone={own ? 'warn' : 'bad'} title={shown.title} focus={focus}>
      {shown.text && <div>{shown.text}</div>}
      {until !== null && <WaitNote untilMs={until} />}
      {own && <ErrorId problem={problem} />}
      {onRetry && (
        <div className="mt-3">
          <Button look="secondary" onClick={onRetry} busy={retrying}>
            {text('retry')}
          </Button>
        </div>
      )}
    </Note>
  );
}

/** Spoken while loading; after two seconds also shown in words. */
export function LoadingNote({ loading }: { loading: boolean }) {
  const text = useText(kitMessages);
  const slow = useSlow(loading);
  return (
    <div role="status" className={slow ? 'mb-4 text-sm text-muted' : 'sr-only'}>
      {loading && (slow ? text('slow') : text('loading'))}
    </div>
  );
}

/** Where the system of record is down: from when the data on this page is. */
export function StaleNote({ asOf }: { asOf: string }) {
  const text = useText(kitMessages);
  const format = useFormat();
  return (
    <div className="mb-4">
      <Note tone="warn">{text('stale', { time: format.dateTime(asOf) })}</Note>
    </div>
  );
}

export function AsOf({ moment }: { moment: string }) {
  const text = useText(kitMessages);
  const format = useFormat();
  return <p className="text-sm text-muted">{text('as_of', { time: format.dateTime(moment) })}</p>;
}
