// The <form> around the fields: error summary that takes the focus, Enter that respects a Japanese keyboard.
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import type { FieldValues, Path } from 'react-hook-form';
import { kitMessages } from '../i18n/kit-messages';
import { useText } from '../i18n/messages';
import { Button, type ButtonLook } from '../kit/button';
import { Note, ProblemNote } from '../kit/feedback';
import { fieldWords } from '../kit/problem-words';
import { useSlow } from '../kit/timing';
import { type AnyForm, errorList, type Submit } from './use-submit';

interface FormProps<V extends FieldValues> {
  form: AnyForm<V>;
  submit: Submit;
  /** Names of the fields for the summary, by path. */
  labels: Readonly<Record<string, string>>;
  /** Own words for codes that mean something special in this form. */
  words?: (code: string) => { title: string; text?: ReactNode } | null;
  children: ReactNode;
}

// Enter that ends a conversion must not send the form; Safari says so only by the old key code.
function keepComposing(event: KeyboardEvent<HTMLFormElement>) {
  if (event.key === 'Enter' && (event.nativeEvent.isComposing || event.keyCode === 229))
    event.preventDefault();
}

export function Form<V extends FieldValues>({ form, submit, labels, words, children }: FormProps<V>) {
  return (
    <form
      noValidate
      method="post"
      onSubmit={(event) => void submit.onSubmit(event)}
      onKeyDown={keepComposing}
      className="flex flex-col gap-5"
    >
      <ErrorSummary form={form} attempt={submit.attempt} labels={labels} />
      {submit.problem && (
        <ProblemNote
          key={submit.attempt}
          problem={submit.problem}
          words={words?.(submit.problem.code)}
          focus="when_shown"
        />
      )}
      {children}
    </form>
  );
}

interface ErrorSummaryProps<V extends FieldValues> {
  form: AnyForm<V>;
  /** Rises with each refused try; 0 shows nothing. */
  attempt: number;
  labels: Readonly<Record<string, string>>;
}

export function ErrorSummary<V extends FieldValues>({ form, attempt, labels }: ErrorSummaryProps<V>) {
  const text = useText(kitMessages);
  const box = useRef<HTMLDivElement>(null);
  const order = Object.keys(labels);
  const rank = (path: string) => (order.includes(path) ? order.indexOf(path) : order.length);
  const errors = errorList(form.formState.errors)
    .filter(({ path }) => path in labels)
    .sort((a, b) => rank(a.path) - rank(b.path));

  useEffect(() => {
    if (attempt > 0) box.current?.focus();
  }, [attempt]);

  if (attempt === 0 || errors.length === 0) return null;
  return (
    <div ref={box} tabIndex={-1} className="rounded-lg">
      <Note tone="bad" title={text('summary_title', { count: errors.length })}>
        <ul className="mt-1 list-disc ps-5">
          {errors.map(({ path, code }) => (
            <li key={path}>
              <button
                type="button"
                className="link text-start"
                onClick={() => form.setFocus(path as Path<V>)}
              >
                {labels[path]}
              </button>
              : {fieldWords(code, text)}
            </li>
          ))}
        </ul>
      </Note>
    </div>
  );
}

interface SubmitButtonProps {
  submit: Pick<Submit, 'busy'>;
  look?: ButtonLook;
  /** `fit`: as wide as its words. */
  width?: 'full' | 'fit';
  children: ReactNode;
}

/** The form's button; says in words when the answer takes long. */
export function SubmitButton({ submit, look = 'primary', width = 'full', children }: SubmitButtonProps) {
  const text = useText(kitMessages);
  const slow = useSlow(submit.busy);
  return (
    <div>
      <Button type="submit" look={look} busy={submit.busy} wide={width === 'full'}>
        {children}
      </Button>
      <p role="status" className={slow ? 'mt-2 text-sm text-muted' : 'sr-only'}>
        {slow && text('slow')}
      </p>
    </div>
  );
}
