// Asks for a link to set a new password; the answer is the same for every address.
import { Link, useGo, useQueryParams, useText } from '@portico/web';
import {
  emailText,
  Form,
  SubmitButton,
  TextField,
  useDraft,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { forgotPassword } from '../api/calls';
import { CheckMail } from '../components/check-mail';
import { Narrow } from '../components/narrow';
import { messages } from '../messages';

const kShape = z.object({ email: emailText() });

export function Forgot() {
  const text = useText(messages);
  const go = useGo();
  const { sent } = useQueryParams();
  const form = useForm({ resolver: zodResolver(kShape), defaultValues: { email: '' } });
  // One draft with sign-in: an address typed there need not be typed again.
  useDraft(form, 'login');
  const submit = useSubmit(form, async ({ email }) => {
    await forgotPassword(email);
    await go('/auth/forgot', { search: { sent: '1' } });
  });

  const email = form.getValues('email');
  if (sent === '1' && email !== '') {
    return (
      <CheckMail
        message={text('mail_forgot', { email })}
        resend={() => forgotPassword(email).then(() => undefined)}
        otherPath="/auth/forgot"
      />
    );
  }
  return (
    <Narrow
      title={text('forgot_title')}
      lead={text('forgot_lead')}
      below={<Link to="/auth/login">{text('login_link')}</Link>}
    >
      <Form form={form} submit={submit} labels={{ email: text('email') }}>
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
        <SubmitButton submit={submit}>{text('forgot_submit')}</SubmitButton>
      </Form>
    </Narrow>
  );
}
