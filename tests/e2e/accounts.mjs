// What people do around their account: signing in and up, mailed links, sessions that end, kept drafts.
// The host is played by fixtures.
//
//   node tests/e2e/accounts.mjs [--web DIR] [--only TEXT]
import {
  customer,
  expect,
  finish,
  noContent,
  open,
  refused,
  server,
  submit,
  test,
  visitor,
} from './lib/behaviour.mjs';
import { invoicePage, me, ok, problem } from './lib/fixtures.mjs';

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

await finish();
