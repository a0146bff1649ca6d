// The same portal on another billing system: a host whose configuration names another connector, and nothing else.
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Tally, build, mailedToken, signUpForm, startHost } from '../lib/portal.mjs';

const tally = new Tally();
const plugins = mkdtempSync(join(tmpdir(), 'portico-swap-'));
for (const source of ['plugins', 'billing_swap/plugins'])
  for (const name of readdirSync(join(build, source))) symlinkSync(join(build, source, name), join(plugins, name));
const hosts = [];
/** A host that is stopped however the test ends. */
async function open(settings) {
  const host = await startHost(settings);
  hosts.push(host);
  return host;
}
const common = { 'plugins.path': plugins };

/** Signs a new person up and reads what the invoices' page reads. */
async function walk(host, email) {
  const person = new Client(host.url);
  const asked = await person.post('/api/auth/signup', signUpForm(email));
  tally.check(asked.status === 202, `${email}: sign-up is taken`, asked.text);
  const token = await mailedToken(email);
  const confirmed = await person.post('/api/auth/signup/confirm', { token, password: signUpForm(email).password });
  tally.check(confirmed.status === 200, `${email}: and confirmed`, confirmed.text);
  const list = await person.get('/api/invoices');
  const unpaid = await person.get('/api/invoices?status=unpaid');
  const id = unpaid.json?.items?.[0]?.id;
  const one = await person.get(`/api/invoices/${encodeURIComponent(id)}`);
  const none = await person.get('/api/invoices/no-such-invoice');
  const link = await person.post(`/api/invoices/${encodeURIComponent(id)}/sso-link`, { target: 'pay' });
  const me = await person.get('/api/me');
  return { list, unpaid, one, none, link, me };
}

/** Which members an answer has, and of which kind; not their values, and lists by their first element. */
function kinds(value) {
  if (Array.isArray(value)) return value.length ? [kinds(value[0])] : [];
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, kinds(value[name])]));
}

await tally.test('two billing systems, one API', async () => {
  const stamp = Date.now().toString(36);
  const first = await open(common);
  tally.check(!first.ended, 'the first host runs', first.log.slice(-2000));
  const a = await walk(first, `swap-a-${stamp}@sample.example`);
  await first.stop();
  const second = await open({ ...common, 'plugins.whmcs.enabled': 'false', 'plugins.ledger.enabled': 'true' });
  tally.check(!second.ended, 'the host with the other connector runs', second.log.slice(-2000));
  if (second.ended) return;
  const b = await walk(second, `swap-b-${stamp}@sample.example`);
  for (const name of ['list', 'unpaid', 'one', 'none', 'link'])
    tally.check(a[name].status === b[name].status, `${name}: same status`, `${a[name].status} ${b[name].status} ${b[name].text}`);
  tally.check(b.list.json.total === 2 && b.list.json.items[0].number.startsWith('NL-'), 'these are the other system’s invoices', b.list.text);
  for (const name of ['unpaid', 'one'])
    tally.check(JSON.stringify(kinds(a[name].json)) === JSON.stringify(kinds(b[name].json)), `${name}: same members`, `${JSON.stringify(kinds(a[name].json))}\n${JSON.stringify(kinds(b[name].json))}`);
  tally.check(b.one.json.total.amount_minor === 3300 && b.one.json.total.currency === 'JPY', 'money as it is', b.one.text);
  tally.check(b.link.json.url?.startsWith('https://ledger.example/pay/') || b.link.json.site === 'ledger.example', 'the link leads to the other system', b.link.text);
  await second.stop();

  const both = await open({ ...common, 'plugins.ledger.enabled': 'true' });
  tally.check(both.log.includes('which ledger provides already: disable one of them'), 'of two connectors for the same operations one is not started, and why is said', both.log.slice(-500));
});
for (const host of hosts) await host.stop();

rmSync(plugins, { recursive: true });
tally.end();
