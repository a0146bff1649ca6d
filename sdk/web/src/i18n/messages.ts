// Texts by key in every language, typed by the English set; a missing translation does not compile.
import { useCallback } from 'react';
import { getLanguage, type Language, useLanguage } from './language';

export type Vars = Record<string, string | number>;

export interface MessageSet<K extends string = string> {
  en: Readonly<Record<K, string>>;
  ja: Readonly<Record<K, string>>;
}

export type Translate<K extends string> = (key: K, vars?: Vars) => string;

export function defineMessages<const M extends Record<string, string>>(
  en: M,
  ja: { [K in keyof M]: string },
): MessageSet<keyof M & string> {
  return { en, ja };
}

/** Fills `{name}` places; `count` picks the form after `|` for one/other: `"{count} row|{count} rows"`. */
export function fillMessage(text: string, language: Language, vars: Vars = {}): string {
  const forms = text.split('|');
  const one = forms.length > 1 && new Intl.PluralRules(language).select(Number(vars.count)) === 'one';
  const chosen = (one || forms.length === 1 ? forms[0] : forms[1]) ?? '';
  return chosen.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = vars[name];
    if (value === undefined) return place;
    return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
  });
}

export function translate<K extends string>(set: MessageSet<K>, key: K, vars?: Vars): string {
  const language = getLanguage();
  return fillMessage(set[language][key], language, vars);
}

/** The translate function of one message set in the language being read. */
export function useText<K extends string>(set: MessageSet<K>): Translate<K> {
  const language = useLanguage();
  return useCallback((key, vars) => fillMessage(set[language][key], language, vars), [set, language]);
}
