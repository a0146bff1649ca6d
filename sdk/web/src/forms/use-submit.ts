// Sends a form and brings the answer back to its fields.
import { useState } from 'react';
import type { FieldErrors, FieldValues, Path, UseFormReturn } from 'react-hook-form';
import { type ApiProblem, asProblem } from '../api/problem';
import { wishKey } from './wish-key';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a form's context and output types do not matter here
export type AnyForm<V extends FieldValues> = UseFormReturn<V, any, any>;

/** `/address/postcode` → `address.postcode`. */
const pathOf = (pointer: string): string =>
  pointer
    .replace(/^\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');

/** The paths of all fields with an error and their codes, in form order as far as known. */
export function errorList(errors: FieldErrors, prefix = ''): { path: string; code: string }[] {
  return Object.entries(errors).flatMap(([name, error]) => {
    if (!error || name === 'root') return [];
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof error.type === 'string') return [{ path, code: String(error.message ?? '') }];
    return errorList(error as unknown as FieldErrors, path);
  });
}

const hasField = (values: unknown, path: string): boolean => {
  let at: unknown = values;
  for (const part of path.split('.')) {
    if (typeof at !== 'object' || at === null || !(part in at)) return false;
    at = (at as Record<string, unknown>)[part];
  }
  return true;
};

/** Puts the host's field errors on the form; returns the paths that it has. */
export function applyFieldProblems<V extends FieldValues>(form: AnyForm<V>, problem: ApiProblem): string[] {
  const applied: string[] = [];
  for (const field of problem.fields) {
    const path = pathOf(field.pointer);
    if (!hasField(form.getValues(), path)) continue;
    // The host names the general rule; for a password the words say how long.
    const code = path === 'password' && field.code === 'too_short' ? 'password_short' : field.code;
    form.setError(path as Path<V>, { type: 'server', message: code });
    applied.push(path);
  }
  return applied;
}

export interface Submit {
  onSubmit: (event?: React.BaseSyntheticEvent) => Promise<void>;
  /** What the last try failed with, unless the fields say it all. */
  problem: ApiProblem | null;
  /** Rises with each refused try; the error summary takes the focus then. */
  attempt: number;
  busy: boolean;
  clear: () => void;
}

/**
 * Validates, sends once, and keeps everything typed whatever happens.
 *
 * send       gets the values and the key of this wish (for `idempotencyKey`): the same one again when a try with the
 *            same values was left without a clear answer
 * onRefused  called with the paths of fields that the host refused, so that a stepped form can go there first;
 *            the error summary takes the focus after that
 */
export function useSubmit<V extends FieldValues, Out = V>(
  form: UseFormReturn<V, unknown, Out>,
  send: (values: Out, idempotencyKey: string) => Promise<void>,
  onRefused?: (paths: string[]) => Promise<void>,
): Submit {
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [busy, setBusy] = useState(false);
  const [wish] = useState(wishKey);

  const trySend = async (values: Out) => {
    setBusy(true);
    setProblem(null);
    try {
      await send(values, wish.of(values));
      wish.settle(null);
    } catch (error) {
      const failed = asProblem(error);
      wish.settle(failed);
      const paths = applyFieldProblems(form, failed);
      if (paths.length > 0) await onRefused?.(paths);
      else setProblem(failed);
      setAttempt((count) => count + 1);
    } finally {
      setBusy(false);
    }
  };

  return {
    onSubmit: async (event) => {
      event?.preventDefault();
      if (busy) return;
      await form.handleSubmit(trySend, () => setAttempt((count) => count + 1))(event);
    },
    problem,
    attempt,
    busy,
    clear: () => setProblem(null),
  };
}
