// Answers of the host for tests without one, and the way to put them between page and network.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const yen = (amount_minor) => ({ amount_minor, currency: 'JPY' });

export const me = {
  id: '7f6b0c52-2c27-4d86-9a2e-0f5f6f0a1c11',
  email: 'hanako.sample@example.jp',
  first_name: 'Hanako',
  last_name: 'Sample',
  company: 'Sample Trading',
  phone: '090-1234-5678',
  language: 'en',
  address: {
    line1: '1-2-3 Sample-machi',
    line2: 'Sample Heights 405',
    city: 'Chiyoda-ku',
    state: 'Tokyo',
    postcode: '100-0001',
    country: 'JP',
  },
  roles: ['customer'],
  created_at: '2025-04-01T15:30:00Z',
};

const kStates = [
  'unpaid',
  'overdue',
  'paid',
  'payment_pending',
  'refunded',
  'cancelled',
  'collections',
  'paid',
];

export const summary = (index) => ({
  id: String(1000 + index),
  number: `INV-2026-${String(1000 + index)}`,
  status: kStates[index % kStates.length],
  issued_on: `2026-${String(12 - (index % 12)).padStart(2, '0')}-01`,
  due_on: `2026-${String(12 - (index % 12)).padStart(2, '0')}-27`,
  total: yen(11675 + index * 110),
  ...(index % 2 === 0
    ? { description: 'Hikari Internet 1 Gbps, apartment type, and mobile plan 20 GB' }
    : {}),
});

export const invoicePage = (count = 20, total = 57, page = 1) => ({
  items: Array.from({ length: count }, (_, index) => summary(index)),
  page,
  page_size: 20,
  total,
  as_of: '2026-11-22T07:40:00Z',
});

export const invoice = (status = 'unpaid') => ({
  ...summary(0),
  status,
  ...(status === 'paid' ? { paid_on: '2026-11-20' } : {}),
  subtotal: yen(10614),
  tax: yen(1061),
  tax_rate: 10,
  credit: yen(status === 'paid' ? 0 : 500),
  total: yen(11675),
  balance: yen(status === 'paid' ? 0 : 11175),
  lines: [
    {
      description: 'Hikari Internet 1 Gbps (2026-11-01 to 2026-11-30)\nSample Heights 405',
      amount: yen(5280),
      taxed: true,
    },
    { description: 'Mobile plan 20 GB, voice and data, line 090-1234-5678', amount: yen(4334), taxed: true },
    { description: 'Device instalment 12 of 24', amount: yen(1000), taxed: true },
  ],
  payments:
    status === 'paid'
      ? [
          {
            paid_on: '2026-11-20',
            amount: yen(11675),
            method: 'Credit card',
            reference: 'TX-9f8e7d6c5b4a39281706',
          },
        ]
      : [],
  as_of: '2026-11-22T07:40:00Z',
});

/** What `GET /api/pages` says with the three plugins on; module entries come from the build. */
export function pagesOf(web, { without = [] } = {}) {
  const modules = readdirSync(web, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && ['portal', 'auth', 'billing'].includes(entry.name))
    .map(({ name }) => {
      const about = JSON.parse(readFileSync(join(web, name, 'web.json'), 'utf8'));
      const url = (file) => `/assets/${name}/${file}`;
      return { id: name, entry: url(about.entry), styles: about.styles.map(url) };
    });
  const page = (plugin, path, access, en, ja) => ({ plugin, path, access, title: { en, ja } });
  const all = {
    name: 'Portico',
    languages: ['en', 'ja'],
    time_zone: 'Asia/Tokyo',
    modules,
    pages: [
      page('portal', '/', 'anyone', 'Portico', 'Portico'),
      page('portal', '/dashboard', 'signed_in', 'Dashboard', 'ダッシュボード'),
      page('auth', '/auth/login', 'anyone', 'Sign in', 'ログイン'),
      page('auth', '/auth/signup', 'anyone', 'Create your account', '新規登録'),
      page('auth', '/auth/verify', 'anyone', 'Confirm your address', 'メールアドレスの確認'),
      page('auth', '/auth/forgot', 'anyone', 'Set a new password', 'パスワードの再設定'),
      page('auth', '/auth/set-password', 'anyone', 'Choose a new password', '新しいパスワード'),
      page('auth', '/account', 'signed_in', 'Account', 'アカウント'),
      page('billing', '/billing/invoices', 'signed_in', 'Invoices', '請求書'),
      page('billing', '/billing/invoices/{id}', 'signed_in', 'Invoice', '請求書'),
    ],
    navigation: [
      {
        plugin: 'portal',
        path: '/dashboard',
        order: 10,
        label: { en: 'Dashboard', ja: 'ダッシュボード' },
        access: 'signed_in',
      },
      {
        plugin: 'billing',
        path: '/billing/invoices',
        order: 20,
        label: { en: 'Invoices', ja: '請求書' },
        access: 'signed_in',
      },
      {
        plugin: 'auth',
        path: '/account',
        order: 90,
        label: { en: 'Account', ja: 'アカウント' },
        access: 'signed_in',
      },
    ],
    cards: [
      { plugin: 'billing', id: 'billing.due', order: 10 },
      { plugin: 'auth', id: 'auth.profile', order: 90 },
    ],
  };
  const on = (entry) => !without.includes(entry.plugin ?? entry.id);
  return {
    ...all,
    modules: all.modules.filter(on),
    pages: all.pages.filter(on),
    navigation: all.navigation.filter(on),
    cards: all.cards.filter(on),
  };
}

export const problem = (status, code, extra = {}) => ({
  status,
  body: {
    type: 'about:blank',
    title: code,
    status,
    code,
    correlation_id: '01JD8Z5T3M9Q4V7XKZP2A6B8CD',
    ...extra,
  },
  headers: { 'Content-Type': 'application/problem+json' },
});

export const hang = { hang: true };
export const cut = { abort: true };
export const ok = (body, headers = {}) => ({ status: 200, body, headers });

/**
 * Answers the page's API calls. `answers` maps `METHOD /path` (query left out) to an answer, a list of answers taken in
 * turn (the last stays), or a function of the Playwright request. What is not named answers as an idle host would.
 */
export async function answerApi(page, answers) {
  const seen = [];
  const turns = new Map();
  await page.route('**/api/**', async (route) => {
    const request = route.request();
    const { pathname, searchParams } = new URL(request.url());
    const key = `${request.method()} ${pathname}`;
    seen.push({
      key,
      query: Object.fromEntries(searchParams),
      body: request.postDataJSON?.() ?? null,
      headers: request.headers(),
    });
    let answer = answers[key] ?? problem(404, 'http.not_found');
    if (Array.isArray(answer)) {
      const turn = turns.get(key) ?? 0;
      turns.set(key, turn + 1);
      answer = answer[Math.min(turn, answer.length - 1)];
    }
    if (typeof answer === 'function') answer = await answer(request);
    if (answer.hang) return;
    if (answer.abort) {
      await route.abort('connectionrefused');
      return;
    }
    await route.fulfill({
      status: answer.status,
      headers: { 'Content-Type': 'application/json', ...answer.headers },
      body: answer.status === 204 ? '' : JSON.stringify(answer.body),
    });
  });
  return seen;
}
