// Labelled inputs: label, hint and error tied together, conversions at input, nothing a screen reader misses.
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId, useState } from 'react';
import type { FieldValues, Path, UseFormRegisterReturn } from 'react-hook-form';
import { toHalfWidth } from '../i18n/format';
import { kitMessages } from '../i18n/kit-messages';
import { useText } from '../i18n/messages';
import { cx } from '../kit/class-names';
import { fieldWords, kPasswordMin } from '../kit/problem-words';
import { formMessages } from './form-messages';
import type { AnyForm } from './use-submit';

export interface FieldBase<V extends FieldValues> {
  form: AnyForm<V>;
  name: Path<V>;
  label: string;
  hint?: ReactNode;
  optional?: boolean;
}

function useField<V extends FieldValues>({ form, name, hint }: FieldBase<V>) {
  const text = useText(kitMessages);
  const id = useId();
  const code = form.getFieldState(name, form.formState).error?.message;
  const error = code === undefined ? null : fieldWords(code, text);
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return {
    id,
    error,
    aria: { id, 'aria-describedby': describedBy, 'aria-invalid': error ? true : undefined } as const,
  };
}

interface FrameProps {
  id: string;
  label: string;
  hint?: ReactNode;
  optional?: boolean;
  error: string | null;
  children: ReactNode;
}

function FieldFrame({ id, label, hint, optional, error, children }: FrameProps) {
  const text = useText(kitMessages);
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
        {optional && <span className="field-optional">{text('optional')}</span>}
      </label>
      {hint && (
        <div id={`${id}-hint`} className="field-hint">
          {hint}
        </div>
      )}
      {children}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

/** Full-width digits and letters become plain ones when the field is left. */
function halfWidthOnBlur(registration: UseFormRegisterReturn): UseFormRegisterReturn {
  return {
    ...registration,
    onBlur: async (event: { target: HTMLInputElement; type?: string }) => {
      const plain = toHalfWidth(event.target.value);
      if (plain !== event.target.value) {
        event.target.value = plain;
        await registration.onChange({ target: event.target, type: 'change' });
      }
      await registration.onBlur(event);
    },
  };
}

type InputProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'form' | 'name'>;

interface TextFieldProps<V extends FieldValues> extends FieldBase<V> {
  /** `half_width`: what a Japanese keyboard types in full width is converted. */
  convert?: 'half_width' | 'as_typed';
  input?: InputProps;
}

export function TextField<V extends FieldValues>(props: TextFieldProps<V>) {
  const { id, error, aria } = useField(props);
  const registration = props.form.register(props.name);
  return (
    <FieldFrame id={id} label={props.label} hint={props.hint} optional={props.optional} error={error}>
      <input
        type="text"
        {...props.input}
        {...aria}
        required={!props.optional}
        className={cx('input', props.input?.className)}
        {...(props.convert === 'half_width' ? halfWidthOnBlur(registration) : registration)}
      />
    </FieldFrame>
  );
}

interface SelectFieldProps<V extends FieldValues> extends FieldBase<V> {
  select?: Omit<SelectHTMLAttributes<HTMLSelectElement>, 'form' | 'name'>;
  options: readonly (readonly [value: string, label: string])[];
  placeholder?: string;
}

export function SelectField<V extends FieldValues>(props: SelectFieldProps<V>) {
  const { id, error, aria } = useField(props);
  return (
    <FieldFrame id={id} label={props.label} hint={props.hint} optional={props.optional} error={error}>
      <select
        {...props.select}
        {...aria}
        required={!props.optional}
        className="input select"
        {...props.form.register(props.name)}
      >
        {props.placeholder !== undefined && <option value="">{props.placeholder}</option>}
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

interface PasswordFieldProps<V extends FieldValues> extends FieldBase<V> {
  autoComplete: 'current-password' | 'new-password';
  /** Shows how far the password is from the length rule while it is typed. */
  meter?: 'length' | 'none';
}

export function PasswordField<V extends FieldValues>(props: PasswordFieldProps<V>) {
  const { id, error, aria } = useField(props);
  const text = useText(kitMessages);
  const [shown, setShown] = useState(false);
  return (
    <FieldFrame id={id} label={props.label} hint={props.hint} error={error}>
      <div className="relative">
        <input
          type={shown ? 'text' : 'password'}
          autoComplete={props.autoComplete}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          required
          {...aria}
          className="input pe-12"
          {...props.form.register(props.name)}
        />
        <button
          type="button"
          className="icon-button absolute end-0.5 top-0.5"
          aria-label={text(shown ? 'hide_password' : 'show_password')}
          aria-controls={id}
          onClick={() => setShown(!shown)}
        >
          <svg
            width="22"
            height="22"
            viewBox="0 0 24 24"
            aria-hidden="true"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.75"
            strokeLinecap="round"
          >
            <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
            <circle cx="12" cy="12" r="3" />
            {shown && <path d="m4 20 16-16" />}
          </svg>
        </button>
      </div>
      {props.meter === 'length' && <LengthMeter form={props.form} name={props.name} />}
    </FieldFrame>
  );
}

function LengthMeter<V extends FieldValues>({ form, name }: { form: AnyForm<V>; name: Path<V> }) {
  const text = useText(formMessages);
  const count = [...String(form.watch(name) ?? '').normalize('NFC')].length;
  const enough = count >= kPasswordMin;
  return (
    <div className="mt-2">
      <progress
        className={cx('meter', enough && 'meter-full')}
        max={kPasswordMin}
        value={Math.min(count, kPasswordMin)}
        aria-label={text('password_length')}
      />
      <p className="mt-1 text-sm text-muted" aria-hidden="true">
        {enough ? text('password_enough') : text('password_left', { count: kPasswordMin - count })}
      </p>
      {/* Spoken once, when the rule is met, not at every key. */}
      <p role="status" className="sr-only">
        {enough && text('password_enough')}
      </p>
    </div>
  );
}

export function CheckboxField<V extends FieldValues>(props: FieldBase<V>) {
  const { id, error, aria } = useField(props);
  return (
    <div className="field">
      <div className="flex items-start gap-3">
        <input
          type="checkbox"
          {...aria}
          required={!props.optional}
          className="checkbox"
          {...props.form.register(props.name)}
        />
        <label htmlFor={id} className="min-w-0 flex-1 py-0.5">
          {props.label}
        </label>
      </div>
      {props.hint && (
        <div id={`${id}-hint`} className="field-hint ms-9">
          {props.hint}
        </div>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
