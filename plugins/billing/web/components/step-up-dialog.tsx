// Asks for the password once more before the hand-off to the billing site.
import { Dialog, useText } from '@portico/web';
import {
  Form,
  givenPassword,
  PasswordField,
  SubmitButton,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { giveAgain } from '../api/payment-link';
import { messages } from '../messages';

const kShape = z.object({ password: givenPassword() });

interface StepUpDialogProps {
  open: boolean;
  onClose: () => void;
  /** Runs once the password was right, still within the person's click. */
  onGiven: () => Promise<void>;
}

export function StepUpDialog({ open, onClose, onGiven }: StepUpDialogProps) {
  const text = useText(messages);
  return (
    <Dialog open={open} onClose={onClose} title={text('step_up_title')} description={text('step_up')}>
      <PasswordForm onGiven={onGiven} />
    </Dialog>
  );
}

function PasswordForm({ onGiven }: Pick<StepUpDialogProps, 'onGiven'>) {
  const text = useText(messages);
  const form = useForm({ resolver: zodResolver(kShape), defaultValues: { password: '' } });
  const submit = useSubmit(form, async ({ password }) => {
    await giveAgain(password);
    await onGiven();
  });
  const words = (code: string) =>
    code === 'auth.invalid_credentials'
      ? { title: text('step_up_refused_title'), text: text('step_up_refused') }
      : null;
  return (
    <Form form={form} submit={submit} words={words} labels={{ password: text('password') }}>
      <PasswordField form={form} name="password" label={text('password')} autoComplete="current-password" />
      <SubmitButton submit={submit}>{text('step_up_submit')}</SubmitButton>
    </Form>
  );
}
