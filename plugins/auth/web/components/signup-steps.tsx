// The four steps of sign-up and the fields each of them owns.
import { Facts, formatName, kPasswordMin, useLanguage, useText } from '@portico/web';
import { type AnyForm, CheckboxField, PasswordField, TextField } from '@portico/web/forms';
import type { ReactNode } from 'react';
import { messages } from '../messages';
import { AddressFields } from './address-fields';
import { countryName, stateName } from './countries';
import { NameFields } from './name-fields';

export interface SignUpValues {
  email: string;
  password: string;
  first_name: string;
  last_name: string;
  company: string;
  phone: string;
  address: { line1: string; line2: string; city: string; state: string; postcode: string; country: string };
  accept_terms: boolean;
}

export const kSteps = ['account', 'name', 'address', 'confirm'] as const;
export type Step = (typeof kSteps)[number];

export const kStepFields: Readonly<Record<Step, readonly string[]>> = {
  account: ['email', 'password'],
  name: ['last_name', 'first_name', 'company', 'phone'],
  address: ['country', 'postcode', 'state', 'city', 'line1', 'line2'].map((name) => `address.${name}`),
  confirm: ['accept_terms'],
};

interface StepProps {
  form: AnyForm<SignUpValues>;
}

export function AccountStep({ form }: StepProps) {
  const text = useText(messages);
  return (
    <>
      <TextField
        form={form}
        name="email"
        label={text('email')}
        hint={text('email_hint')}
        convert="half_width"
        input={{
          type: 'email',
          inputMode: 'email',
          autoComplete: 'username',
          autoCapitalize: 'none',
          spellCheck: false,
        }}
      />
      <PasswordField
        form={form}
        name="password"
        label={text('password')}
        hint={text('password_hint', { min: kPasswordMin })}
        autoComplete="new-password"
        meter="length"
      />
    </>
  );
}

export function NameStep({ form }: StepProps) {
  return <NameFields form={form} />;
}

export function AddressStep({ form }: StepProps) {
  const text = useText(messages);
  return (
    <>
      <p className="text-muted">{text('address_hint')}</p>
      <AddressFields form={form} prefix="address." />
    </>
  );
}

interface PartProps {
  title: string;
  onChange: () => void;
  children: ReactNode;
}

function Part({ title, onChange, children }: PartProps) {
  const text = useText(messages);
  return (
    <section className="border-b border-line pb-4">
      <div className="mb-2 flex items-baseline justify-between gap-4">
        <h3 className="font-semibold">{title}</h3>
        <button
          type="button"
          className="link"
          aria-label={text('change_part', { part: title })}
          onClick={onChange}
        >
          {text('change')}
        </button>
      </div>
      {children}
    </section>
  );
}

export function ConfirmStep({ form, onChange }: StepProps & { onChange: (step: Step) => void }) {
  const text = useText(messages);
  const language = useLanguage();
  const values = form.getValues();
  const { address } = values;
  const street = [address.line1, address.line2].filter(Boolean);
  const place = [stateName(address.state, language), address.city];
  const lines =
    language === 'ja'
      ? [`〒${address.postcode}`, [...place, ...street].join(' ')]
      : [street.join(', '), [...place.reverse(), address.postcode].join(', ')];
  return (
    <>
      <Part title={text('step_account')} onChange={() => onChange('account')}>
        <Facts rows={[[text('email'), values.email]]} />
      </Part>
      <Part title={text('step_name')} onChange={() => onChange('name')}>
        <p className="font-medium">{formatName(values, language)}</p>
        {values.company && <p>{values.company}</p>}
        <p>{values.phone}</p>
      </Part>
      <Part title={text('step_address')} onChange={() => onChange('address')}>
        <address className="not-italic">
          {lines.map((line) => (
            <span key={line} className="block">
              {line}
            </span>
          ))}
          <span className="block">{countryName(address.country, language)}</span>
        </address>
      </Part>
      <CheckboxField form={form} name="accept_terms" label={text('accept')} />
    </>
  );
}
