// The PHP hook file and the sandbox's played one: same events, same headers, same signature; and a file that never harms.
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tally, build, root } from '../lib/portal.mjs';

const kSecret = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`;
const kHookFile = join(root, 'config/whmcs/portico_hooks.php');
const kLongest_ms = 60_000; // for a run of PHP that must end by itself

/** What WHMCS passes to each hook, secrets included, for the ids of an event. */
const kPerson = { firstname: 'Hanako', lastname: 'Sample', email: 'hanako@sample.example', password: 'clear-Text-1' };
const invoice = (ids) => ({ invoiceid: ids.invoice_id, source: 'api', user: 1, status: 'Unpaid' });
const order = (ids) => ({ orderid: ids.order_id });
const module = (ids) => ({
  params: { serviceid: ids.service_id, userid: ids.client_id, password: 'clear-Text-1', serverpassword: 'clear-Text-2', clientsdetails: kPerson },
});
const service = (ids) => ({ userid: ids.client_id, serviceid: ids.service_id });
const upgrade = (ids) => ({ upgradeid: ids.upgrade_id });
const kVars = {
  InvoiceCreated: invoice,
  InvoicePaid: invoice,
  InvoiceCancelled: invoice,
  InvoiceRefunded: invoice,
  InvoiceUnpaid: invoice,
  AddInvoicePayment: invoice,
  UpdateInvoiceTotal: invoice,
  InvoiceChangeGateway: (ids) => ({ invoiceid: ids.invoice_id, paymentmethod: 'stripe' }),
  AddTransaction: (ids) => ({ id: ids.transaction_id, userid: ids.client_id, gateway: 'stripe', transid: 'clear-Text-3', invocieid: ids.invoice_id }),
  ClientAdd: (ids) => ({ client_id: ids.client_id, user_id: ids.user_id, userid: ids.client_id, ...kPerson }),
  ClientEdit: (ids) => ({ userid: String(ids.client_id), ...kPerson, olddata: kPerson }),
  ClientClose: (ids) => ({ userid: ids.client_id }),
  AcceptOrder: order,
  CancelOrder: order,
  PendingOrder: order,
  FraudOrder: order,
  DeleteOrder: order,
  OrderPaid: (ids) => ({ orderId: ids.order_id, userId: ids.client_id, invoiceId: ids.invoice_id }),
  AfterShoppingCartCheckout: (ids) => ({ OrderID: ids.order_id, OrderNumber: 4471902236, ServiceIDs: [1, 2], InvoiceID: ids.invoice_id ?? 0, TotalDue: '1.00' }),
  ServiceEdit: service,
  ServiceDelete: service,
  CancellationRequest: (ids) => ({ userid: ids.client_id, relid: ids.service_id, reason: 'clear-Text-4', type: 'Immediate' }),
  AfterProductUpgrade: upgrade,
  AfterConfigOptionsUpgrade: upgrade,
  ProductEdit: (ids) => ({ pid: ids.product_id, name: 'Fiber', configoption1: 'clear-Text-5' }),
  ProductDelete: (ids) => ({ pid: ids.product_id }),
  DailyCronJob: () => ({}),
};
for (const verb of ['Create', 'Suspend', 'Unsuspend', 'Terminate', 'ChangePackage']) {
  kVars[`AfterModule${verb}`] = module;
  kVars[`AfterModule${verb}Failed`] = (ids) => ({ ...module(ids), failureResponseMessage: 'clear-Text-6' });
}

const tally = new Tally();
const folder = mkdtempSync(join(tmpdir(), 'portico-hooks-'));
const received = [];
let silent = false; // takes requests and never answers
const receiver = createServer((request, response) => {
  const parts = [];
  request.on('data', (bytes) => parts.push(bytes));
  request.on('end', () => {
    received.push({ path: request.url, method: request.method, headers: request.headers, body: Buffer.concat(parts).toString() });
    if (!silent) response.writeHead(200, { 'Content-Type': 'text/plain' }).end('an answer that nobody may print');
  });
});
await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
const portal = `http://127.0.0.1:${receiver.address().port}`;

function install(settings) {
  copyFileSync(kHookFile, join(folder, 'portico_hooks.php'));
  const values = Object.entries(settings).map(([key, value]) => `'${key}' => ${JSON.stringify(value)}`);
  writeFileSync(join(folder, 'portico_hooks.config.php'), `<?php return [${values.join(', ')}];\n`);
}

/** Runs PHP without blocking the receiver; what it printed and how long it took. */
async function whmcs(calls, ...more) {
  const began = performance.now();
  const child = spawn('php', [join(root, 'tests/whmcs_hooks/whmcs.php'), folder, ...more], { timeout: kLongest_ms });
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (output += bytes));
  child.stdin.end(JSON.stringify(calls));
  const code = await new Promise((done) => child.on('close', done));
  return { code, output, took_ms: performance.now() - began };
}

const signed = (event) => {
  const key = Buffer.from(kSecret.slice('whsec_'.length), 'base64');
  const text = `${event.headers['webhook-id']}.${event.headers['webhook-timestamp']}.${event.body}`;
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}` === event.headers['webhook-signature'];
};

/** An event without what differs from one to the next. */
const shape = (event) => {
  const body = JSON.parse(event.body);
  return JSON.stringify({ ...body, id: 'x', occurred_at: 'x' });
};
const headerNames = (event) => Object.keys(event.headers).filter((name) => name.startsWith('webhook-') || name === 'content-type').sort().join();
const take = () => received.splice(0, received.length);

await tally.test('the files are PHP', async () => {
  for (const file of ['portico_hooks.php', 'portico_hooks.config.example.php']) {
    const lint = spawnSync('php', ['-l', join(root, 'config/whmcs', file)], { encoding: 'utf8' });
    tally.check(lint.status === 0, `php -l ${file}`, lint.stdout + lint.stderr);
  }
  const alone = spawnSync('php', [kHookFile], { encoding: 'utf8' });
  tally.check(alone.stdout === 'This file cannot be accessed directly', 'opened by itself it does nothing', alone.stdout);
});

// ---- the sandbox's own events ----

const box = spawn(join(build, 'bin/sandbox'), ['--port', '0', '--smtp-port', '0', '--new-client-invoices', 'none'], { stdio: ['ignore', 'pipe', 'inherit'] });
const port = await new Promise((done, fail) => {
  box.stdout.once('data', (line) => done(JSON.parse(line).http));
  box.once('exit', () => fail(new Error('the sandbox ended')));
});
const sandbox = `http://127.0.0.1:${port}`;
const api = async (action, fields = {}) => {
  const body = new URLSearchParams({ action, responsetype: 'json', identifier: 'sandboxIdentifier000000000000001', secret: 'sandboxSecret0000000000000000001', ...fields });
  return (await fetch(`${sandbox}/whmcs/includes/api.php`, { method: 'POST', body })).json();
};

await tally.test('both tables are the same', async () => {
  install({ url: '', secret: '' });
  const php = JSON.parse((await whmcs([], 'table')).output);
  const { forwarded } = await (await fetch(`${sandbox}/control/whmcs/hooks`)).json();
  const sorted = (table) => JSON.stringify(Object.keys(table).sort().map((hook) => [hook, table[hook]]));
  tally.check(sorted(php.table) === sorted(forwarded), 'hook file and sandbox forward the same ids', `${sorted(php.table)}\n${sorted(forwarded)}`);
  tally.check(php.registered.length === Object.keys(php.table).length, 'every row is registered');
  tally.check(Object.keys(php.table).every((hook) => kVars[hook]), 'every row is tested', Object.keys(php.table).filter((hook) => !kVars[hook]).join());
});

await tally.test('an event of PHP is an event of the sandbox', async () => {
  await fetch(`${sandbox}/control/whmcs/switches`, { method: 'PUT', body: JSON.stringify({ hook_url: `${portal}/sandbox`, hook_secret: kSecret }) });
  await api('AddClient', { firstname: 'A', lastname: 'B', email: 'a@sample.example', address1: '1', city: 'C', state: 'S', postcode: '1', country: 'JP', phonenumber: '0312345678', password2: 'clear-Text-1' });
  await api('UpdateClient', { clientid: 102, city: 'Sakai' });
  const sim = await api('AddOrder', { clientid: 102, paymentmethod: 'stripe', 'pid[0]': 22 });
  await api('AcceptOrder', { orderid: sim.orderid });
  await api('AddInvoicePayment', { invoiceid: sim.invoiceid, transid: 't1', gateway: 'stripe' });
  await api('ModuleSuspend', { serviceid: sim.serviceids });
  await api('UpdateClientProduct', { serviceid: sim.serviceids, notes: 'x' });
  await api('AddCancelRequest', { serviceid: sim.serviceids, type: 'Immediate' });
  const fiber = await api('AddOrder', { clientid: 102, paymentmethod: 'stripe', 'pid[0]': 12 });
  await api('CancelOrder', { orderid: fiber.orderid });
  await api('PendingOrder', { orderid: fiber.orderid });
  await api('FraudOrder', { orderid: fiber.orderid });
  await api('DeleteOrder', { orderid: fiber.orderid });
  const down = await api('UpgradeProduct', { serviceid: 3101, type: 'product', newproductid: 16, newproductbillingcycle: 'monthly', paymentmethod: 'stripe' });
  tally.check(down.result === 'success', 'the scenario runs to its end', JSON.stringify(down));
  const played = take();
  const names = new Set(played.map((event) => JSON.parse(event.body).event));
  tally.check(names.size >= 16, 'the sandbox posts many kinds', [...names].join());

  install({ url: `${portal}/api/webhooks/whmcs`, secret: kSecret, timeout_ms: 20_000, allow_http: true });
  const ran = await whmcs(played.map((event) => JSON.parse(event.body)).map((body) => ({ hook: body.event, vars: kVars[body.event](body.ids) })));
  tally.check(ran.code === 0 && ran.output === '', 'the hook file prints nothing', ran.output);
  const real = take();
  tally.check(real.length === played.length, 'one event each', `${real.length} of ${played.length}`);
  const ids = new Set();
  for (const [n, event] of real.entries()) {
    const name = JSON.parse(event.body).event;
    tally.check(shape(event) === shape(played[n]), `${name}: same body`, `${event.body}\n${played[n].body}`);
    tally.check(headerNames(event) === headerNames(played[n]), `${name}: same headers`, `${headerNames(event)}\n${headerNames(played[n])}`);
    tally.check(signed(event) && signed(played[n]), `${name}: both signed`);
    tally.check(event.method === 'POST' && event.path === '/api/webhooks/whmcs', `${name}: posted to the url`);
    ids.add(event.headers['webhook-id']);
  }
  tally.check(ids.size === real.length, 'every event has an id of its own');
});

await tally.test('ids alone leave WHMCS', async () => {
  const all = Object.keys(kVars);
  const numbers = { invoice_id: 9001, order_id: 731, service_id: 501, client_id: 418, user_id: 533, transaction_id: 7710, upgrade_id: 44, product_id: 12 };
  const ran = await whmcs([...all.map((hook) => ({ hook, vars: kVars[hook](numbers) })), { hook: 'UserAdd', vars: kPerson }, { hook: 'CCUpdate', vars: { cardnum: '4242' } }]);
  const events = take();
  tally.check(ran.output === '' && events.length === all.length, 'every hook of the table posts, no other does', `${events.length} ${ran.output}`);
  for (const event of events) {
    tally.check(!/clear-Text|Hanako|@/.test(event.body), 'no secret, no name', event.body);
    tally.check(Object.values(JSON.parse(event.body).ids).every(Number.isInteger), 'ids are whole numbers', event.body);
  }
  const odd = [null, [], { invoiceid: '9001; DROP' }, { invoiceid: { a: 1 } }, { invoiceid: -1 }, { invoiceid: 0 }];
  const strange = await whmcs(odd.map((vars) => ({ hook: 'InvoicePaid', vars })));
  tally.check(strange.output === '' && take().every((event) => JSON.stringify(JSON.parse(event.body).ids) === '{}'), 'what is no id is left out', strange.output);
});

await tally.test('nothing of the portal harms WHMCS', async () => {
  const call = [{ hook: 'InvoicePaid', vars: { invoiceid: 9001 } }];
  silent = true;
  install({ url: portal, secret: kSecret, timeout_ms: 300, allow_http: true });
  const slow = await whmcs(call);
  tally.check(slow.code === 0 && slow.output === '' && slow.took_ms < 20_000, 'a portal that never answers is given up', `${slow.took_ms} ms ${slow.output}`);
  tally.check(take().length === 1, 'and asked once');
  silent = false;
  for (const [name, settings] of [
    ['nobody listens', { url: 'http://127.0.0.1:9', secret: kSecret, timeout_ms: 300, allow_http: true }],
    ['an address that is none', { url: 'http://[', secret: kSecret, allow_http: true }],
    ['plain http where it is not allowed', { url: portal, secret: kSecret }],
    ['a file of the machine', { url: 'file:///etc/hostname', secret: kSecret, allow_http: true }],
    ['a secret that is none', { url: portal, secret: 'plain', allow_http: true }],
    ['a short secret', { url: portal, secret: 'whsec_YQ==', allow_http: true }],
    ['no url', { url: '', secret: kSecret, allow_http: true }],
  ]) {
    install(settings);
    const ran = await whmcs(call);
    tally.check(ran.code === 0 && ran.output === '' && take().length === 0, name, ran.output);
  }
  // WHMCS loads every file of the folder: the settings may throw only when the hook file asks for them.
  writeFileSync(join(folder, 'portico_hooks.config.php'), "<?php if (function_exists('portico_hooks_settings')) { throw new RuntimeException('settings'); }\n");
  const thrown = await whmcs(call);
  tally.check(thrown.code === 0 && thrown.output === '' && take().length === 0, 'settings that throw stay inside', thrown.output);
  rmSync(join(folder, 'portico_hooks.config.php'));
  const bare = await whmcs(call);
  tally.check(bare.output === '' && take().length === 0, 'without settings it is silent', bare.output);
});

box.kill('SIGTERM');
receiver.closeAllConnections();
receiver.close();
rmSync(folder, { recursive: true, force: true });
tally.end();
