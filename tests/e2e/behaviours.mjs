// What people do, beyond how pages look: keyboard, focus, kept drafts, renewal, paying, switched-off plugins, budget.
// The host is played by fixtures.
//
//   node tests/e2e/behaviours.mjs [--web DIR] [--only TEXT]
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answerApi, hang, invoice, invoicePage, me, ok, pagesOf, problem } from './lib/fixtures.mjs';
import { serveWeb } from './lib/server.mjs';
import { launch, Tally, watch } from './lib/tools.mjs';

const kRoot = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({
  options: {
    web: { type: 'string', default: join(kRoot, 'build/web') },
    only: { type: 'string', default: '' },
  },
});
const web = resolve(options.web);
const server = await serveWeb(web);
const browser = await launch();
const tally = new Tally();

const pages = ok(pagesOf(web));
const refused = problem(401, 'auth.required');
const noContent = { status: 204 };
const visitor = {
  'GET /api/pages': pages,
  'GET /api/me': refused,
  'POST /api/auth/refresh': problem(401, 'auth.session_expired'),
};
const customer = {
  'GET /api/pages': pages,
  'GET /api/me': ok(me),
  'GET /api/invoices': ok(invoicePage(3, 3)),
};
const detail = { ...customer, 'GET /api/invoices/1000': ok(invoice('unpaid')) };
const link = ok({ url: `${server.url}/auth/forgot?paying=1`, site: 'billing.example.jp', expires_in_s: 60 });

async function test(
  name,
  answers,
  work,
  { statuses = [401, 403, 404, 410, 422, 429, 503], context: settings = {}, storage = {} } = {},
) {
  if (!name.includes(options.only)) return;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    ...settings,
  });
  await context.addInitScript((kept) => {
    for (const [key, value] of Object.entries(kept)) {
      if (localStorage.getItem(key) === null)
        localStorage.setItem(key, value === 'now' ? String(Date.now()) : value);
    }
  }, storage);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = watch(page, { allowedStatuses: statuses });
  const api = { ...answers };
  const seen = await answerApi(page, api);
  await tally.run(name, async () => {
    await work({ page, context, seen, api });
    tally.check(faults.length === 0, `${name}: no errors in the console`, faults.join('\n       '));
  });
  await context.close();
}

const expect = (fine, what) => {
  if (!fine) throw new Error(what);
  tally.check(true, what);
};
const focused = (page) =>
  page.evaluate(() => document.activeElement?.tagName + ' ' + (document.activeElement?.textContent ?? ''));
const open = async (page, path) => {
  await page.goto(server.url + path);
  await page.locator('main h1').waitFor();
};
const submit = (page, index = 0) =>
  page.locator('main form').nth(index).locator('button[type=submit]').click();

await test('the first Tab reaches the skip link, and it leads to the content', visitor, async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('Tab');
  expect((await focused(page)).includes('Skip to content'), 'the skip link has the focus');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(
    await page.evaluate(() => document.activeElement.closest('main') !== null),
    'the next Tab is inside main',
  );
});

await test(
  'after a change of page the heading has the focus and the title is new',
  customer,
  async ({ page }) => {
    await open(page, '/dashboard');
    await page.locator('header nav a[href="/billing/invoices"]').click();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    expect((await focused(page)) === 'H1 Invoices', 'the focus is on the new heading');
    expect((await page.title()) === 'Invoices · Portico', 'the title names the page');
    await page.goBack();
    await page.waitForFunction(() => document.title.startsWith('Dashboard'));
  },
);

await test('language and appearance are kept over a reload', visitor, async ({ page }) => {
  await open(page, '/auth/login');
  await page.locator('header button[lang=ja]').click();
  await page.locator('footer label').nth(2).click();
  await page.reload();
  await page.locator('main h1').waitFor();
  expect((await page.locator('main h1').textContent()) === 'ログイン', 'Japanese after the reload');
  expect((await page.locator('html').getAttribute('lang')) === 'ja', 'the lang attribute follows');
  expect((await page.locator('html').getAttribute('data-theme')) === 'dark', 'dark after the reload');
  expect(await page.locator('footer input[value=dark]').isChecked(), 'the choice shows as chosen');
});

await test(
  'the profile’s language is used until one is chosen',
  { ...customer, 'GET /api/me': ok({ ...me, language: 'ja' }) },
  async ({ page }) => {
    await open(page, '/dashboard');
    await page.waitForFunction(() => document.documentElement.lang === 'ja');
    expect(true, 'the page turned Japanese');
  },
);

await test(
  'Enter while a Japanese word is being composed sends nothing',
  { ...visitor, 'POST /api/auth/login': refused },
  async ({ page, seen }) => {
    await open(page, '/auth/login');
    const email = page.locator('input[type=email]');
    await email.fill('a@example.jp');
    await page.locator('input[autocomplete=current-password]').fill('some password');
    const prevented = await email.evaluate((input) => {
      const event = new KeyboardEvent('keydown', {
        key: 'Enter',
        bubbles: true,
        cancelable: true,
        isComposing: true,
      });
      return !input.dispatchEvent(event);
    });
    expect(prevented, 'Enter was held back');
    expect(!seen.some(({ key }) => key === 'POST /api/auth/login'), 'nothing was sent');
  },
);

await test(
  'a wrong password keeps the address, says nothing of which field, and takes the focus',
  { ...visitor, 'POST /api/auth/login': problem(401, 'auth.invalid_credentials') },
  async ({ page, seen }) => {
    await open(page, '/auth/login');
    await page.locator('input[type=email]').fill('ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ');
    await page.locator('input[autocomplete=current-password]').fill('wrong password');
    await submit(page);
    await page.locator('.note-bad').waitFor();
    const sent = seen.find(({ key }) => key === 'POST /api/auth/login');
    expect(sent.body.email === 'hanako@example.jp', 'full-width letters were converted');
    expect(sent.headers['x-portico-csrf'] === '1', 'the CSRF header was sent');
    expect(
      (await page.locator('input[type=email]').inputValue()) === 'hanako@example.jp',
      'the address is kept',
    );
    await page.waitForFunction(() => document.activeElement?.classList.contains('note'));
  },
);

await test('the password can be shown and hidden by keyboard', visitor, async ({ page }) => {
  await open(page, '/auth/login');
  const password = page.locator('input[autocomplete=current-password]');
  await password.fill('secret words');
  await password.press('Tab');
  await page.keyboard.press('Enter');
  expect((await password.getAttribute('type')) === 'text', 'shown');
  await page.keyboard.press('Enter');
  expect((await password.getAttribute('type')) === 'password', 'hidden again');
});

await test(
  'sign-in leads back to where the person came from, and nowhere else',
  { ...visitor, 'POST /api/auth/login': ok(me), 'GET /api/invoices': ok(invoicePage(20, 57, 2)) },
  async ({ page }) => {
    await open(page, '/billing/invoices?page=2');
    await page.waitForURL(/auth\/login/);
    await page.locator('input[type=email]').fill(me.email);
    await page.locator('input[autocomplete=current-password]').fill('right password');
    await submit(page);
    await page.waitForURL(/billing\/invoices\?page=2/);
    expect(true, 'back on page 2');
  },
);

for (const bad of ['//evil.example', 'https://evil.example/x', '/\\evil.example', 'javascript:alert(1)']) {
  await test(
    `a return path of ${bad} is not followed`,
    { ...customer },
    async ({ page }) => {
      await page.goto(`${server.url}/auth/login?return=${encodeURIComponent(bad)}`);
      await page.waitForURL(`${server.url}/dashboard`);
      expect(true, 'the dashboard instead');
    },
    { storage: { 'portico.signed_in': '1' } },
  );
}

await test(
  'a session that ends in the middle keeps what was typed and returns to it',
  {
    ...customer,
    'POST /api/auth/refresh': problem(401, 'auth.session_expired'),
    'POST /api/auth/login': ok(me),
  },
  async ({ page, api }) => {
    await open(page, '/account');
    await page.locator('input[type=tel]').fill('03-9999-0000');
    api['PATCH /api/me'] = refused;
    await submit(page);
    await page.waitForURL(/auth\/login\?.*reason=expired/);
    await page.getByText('Your session has ended').waitFor();
    expect(true, 'the words say that the session ended');
    await page.locator('input[type=email]').fill(me.email);
    await page.locator('input[autocomplete=current-password]').fill('right password');
    await submit(page);
    await page.waitForURL(/\/account$/);
    await page.waitForFunction(() => document.querySelector('input[type=tel]')?.value === '03-9999-0000');
    expect(true, 'the phone number typed is still there');
  },
);

await test(
  'a request refused for an old session is repeated after one renewal',
  { ...customer, 'GET /api/invoices': [refused, ok(invoicePage(3, 3))], 'POST /api/auth/refresh': noContent },
  async ({ page, seen }) => {
    await open(page, '/billing/invoices');
    await page.locator('tbody tr').first().waitFor();
    expect(seen.filter(({ key }) => key === 'POST /api/auth/refresh').length === 1, 'renewed once');
  },
);

await test('sign-up survives a reload but for the password', visitor, async ({ page }) => {
  await open(page, '/auth/signup');
  await page.locator('input[type=email]').fill('new@example.jp');
  await page.locator('input[autocomplete=new-password]').fill('a long enough password');
  await submit(page);
  await page.locator('input[autocomplete=family-name]').fill('Sample');
  await page.reload();
  await page.locator('input[type=email]').waitFor();
  expect((await page.locator('input[type=email]').inputValue()) === 'new@example.jp', 'the address is kept');
  expect((await page.locator('input[autocomplete=new-password]').inputValue()) === '', 'the password is not');
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  expect(!kept.includes('a long enough password'), 'no password in any storage');
});

await test(
  'a refused field of an early step leads back to it, all else kept',
  {
    ...visitor,
    'POST /api/auth/signup': problem(422, 'request.invalid', {
      errors: [{ pointer: '/address/postcode', code: 'invalid_postcode' }],
    }),
  },
  async ({ page, seen }) => {
    await open(page, '/auth/signup');
    await page.locator('input[type=email]').fill('new@example.jp');
    await page.locator('input[autocomplete=new-password]').fill('十五文字以上の合言葉をここに書く');
    await submit(page);
    await page.locator('input[autocomplete=family-name]').fill('見本');
    await page.locator('input[autocomplete=given-name]').fill('花子');
    await page.locator('input[type=tel]').fill('０９０ー１２３４ー５６７８');
    await submit(page);
    await page.locator('input[autocomplete=postal-code]').fill('１０００００１');
    await page.locator('select[autocomplete=address-level1]').selectOption('Tokyo');
    await page.locator('input[autocomplete=address-level2]').fill('千代田区');
    await page.locator('input[autocomplete=address-line1]').fill('見本町1-2-3');
    await submit(page);
    await page.locator('input[type=checkbox]').check();
    await submit(page);
    await page.waitForURL(/step=address/);
    await page.locator('.field-error').waitFor();
    const { body } = seen.find(({ key }) => key === 'POST /api/auth/signup');
    expect(body.phone === '090-1234-5678' && body.address.postcode === '100-0001', 'digits were converted');
    expect(
      body.accept_terms === true &&
        body.language === 'en' &&
        !('company' in body) &&
        !('line2' in body.address),
      'the body is as agreed',
    );
    expect(
      (await page.locator('input[autocomplete=address-line1]').inputValue()) === '見本町1-2-3',
      'the address is kept',
    );
    await page.waitForFunction(() => document.activeElement?.querySelector?.('.note-bad') !== null);
  },
);

await test(
  'a mailed link opened where the sign-up began needs no press',
  { ...visitor, 'POST /api/auth/signup/confirm': ok(me), 'GET /api/invoices': ok(invoicePage(0, 0)) },
  async ({ page, seen }) => {
    await page.goto(`${server.url}/auth/verify#token=tok-1`);
    await page.waitForURL(/\/dashboard$/);
    const confirms = seen.filter(({ key }) => key === 'POST /api/auth/signup/confirm');
    expect(
      confirms.length === 1 && confirms[0].body.token === 'tok-1',
      'confirmed once, with the token of the link',
    );
  },
  { storage: { 'portico.signup_at': 'now' } },
);

await test(
  'a mailed link opened elsewhere waits for a press, then for the password',
  {
    ...visitor,
    'GET /api/invoices': ok(invoicePage(0, 0)),
    'POST /api/auth/signup/confirm': [
      problem(403, 'auth.password_needed'),
      problem(401, 'auth.invalid_credentials'),
      problem(503, 'upstream.unavailable'),
      ok(me),
    ],
  },
  async ({ page, seen }) => {
    await open(page, '/auth/verify#token=tok-2');
    expect(!seen.some(({ key }) => key.includes('confirm')), 'nothing was sent by opening it');
    await page.locator('main button').click();
    const password = page.locator('input[autocomplete=current-password]');
    await password.fill('the chosen password');
    for (const words of [/not the password chosen/, /link stays valid/]) {
      await submit(page);
      await page.getByText(words).waitFor();
      expect((await password.inputValue()) === 'the chosen password', 'what was typed is kept');
    }
    await submit(page);
    await page.waitForURL(/\/dashboard$/);
  },
);

await test(
  'the way to pay: new tab, then waiting, then confirmed',
  { ...detail, 'POST /api/invoices/1000/sso-link': link },
  async ({ page, context, api }) => {
    await open(page, '/billing/invoices/1000');
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      page.locator('main button.button-primary').click(),
    ]);
    await tab.waitForURL(/paying=1/);
    expect((await tab.evaluate(() => window.opener)) === null, 'the new tab cannot reach back');
    await page.getByText('Waiting for the payment to be confirmed').waitFor();
    await page
      .getByText(/billing\.example\.jp/)
      .first()
      .waitFor();
    api['GET /api/invoices/1000'] = ok(invoice('paid'));
    await page.getByRole('button', { name: 'Look again now' }).click();
    await page.getByText('Payment confirmed').waitFor();
    expect(true, 'the payment shows as confirmed');
  },
  { storage: { 'portico.password_at': 'now' } },
);

await test(
  'a step-up asks for the password in the page, then goes on',
  {
    ...detail,
    'POST /api/invoices/1000/sso-link': [problem(403, 'auth.step_up_required'), link],
    'POST /api/auth/reauthenticate': [problem(401, 'auth.invalid_credentials'), noContent],
  },
  async ({ page, context, seen }) => {
    await open(page, '/billing/invoices/1000');
    await page.locator('main button.button-primary').click();
    const password = page.locator('[role=dialog] input');
    await password.fill('some password');
    await page.keyboard.press('Enter');
    await page.getByText('This is not your password').waitFor();
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      page.locator('[role=dialog] button[type=submit]').click(),
    ]);
    await tab.waitForURL(/paying=1/);
    expect(seen.filter(({ key }) => key.endsWith('sso-link')).length === 2, 'the link was asked for again');
    expect((await page.locator('[role=dialog]').count()) === 0, 'the dialog is gone');
  },
);

await test(
  'a dialog keeps the focus inside, closes with Escape and gives the focus back',
  { ...detail, 'POST /api/invoices/1000/sso-link': problem(403, 'auth.step_up_required') },
  async ({ page }) => {
    await open(page, '/billing/invoices/1000');
    const pay = page.locator('main button.button-primary');
    await pay.focus();
    await page.keyboard.press('Enter');
    await page.locator('[role=dialog] input').waitFor();
    for (let count = 0; count < 8; count += 1) await page.keyboard.press('Tab');
    expect(
      await page.evaluate(() => document.activeElement.closest('[role=dialog]') !== null),
      'Tab stays inside',
    );
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.matches('main button.button-primary'));
    expect(true, 'the focus is back on the button');
  },
);

await test(
  'a browser that refuses new tabs gets a link to press',
  { ...detail, 'POST /api/invoices/1000/sso-link': link },
  async ({ page }) => {
    await page.addInitScript(() => (window.open = () => null));
    await open(page, '/billing/invoices/1000');
    await page.locator('main button.button-primary').click();
    const ready = page.locator('main a[target=_blank]');
    await ready.waitFor();
    expect((await ready.getAttribute('rel')).includes('noopener'), 'without an opener');
    expect((await ready.textContent()).includes('billing.example.jp'), 'it names the site');
  },
  { storage: { 'portico.password_at': 'now' } },
);

await test(
  'a failed list is retried by its button',
  { ...customer, 'GET /api/invoices': [problem(503, 'upstream.unavailable'), ok(invoicePage(3, 3))] },
  async ({ page }) => {
    await open(page, '/billing/invoices');
    await page.getByText('01JD8Z5T3M9Q4V7XKZP2A6B8CD').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('tbody tr').first().waitFor();
    expect(true, 'the rows are there');
  },
);

await test('the filter and the page live in the address', customer, async ({ page, seen, api }) => {
  api['GET /api/invoices'] = ok(invoicePage(20, 57));
  await open(page, '/billing/invoices');
  await page.locator('main nav a', { hasText: 'Overdue' }).click();
  await page.waitForURL(/status=overdue$/);
  await page.getByRole('link', { name: 'Next' }).click();
  await page.waitForURL(/status=overdue&page=2$/);
  await page.waitForTimeout(0);
  expect(
    seen.some(({ query }) => query.status === 'overdue' && query.page === '2'),
    'the host was asked for it',
  );
  await page.goBack();
  await page.waitForURL(/status=overdue$/);
});

await test(
  'signing out leads to the start page and forgets the customer',
  { ...customer, 'POST /api/auth/logout': noContent },
  async ({ page, api }) => {
    await open(page, '/dashboard');
    api['GET /api/me'] = refused;
    api['POST /api/auth/refresh'] = problem(401, 'auth.session_expired');
    await page.locator('header').getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${server.url}/`);
    await page.locator('header').getByRole('link', { name: 'Sign in' }).waitFor();
    expect((await page.getByText(me.last_name).count()) === 0, 'no name is left on the page');
  },
);

await test(
  'a plugin that is off leaves no link behind',
  { ...customer, 'GET /api/pages': ok(pagesOf(web, { without: ['billing'] })) },
  async ({ page }) => {
    await open(page, '/dashboard');
    await page.locator('ol').waitFor();
    expect((await page.locator('a[href^="/billing"]').count()) === 0, 'no link to invoices');
    await page.goto(`${server.url}/billing/invoices`);
    await page.getByText('This page is not here').waitFor();
  },
);

await test(
  'visitors load within the budget and ask the host for nothing needless',
  visitor,
  async ({ page, seen }) => {
    const sizes = { script: 0, stylesheet: 0, font: 0 };
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Network.enable');
    const kinds = new Map();
    let counting = true;
    cdp.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type.toLowerCase()));
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const kind = kinds.get(requestId);
      if (counting && kind in sizes) sizes[kind] += encodedDataLength;
    });
    await open(page, '/');
    counting = false;
    console.log(
      `first load: ${(sizes.script / 1024).toFixed(1)} KB script, ${(sizes.stylesheet / 1024).toFixed(1)} KB style`,
    );
    expect(sizes.script > 0 && sizes.script <= 120 * 1024, `scripts within 120 KB (${sizes.script})`);
    expect(sizes.stylesheet <= 30 * 1024, `styles within 30 KB (${sizes.stylesheet})`);
    expect(sizes.font === 0, 'no web font');
    expect(!seen.some(({ key }) => key === 'GET /api/me'), 'no question about a session that never was');
  },
);

await test(
  'a printed invoice shows the document only',
  { ...customer, 'GET /api/invoices/1000': ok(invoice('paid')) },
  async ({ page }) => {
    await open(page, '/billing/invoices/1000');
    await page.locator('tbody').first().waitFor();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(!(await page.locator('header').isVisible()), 'no header on paper');
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(background === 'rgb(255, 255, 255)', `white paper (${background})`);
    expect(await page.getByText('Billed to').isVisible(), 'the name of the customer is on it');
  },
);

await test(
  'a slow answer is put into words',
  { ...customer, 'GET /api/invoices': hang },
  async ({ page }) => {
    await open(page, '/billing/invoices');
    await page.getByText('This is taking longer than usual').waitFor();
    expect(true, 'the words are there');
  },
);

await browser.close();
await server.close();
tally.finish();
