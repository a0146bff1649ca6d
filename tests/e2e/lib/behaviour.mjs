// One test of what people do: a page of its own, a host played by fixtures, and a quiet console.
//
// A script that imports this takes [--web DIR] [--only TEXT].
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { answerApi, invoicePage, me, ok, pagesOf, problem } from './fixtures.mjs';
import { serveWeb } from './server.mjs';
import { launch, Tally, watch } from './tools.mjs';

const kRoot = fileURLToPath(new URL('../../../', import.meta.url));
const { values: options } = parseArgs({
  options: {
    web: { type: 'string', default: join(kRoot, 'build/web') },
    only: { type: 'string', default: '' },
  },
});
export const web = resolve(options.web);
export const server = await serveWeb(web);
const browser = await launch();
const tally = new Tally();

const pages = ok(pagesOf(web));
export const refused = problem(401, 'auth.required');
export const noContent = { status: 204 };

/** What the host answers to somebody who never signed in, and to a customer. */
export const visitor = {
  'GET /api/pages': pages,
  'GET /api/me': refused,
  'POST /api/auth/refresh': problem(401, 'auth.session_expired'),
};
export const customer = {
  'GET /api/pages': pages,
  'GET /api/me': ok(me),
  'GET /api/invoices': ok(invoicePage(3, 3)),
};

/** Runs the work in a browser context of its own; `answers` may be changed while it runs, as `api`. */
export async function test(
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

export const expect = (fine, what) => {
  if (!fine) throw new Error(what);
  tally.check(true, what);
};
/** The tag and the text of what has the focus. */
export const focused = (page) =>
  page.evaluate(() => document.activeElement?.tagName + ' ' + (document.activeElement?.textContent ?? ''));
export const open = async (page, path) => {
  await page.goto(server.url + path);
  await page.locator('main h1').waitFor();
};
export const submit = (page, index = 0) =>
  page.locator('main form').nth(index).locator('button[type=submit]').click();

export async function finish() {
  await browser.close();
  await server.close();
  tally.finish();
}
