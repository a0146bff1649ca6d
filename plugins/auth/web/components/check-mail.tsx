// "Check your mail": what was sent, what to do if nothing arrives.
import { asProblem, Button, Link, Note, ProblemNote, useText } from '@portico/web';
import { useState } from 'react';
import { messages } from '../messages';
import { Narrow } from './narrow';

interface CheckMailProps {
  message: string;
  /** Sends the same request again; absent when the page no longer has what it needs. */
  resend?: () => Promise<void>;
  /** Where another address can be given. */
  otherPath: string;
}

export function CheckMail({ message, resend, otherPath }: CheckMailProps) {
  const text = useText(messages);
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle');
  const [problem, setProblem] = useState<unknown>(null);

  const again = async () => {
    if (!resend) return;
    setState('busy');
    setProblem(null);
    try {
      await resend();
      setState('done');
    } catch (error) {
      setProblem(asProblem(error));
      setState('idle');
    }
  };

  return (
    <Narrow title={text('mail_title')} below={<Link to="/auth/login">{text('login_link')}</Link>}>
      <svg width="56" height="44" viewBox="0 0 56 44" aria-hidden="true" className="text-accent">
        <path
          d="M4 6h48v34H4zM4 8l24 18L52 8"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeLinejoin="round"
        />
      </svg>
      <p role="status" className="text-lg">
        {message}
      </p>
      <div className="border-t border-line pt-4">
        <h2 className="font-semibold">{text('mail_missing_title')}</h2>
        <p className="mt-1 text-muted">{text('mail_missing')}</p>
        <div className="mt-4 flex flex-wrap items-center gap-3">
          {resend && (
            <Button look="secondary" busy={state === 'busy'} onClick={() => void again()}>
              {text('mail_again')}
            </Button>
          )}
          <Link to={otherPath}>{text('mail_other')}</Link>
        </div>
        <div className="mt-4 flex flex-col gap-3">
          {state === 'done' && <Note tone="good">{text('mail_again_done')}</Note>}
          {problem !== null && <ProblemNote problem={problem} />}
        </div>
      </div>
    </Narrow>
  );
}
