// Sets a new password with the mailed link.
import {
  type ApiProblem,
  asProblem,
  ButtonLink,
  kPasswordMin,
  Link,
  Note,
  notePassword,
  rememberMe,
  useGo,
  useText,
} from '@portico/web';
import {
  Form,
  newPassword,
  PasswordField,
  SubmitButton,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { useState } from 'react';
import { setPassword } from '../api/calls';
import { useMailedToken } from '../components/mailed-token';
import { Narrow } from '../components/narrow';
import { messages } from '../messages';

const kShape = z.object({ password: newPassword() });

export function SetPassword() {
  const text = useText(messages);
  const go = useGo();
  const token = useMailedToken();
  const [over, setOver] = useState<ApiProblem | null>(null);
  const form = useForm({ resolver: zodResolver(kShape), defaultValues: { password: '' } });
  const submit = useSubmit(form, async ({ password }) => {
    try {
      const me = await setPassword(token ?? '', password);
      notePassword();
      rememberMe(me);
      await go('/dashboard', { replace: true });
    } catch (error) {
      const failed = asProblem(error);
      if (failed.status !== 410) throw failed;
      setOver(failed);
    }
  });

  const below = <Link to="/auth/login">{text('login_link')}</Link>;
  if (token === null || token === '' || over) {
    const used = over?.code === 'auth.link_used';
    const title = over ? (used ? 'link_used_title' : 'link_expired_title') : 'link_missing_title';
    return (
      <Narrow title={text('set_title')} below={below}>
        <Note tone="warn" title={text(title)} focus={over ? 'when_shown' : undefined}>
          {text(over ? (used ? 'set_used' : 'set_expired') : 'link_missing')}
        </Note>
        <ButtonLink to="/auth/forgot">{text('new_link')}</ButtonLink>
      </Narrow>
    );
  }
  return (
    <Narrow title={text('set_title')} lead={text('set_lead')} below={below}>
      <Form form={form} submit={submit} labels={{ password: text('new_password') }}>
        <PasswordField
          form={form}
          name="password"
          label={text('new_password')}
          hint={text('password_hint', { min: kPasswordMin })}
          autoComplete="new-password"
          meter="length"
        />
        <SubmitButton submit={submit}>{text('set_submit')}</SubmitButton>
      </Form>
    </Narrow>
  );
}
