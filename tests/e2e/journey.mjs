// The whole way of a customer through a running portal and its sandbox, in both languages: sign-up, mail, dashboard,
// invoices, detail, payment page; then wrong password, used link, billing down and slow, session expired.
//
//   node tests/e2e/journey.mjs [--status FILE] [--shots DIR]
//
// Addresses come from `./dev status --json`; the sandbox is put back in order at the end (faults are forgotten).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch, Tally, watch } from './lib/tools.mjs';

const kRoot = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({ options: { status: { type: 'string' }, shots: { type: 'string' } } });
const status = JSON.parse(
  options.status
    ? readFileSync(options.status, 'utf8')
    : execFileSync(join(kRoot, 'dev'), ['status', '--json'], { encoding: 'utf8' }),
);
const host = status.host.url.replace(/\/$/, '');
const control = status.sandbox.control.replace(/\/$/, '');
const mail = status.sandbox.mail.url.replace(/\/$/, '');
const kPassword = 'violet harbour seven kettles';

const tally = new Tally();
const browser = await launch();
if (options.shots) mkdirSync(options.shots, { recursive: true });

const kWords = {
  en: {
    refused: 'That did not work',
    used: 'This link was used already',
    upstream: 'The billing system is not answering',
    stale: 'may be out of date',
    notReady: 'Your account is not ready yet',
    slow: 'This is taking longer than usual',
    expired: 'Your session has ended',
    waiting: 'Waiting for the payment to be confirmed',
    saved: 'Saved.',
  },
  ja: {
    refused: 'ログインできませんでした',
    used: 'このリンクは使用済みです',
    upstream: '請求システムが応答していません',
    stale: '最新でない場合があります',
    notReady: 'アカウントの準備が完了していません',
    slow: '通常より時間がかかっています',
    expired: 'セッションの有効期限が切れました',
    waiting: 'お支払いの確認を待っています',
    saved: '保存しました。',
  },
};

async function order(method, path, body) {
  const answer = await fetch(control + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`sandbox ${method} ${path}: ${answer.status} ${await answer.text()}`);
}
const faults = (list) => order('PUT', '/faults', list);
const healthy = () => order('DELETE', '/faults');

/** The newest mail to an address, waited for. */
async function mailedLink(address, pattern) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await fetch(`${mail}/messages?to=${encodeURIComponent(address)}`);
    const body = await answer.json();
    const messages = Array.isArray(body) ? body : (body.messages ?? body.items ?? []);
    for (const message of messages) {
      const found = pattern.exec(message.text ?? '') ?? pattern.exec(message.raw ?? '');
      if (found) return found[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no mail with a link reached ${address}`);
}

async function newBrowser(language) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: language === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: 'Asia/Tokyo',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  return { context, page };
}

const submit = (page, index = 0) =>
  page.locator('main form').nth(index).locator('button[type=submit]').click();
const field = (page, name) => page.locator(`main [autocomplete="${name}"]`);
const dashboard = (page) => page.waitForURL(`${host}/dashboard`);

async function signUp(page, language, email) {
  await page.goto(`${host}/`);
  await page.locator('main a[href="/auth/signup"]').click();
  await page.locator('input[type=email]').fill(email);
  await field(page, 'new-password').fill(kPassword);
  await submit(page);
  await field(page, 'family-name').fill(language === 'ja' ? '見本' : 'Sample');
  await field(page, 'given-name').fill(language === 'ja' ? '花子' : 'Hanako');
  await field(page, 'tel').fill(language === 'ja' ? '０９０ー１２３４ー５６７８' : '090-1234-5678');
  await submit(page);
  await field(page, 'postal-code').fill('100-0001');
  await field(page, 'address-level1').selectOption('Tokyo');
  await field(page, 'address-level2').fill(language === 'ja' ? '千代田区' : 'Chiyoda-ku');
  await field(page, 'address-line1').fill(language === 'ja' ? '見本町1-2-3' : '1-2-3 Sample-machi');
  await submit(page);
  await page.locator('input[type=checkbox]').check();
  await submit(page);
  await page.waitForURL(/\/auth\/signup\?sent=1/);
}

async function signIn(page, email, password) {
  await page.locator('input[type=email]').fill(email);
  await field(page, 'current-password').fill(password);
  await submit(page);
}

for (const language of ['en', 'ja']) {
  const words = kWords[language];
  const email = `${language}-${Date.now().toString(36)}@journey.example`;
  const { context, page } = await newBrowser(language);
  const noted = watch(page, { allowedStatuses: [401, 403, 404, 409, 410, 422, 429, 502, 503, 504] });
  const shown = async (text) => page.getByText(text).first().waitFor();
  let shots = 0;
  const step = async (name, work) => {
    const fine = await tally.run(`${language}: ${name}`, work);
    if (fine) tally.check(true, name);
    if (options.shots) {
      shots += 1;
      const file = `${language}-${String(shots).padStart(2, '0')}-${name.replace(/[^a-z]+/gi, '-')}.png`;
      await page.screenshot({ path: join(options.shots, file), fullPage: true }).catch(() => undefined);
    }
  };

  let mailed = '';
  await healthy();
  await step('sign-up asks to check the mail', () => signUp(page, language, email));
  await step('the mail brings a link', async () => {
    mailed = await mailedLink(email, /https?:\/\/[^\s"<>]+\/auth\/verify#token=[\w.~-]+/);
  });
  await step('with billing down the link says so and stays valid', async () => {
    await faults([{ vendor: 'whmcs', kind: 'down' }]);
    await page.goto(mailed);
    await shown(words.notReady);
    await healthy();
  });
  if (language === 'en') {
    await step('the link opens the account', async () => {
      await page.locator('main .note button').click();
      await dashboard(page);
    });
  } else {
    await step('in another browser the link asks for the password first', async () => {
      const other = await newBrowser(language);
      await other.page.goto(mailed);
      await other.page.locator('main button').first().click();
      await field(other.page, 'current-password').fill(kPassword);
      await submit(other.page);
      await dashboard(other.page);
      await other.context.close();
      await page.goto(`${host}/auth/login`);
      await signIn(page, email, kPassword);
      await dashboard(page);
    });
  }
  await step('the page is in the language', async () => {
    const lang = await page.locator('html').getAttribute('lang');
    if (lang !== language) throw new Error(`lang is ${lang}`);
  });
  await step('the dashboard says what is due', () =>
    page.locator('main a[href^="/billing/invoices/"]').first().waitFor(),
  );
  await step('the list shows the invoices', async () => {
    await page.locator('header nav a[href="/billing/invoices"]').click();
    await page.locator('main tbody tr').first().waitFor();
    const rows = await page.locator('main tbody tr').count();
    if (rows < 2) throw new Error(`${rows} rows`);
  });
  await step('an unpaid invoice opens with its lines', async () => {
    await page.locator('main nav a[href$="status=unpaid"]').click();
    await page.waitForURL(/status=unpaid/);
    await page.locator('main tbody a').first().click();
    await page.waitForURL(/\/billing\/invoices\/[^/?]+$/);
    await page.locator('main table').first().locator('tbody tr').first().waitFor();
  });
  await step('the pay link lands on the invoice at the billing site', async () => {
    const id = new URL(page.url()).pathname.split('/').at(-1);
    const tabs = context.waitForEvent('page');
    await page.locator('main button.button-primary').click();
    const dialog = page.locator('[role=dialog] input[autocomplete=current-password]');
    const first = await Promise.race([tabs, dialog.waitFor().then(() => null)]);
    if (first === null) {
      await dialog.fill(kPassword);
      await page.locator('[role=dialog] button[type=submit]').click();
    }
    const tab = first ?? (await tabs);
    await tab.waitForURL(/viewinvoice\.php/, { timeout: 30_000 });
    if (!tab.url().includes(id)) throw new Error(`landed on ${tab.url()}`);
    const referrer = await tab.evaluate(() => document.referrer);
    if (referrer.startsWith(host)) throw new Error('the billing site saw where the customer came from');
    await shown(words.waiting);
    await tab.close();
  });
  await step('a saved phone number is there after a reload', async () => {
    await page.locator('header nav a[href="/account"]').click();
    await field(page, 'tel').fill('03-1234-5678');
    await submit(page);
    await shown(words.saved);
    await page.reload();
    await field(page, 'tel').waitFor();
    const phone = await field(page, 'tel').inputValue();
    if (phone.replace(/\D/g, '').slice(-9) !== '312345678')
      throw new Error(`the phone number reads ${phone}`);
  });
  await step('with billing down the address keeps what was typed', async () => {
    await faults([{ vendor: 'whmcs', kind: 'down' }]);
    await field(page, 'address-line1').fill('9-9-9');
    await submit(page, 1);
    await shown(words.upstream);
    const kept = await field(page, 'address-line1').inputValue();
    if (kept !== '9-9-9') throw new Error(`the street reads ${kept}`);
  });
  await step('with billing down the list says so or shows its time', async () => {
    await page.goto(`${host}/billing/invoices?status=refunded`);
    await page.locator('main .note-warn').waitFor();
    const note = await page.locator('main .note-warn').first().textContent();
    if (!note.includes(words.upstream) && !note.includes(words.stale)) throw new Error(note);
    await healthy();
  });
  await step('a slow billing system is put into words, then answers', async () => {
    await faults([{ vendor: 'whmcs', latency_ms: 4000 }]);
    await page.goto(`${host}/billing/invoices?status=cancelled`);
    await shown(words.slow);
    await page.locator('main .card :is(tbody tr, h2)').first().waitFor();
    await healthy();
  });
  await step('a session that ended keeps what was typed and comes back to it', async () => {
    await page.goto(`${host}/account`);
    await field(page, 'organization').fill('Sample Trading');
    await context.clearCookies();
    await submit(page);
    await page.waitForURL(/\/auth\/login/);
    await shown(words.expired);
    await signIn(page, email, kPassword);
    await page.waitForURL(`${host}/account`);
    await page.waitForFunction(
      () => document.querySelector('main [autocomplete=organization]')?.value === 'Sample Trading',
    );
  });
  await step('signing out ends on the start page', async () => {
    await page.locator('header .md\\:flex button').click();
    await page.waitForURL(`${host}/`);
  });
  await step('a wrong password is refused in neutral words and the address stays', async () => {
    await page.locator('header a[href="/auth/login"]').first().click();
    await signIn(page, email, 'not the right password');
    await shown(words.refused);
    const kept = await page.locator('input[type=email]').inputValue();
    if (kept !== email) throw new Error(`the address reads ${kept}`);
  });
  await step('the used link says that it was used', async () => {
    await page.goto(`${host}/`);
    await page.goto(mailed);
    const press = page.locator('main .card > button');
    await Promise.race([press.waitFor(), page.locator('main .note').waitFor()]);
    if (await press.isVisible()) await press.click();
    await shown(words.used);
  });
  tally.check(noted.length === 0, `${language}: no errors in the console`, noted.join('\n       '));
  await context.close();
}

await healthy();
await browser.close();
tally.finish();
