// Filling texts, and that both languages say the same things.
import { expect, test } from 'vitest';
import { kitMessages } from './kit-messages';
import { fillMessage } from './messages';

test('places are filled, numbers in the way of the language', () => {
  expect(fillMessage('{from}–{to} of {total}', 'en', { from: 1, to: 20, total: 1234 })).toBe('1–20 of 1,234');
});

test('an unknown place stays visible instead of vanishing', () => {
  expect(fillMessage('{nobody}', 'en')).toBe('{nobody}');
});

test('English counts one and many, Japanese does not', () => {
  const english = '{count} field|{count} fields';
  expect(fillMessage(english, 'en', { count: 1 })).toBe('1 field');
  expect(fillMessage(english, 'en', { count: 2 })).toBe('2 fields');
  expect(fillMessage('{count}件', 'ja', { count: 1 })).toBe('1件');
});

const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test.each(Object.keys(kitMessages.en))('“%s” has the same places in both languages', (key) => {
  const name = key as keyof typeof kitMessages.en;
  expect(places(kitMessages.ja[name])).toEqual(places(kitMessages.en[name]));
});
