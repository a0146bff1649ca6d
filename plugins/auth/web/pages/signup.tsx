// Sign-up in four steps, then "check your mail". Everything typed stays through any failure.
import {
  Button,
  Link,
  type SignUp as SignUpBody,
  storage,
  useGo,
  useLanguage,
  useQueryParams,
  useText,
} from '@portico/web';
import { Form, SubmitButton, useDraft, useForm, useSubmit, zodResolver } from '@portico/web/forms';
import { useEffect, useRef, useState } from 'react';
import { signUp } from '../api/calls';
import { Narrow } from '../components/narrow';
import { signUpShape } from '../components/rules';
import { markSignUp } from '../components/signup-mark';
import { CheckMail } from '../components/check-mail';
import {
  AccountStep,
  AddressStep,
  ConfirmStep,
  kStepFields,
  kSteps,
  NameStep,
  type SignUpValues,
  type Step,
} from '../components/signup-steps';
import { messages } from '../messages';

const kShape = signUpShape();
const kEmpty: SignUpValues = {
  email: '',
  password: '',
  first_name: '',
  last_name: '',
  company: '',
  phone: '',
  address: { line1: '', line2: '', city: '', state: '', postcode: '', country: 'JP' },
  accept_terms: false,
};

const isStep = (value: string | undefined): value is Step => kSteps.some((step) => step === value);
const stepOf = (path: string): Step => kSteps.find((step) => kStepFields[step].includes(path)) ?? 'account';

function toBody(values: SignUpValues, language: 'en' | 'ja'): SignUpBody {
  const { company, address, ...rest } = values;
  const { line2, ...street } = address;
  return {
    ...rest,
    ...(company === '' ? {} : { company }),
    address: line2 === '' ? street : { ...street, line2 },
    accept_terms: true, // the form lets nobody pass without
    language,
  };
}

export function SignUp() {
  const text = useText(messages);
  const language = useLanguage();
  const go = useGo();
  const params = useQueryParams();
  const form = useForm<SignUpValues, unknown, SignUpValues>({
    resolver: zodResolver(kShape) as never,
    defaultValues: kEmpty,
    mode: 'onTouched',
  });
  useDraft(form, 'signup');

  const sent = params.sent === '1';
  const step: Step = isStep(params.step) ? params.step : 'account';
  const at = kSteps.indexOf(step);
  const goTo = (target: Step, replace = false) => go('/auth/signup', { search: { step: target }, replace });

  // What was accepted, for sending the mail again; gone with the page, as it holds the password.
  const sentBody = useRef<SignUpBody | null>(null);
  const submit = useSubmit(
    form,
    async (values) => {
      const body = toBody(values, language);
      await signUp(body);
      sentBody.current = body;
      markSignUp();
      storage.session.set('portico.signup_mail', values.email);
      await go('/auth/signup', { search: { sent: '1' } });
    },
    (paths) => {
      const steps = new Set(paths.map(stepOf));
      return goTo(kSteps.find((name) => steps.has(name)) ?? 'account');
    },
  );

  // A reload empties the password, which is never kept: the later steps wait for it.
  const incomplete = !sent && step !== 'account' && form.getValues('password') === '';
  useEffect(() => {
    if (incomplete) void go('/auth/signup', { replace: true });
  }, [incomplete, go]);

  const [attempts, setAttempts] = useState(0);
  const advance = async () => {
    const fine = await form.trigger(kStepFields[step] as never[]);
    const next = kSteps[at + 1];
    if (fine && next) {
      setAttempts(0);
      await goTo(next);
    } else {
      setAttempts((count) => count + 1);
    }
  };

  const heading = useRef<HTMLHeadingElement>(null);
  const lastStep = useRef(step);
  useEffect(() => {
    if (lastStep.current !== step && submit.attempt === 0) heading.current?.focus();
    lastStep.current = step;
  }, [step, submit.attempt]);

  const labels: Record<string, string> = {
    email: text('email'),
    password: text('password'),
    last_name: text('last_name'),
    first_name: text('first_name'),
    company: text('company'),
    phone: text('phone'),
    'address.country': text('country'),
    'address.postcode': text('postcode'),
    'address.state': text(form.getValues('address.country') === 'JP' ? 'prefecture' : 'state'),
    'address.city': text('city'),
    'address.line1': text('line1'),
    'address.line2': text('line2'),
    accept_terms: text('step_confirm'),
  };
  const stepLabels = Object.fromEntries(kStepFields[step].map((path) => [path, labels[path] ?? path]));

  if (sent) {
    const email = form.getValues('email') || storage.session.get('portico.signup_mail') || '';
    return (
      <CheckMail
        message={email === '' ? text('mail_sent_plain') : text('mail_sent', { email })}
        resend={async () => {
          if (sentBody.current) await signUp(sentBody.current);
          else await go('/auth/signup');
        }}
        otherPath="/auth/signup"
      />
    );
  }

  const last = step === 'confirm';
  const stepSubmit = last
    ? submit
    : {
        ...submit,
        problem: null,
        attempt: attempts + submit.attempt,
        onSubmit: async (event?: React.BaseSyntheticEvent) => {
          event?.preventDefault();
          await advance();
        },
      };
  return (
    <Narrow title={text('signup_title')} below={<Link to="/auth/login">{text('login_link')}</Link>}>
      <div>
        <p className="text-sm text-muted">{text('step', { at: at + 1, of: kSteps.length })}</p>
        <h2 ref={heading} tabIndex={-1} className="section-title">
          {text(`step_${step}`)}
        </h2>
        <div aria-hidden="true" className="mt-3 grid grid-cols-4 gap-1.5">
          {kSteps.map((name, index) => (
            <span key={name} className={`h-1.5 rounded-full ${index <= at ? 'bg-accent' : 'bg-line'}`} />
          ))}
        </div>
      </div>
      <Form form={form} submit={stepSubmit} labels={stepLabels}>
        {step === 'account' && <AccountStep form={form} />}
        {step === 'name' && <NameStep form={form} />}
        {step === 'address' && <AddressStep form={form} />}
        {step === 'confirm' && <ConfirmStep form={form} onChange={(target) => void goTo(target)} />}
        <SubmitButton submit={stepSubmit}>{text(last ? 'signup_submit' : 'next')}</SubmitButton>
        {at > 0 && (
          <Button look="quiet" onClick={() => void goTo(kSteps[at - 1] ?? 'account')}>
            {text('back')}
          </Button>
        )}
      </Form>
    </Narrow>
  );
}
