// What every page does, beyond how it looks: keyboard, focus, language, switched-off plugins, budget.
// The host is played by fixtures.
//
//   node tests/e2e/behaviours.mjs [--web DIR] [--only TEXT]
import { customer, expect, finish, focused, open, server, test, visitor, web } from './lib/behaviour.mjs';
import { me, ok, pagesOf } from './lib/fixtures.mjs';

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
    cdp.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type.toLowerCase()));
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const kind = kinds.get(requestId);
      if (kind in sizes) sizes[kind] += encodedDataLength;
    });
    // What the shell fetches once it has nothing else to do is no part of the first load.
    await page.addInitScript(() => {
      window.requestIdleCallback = () => 0;
    });
    await open(page, '/');
    console.log(
      `first load: ${(sizes.script / 1024).toFixed(1)} KB script, ${(sizes.stylesheet / 1024).toFixed(1)} KB style`,
    );
    expect(sizes.script > 0 && sizes.script <= 120 * 1024, `scripts within 120 KB (${sizes.script})`);
    expect(sizes.stylesheet <= 30 * 1024, `styles within 30 KB (${sizes.stylesheet})`);
    expect(sizes.font === 0, 'no web font');
    expect(!seen.some(({ key }) => key === 'GET /api/me'), 'no question about a session that never was');
  },
);

await finish();
