// Every page in every state × language × theme × width: no script error, no policy refusal, axe clean, no sideways
// scroll, a title, one h1. The host is played by fixtures.
//
//   node tests/e2e/states.mjs [--web DIR] [--shots DIR] [--only TEXT] [--views en/light,en/dark,ja/light,ja/dark]
//
// Without --views each language is seen in one theme; PORTICO_TEST_FULL=1 (./dev test --full) sees all four.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answerApi, hang, invoice, invoicePage, me, ok, pagesOf, problem } from './lib/fixtures.mjs';
import { serveWeb } from './lib/server.mjs';
import { axe, launch, Tally, watch } from './lib/tools.mjs';

const kRoot = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({
  options: {
    web: { type: 'string', default: join(kRoot, 'build/web') },
    shots: { type: 'string' },
    only: { type: 'string', default: '' },
    views: {
      type: 'string',
      default:
        process.env.PORTICO_TEST_FULL === '1' ? 'en/light,en/dark,ja/light,ja/dark' : 'en/light,ja/dark',
    },
  },
});
const web = resolve(options.web);
const server = await serveWeb(web);

const pages = ok(pagesOf(web));
const visitor = {
  'GET /api/pages': pages,
  'GET /api/me': problem(401, 'auth.required'),
  'POST /api/auth/refresh': problem(401, 'auth.session_expired'),
};
const signedIn = { 'GET /api/pages': pages, 'GET /api/me': ok(me) };
const list = (answer) => ({ ...signedIn, 'GET /api/invoices': answer });
const detail = (answer) => ({ ...signedIn, 'GET /api/invoices/1000': answer });
const byStatus = (known) => (request) => {
  const items = known[new URL(request.url()).searchParams.get('status') ?? ''] ?? [];
  return ok({ ...invoicePage(0, items.length), items });
};
const upstreamDown = problem(503, 'upstream.unavailable');
const staleList = ok(invoicePage(20, 57), { 'Portico-Cache': 'stale', Age: '5400' });
const stale = (body) => ok(body, { 'Portico-Cache': 'stale', Age: '5400' });

const kPassword = 'a long enough password';
const press = (page) => page.locator('main form button[type=submit]').first().click();
const signUpTo = (step) => async (page) => {
  await page.locator('input[type=email]').fill('hanako.sample@example.jp');
  await page.locator('input[autocomplete=new-password]').fill(kPassword);
  await press(page);
  if (step === 'name') return page.locator('input[autocomplete=family-name]').waitFor();
  await page.locator('input[autocomplete=family-name]').fill('見本');
  await page.locator('input[autocomplete=given-name]').fill('花子');
  await page.locator('input[type=tel]').fill('０９０ー１２３４ー５６７８');
  await press(page);
  await page.locator('input[autocomplete=postal-code]').waitFor();
  if (step === 'address') return undefined;
  await page.locator('input[autocomplete=postal-code]').fill('１００ー０００１');
  await page.locator('select[autocomplete=address-level1]').selectOption('Tokyo');
  await page.locator('input[autocomplete=address-level2]').fill('千代田区');
  await page.locator('input[autocomplete=address-line1]').fill('見本町1-2-3');
  await press(page);
  await page.locator('input[type=checkbox]').waitFor();
  if (step === 'confirm') return undefined;
  await page.locator('input[type=checkbox]').check();
  return press(page);
};
const signInWith = async (page) => {
  await page.locator('input[type=email]').fill('hanako.sample@example.jp');
  await page.locator('input[autocomplete=current-password]').fill('wrong password here');
  await press(page);
};
const verifyPress = (page) => page.locator('main button').first().click();
const choosePassword = async (page) => {
  await page.locator('input[autocomplete=new-password]').fill(kPassword);
  await press(page);
};

const kCases = [
  { name: 'landing-ready', path: '/', api: visitor },
  { name: 'landing-signed-in', path: '/', api: signedIn, hint: true, wait: 'a[href="/dashboard"].button' },
  { name: 'portal-loading', path: '/', api: { 'GET /api/pages': hang }, noHeading: true },
  {
    name: 'portal-down',
    path: '/',
    api: { 'GET /api/pages': { abort: true } },
    wait: '[role=alert], [role=status]',
    allow: [0],
  },
  {
    name: 'portal-500',
    path: '/dashboard',
    api: { 'GET /api/pages': problem(500, 'server.internal') },
    wait: 'code',
    allow: [500],
  },
  { name: 'not-found', path: '/nowhere/at/all', api: visitor, allow: [404] },
  { name: 'login-ready', path: '/auth/login', api: visitor },
  { name: 'login-return', path: '/auth/login?return=%2Fbilling%2Finvoices', api: visitor },
  {
    name: 'login-expired',
    path: '/auth/login?return=%2Faccount&reason=expired',
    api: visitor,
    wait: '.note',
  },
  { name: 'login-empty', path: '/auth/login', api: visitor, act: press, wait: '.field-error' },
  {
    name: 'login-refused',
    path: '/auth/login',
    api: { ...visitor, 'POST /api/auth/login': problem(401, 'auth.invalid_credentials') },
    act: signInWith,
    wait: '.note-bad',
  },
  {
    name: 'login-too-many',
    path: '/auth/login',
    api: {
      ...visitor,
      'POST /api/auth/login': {
        ...problem(429, 'auth.too_many_attempts'),
        headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '840' },
      },
    },
    act: signInWith,
    wait: '.note-bad',
  },
  {
    name: 'login-slow',
    path: '/auth/login',
    api: { ...visitor, 'POST /api/auth/login': hang },
    act: async (page) => {
      await signInWith(page);
      await page.locator('form [role=status]:not(.sr-only)').waitFor();
    },
  },
  {
    name: 'login-down',
    path: '/auth/login',
    api: { ...visitor, 'POST /api/auth/login': { abort: true } },
    act: signInWith,
    wait: '.note-warn',
    allow: [0],
  },
  { name: 'signup-account', path: '/auth/signup', api: visitor },
  { name: 'signup-account-errors', path: '/auth/signup', api: visitor, act: press, wait: '.field-error' },
  { name: 'signup-name', path: '/auth/signup', api: visitor, act: signUpTo('name') },
  {
    name: 'signup-name-errors',
    path: '/auth/signup',
    api: visitor,
    act: async (page) => {
      await signUpTo('name')(page);
      await press(page);
    },
    wait: '.field-error',
  },
  { name: 'signup-address', path: '/auth/signup', api: visitor, act: signUpTo('address') },
  { name: 'signup-confirm', path: '/auth/signup', api: visitor, act: signUpTo('confirm') },
  {
    name: 'signup-refused',
    path: '/auth/signup',
    api: {
      ...visitor,
      'POST /api/auth/signup': problem(422, 'request.invalid', {
        errors: [{ pointer: '/password', code: 'password_common' }],
      }),
    },
    act: signUpTo('sent'),
    wait: '.field-error',
    allow: [422],
  },
  {
    name: 'signup-upstream-down',
    path: '/auth/signup',
    api: { ...visitor, 'POST /api/auth/signup': upstreamDown },
    act: signUpTo('sent'),
    wait: '.note-warn',
    allow: [503],
  },
  {
    name: 'signup-check-mail',
    path: '/auth/signup',
    api: { ...visitor, 'POST /api/auth/signup': { status: 202, body: { status: 'check_mail' } } },
    act: signUpTo('sent'),
    wait: 'main button.button-secondary',
  },
  { name: 'verify-ready', path: '/auth/verify#token=abc', api: visitor },
  { name: 'verify-no-token', path: '/auth/verify', api: visitor, wait: '.note' },
  {
    name: 'verify-working',
    path: '/auth/verify#token=abc',
    api: { ...visitor, 'POST /api/auth/signup/confirm': hang },
    act: verifyPress,
    wait: '.spinner',
  },
  ...[
    ['expired', 410, 'auth.link_expired'],
    ['used', 410, 'auth.link_used'],
    ['exists', 409, 'auth.customer_exists'],
    ['upstream-down', 503, 'upstream.unavailable'],
  ].map(([name, status, code]) => ({
    name: `verify-${name}`,
    path: '/auth/verify#token=abc',
    api: { ...visitor, 'POST /api/auth/signup/confirm': problem(status, code) },
    act: verifyPress,
    wait: '.note',
    allow: [status],
  })),
  {
    name: 'verify-password',
    path: '/auth/verify#token=abc',
    api: { ...visitor, 'POST /api/auth/signup/confirm': problem(403, 'auth.password_needed') },
    act: verifyPress,
    wait: 'input[autocomplete=current-password]',
    allow: [403],
  },
  { name: 'forgot-ready', path: '/auth/forgot', api: visitor },
  { name: 'forgot-error', path: '/auth/forgot', api: visitor, act: press, wait: '.field-error' },
  {
    name: 'forgot-check-mail',
    path: '/auth/forgot',
    api: { ...visitor, 'POST /api/auth/forgot-password': { status: 202, body: { status: 'check_mail' } } },
    act: async (page) => {
      await page.locator('input[type=email]').fill('hanako.sample@example.jp');
      await press(page);
    },
    wait: 'main button.button-secondary',
  },
  { name: 'set-password-ready', path: '/auth/set-password#token=abc', api: visitor },
  { name: 'set-password-no-token', path: '/auth/set-password', api: visitor, wait: '.note' },
  ...['expired', 'used'].map((name) => ({
    name: `set-password-${name}`,
    path: '/auth/set-password#token=abc',
    api: { ...visitor, 'POST /api/auth/set-password': problem(410, `auth.link_${name}`) },
    act: choosePassword,
    wait: '.note',
    allow: [410],
  })),
  {
    name: 'dashboard-ready',
    path: '/dashboard',
    api: list(byStatus({ overdue: [invoicePage().items[1]], unpaid: [invoicePage().items[0]] })),
    wait: '.text-3xl',
  },
  { name: 'dashboard-loading', path: '/dashboard', api: list(hang), wait: '.skeleton' },
  { name: 'dashboard-empty', path: '/dashboard', api: list(byStatus({})), wait: 'ol' },
  { name: 'dashboard-error', path: '/dashboard', api: list(upstreamDown), wait: '.note-warn', allow: [503] },
  {
    name: 'dashboard-stale',
    path: '/dashboard',
    api: list((request) => stale(byStatus({ unpaid: [invoicePage().items[0]] })(request).body)),
    wait: '.note-warn',
  },
  { name: 'account-ready', path: '/account', api: signedIn, wait: 'form' },
  {
    name: 'account-loading',
    path: '/account',
    api: { 'GET /api/pages': pages, 'GET /api/me': hang },
    wait: '.skeleton',
  },
  {
    name: 'account-error',
    path: '/account',
    api: { 'GET /api/pages': pages, 'GET /api/me': problem(500, 'server.internal') },
    wait: '.note-warn',
    allow: [500],
  },
  {
    name: 'account-saved',
    path: '/account',
    api: { ...signedIn, 'PATCH /api/me': ok(me) },
    act: async (page) => {
      await page.locator('input[type=tel]').fill('03-1234-5678');
      await press(page);
    },
    wait: '.note-good',
  },
  {
    name: 'account-refused',
    path: '/account',
    api: {
      ...signedIn,
      'PATCH /api/me': problem(422, 'request.invalid', {
        errors: [{ pointer: '/phone', code: 'invalid_phone' }],
      }),
    },
    act: press,
    wait: '.field-error',
    allow: [422],
  },
  {
    name: 'account-upstream-down',
    path: '/account',
    api: { ...signedIn, 'PATCH /api/me/address': upstreamDown },
    act: async (page) => {
      await page.locator('form').nth(1).locator('button[type=submit]').click();
    },
    wait: '.note-warn',
    allow: [503],
  },
  { name: 'invoices-ready', path: '/billing/invoices', api: list(ok(invoicePage())), wait: 'tbody' },
  {
    name: 'invoices-page-2',
    path: '/billing/invoices?status=unpaid&page=2',
    api: list(ok(invoicePage(20, 57, 2))),
    wait: 'tbody',
  },
  { name: 'invoices-loading', path: '/billing/invoices', api: list(hang), wait: '.skeleton' },
  {
    name: 'invoices-slow',
    path: '/billing/invoices',
    api: list(hang),
    act: (page) => page.locator('main [role=status]:not(.sr-only)').waitFor(),
  },
  { name: 'invoices-empty', path: '/billing/invoices', api: list(ok(invoicePage(0, 0))), wait: 'main h2' },
  {
    name: 'invoices-empty-filter',
    path: '/billing/invoices?status=refunded',
    api: list(ok(invoicePage(0, 0))),
    wait: 'main h2',
  },
  {
    name: 'invoices-error',
    path: '/billing/invoices',
    api: list(upstreamDown),
    wait: '.note-warn',
    allow: [503],
  },
  { name: 'invoices-stale', path: '/billing/invoices', api: list(staleList), wait: '.note-warn' },
  {
    name: 'invoice-unpaid',
    path: '/billing/invoices/1000',
    api: detail(ok(invoice('unpaid'))),
    wait: 'tbody',
  },
  {
    name: 'invoice-overdue',
    path: '/billing/invoices/1000',
    api: detail(ok(invoice('overdue'))),
    wait: 'tbody',
  },
  { name: 'invoice-paid', path: '/billing/invoices/1000', api: detail(ok(invoice('paid'))), wait: 'tbody' },
  { name: 'invoice-loading', path: '/billing/invoices/1000', api: detail(hang), wait: '.skeleton' },
  {
    name: 'invoice-missing',
    path: '/billing/invoices/1000',
    api: detail(problem(404, 'billing.invoice_not_found')),
    wait: '.note-bad',
    allow: [404],
  },
  {
    name: 'invoice-error',
    path: '/billing/invoices/1000',
    api: detail(upstreamDown),
    wait: '.note-warn',
    allow: [503],
  },
  {
    name: 'invoice-stale',
    path: '/billing/invoices/1000',
    api: detail(stale(invoice('unpaid'))),
    wait: '.note-warn',
  },
  {
    name: 'invoice-step-up',
    path: '/billing/invoices/1000',
    api: {
      ...detail(ok(invoice('unpaid'))),
      'POST /api/invoices/1000/sso-link': problem(403, 'auth.step_up_required'),
    },
    act: (page) => page.locator('main button.button-primary').click(),
    wait: '[role=dialog] input',
    allow: [403],
  },
  {
    name: 'invoice-link-just-made',
    path: '/billing/invoices/1000',
    api: {
      ...detail(ok(invoice('unpaid'))),
      'POST /api/invoices/1000/sso-link': {
        ...problem(429, 'billing.link_just_made'),
        headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '42' },
      },
    },
    act: (page) => page.locator('main button.button-primary').click(),
    wait: '.note-bad',
    allow: [429],
  },
  {
    name: 'invoice-link-blocked',
    path: '/billing/invoices/1000',
    api: {
      ...detail(ok(invoice('unpaid'))),
      'POST /api/invoices/1000/sso-link': problem(409, 'billing.payment_link_blocked'),
    },
    act: (page) => page.locator('main button.button-primary').click(),
    wait: '.note-bad',
    allow: [409],
  },
  {
    name: 'menu-open',
    path: '/billing/invoices',
    api: list(ok(invoicePage(3, 3))),
    widths: [320],
    act: async (page) => {
      await page.locator('tbody').waitFor();
      await page.locator('header button[aria-haspopup=dialog]').click();
    },
    wait: '[role=dialog]',
  },
].filter(({ name }) => name.includes(options.only));

const tally = new Tally();
const browser = await launch();
if (options.shots) mkdirSync(options.shots, { recursive: true });

for (const view of options.views.split(',')) {
  const [language, theme] = view.split('/');
  for (const state of kCases) {
    const widths = state.widths ?? [1280, 320];
    const context = await browser.newContext({
      viewport: { width: widths[0], height: 800 },
      colorScheme: theme,
      locale: language === 'ja' ? 'ja-JP' : 'en-GB',
      timezoneId: 'Asia/Tokyo',
      reducedMotion: 'reduce',
    });
    await context.addInitScript(
      ([chosen, hint]) => {
        localStorage.setItem('portico.language', chosen);
        if (hint) localStorage.setItem('portico.signed_in', '1');
        window.refusals = [];
        document.addEventListener('securitypolicyviolation', (event) =>
          window.refusals.push(`${event.violatedDirective} ${event.blockedURI}`),
        );
      },
      [language, state.hint === true],
    );
    const page = await context.newPage();
    const name = `${state.name} ${language} ${theme}`;
    const faults = watch(page, { allowedStatuses: [401, 429, ...(state.allow ?? [])] });
    const answers = { ...state.api };
    if (language === 'ja' && answers['GET /api/me']?.status === 200) {
      answers['GET /api/me'] = ok({ ...me, last_name: '見本', first_name: '花子', language: 'ja' });
    }
    await answerApi(page, answers);
    await tally.run(name, async () => {
      await page.goto(server.url + state.path);
      if (!state.noHeading) await page.locator('main h1').waitFor({ timeout: 15_000 });
      await state.act?.(page);
      if (state.wait) await page.locator(state.wait).first().waitFor({ timeout: 15_000 });
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 320 ? 640 : 800 });
        await look(page, `${name} ${width}`, state);
        if (options.shots) {
          const file = `${state.name}-${language}-${theme}-${width}.png`;
          await page.screenshot({ path: join(options.shots, file), fullPage: true });
        }
      }
      tally.check(faults.length === 0, `${name}: no errors in the console`, faults.join('\n       '));
    });
    await context.close();
  }
}

async function look(page, name, state) {
  const facts = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    lang: document.documentElement.lang,
    refusals: window.refusals,
    styles: document.querySelectorAll('style').length,
  }));
  tally.check(facts.wide <= 0, `${name}: no sideways scroll`, `${facts.wide} px too wide`);
  tally.check(
    facts.refusals.length === 0,
    `${name}: nothing refused by the policy`,
    facts.refusals.join(', '),
  );
  tally.check(facts.styles === 0, `${name}: no style element made by script`);
  tally.check(name.includes(` ${facts.lang} `), `${name}: lang attribute`, facts.lang);
  if (!state.noHeading) {
    tally.check(facts.headings === 1, `${name}: one h1`, `${facts.headings}`);
    tally.check(facts.title.endsWith('Portico') && facts.title.length > 9, `${name}: title`, facts.title);
    const violations = await axe(page);
    tally.check(violations.length === 0, `${name}: axe`, violations.join('\n       '));
  }
}

await browser.close();
await server.close();
tally.finish();
