// The cases: each measures, interleaved in one run, and returns rows for the table.
import { availableParallelism, cpus } from 'node:os';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessToken, begin, keepAsking, cookies, listenIn, environment, hold_idle, kBrowser, load, newCustomer, pace, peerToken, program, reply, resident_mb, run, sql, startFloor, startHost, startPeer } from './stand.mjs';

const threads = availableParallelism();
const kOnlyBench = { 'plugins.bench1.enabled': 'true' };

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length % 2 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}
const spread = (numbers, digits) => `${Math.min(...numbers).toFixed(digits)}–${Math.max(...numbers).toFixed(digits)}`;
const k = (rps) => `${(rps / 1000).toFixed(1)} k/s`;
const at_least = (value, wanted) => (value >= wanted ? 'met' : 'missed');
const at_most = (value, wanted) => (value <= wanted ? 'met' : 'missed');

/** A B C, A B C, …: the sides of one round stand beside each other in time, so that noise hits them alike. */
async function interleave(rounds, sides) {
  const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (const side of Object.values(sides)) await side(); // warm
  for (let round = 0; round < rounds; round += 1)
    for (const [name, side] of Object.entries(sides)) results[name].push(await side());
  return results;
}

/** The median of the rounds' own ratios. */
function ratio(results, a, b, of = (r) => r.rps) {
  const each = results[a].map((result, i) => of(result) / of(results[b][i]));
  return { value: median(each), spread: spread(each, 2) };
}
const rps_of = (results, name) => median(results[name].map((r) => r.rps));
const cpu_of = (results, name) => median(results[name].map((r) => r.cpu_us));

function throughput_row(work, results, side, target, more = '') {
  const r = ratio(results, side, 'floor');
  return {
    work,
    target: `≥ ${target} of the floor`,
    figure: `${r.value.toFixed(2)} (${r.spread})`,
    verdict: at_least(r.value, target),
    detail: `${k(rps_of(results, side))} at ${cpu_of(results, side).toFixed(1)} µs; floor ${k(rps_of(results, 'floor'))} at ${cpu_of(results, 'floor').toFixed(1)} µs${more}`,
    value: r.value,
  };
}

async function tiny({ rounds }) {
  const host = await startHost(kOnlyBench);
  const path = '/api/bench1/tiny';
  const floor = await startFloor((await reply(host, path)).bytes, threads);
  const results = await interleave(rounds, { host: () => load(host, path), floor: () => load(floor, path) });
  return [throughput_row('tiny JSON route through a plugin’s workers', results, 'host', 0.45)];
}

async function cached({ rounds }) {
  const host = await startHost(kOnlyBench);
  const path = '/api/bench1/public';
  const rows = [];
  for (const [name, headers] of [['bare headers', []], ['a browser’s headers', kBrowser]]) {
    await reply(host, path, headers);
    const { bytes, cached: hit } = await reply(host, path, headers);
    if (!hit) throw new Error(`${path} is not answered from the cache`);
    const floor = await startFloor(bytes, threads);
    const results = await interleave(rounds, { host: () => load(host, path, { headers }), floor: () => load(floor, path, { headers }) });
    await floor.stop();
    rows.push(throughput_row(`public cached GET from the reactor, ${name}`, results, 'host', 0.7));
    const cpu = ratio(results, 'host', 'floor', (r) => r.cpu_us);
    rows.push({ work: `… its processor time a request, ${name}`, target: '≤ 1.6 × the floor’s', figure: `${cpu.value.toFixed(2)} (${cpu.spread})`, verdict: at_most(cpu.value, 1.6), detail: '', value: cpu.value });
  }
  return rows;
}

async function invoices({ rounds }) {
  const host = await startHost();
  const without = await startHost({ 'cache.local_bytes': '0' });
  const peer = await startPeer(1);
  const peers = await startPeer(threads);
  const path = '/api/invoices';
  const ask = async (server) => {
    const client = await newCustomer(server);
    const headers = [...kBrowser, cookies(client, server.port)];
    const list = await client.get(path);
    if (list.status !== 200) throw new Error(`${path}: ${list.status} ${list.text}`);
    return { headers, list: list.text };
  };
  const with_tier = await ask(host);
  const without_tier = await ask(without);
  await run('redis-cli', ['-u', environment.REDIS_URL, 'set', 'invoices:peer', with_tier.list]);
  const peer_headers = [...kBrowser, `Cookie: access=${peerToken('peer')}`];
  const { bytes, cached: hit } = await reply(host, path, with_tier.headers);
  if (!hit) throw new Error(`${path} is not answered from the cache`);
  const floor = await startFloor(bytes, threads);
  const results = await interleave(rounds, {
    host: () => load(host, path, { headers: with_tier.headers }),
    floor: () => load(floor, path, { headers: with_tier.headers }),
    without: () => load(without, path, { headers: without_tier.headers }),
    peer: () => load(peer, path, { headers: peer_headers }),
    peers: () => load(peers, path, { headers: peer_headers }),
  });
  const rows = [throughput_row('signed-in cached GET /api/invoices', results, 'host', 0.5, `; the answer has ${bytes} bytes`)];
  for (const [side, name] of [['host', 'the same'], ['without', 'the same, in-process tier off']])
    for (const [other, label] of [['peer', 'one process'], ['peers', `${threads} processes`]]) {
      const r = ratio(results, side, other);
      rows.push({
        work: `${name}, against NestJS + Fastify in ${label}`,
        target: side === 'host' ? '≥ 20 ×' : 'shown',
        figure: `${r.value.toFixed(1)} (${r.spread})`,
        verdict: side === 'host' ? at_least(r.value, 20) : '',
        detail: `${k(rps_of(results, side))} at ${cpu_of(results, side).toFixed(0)} µs; peer ${k(rps_of(results, other))} at ${cpu_of(results, other).toFixed(0)} µs`,
        value: r.value,
      });
    }
  return rows;
}

async function idle({ rounds }) {
  const kIdle = 8000, kRate = 2000, kSeconds = 4;
  const host = await startHost(kOnlyBench);
  const measure = () => pace(host, '/api/bench1/public', { rate: kRate, seconds: kSeconds });
  await measure();
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await measure();
    const memory = resident_mb(host.pid);
    const held = await hold_idle(host, kIdle);
    const grown = resident_mb(host.pid) - memory;
    const during = await measure();
    const alive = await held.release();
    if (alive !== kIdle) throw new Error(`only ${alive} of ${kIdle} idle connections were kept`);
    pairs.push({ before, during, grown });
  }
  const grown = Math.max(...pairs.map((p) => p.grown));
  const slower = pairs.map((p) => p.during.p99_us / p.before.p99_us);
  return [
    { work: `${kIdle} idle keep-alive connections: memory`, target: '< 80 MB more', figure: `${grown.toFixed(0)} MB`, verdict: at_most(grown, 80), detail: `${((grown * 1024) / kIdle).toFixed(1)} KB each`, value: grown },
    {
      work: `… p99 of the others at ${kRate} requests/s`,
      target: '≤ 1.2 × that without',
      figure: `${median(slower).toFixed(2)} (${spread(slower, 2)})`,
      verdict: at_most(median(slower), 1.2),
      detail: `p50 ${median(pairs.map((p) => p.before.p50_us)).toFixed(0)} → ${median(pairs.map((p) => p.during.p50_us)).toFixed(0)} µs, p99 ${median(pairs.map((p) => p.before.p99_us)).toFixed(0)} → ${median(pairs.map((p) => p.during.p99_us)).toFixed(0)} µs`,
      value: median(slower),
    },
  ];
}

async function start({ rounds }) {
  const ready = [], memory = [];
  await (await startHost()).stop(); // migrations, and the files in the page cache
  for (let round = 0; round < rounds; round += 1) {
    const host = await startHost({ 'migrations.at_start': 'false' });
    ready.push(host.ready_ms);
    memory.push(resident_mb(host.pid));
    await host.stop();
  }
  return [
    { work: 'start to ready, all plugins', target: '< 1 s', figure: `${median(ready).toFixed(0)} ms (${spread(ready, 0)})`, verdict: at_most(median(ready), 1000), detail: '', value: median(ready) },
    { work: 'resident memory, all plugins', target: '< 80 MB', figure: `${median(memory).toFixed(0)} MB`, verdict: at_most(median(memory), 80), detail: '', value: median(memory) },
  ];
}

async function calls() {
  const gate = JSON.parse(await run(program('bench_gate'), []));
  const rows = [{ work: 'gate: a call into a plugin', target: '≤ 200 ns', figure: `${gate.gate_ns.toFixed(0)} ns`, verdict: at_most(gate.gate_ns, 200), detail: `direct call ${gate.direct_ns.toFixed(1)} ns`, value: gate.gate_ns }];
  const host = await startHost({ ...kOnlyBench, 'plugins.bench2.enabled': 'true' });
  const answer = await (await fetch(`${host.url}/api/bench1/calls`)).json();
  for (const { call, ns } of answer.calls)
    rows.push({ work: `extension: ${call}`, target: 'shown', figure: ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(0)} µs`, verdict: '', detail: '', value: ns });
  return rows;
}

/** The cost of a request at each size, which should not depend on it: the largest against the smallest. */
function flat_rows(work, sizes, costs, unit) {
  const first = median(costs[0]);
  const growth = median(costs.at(-1)) / first;
  return {
    work,
    target: 'flat (≤ 1.15 ×)',
    figure: `${growth.toFixed(2)} ×`,
    verdict: at_most(growth, 1.15),
    detail: sizes.map((size, i) => `${size}: ${median(costs[i]).toFixed(1)} ${unit}`).join(', '),
    value: growth,
  };
}

const kActive = 500;

/** So many active users with a session each; the ids of those that ask. */
function seed_users(count) {
  const ids = Array.from({ length: kActive }, () => ({ user: randomUUID(), session: randomUUID() }));
  const values = (row) => ids.map((id, i) => row(id, i)).join(',');
  sql(`
    DELETE FROM auth.users WHERE email LIKE '%@seed.example';
    INSERT INTO auth.users(id, email, email_as_typed, language, terms_accepted_at)
      VALUES ${values((id, i) => `('${id.user}', 'a${i}@seed.example', 'a${i}@seed.example', 'en', now())`)};
    INSERT INTO auth.users(email, email_as_typed, language, terms_accepted_at)
      SELECT 'n' || n || '@seed.example', 'n' || n || '@seed.example', 'en', now() FROM generate_series(1, ${count - kActive}) n;
    INSERT INTO auth.sessions(id, user_id, expires_at)
      SELECT gen_random_uuid(), id, now() + interval '1 day' FROM auth.users WHERE email LIKE 'n%@seed.example';
    INSERT INTO auth.sessions(id, user_id, expires_at)
      VALUES ${values((id) => `('${id.session}', '${id.user}', now() + interval '1 day')`)};
    ANALYZE auth.users; ANALYZE auth.sessions;`);
  return ids;
}

async function users({ rounds }) {
  const sizes = [1000, 10_000, 100_000], first = [], later = [];
  for (const size of sizes) {
    const ids = seed_users(size);
    const host = await startHost(kOnlyBench);
    const headers = ids.map(({ user, session }) => `access_${host.port}=${accessToken(host, user, session)}`);
    const times = [];
    for (const cookie of headers) {
      const began = performance.now();
      const answer = await fetch(`${host.url}/api/bench1/mine`, { headers: { Cookie: cookie } });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`a seeded user was answered ${answer.status}`);
      times.push((performance.now() - began) * 1000);
    }
    first.push(times);
    const script = join(process.env.BENCH_DIR, 'users.lua');
    writeFileSync(script, `local cookies = {${headers.map((h) => `"${h}"`).join(',')}}\nlocal n = 0\nrequest = function() n = n % #cookies + 1; return wrk.format("GET", nil, {Cookie = cookies[n]}) end\n`);
    const costs = [];
    await load(host, '/api/bench1/mine', { script: ['-s', script] });
    for (let round = 0; round < rounds; round += 1) costs.push((await load(host, '/api/bench1/mine', { seconds: 2, script: ['-s', script] })).cpu_us);
    later.push(costs);
    await host.stop();
  }
  return [
    flat_rows('users in the database: a person’s first request', sizes, first, 'µs until answered'),
    flat_rows(`users in the database: later requests of ${kActive} people`, sizes, later, 'µs of processor time'),
  ];
}

async function plugins({ rounds }) {
  const sizes = [1, 5, 9], hosts = [];
  for (const size of sizes)
    hosts.push(await startHost(Object.fromEntries(Array.from({ length: size }, (_, i) => [`plugins.bench${i + 1}.enabled`, 'true']))));
  const results = await interleave(rounds, Object.fromEntries(hosts.map((host, i) => [sizes[i], () => load(host, '/api/bench1/public', { seconds: 2 })])));
  return [flat_rows('1 to 9 further plugins: a cached request', sizes, sizes.map((size) => results[size].map((r) => r.cpu_us)), 'µs of processor time')];
}

/** What one plugin's trouble costs the requests of another. */
async function isolation({ rounds }) {
  // Short turns, one after the other, so that what else the machine does meets both; each figure is of all turns of a round.
  const kRate = 500, kSeconds = 1, kTurns = 6;
  // Processors that nothing else uses fall asleep, and what they take to wake up (up to 30 ms on a virtual machine) would be the
  // figure without the trouble. These take only what nobody wants.
  const awake = cpus().map(() => begin('chrt', ['--idle', '0', 'node', '-e', 'for (;;);'], { stdio: 'ignore' }));
  const p99 = (turns) => {
    const took = turns.flatMap((turn) => turn.took_us).sort((a, b) => a - b);
    return took[Math.floor(took.length * 0.99)];
  };
  const rows = [];
  // A plugin that throws is compared with the same plugin answering the same callers: what is asked costs the callers as well.
  for (const [trouble, route, limit, well] of [['stalled', 'stall', 1.2], ['throwing on every call', 'throw', 1.2, 'tiny'], ['burning processor time on all its workers', 'burn', 2]]) {
    const host = await startHost({ ...kOnlyBench, 'plugins.bench2.enabled': 'true' });
    const measure = () => pace(host, '/api/bench1/tiny', { rate: kRate, seconds: kSeconds });
    const beside = async (asked) => {
      const end = asked ? keepAsking(`${host.url}/api/bench2/${asked}`, 8) : () => undefined;
      const turn = await measure();
      await end();
      return turn;
    };
    await measure();
    const pairs = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = [], during = [];
      for (let turn = 0; turn < kTurns; turn += 1) {
        before.push(await beside(well));
        during.push(await beside(route));
      }
      pairs.push({ before, during });
    }
    const slower = pairs.map((p) => p99(p.during) / p99(p.before));
    const all = (which) => p99(pairs.flatMap((p) => p[which]));
    const ratio = all('during') / all('before');
    rows.push({
      work: `one plugin ${trouble}: p99 of another’s requests`,
      target: `≤ ${limit} × that without`,
      figure: `${ratio.toFixed(2)} (${spread(slower, 2)})`,
      verdict: at_most(ratio, limit),
      detail: `p99 ${all('before').toFixed(0)} → ${all('during').toFixed(0)} µs of ${pairs.length * kTurns * kRate * kSeconds} requests each`,
      value: ratio,
    });
    await host.stop();
  }
  for (const one of awake) await one.stop();
  return rows;
}

/** What a connector adds to a call over the bare wire: the same bytes, sent by a loop that looks at nothing but the length of the reply. */
async function connectors({ rounds }) {
  const rows = [];
  // Calls of a lane with a rate keep a distance that the rate does not stretch, on the bare wire as well.
  for (const [name, operation, args, base, settings, calls = 100, pause = 0] of [
    ['WHMCS', 'billing.get_customer/1', { customer_id: '101' }, 'WHMCS_BASE_URL', {}],
    ['WHMCS', 'billing.list_invoices/1', { customer_id: '101', page: 1, page_size: 20 }, 'WHMCS_BASE_URL', {}],
    ['Freebit', 'mobile.get_line/1', { number: { digits: '09000000001' } }, 'FREEBIT_API_BASE_URL', { 'plugins.freebit.enabled': 'true' }, 10, 250],
    ['Salesforce', 'crm.find_customer/1', { customer_id: '101' }, 'SF_LOGIN_URL', { 'plugins.salesforce.enabled': 'true', 'plugins.salesforce.audience': environment.SF_LOGIN_URL }],
  ]) {
    const path = `/api/bench1/operation?name=${encodeURIComponent(operation)}&arguments=${encodeURIComponent(JSON.stringify(args))}`;
    const call = async (host, times) => {
      const answer = await fetch(`${host.url}${path}&times=${times}&pause_ms=${pause}`);
      if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()).ns;
    };
    const heard = await listenIn(environment[base]);
    const recorder = await startHost({ ...kOnlyBench, ...settings }, { [base]: heard.url });
    await call(recorder, 2); // the second without signing on
    const file = join(process.env.BENCH_DIR, 'request');
    writeFileSync(file, heard.last());
    await recorder.stop();
    heard.stop();
    const host = await startHost({ ...kOnlyBench, ...settings });
    const results = await interleave(rounds, {
      connector: () => call(host, calls),
      wire: async () => Number(await run(program('bench_load'), ['wire', heard.port, file, calls, pause])),
    });
    await host.stop();
    const extra = results.connector.map((ns, n) => (ns - results.wire[n]) / 1000), part = results.connector.map((ns, n) => ns / results.wire[n]);
    rows.push({
      work: `${name}: ${operation} over the bare wire`,
      target: '≤ 15 % or 100 µs more',
      figure: `${median(extra).toFixed(0)} µs more (${spread(extra, 0)})`,
      verdict: median(part) <= 1.15 || median(extra) <= 100 ? 'met' : 'missed',
      detail: `${(median(results.connector) / 1000).toFixed(0)} µs against ${(median(results.wire) / 1000).toFixed(0)} µs, ${median(part).toFixed(2)} ×`,
      value: median(extra),
    });
  }
  return rows;
}

export const cases = { tiny, cached, invoices, idle, start, calls, users, plugins, isolation, connectors };
