// Money, dates and times as the reader's language writes them, in the portal's time zone.
import type { Money } from '../api/types';
import type { Language } from './language';

const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** `{amount_minor: 11675, currency: "JPY"}` → `¥11,675`. An unknown currency code is shown as it came. */
export function formatMoney(money: Money, language: Language): string {
  try {
    const digits = digitsOf(money.currency);
    const value = money.amount_minor / 10 ** digits;
    return new Intl.NumberFormat(language, { style: 'currency', currency: money.currency }).format(value);
  } catch {
    return `${money.amount_minor} ${money.currency}`;
  }
}

/** A calendar date `YYYY-MM-DD`, which has no time zone: 2026年11月22日, 22 November 2026. */
export function formatDate(date: string, language: Language, width: 'long' | 'short' = 'long'): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (!parts) return date;
  const at = new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
  const month = language === 'ja' || width === 'long' ? 'long' : 'short';
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja' : 'en-GB', {
    year: 'numeric',
    month,
    day: 'numeric',
    timeZone: 'UTC',
  }).format(at);
}

const browserZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment (RFC 3339) in the portal's time zone; the zone is named where the reader's clock differs. */
export function formatDateTime(
  moment: string,
  language: Language,
  timeZone: string,
  readerZone: string = browserZone(),
): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja' : 'en-GB', {
    year: 'numeric',
    month: language === 'ja' ? 'long' : 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
    ...(readerZone === timeZone ? {} : { timeZoneName: 'short' as const }),
  }).format(at);
}

/** The calendar day of a moment in the portal's time zone. */
export function formatDay(moment: string, language: Language, timeZone: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  // The Swedish form of a date is YYYY-MM-DD.
  return formatDate(new Intl.DateTimeFormat('sv', { timeZone }).format(at), language);
}

/** Seconds as the words a person would say: 45 seconds, 3 minutes, 2 hours. Rounds up. */
export function formatWait(seconds: number, language: Language): string {
  const [value, unit] =
    seconds < 90
      ? [Math.max(1, Math.ceil(seconds)), 'second']
      : seconds < 90 * 60
        ? [Math.ceil(seconds / 60), 'minute']
        : [Math.ceil(seconds / 3600), 'hour'];
  return new Intl.NumberFormat(language, { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(
    Number(value),
  );
}

/** Full-width digits, letters, spaces and hyphen look-alikes (typed with a Japanese keyboard) as plain ASCII. */
export function toHalfWidth(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212\u30fc\uff70](?=\d)|(?<=\d)[\u2010-\u2015\u2212\u30fc\uff70]/g, '-')
    .trim();
}

/** A person's name in the order of the language. */
export function formatName(person: { first_name: string; last_name: string }, language: Language): string {
  const parts =
    language === 'ja' ? [person.last_name, person.first_name] : [person.first_name, person.last_name];
  return parts.filter((part) => part !== '').join(' ');
}
