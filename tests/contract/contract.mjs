// What must hold for every route: ownership, defaults, refusals; and what switching plugins does.
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Tally, build, control, forgetOwner, root, sql, startHost, status } from '../lib/portal.mjs';
import { aFileOverwrittenWhileServing, aStartThatEndsTheHostIsBlocked, sinsAreContained, throwingCallbacks } from './broken.mjs';
import { theMuseumIsOpen } from './museum.mjs';
import { everyPluginIsFine, everySinIsFound } from './validate.mjs';

const tally = new Tally();
const host = status.host.url;

async function signedIn(sample, url = host) {
  const client = new Client(url);
  const answer = await client.post('/api/auth/login', sample);
  if (answer.status !== 200) throw new Error(`sign-in of a sample: ${answer.status} ${answer.text}`);
  return client;
}

const first = await signedIn(status.samples[0]);
const second = await signedIn(status.samples[1]);
const nobody = new Client(host);
const api = (await nobody.get('/api/openapi.json')).json;
const shape = (answer) =>
  JSON.stringify([answer.status, answer.headers.get('content-type'), Object.keys(answer.json ?? {}).sort(), answer.json?.code]);

await tally.test('ownership', async () => {
  const mine = (await first.get('/api/invoices')).json.items;
  tally.check(mine.length > 0, 'the sample customer has invoices');
  const id = mine[0].id;
  for (const [path, methods] of Object.entries(api.paths)) {
    // Their ids are no invoices: tests/workflows, and downloads_test of the Salesforce connector.
    if (!path.includes('{') || ['/api/workflows/', '/api/crm/files/'].some((others) => path.startsWith(others))) continue;
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      const verb = method.toUpperCase();
      const body = verb === 'GET' ? undefined : {};
      const real = path.replace(/\{\w+\}/g, id);
      const absent = path.replace(/\{\w+\}/g, '999999999');
      const own = await first.send(verb, real, body);
      tally.check(own.status < 500 && own.status !== 404, `${name}: the owner is served`, own.text);
      const other = await second.send(verb, real, body);
      const missing = await second.send(verb, absent, body);
      tally.check(other.status === 404, `${name}: another customer gets 404`, `${other.status} ${other.text}`);
      tally.check(shape(other) === shape(missing), `${name}: … in the shape of one that does not exist`, `${shape(other)} ≠ ${shape(missing)}`);
      if (operation.security?.length !== 0) {
        const anonymous = await nobody.send(verb, real, body);
        tally.check(anonymous.status === 401, `${name}: nobody gets 401`, `${anonymous.status}`);
        tally.check(anonymous.json?.code === 'auth.required', `${name}: … and is asked to sign in`);
      }
    }
  }
});

await tally.test('defaults', async () => {
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const verb = method.toUpperCase();
      const real = path.replace(/\{\w+\}/g, '1');
      const name = `${verb} ${path}`;
      if (operation.security?.length !== 0) {
        const answer = await nobody.send(verb, real, verb === 'GET' ? undefined : {});
        tally.check(answer.status === 401 || answer.status === 404, `${name} is closed to nobody`, `${answer.status}`);
      }
      if (verb === 'GET') continue;
      const foreign = await first.send(verb, real, {}, { Origin: 'https://attacker.example', 'Sec-Fetch-Site': 'cross-site' });
      tally.check(foreign.status === 403 && foreign.json?.code === 'request.cross_site', `${name} refuses another site`, `${foreign.status} ${foreign.text}`);
    }
  const bare = await fetch(`${host}/api/auth/logout`, { method: 'POST', headers: { Origin: host } });
  tally.check(bare.status === 403, 'an unsafe route without the custom header is refused', `${bare.status}`);
  const answer = await first.get('/api/me');
  for (const [name, value] of [['x-content-type-options', 'nosniff'], ['x-frame-options', 'DENY'], ['cache-control', 'no-store'], ['referrer-policy', 'same-origin']])
    tally.check(answer.headers.get(name) === value, `${name} is ${value}`, answer.headers.get(name));
  tally.check(/^[\w-]{8,64}$/.test(answer.headers.get('x-correlation-id') ?? ''), 'every answer has a correlation id');
  const named = await first.get('/api/me', { 'X-Correlation-Id': 'chosen-by-the-caller' });
  tally.check(named.headers.get('x-correlation-id') === 'chosen-by-the-caller', "a caller's correlation id is kept");
  const wrong = await nobody.get('/api/auth/login');
  tally.check(wrong.status === 405 && /POST/.test(wrong.headers.get('allow') ?? ''), 'a wrong method is 405 with Allow', `${wrong.status}`);
  const login = await new Client(host).post('/api/auth/login', status.samples[0]);
  for (const cookie of login.headers.getSetCookie()) tally.check(/HttpOnly/.test(cookie) && /SameSite=Lax/.test(cookie) && /Path=\//.test(cookie), 'cookies are HttpOnly, SameSite=Lax, Path=/', cookie);
  tally.check(!/eyJ/.test(login.text), 'no token in a body');
});

await tally.test('a failure before the handler, seen by a person', async () => {
  const form = (language) =>
    fetch(`${host}/api/invoices/1/sso-link`, {
      method: 'POST',
      headers: { Origin: host, 'Sec-Fetch-Site': 'same-origin', Accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'Accept-Language': language, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'target=pay',
    });
  for (const [language, words] of [['en', 'Please sign in'], ['ja', 'サインインしてください']]) {
    const page = await form(language);
    const text = await page.text();
    tally.check(page.status === 401 && /^text\/html/.test(page.headers.get('content-type')), `a posted form gets a page (${language})`, `${page.status} ${page.headers.get('content-type')}`);
    tally.check(text.includes(`<html lang="${language}">`) && text.includes(words), `… that says what to do (${language})`, text);
    tally.check(text.includes(page.headers.get('x-correlation-id')), '… with the reference for support');
    tally.check(/^default-src 'none'; style-src 'sha256-/.test(page.headers.get('content-security-policy')), '… and allows nothing but its own style', page.headers.get('content-security-policy'));
  }
  const script = await nobody.send('POST', '/api/invoices/1/sso-link', { target: 'pay' });
  tally.check(script.headers.get('content-type') === 'application/problem+json', 'a script gets a problem document', script.headers.get('content-type'));
  tally.check(api.paths['/api/invoices/{id}/sso-link'].post.requestBody.required === false, 'the link can be asked for without a body, and the API document says so');
});

await tally.test('strict input', async () => {
  const rows = [
    ['a body that is not JSON', '{', 400, 'request.malformed_json'],
    ['a key twice', '{"email":"a@b.example","email":"c@d.example","password":"x"}', 400, 'request.malformed_json'],
    ['an unknown member', '{"email":"a@b.example","password":"x","admin":true}', 422, 'request.invalid'],
    ['a wrong type', '{"email":1,"password":"x"}', 422, 'request.invalid'],
    ['nothing', '', 400, 'request.malformed_json'],
  ];
  for (const [name, body, wanted, code] of rows) {
    const answer = await fetch(`${host}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Portico-CSRF': '1', Origin: host, 'Sec-Fetch-Site': 'same-origin' },
      body,
    });
    const json = await answer.json();
    tally.check(answer.status === wanted && json.code === code, `${name} is ${wanted} ${code}`, `${answer.status} ${JSON.stringify(json)}`);
    tally.check(answer.headers.get('content-type') === 'application/problem+json', `${name}: a problem document`);
  }
  for (const query of ['page=0', 'page=x', 'page_size=1000', 'status=nonsense']) {
    const answer = await first.get(`/api/invoices?${query}`);
    tally.check(answer.status === 422 && answer.json.errors?.length === 1, `invoices?${query} is refused by field`, `${answer.status} ${answer.text}`);
  }
});

await tally.test('cached answers', async () => {
  const fresh = await first.get('/api/invoices?page_size=7');
  const again = await first.get('/api/invoices?page_size=7');
  tally.check(fresh.headers.get('portico-cache') === 'miss' && again.headers.get('portico-cache') === 'hit', 'the second list is a hit', `${fresh.headers.get('portico-cache')} ${again.headers.get('portico-cache')}`);
  tally.check(fresh.text === again.text && again.headers.has('age'), 'a hit is the same list, with its age');
  const other = await second.get('/api/invoices?page_size=7');
  tally.check(other.headers.get('portico-cache') === 'miss' && other.text !== fresh.text, 'another customer has a cache of his own');
});

await tally.test('a disabled plugin is gone, the rest works', async () => {
  const without = await startHost({ 'plugins.billing.enabled': 'false' });
  try {
    const client = new Client(without.url);
    const pages = (await client.get('/api/pages')).json;
    tally.check(!JSON.stringify(pages).includes('billing'), 'no page, no navigation, no card, no module of it', JSON.stringify(pages));
    tally.check((await client.get('/api/invoices')).status === 404, 'its routes are gone');
    tally.check((await client.get('/billing/invoices', { Accept: 'text/html' })).status === 404, 'its pages are gone');
    tally.check((await client.get('/auth/login', { Accept: 'text/html' })).status === 200, 'other pages are there');
    const person = await signedIn(status.samples[0], without.url);
    tally.check((await person.get('/api/me')).status === 200, 'other routes work');
  } finally {
    tally.check((await without.stop()) === 0, 'it ends with 0 on SIGTERM');
  }
});

/** One folder with everything that is in these. */
function together(folder, ...sources) {
  for (const source of sources) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(folder, name));
  return folder;
}

await tally.test('a plugin that misbehaves', async () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'portico-probe-')));
  const plugins = together(folders[0], join(build, 'plugins'), join(build, 'contract/plugins'));
  const migrations = together(folders[1], join(root, 'migrations'));
  symlinkSync(join(root, 'tests/contract/probe/migrations'), join(migrations, 'probe'));
  const with_probe = await startHost({ 'plugins.path': plugins, 'plugins.probe.enabled': 'true', 'migrations.path': migrations, 'migrations.at_start': 'true' });
  try {
    const client = new Client(with_probe.url);
    for (const what of ['exception', 'number']) {
      const thrown = await client.get(`/api/probe/throws/${what}`);
      tally.check(thrown.status === 500 && thrown.json?.code === 'internal', `a thrown ${what} is that request's 500`, `${thrown.status} ${thrown.text}`);
      tally.check(!thrown.text.includes('only the log') && thrown.json?.correlation_id, 'and tells only where to look', thrown.text);
    }
    tally.check(with_probe.log.includes('what only the log may say'), 'the log says what was thrown');
    const problem = await client.get('/api/probe/throws/problem');
    tally.check(problem.status === 409 && problem.json?.code === 'probe.conflict', 'a problem is what the plugin says', problem.text);
    tally.check((await client.get('/api/probe/throws/nothing')).status === 200 && (await client.get('/api/pages')).status === 200, 'and nothing more happens');

    const audited = () => Number(sql("select count(*) from kernel.audit where action = 'database.system_scope' and target = 'probe' and details->>'reason' = 'probe counts all rows'"));
    const before = audited();
    const all = await client.get('/api/probe/all-rows');
    tally.check(all.json?.count === 3, 'a system scope reads the rows of all owners', all.text);
    tally.check(audited() === before + 1, 'and leaves its reason in the audit trail', `${before} rows before, ${audited()} after`);
  } finally {
    await with_probe.stop();
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
});

await tally.test('a missing dependency is refused with its chain', async () => {
  const without = await startHost({ 'plugins.whmcs.enabled': 'false' });
  try {
    const said = without.log;
    tally.check(/"plugin":"auth".*billing\.create_customer\/1.*plugins\.whmcs\.enabled=true/.test(said), 'auth is told what it lacks and how to mend it', said);
    tally.check(/"plugin":"billing".*needs operation/.test(said), 'billing is told the chain');
    tally.check((await fetch(`${without.url}/healthz`)).status === 200, 'the host lives');
  } finally {
    await without.stop();
  }
});

await tally.test('unknown settings are refused with a suggestion', async () => {
  for (const [key, hint] of [['http.prot', 'http.port'], ['plugins.auth.bcrypt_round', 'bcrypt_rounds'], ['plugins.biling.enabled', 'billing']]) {
    const refused = await startHost({ [key]: 'true' });
    const said = refused.log;
    await refused.stop();
    tally.check(said.includes(`did you mean '${hint}'`), `${key}: did you mean '${hint}'?`, said);
  }
});

await tally.test('guessing', async () => {
  const strict = await startHost({ 'rate.sign_in': '10/60s per address' });
  const guesser = new Client(strict.url);
  const email = `nobody-${Date.now()}@sample.example`;
  let limited;
  for (let i = 0; i < 60 && !limited; i += 1) {
    const answer = await guesser.post('/api/auth/login', { email, password: 'not the right password' });
    if (answer.status === 429) limited = answer;
    else if (answer.status !== 401) throw new Error(`${answer.status} ${answer.text}`);
  }
  tally.check(limited !== undefined && Number(limited.headers.get('retry-after')) > 0, 'guessing ends in 429 with Retry-After');
  await strict.stop();
});

await tally.test('every plugin and example keeps what plugins promise', () => everyPluginIsFine(tally));
await tally.test('the validator finds every sin', () => everySinIsFound(tally));
await tally.test('a host contains every sin', () => sinsAreContained(tally));
await tally.test('what ended a host is not started again', () => aStartThatEndsTheHostIsBlocked(tally));
await tally.test('a file overwritten while it serves', () => aFileOverwrittenWhileServing(tally));
await tally.test('callbacks that throw', () => throwingCallbacks(tally));
await tally.test('plugins of released SDKs', () => theMuseumIsOpen(tally));

forgetOwner('probe');
await fetch(`${control}/faults`, { method: 'DELETE' });
tally.end();
