// Plugins changed under a running host: replaced, disabled, broken and mended, while requests run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { Tally } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { Workshop } from './workshop.mjs';

const kChanges = process.env.PORTICO_TEST_FULL ? 200 : 12;
const kPerSecond = 500;
const kGrowth_mb = 24; // of a host whose sanitizer or heap keeps some of what it had

const tally = new Tally();
const is = (name, fine, detail) => tally.check(fine, name, detail);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' });

function get(host, path) {
  return new Promise((done) => {
    const request = http.get(`${host.url}${path}`, { agent, family: 4 }, (answer) => {
      let text = '';
      answer.on('data', (bytes) => (text += bytes));
      answer.on('end', () => done({ status: answer.complete ? answer.statusCode : 0, text }));
      answer.on('error', () => done({ status: 0, text: 'cut off' }));
    });
    request.on('error', (error) => done({ status: 0, text: error.code }));
  });
}

/** `kPerSecond` requests a second on these paths in turn until the returned function is called; it gives what failed. */
function load(host, paths) {
  const running = [];
  const began = performance.now();
  const timer = setInterval(() => {
    while (running.length < ((performance.now() - began) * kPerSecond) / 1000) running.push(get(host, paths[running.length % paths.length]));
  }, 4);
  return async () => {
    clearInterval(timer);
    const answers = await Promise.all(running);
    return { count: answers.length, failed: answers.filter((a) => a.status !== 200) };
  };
}

const resident_mb = (host) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))[1]) / 1024;
const mapped = (host, shop) =>
  new Set(readFileSync(`/proc/${host.child.pid}/maps`, 'utf8').split('\n').filter((l) => l.includes(shop.cache)).map((l) => l.split(/\s+/).pop()));
const copies = (shop) => readdirSync(shop.cache).filter((name) => /^[0-9a-f]{32}-/.test(name));
const state = async (shop, id) => JSON.parse((await shop.portico('plugin', 'list', '--json')).out).plugins.find((p) => p.id === id);

async function replaced_under_load(shop) {
  const tide = [1, 2].map((n) => shop.compile('tide', `1.0.${n}`));
  shop.install('tide', tide[0]);
  shop.install('rock', shop.compile('rock', '3.0.0'));
  shop.configure({ 'plugins.tide.enabled': 'true', 'plugins.rock.enabled': 'true' });
  const host = await shop.start();
  const end_load = load(host, ['/api/tide', '/api/rock']);
  let memory = 0;
  for (let change = 1; change <= kChanges; change += 1) {
    shop.install('tide', tide[change % 2]);
    const { code, out } = await shop.portico('reload');
    const { text } = await get(host, '/api/tide');
    is(`change ${change} is made and seen at once`, code === 0 && /replaced\s+tide/.test(out) && /kept\s+rock/.test(out) && text === `1.0.${(change % 2) + 1}`, `${code} ${out} ${text}`);
    if (change === Math.ceil(kChanges / 4)) memory = resident_mb(host);
  }
  const { count, failed } = await end_load();
  is(`none of ${count} requests failed during ${kChanges} changes`, count > kChanges && failed.length === 0, JSON.stringify(failed.slice(0, 3)));
  is('what was replaced has left the memory', mapped(host, shop).size === 2, [...mapped(host, shop)].join(' '));
  is('only the copies in use are kept', copies(shop).length === 2, copies(shop).join(' '));
  const grown = resident_mb(host) - memory;
  is(`memory stays (grown by ${grown.toFixed(1)} MB)`, grown < kGrowth_mb);
  return host;
}

async function refused(shop, host) {
  const before = (await get(host, '/api/tide')).text;
  const bad = [
    ['start fails', { defines: ['TIDE_FAILS'] }, /there is no moon tonight/],
    ['it says that it is not well', { defines: ['TIDE_SICK'] }, /gauge: no water/],
    ['it takes a route of the host', { defines: ['TIDE_CLASHES'] }, /GET \/api\/pages/],
    ['it needs what nobody offers', { more: { operations: { provides: [], requires: ['moon.phase/1'], optional: [] } } }, /moon\.phase\/1/],
    ['it wants a newer host', { more: { abi: { major: 9, min_minor: 0 } } }, /wants ABI 9/],
  ];
  for (const [why, variant, said] of bad) {
    shop.install('tide', shop.compile('tide', '2.0.0', variant));
    const { code, out } = await shop.portico('reload');
    is(`refused, and told why: ${why}`, code === 1 && said.test(out), `${code} ${out}`);
    const answer = await get(host, '/api/tide');
    is(`the old one goes on: ${why}`, answer.status === 200 && answer.text === before, JSON.stringify(answer));
  }
  writeFileSync(join(shop.plugins, 'tide', '.new'), 'no library');
  execFileSync('mv', [join(shop.plugins, 'tide', '.new'), join(shop.plugins, 'tide', 'plugin.so')]);
  const garbage = await shop.portico('reload');
  is('a file that is no plugin is refused', garbage.code === 1 && /not_elf|no ELF|tide/.test(garbage.out), garbage.out);
  shop.install('tide', shop.compile('tide', '2.0.0'));
  for (const [setting, said] of [[{ 'plugins.tide.greting': 'x' }, /greeting/], [{ 'http.prot': '1' }, /http\.port/], [{ 'plugins.tied.enabled': 'true' }, /tide/]]) {
    shop.configure(setting);
    const { code, out } = await shop.portico('reload');
    is(`a wrong setting is refused, with the right one named: ${Object.keys(setting)}`, code === 1 && said.test(out), out);
    shop.configure({ [Object.keys(setting)[0]]: undefined });
  }
  is('still nothing has changed', (await get(host, '/api/tide')).text === before);
  const mended = await shop.portico('reload');
  is('mended, it is taken', mended.code === 0 && (await get(host, '/api/tide')).text === '2.0.0', mended.out);
}

async function settings_and_switches(shop, host) {
  shop.configure({ 'plugins.tide.greeting': 'high water' });
  const changed = await shop.portico('reload');
  is('a changed setting makes a new instance', /replaced\s+tide/.test(changed.out) && (await get(host, '/api/tide/settings')).text.includes('high water'), changed.out);
  shop.configure({ 'rate.read': '500/60s per user' });
  const of_host = await shop.portico('reload');
  is('a setting of the host waits for a start, and that is said', of_host.code === 0 && /next start.*rate\.read/.test(of_host.out), of_host.out);

  shop.configure({ 'plugins.tide.enabled': 'false' });
  const off = await shop.portico('reload');
  is('disabled: it ends', off.code === 0 && /stopped\s+tide/.test(off.out), off.out);
  is('disabled: its routes are gone, others stay', (await get(host, '/api/tide')).status === 404 && (await get(host, '/api/rock')).status === 200);
  is('disabled: the list says so', (await state(shop, 'tide')).state === 'disabled');
  shop.configure({ 'plugins.tide.enabled': 'true' });
  writeFileSync(join(shop.folder, 'seen'), '');
  host.child.kill('SIGHUP');
  await until(async () => (await get(host, '/api/tide')).status === 200, 'SIGHUP enables it again');
  is('SIGHUP reloads as well', (await state(shop, 'tide')).state === 'active');
  const unchanged = await shop.portico('reload');
  is('nothing changed: both are kept', /kept\s+(rock, tide|tide, rock)/.test(unchanged.out), unchanged.out);
}

async function slow_and_stuck(shop, host) {
  const before = (await get(host, '/api/tide')).text;
  const waiting = get(host, '/api/tide/slow');
  const holdings = async () => JSON.parse((await shop.portico('plugin', 'why', 'tide', '--json')).out).instances.map((i) => [i.state, i.holdings]);
  await until(async () => JSON.stringify(await holdings()).includes('GET /api/tide/slow'), 'the ledger shows the request');
  shop.install('tide', shop.compile('tide', '3.0.0'));
  const reload = shop.portico('reload');
  const answer = await waiting;
  is('a request that began before ends where it began', answer.status === 200 && answer.text === before, JSON.stringify(answer));
  const { code, out } = await reload;
  is('the reload waits for it', code === 0 && !/still_draining/.test(out), out);

  shop.install('tide', shop.compile('tide', '4.0.0', { defines: ['TIDE_SLOW_MS=15000'] }));
  await shop.portico('reload');
  const stuck = get(host, '/api/tide/slow');
  await until(async () => JSON.stringify(await holdings()).includes('GET /api/tide/slow'), 'the ledger shows the request');
  shop.install('tide', shop.compile('tide', '5.0.0'));
  const impatient = await shop.portico('reload');
  is('who does not leave is named', impatient.code === 0 && /still_draining\s+tide/.test(impatient.out), impatient.out);
  is('the new one serves meanwhile', (await get(host, '/api/tide')).text === '5.0.0');
  const why = await holdings();
  is('why tells what the old one holds', why.some(([s, lines]) => s === 'draining' && lines.some((l) => l.kind === 'request' && l.place === 'GET /api/tide/slow' && l.age_ms > 1000)), JSON.stringify(why));
  await stuck;
  await until(async () => (await holdings()).length === 1, 'the old one ends when its request has');
  is('when it has left, the old one ends by itself', true);
}

/** What waits for an upstream or for room to call it does not learn that another version was refused. */
async function calls_go_on(shop, host) {
  const moon = http.createServer((request, answer) => setTimeout(() => answer.end('{}'), 50)); // on purpose: a call that is under way
  await new Promise((done) => moon.listen(0, '127.0.0.1', done));
  const more = {
    extensions: { required: ['portico.routes/1', 'portico.exchange/1', 'portico.config/1', 'portico.health/1', 'portico.outbound/1'], optional: [] },
    outbound: { moon: { base_url: 'moon_url', lanes: { standard: { concurrency: 2, queue: 500, queue_wait_ms: 20000 } } } },
    config: { greeting: { type: 'text', default: 'ahoy' }, moon_url: { type: 'url', required: true } },
    lanes: { standard: { workers: 8, queue: 500, wait_ms: 20000 } },
  };
  shop.install('tide', shop.compile('tide', '5.1.0', { defines: ['TIDE_CALLS'], more }));
  shop.configure({ 'plugins.tide.moon_url': `http://127.0.0.1:${moon.address().port}` });
  const taken = await shop.portico('reload');
  is('a version that calls an upstream is taken', taken.code === 0, taken.out);
  const held = await shop.portico('upstream', 'isolate', 'tide_moon');
  const refused = await get(host, '/api/tide/call');
  is('an isolated upstream is not called, and that is said', held.code === 0 && /tide_moon\s+standard.*isolated/.test(held.out) && refused.status === 503 && refused.text.includes('upstream.isolated'), held.out + refused.text);
  const unknown = await shop.portico('upstream', 'isolate', 'tide_mond');
  is('an upstream that nobody calls is refused', unknown.code === 1 && /upstream\.unknown/.test(unknown.out), unknown.out);
  const restored = await shop.portico('upstream', 'restore', 'tide_moon');
  is('restored, it is called again', restored.code === 0 && (await get(host, '/api/tide/call')).status === 200, restored.out);
  // Nobody is at the address that the refused version would call.
  shop.configure({ 'plugins.tide.moon_url': 'http://127.0.0.1:9' });
  for (const [version, defines, said] of [['5.2.0', ['TIDE_FAILS'], /no moon/], ['5.2.1', ['TIDE_LOOKS'], /tide_moon--starting/]]) {
    shop.install('tide', shop.compile('tide', version, { defines: ['TIDE_CALLS', 'TIDE_STARTS_MS=300', ...defines], more }));
    for (let round = 1; round <= 3; round += 1) {
      let refusing = true;
      const calls = Promise.all(
        Array.from({ length: 20 }, async () => {
          const seen = [];
          while (refusing) seen.push(await get(host, '/api/tide/call'));
          return seen;
        }),
      );
      const { code, out } = await shop.portico('reload');
      refusing = false;
      const all = (await calls).flat();
      const failed = all.filter((answer) => answer.status !== 200);
      is(`calls go where they went while ${version} is refused (${round})`, code === 1 && said.test(out) && failed.length === 0 && all.length >= 20, `${all.length} ${JSON.stringify(failed.slice(0, 3))}${out}`);
    }
  }
  const listed = await shop.portico('upstream', 'list');
  is('of refused versions no upstream is left', /tide_moon /.test(listed.out) && !/starting/.test(listed.out), listed.out);

  // A version that looks at its own upstream before it takes over.
  let looked = 0;
  const other = http.createServer((request, answer) => ((looked += 1), answer.end('{}')));
  await new Promise((done) => other.listen(0, '127.0.0.1', done));
  shop.configure({ 'plugins.tide.moon_url': `http://127.0.0.1:${other.address().port}` });
  shop.install('tide', shop.compile('tide', '5.2.2', { defines: ['TIDE_CALLS', 'TIDE_LOOKS'], more }));
  const isolated = await shop.portico('upstream', 'isolate', 'tide_moon');
  const kept_away = await shop.portico('reload');
  is('a starting version does not call an isolated upstream', isolated.code === 0 && kept_away.code === 1 && looked === 0 && /isolated/.test(kept_away.out), kept_away.out);
  await shop.portico('upstream', 'restore', 'tide_moon');
  const looks = await shop.portico('reload');
  is('a starting version calls the upstream of its own settings', looks.code === 0 && looked === 1, `${looked} ${looks.out}`);
  const there = await get(host, '/api/tide/call');
  const after = await shop.portico('upstream', 'list');
  is('and goes on with it when it has taken over', there.status === 200 && there.text === '5.2.2' && looked === 2 && !/starting/.test(after.out), `${there.text} ${looked} ${after.out}`);
  shop.configure({ 'plugins.tide.moon_url': undefined });
  shop.install('tide', shop.compile('tide', '5.3.0'));
  await shop.portico('reload');
  moon.close();
  other.close();
}

/** A signal to stop is seen while a reload still waits for a request. */
async function stopped_while_changing(shop) {
  shop.configure({ 'plugins.drain_ms': '60000' });
  shop.install('tide', shop.compile('tide', '10.0.0', { defines: ['TIDE_SLOW_MS=6000'] }));
  const host = await shop.start();
  let answered = false;
  const slow = get(host, '/api/tide/slow').finally(() => (answered = true));
  const tides = async () => JSON.parse((await shop.portico('plugin', 'why', 'tide', '--json')).out).instances;
  await until(async () => JSON.stringify(await tides()).includes('GET /api/tide/slow'), 'the ledger shows the request');
  shop.install('tide', shop.compile('tide', '10.0.1'));
  host.child.kill('SIGHUP');
  await until(async () => (await tides()).length === 2, 'the new version serves beside the old');
  host.child.kill('SIGHUP'); // a second one waits its turn
  host.child.kill('SIGTERM');
  await until(() => host.log.includes('"stopping"') || answered, 'the host has seen the signal');
  is('SIGTERM is seen while a reload waits for a request', !answered && host.log.includes('"stopping"'));
  is('the request ends as well', (await slow).status === 200);
  await host.waitForEnd();
  is('and the host ends in order', host.child.exitCode === 0, host.log.slice(-500));
  shop.configure({ 'plugins.drain_ms': '3000' });
}

async function leases_and_images(shop, host) {
  const operations = { provides: [], requires: [], optional: ['moon.phase/1'] };
  shop.install('tide', shop.compile('tide', '6.0.0', { defines: ['TIDE_LEAKS'], more: { operations } }));
  await shop.portico('reload');
  await get(host, '/api/tide/settings');
  const why = await shop.portico('plugin', 'why', 'tide');
  is('why names what it calls and who answers', /uses:\s+moon\.phase\/1 of nobody \(optional\)/.test(why.out), why.out);
  is('a lease that was not given back is in the ledger', /lease\s+a text/.test(why.out), why.out);
  const top = JSON.parse((await shop.portico('plugin', 'top', '--json')).out).plugins.find((p) => p.id === 'tide');
  is('top counts calls and what is held', top.calls >= 1 && top.holds >= 1 && top.processor_ms >= 0, JSON.stringify(top));
  const unknown = await shop.portico('plugin', 'why', 'tied');
  is('an unknown plugin is told, with the likely one', unknown.code === 1 && /did you mean 'tide'/.test(unknown.out), unknown.out);
}

async function bundles(shop, host) {
  const bundle = async (version, variant = {}, name = version) => {
    shop.install('spare', shop.compile('tide', version, variant));
    const folder = join(shop.folder, `bundle-${name}`);
    mkdirSync(join(folder, 'tide'), { recursive: true });
    renameSync(join(shop.plugins, 'spare', 'plugin.so'), join(folder, 'tide', 'plugin.so'));
    rmSync(join(shop.plugins, 'spare'), { recursive: true });
    const file = join(shop.folder, `tide-${name}.portico`);
    const made = await shop.portico('plugin', 'bundle', 'tide', file, '--set', `plugins.path=${folder}`, '--set', 'plugins.rock.enabled=false');
    if (made.code !== 0) throw new Error(made.out);
    return file;
  };
  const version = async () => (await get(host, '/api/tide')).text;
  const before = await version();
  const asked = await shop.portico('plugin', 'install', await bundle('8.0.0'));
  is('an install says what comes, and does nothing unasked', asked.code === 1 && /tide 8\.0\.0 in place of/.test(asked.out) && /data: it keeps none/.test(asked.out) && (await version()) === before, asked.out);
  const installed = await shop.portico('plugin', 'install', await bundle('8.0.0'), '--yes');
  is('an install changes the running host over', installed.code === 0 && (await version()) === '8.0.0', installed.out);
  const sick = await shop.portico('plugin', 'install', await bundle('9.0.0', { defines: ['TIDE_FAILS'] }), '--yes');
  is('a bundle that does not start is taken away again', sick.code === 1 && /no moon/.test(sick.out) && /in its place again/.test(sick.out), sick.out);
  const again = await shop.portico('reload');
  is('… and the version before is what lies there', again.code === 0 && (await version()) === '8.0.0', again.out);
  const back = await shop.portico('plugin', 'rollback', 'tide', '--yes');
  is('a rollback brings the version before the install', back.code === 0 && (await version()) === before, back.out);
  const forth = await shop.portico('plugin', 'rollback', 'tide', '--yes');
  is('… and can itself be rolled back', forth.code === 0 && (await version()) === '8.0.0', forth.out);
  const busy = await shop.portico('plugin', 'remove', 'tide', '--yes');
  is('what is enabled is not removed', busy.code === 1 && /disable it first/.test(busy.out), busy.out);
  shop.configure({ 'plugins.tide.enabled': 'false' });
  await shop.portico('reload');
  const removed = await shop.portico('plugin', 'remove', 'tide', '--yes');
  is('what is disabled is', removed.code === 0 && !existsSync(join(shop.plugins, 'tide')), removed.out);
  const fresh = await shop.portico('plugin', 'install', await bundle('8.0.0'), '--yes');
  is('a new plugin waits to be enabled, and that is said', fresh.code === 0 && /plugins\.tide\.enabled = true/.test(fresh.out), fresh.out);
  shop.configure({ 'plugins.tide.enabled': 'true' });
  await shop.portico('reload');

  const hostile = {
    'leaves its folder': "z.writestr('plugin.so', so); z.writestr('web/../../evil', 'x')",
    'is absolute': "z.writestr('plugin.so', so); z.writestr('/etc/evil', 'x')",
    'has a name of its own': "z.writestr('plugin.so', so); z.writestr('run.sh', 'x')",
    'has no library': "z.writestr('web/a.js', 'x')",
    'has a library that is none': "z.writestr('plugin.so', 'x' * 1000)",
    'grows too large': "z.writestr('plugin.so', so); [z.writestr('web/%d' % n, bytes(1 << 24)) for n in range(20)]",
    'has too many files': "z.writestr('plugin.so', so); [z.writestr('web/%d' % n, '') for n in range(5000)]",
  };
  const library = join(shop.plugins, 'tide', 'plugin.so');
  for (const [why, make] of Object.entries(hostile)) {
    const file = join(shop.folder, 'hostile.portico');
    execFileSync('python3', ['-c', `import zipfile\nso = open('${library}', 'rb').read()\nwith zipfile.ZipFile('${file}', 'w', zipfile.ZIP_DEFLATED) as z:\n    ${make.replace(/; /g, '\n    ')}`]);
    const { code, out } = await shop.portico('plugin', 'install', file, '--yes');
    is(`a bundle is refused that ${why}`, code === 1 && /bundle\.not_a_bundle|plugin\./.test(out), `${code} ${out}`);
  }
  const whole = readFileSync(await bundle('8.0.1'));
  for (const size of [0, 10, Math.floor(whole.length / 2), whole.length - 30, whole.length - 1]) {
    const file = join(shop.folder, 'cut.portico');
    writeFileSync(file, whole.subarray(0, size));
    const { code, out } = await shop.portico('plugin', 'install', file, '--yes');
    is(`a bundle is refused that is cut at ${size}`, code === 1 && /bundle\.|plugin\./.test(out), `${code} ${out}`);
  }
  is('none of them changed anything', (await version()) === '8.0.0');
}

async function of_killed_hosts(shop, host) {
  host.child.kill('SIGKILL');
  await host.waitForEnd();
  const left = copies(shop).map((name) => join(shop.cache, name));
  const old = new Date(Date.now() - 600_000);
  for (const folder of left) utimesSync(folder, old, old);
  const offline = await shop.portico('plugin', 'list');
  is('without a host the files are listed', /No host is running/.test(offline.out) && /tide/.test(offline.out), offline.out);
  const next = await shop.start();
  is('the copies of a killed host are removed at the next start', left.length > 0 && left.every((folder) => !existsSync(folder)), left.join(' '));
  is('its socket is taken over', (await state(shop, 'rock')).state === 'active');
  for (const name of copies(shop)) utimesSync(join(shop.cache, name), old, old);
  const in_use = copies(shop);
  const shop_two = await shop.start();
  is('those of a host that runs are not', in_use.every((name) => existsSync(join(shop.cache, name))), in_use.join(' '));
  is('a second host does not take the socket of the first', /control\.taken/.test(shop_two.log), shop_two.log.slice(-300));
  await shop_two.stop();
  if (process.getuid() === 0) {
    execFileSync('chmod', ['755', shop.folder]);
    execFileSync('chmod', ['666', shop.socket]);
    const stranger = execFileSync('runuser', ['-u', 'nobody', '--', 'node', '-e',
      `const s=require('net').connect('${shop.socket}');s.write('{"command":"list"}\\n');s.on('data',b=>process.stdout.write(b));s.on('error',()=>0);s.on('close',()=>0)`], { encoding: 'utf8' });
    is('another user is not let in', stranger === '', stranger.slice(0, 200));
  }
  return next;
}

async function kept_images(shop) {
  shop.configure({ 'plugins.retired_limit_mb': '0' });
  const file = (version) => shop.compile('tide', version, { more: { unload: 'retired' } });
  shop.install('tide', file('7.0.0'));
  const host = await shop.start();
  shop.install('tide', file('7.0.1'));
  const first = await shop.portico('reload');
  shop.install('tide', file('7.0.2'));
  const second = await shop.portico('reload');
  is('images that stay are counted, and beyond the limit a restart is asked for', first.code === 0 && second.code === 1 && /restart the host/.test(second.out), second.out);
  is('… and the one before serves on', (await get(host, '/api/tide')).text === '7.0.1');
  await host.stop();
}

const shop = new Workshop();
let host;
try {
  host = await replaced_under_load(shop);
  await refused(shop, host);
  await settings_and_switches(shop, host);
  await slow_and_stuck(shop, host);
  await calls_go_on(shop, host);
  await leases_and_images(shop, host);
  await bundles(shop, host);
  host = await of_killed_hosts(shop, host);
  is('SIGTERM ends it in order', (await host.stop()) === 0, host.log.slice(-500));
  await stopped_while_changing(shop);
  await kept_images(shop);
} catch (error) {
  is('the script reached its end', false, error.stack);
  console.error(host?.log.slice(-2000));
} finally {
  agent.destroy();
  shop.remove();
}
tally.end();
