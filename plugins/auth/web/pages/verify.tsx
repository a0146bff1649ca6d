// The landing of the mailed sign-up link: makes the account and says what to do in every other case.
import {
  type ApiProblem,
  asProblem,
  Button,
  ButtonLink,
  Note,
  notePassword,
  ProblemNote,
  rememberMe,
  Skeleton,
  useGo,
  useSlow,
  useText,
  kitMessages,
} from '@portico/web';
import {
  clearDraft,
  Form,
  givenPassword,
  PasswordField,
  SubmitButton,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { useCallback, useEffect, useRef, useState } from 'react';
import { confirmSignUp } from '../api/calls';
import { useMailedToken } from '../components/mailed-token';
import { Narrow } from '../components/narrow';
import { beganHere, clearSignUpMark } from '../components/signup-mark';
import { messages } from '../messages';

type Phase = 'ready' | 'working' | 'failed' | 'password';

function useConfirm(token: string) {
  const go = useGo();
  return useCallback(
    async (password?: string) => {
      const me = await confirmSignUp(token, password);
      if (password !== undefined) notePassword();
      clearSignUpMark();
      clearDraft('signup');
      rememberMe(me);
      await go('/dashboard', { replace: true });
    },
    [token, go],
  );
}

export function Verify() {
  const text = useText(messages);
  const token = useMailedToken();
  if (token === null || token === '') {
    return (
      <Narrow title={text('verify_title')}>
        <Note tone="warn" title={text('link_missing_title')}>
          {text('link_missing')}
        </Note>
        <ButtonLink to="/auth/signup" look="secondary">
          {text('signup_again')}
        </ButtonLink>
      </Narrow>
    );
  }
  return <Confirm key={token} token={token} />;
}

function Confirm({ token }: { token: string }) {
  const text = useText(messages);
  const confirm = useConfirm(token);
  const [automatic] = useState(beganHere);
  const [phase, setPhase] = useState<Phase>(automatic ? 'working' : 'ready');
  const [problem, setProblem] = useState<ApiProblem | null>(null);

  const run = useCallback(async () => {
    setPhase('working');
    try {
      await confirm();
    } catch (error) {
      const failed = asProblem(error);
      setProblem(failed);
      setPhase(failed.code === 'auth.password_needed' ? 'password' : 'failed');
    }
  }, [confirm]);

  const begun = useRef(false);
  useEffect(() => {
    if (!automatic || begun.current) return;
    begun.current = true;
    void run();
  }, [automatic, run]);

  if (phase === 'password') return <PasswordAsked confirm={confirm} />;
  return (
    <Narrow title={text('verify_title')} lead={phase === 'ready' ? text('verify_lead') : undefined}>
      {phase === 'ready' && <Button onClick={() => void run()}>{text('verify_submit')}</Button>}
      {phase === 'working' && <Working />}
      {phase === 'failed' && problem && <Outcome problem={problem} onRetry={() => void run()} />}
    </Narrow>
  );
}

function Working() {
  const text = useText(messages);
  const kit = useText(kitMessages);
  const slow = useSlow(true);
  return (
    <>
      <div role="status" className="flex items-center gap-3">
        <span className="spinner text-accent" aria-hidden="true" />
        <span>{slow ? kit('slow') : text('verify_working')}</span>
      </div>
      <Skeleton className="h-11 w-full" />
    </>
  );
}

function Outcome({ problem, onRetry }: { problem: ApiProblem; onRetry: () => void }) {
  const text = useText(messages);
  const signIn = <ButtonLink to="/auth/login">{text('login_title')}</ButtonLink>;
  switch (problem.code) {
    case 'auth.link_expired':
      return (
        <>
          <Note tone="warn" title={text('link_expired_title')}>
            {text('link_expired')}
          </Note>
          <ButtonLink to="/auth/signup">{text('signup_again')}</ButtonLink>
        </>
      );
    case 'auth.link_used':
      return (
        <>
          <Note tone="info" title={text('link_used_title')}>
            {text('link_used')}
          </Note>
          {signIn}
        </>
      );
    case 'auth.customer_exists':
      return (
        <>
          <Note tone="info" title={text('customer_exists_title')}>
            {text('customer_exists')}
          </Note>
          {signIn}
          <ButtonLink to="/auth/forgot" look="secondary">
            {text('set_new_password')}
          </ButtonLink>
        </>
      );
    default:
      return (
        <ProblemNote
          problem={problem}
          onRetry={onRetry}
          focus="when_shown"
          words={
            problem.upstream ? { title: text('verify_upstream_title'), text: text('verify_upstream') } : null
          }
        />
      );
  }
}

const kShape = z.object({ password: givenPassword() });

function PasswordAsked({ confirm }: { confirm: (password: string) => Promise<void> }) {
  const text = useText(messages);
  const [over, setOver] = useState<ApiProblem | null>(null);
  const form = useForm({ resolver: zodResolver(kShape), defaultValues: { password: '' } });
  const submit = useSubmit(form, async ({ password }) => {
    try {
      await confirm(password);
    } catch (error) {
      const failed = asProblem(error);
      // The link itself is at its end: the password cannot help any more.
      if (failed.status === 410 || failed.status === 409) setOver(failed);
      else throw failed;
    }
  });
  const wrong = (code: string) =>
    code === 'auth.invalid_credentials' || code === 'auth.password_needed'
      ? { title: text('login_refused_title'), text: text('verify_password_wrong') }
      : code.startsWith('upstream.')
        ? { title: text('verify_upstream_title'), text: text('verify_upstream') }
        : null;
  return (
    <Narrow title={text('verify_title')}>
      {over ? (
        <Outcome problem={over} onRetry={() => setOver(null)} />
      ) : (
        <>
          <div>
            <h2 className="section-title">{text('verify_password_title')}</h2>
            <p className="mt-1 text-muted">{text('verify_password')}</p>
          </div>
          <Form form={form} submit={submit} words={wrong} labels={{ password: text('password') }}>
            <PasswordField
              form={form}
              name="password"
              label={text('password')}
              autoComplete="current-password"
            />
            <SubmitButton submit={submit}>{text('verify_submit')}</SubmitButton>
          </Form>
        </>
      )}
    </Narrow>
  );
}
