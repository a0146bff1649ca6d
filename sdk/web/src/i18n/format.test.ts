// Money, dates and waiting times as people read them.
import { describe, expect, test } from 'vitest';
import {
  formatDate,
  formatDateTime,
  formatDay,
  formatMoney,
  formatName,
  formatWait,
  toHalfWidth,
} from './format';

describe('money', () => {
  const table = [
    { rule: 'yen has no decimals', minor: 11675, currency: 'JPY', language: 'en', text: '¥11,675' },
    {
      rule: 'yen in Japanese has no decimals either',
      minor: 11675,
      currency: 'JPY',
      language: 'ja',
      text: '￥11,675',
    },
    { rule: 'dollars have cents', minor: 123456, currency: 'USD', language: 'en', text: '$1,234.56' },
    {
      rule: 'dinars have three decimals',
      minor: 1234,
      currency: 'KWD',
      language: 'en',
      text: 'KWD\u00a01.234',
    },
    { rule: 'a credit is negative', minor: -500, currency: 'JPY', language: 'en', text: '-¥500' },
    { rule: 'zero is an amount', minor: 0, currency: 'JPY', language: 'en', text: '¥0' },
    {
      rule: 'a code that is no currency is shown as it came',
      minor: 5,
      currency: '?',
      language: 'en',
      text: '5 ?',
    },
  ] as const;
  test.each(table)('$rule', ({ minor, currency, language, text }) => {
    expect(formatMoney({ amount_minor: minor, currency }, language)).toBe(text);
  });
});

describe('dates', () => {
  test('a Japanese date is written with year, month and day signs', () => {
    expect(formatDate('2026-11-22', 'ja')).toBe('2026年11月22日');
  });
  test('an English date spells the month', () => {
    expect(formatDate('2026-11-22', 'en')).toBe('22 November 2026');
    expect(formatDate('2026-11-22', 'en', 'short')).toBe('22 Nov 2026');
  });
  test('what is no date is shown as it came', () => {
    expect(formatDate('0000-00-00 00:00', 'en')).toBe('0000-00-00 00:00');
  });
  test('a moment is shown in the time zone of the portal, named where the reader is elsewhere', () => {
    const moment = '2026-11-22T15:30:00Z';
    expect(formatDateTime(moment, 'ja', 'Asia/Tokyo', 'Asia/Tokyo')).toBe('2026年11月23日 00:30');
    expect(formatDateTime(moment, 'en', 'Asia/Tokyo', 'Asia/Tokyo')).toBe('23 Nov 2026, 00:30');
    expect(formatDateTime(moment, 'en', 'Asia/Tokyo', 'Europe/London')).toMatch(/00:30 GMT\+9$/);
  });
  test('the day of a moment is the portal’s day', () => {
    expect(formatDay('2026-11-22T15:30:00Z', 'ja', 'Asia/Tokyo')).toBe('2026年11月23日');
  });
});

test.each([
  [1, 'en', '1 second'],
  [42.2, 'en', '43 seconds'],
  [90, 'en', '2 minutes'],
  [840, 'ja', '14 分'],
  [7200, 'en', '2 hours'],
] as const)('a wait of %d s in %s is “%s”', (seconds, language, text) => {
  expect(formatWait(seconds, language)).toBe(text);
});

test.each([
  ['１００ー０００１', '100-0001'],
  ['０９０－１２３４－５６７８', '090-1234-5678'],
  ['ｎａｍｅ＠ｅｘａｍｐｌｅ．ｊｐ', 'name@example.jp'],
  ['　タワー　', 'タワー'],
])('“%s” typed in full width is read as “%s”', (typed, plain) => {
  expect(toHalfWidth(typed)).toBe(plain);
});

test('the family name comes first in Japanese', () => {
  const person = { first_name: '花子', last_name: '見本' };
  expect(formatName(person, 'ja')).toBe('見本 花子');
  expect(formatName(person, 'en')).toBe('花子 見本');
});
