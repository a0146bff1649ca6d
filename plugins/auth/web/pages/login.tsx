// Sign-in: one neutral answer whatever was wrong, and back to where the person came from.
import {
  Link,
  Note,
  notePassword,
  rememberMe,
  safeReturnPath,
  useGo,
  useMe,
  useQueryParams,
  useText,
} from '@portico/web';
import {
  clearDraft,
  emailText,
  Form,
  givenPassword,
  PasswordField,
  SubmitButton,
  TextField,
  useDraft,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { useEffect } from 'react';
import { signIn } from '../api/calls';
import { Narrow } from '../components/narrow';
import { messages } from '../messages';

const kShape = z.object({ email: emailText(), password: givenPassword() });

export function Login() {
  const text = useText(messages);
  const go = useGo();
  const me = useMe();
  const params = useQueryParams();
  const back = safeReturnPath(params.return, '/dashboard');
  const form = useForm({ resolver: zodResolver(kShape), defaultValues: { email: '', password: '' } });
  useDraft(form, 'login');

  const submit = useSubmit(form, async ({ email, password }) => {
    const signedIn = await signIn(email, password);
    clearDraft('login');
    notePassword();
    // The effect below leaves once the session is known.
    rememberMe(signedIn);
  });

  const signedIn = Boolean(me.data);
  useEffect(() => {
    if (signedIn) void go(back, { replace: true });
  }, [signedIn, go, back]);

  const words = (code: string) =>
    code === 'auth.invalid_credentials'
      ? { title: text('login_refused_title'), text: text('login_refused') }
      : null;

  const keep: Record<string, string> = params.return ? { return: back } : {};
  return (
    <Narrow
      title={text('login_title')}
      lead={params.return && params.reason !== 'expired' ? text('login_lead_return') : undefined}
      below={
        <>
          <Link to="/auth/forgot">{text('forgot_link')}</Link>
          <Link to="/auth/signup" search={keep}>
            {text('signup_link')}
          </Link>
        </>
      }
    >
      {params.reason === 'expired' && submit.attempt === 0 && (
        <Note tone="info" title={text('login_expired_title')}>
          {text('login_expired')}
        </Note>
      )}
      <Form
        form={form}
        submit={submit}
        words={words}
        labels={{ email: text('email'), password: text('password') }}
      >
        <TextField
          form={form}
          name="email"
          label={text('email')}
          convert="half_width"
          input={{
            type: 'email',
            inputMode: 'email',
            autoComplete: 'username',
            autoCapitalize: 'none',
            spellCheck: false,
          }}
        />
        <PasswordField form={form} name="password" label={text('password')} autoComplete="current-password" />
        <SubmitButton submit={submit}>{text('login_submit')}</SubmitButton>
      </Form>
    </Narrow>
  );
}
