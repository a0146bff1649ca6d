// What people do with invoices: finding, paying, printing, and waiting for a slow or failing source.
// The host is played by fixtures.
//
//   node tests/e2e/invoices.mjs [--web DIR] [--only TEXT]
import { customer, expect, finish, noContent, open, server, test } from './lib/behaviour.mjs';
import { hang, invoice, invoicePage, ok, problem } from './lib/fixtures.mjs';

const detail = { ...customer, 'GET /api/invoices/1000': ok(invoice('unpaid')) };
const link = ok({ url: `${server.url}/auth/forgot?paying=1`, site: 'billing.example.jp', expires_in_s: 60 });

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

await finish();
