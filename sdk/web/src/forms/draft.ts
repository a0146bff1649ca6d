// Keeps what was typed through a reload or a sign-in, in this tab only and never a password.
import { useEffect } from 'react';
import type { FieldValues, Path, PathValue } from 'react-hook-form';
import { storage } from '../storage';
import type { AnyForm } from './use-submit';

const keyOf = (name: string) => `portico.draft.${name}`;

function flatten(value: unknown, prefix = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[prefix, value]];
  return Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, prefix === '' ? name : `${prefix}.${name}`),
  );
}

const isSecret = (path: string) => /password|token/i.test(path);

export function clearDraft(name: string): void {
  storage.session.remove(keyOf(name));
}

/** Restores the draft once and then follows the form. `onlyDirty`: fields the customer did not touch are not kept. */
export function useDraft<V extends FieldValues>(
  form: AnyForm<V>,
  name: string,
  keep: 'all' | 'only_dirty' = 'all',
): void {
  useEffect(() => {
    const kept = storage.session.get(keyOf(name));
    if (kept !== null) {
      try {
        for (const [path, value] of flatten(JSON.parse(kept))) {
          if (form.getValues(path as Path<V>) === undefined) continue;
          form.setValue(path as Path<V>, value as PathValue<V, Path<V>>, { shouldDirty: true });
        }
      } catch {
        clearDraft(name);
      }
    }
    return form.subscribe({
      formState: { values: true, dirtyFields: true },
      callback: ({ values, dirtyFields }) => {
        const dirty = new Set(flatten(dirtyFields ?? {}).map(([path]) => path));
        const pairs = flatten(values).filter(
          ([path]) => !isSecret(path) && (keep === 'all' || dirty.has(path)),
        );
        if (pairs.length === 0) clearDraft(name);
        else storage.session.set(keyOf(name), JSON.stringify(Object.fromEntries(pairs)));
      },
    });
  }, [form, name, keep]);
}
