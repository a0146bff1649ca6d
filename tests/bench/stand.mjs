// The things that are measured, as processes: a host with its settings, the floor, the peer, and the load on them.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import net from 'node:net';
import { openSync, readFileSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Client, freePort, mailedToken, root, signUpForm } from '../lib/portal.mjs';

const build = process.env.PORTICO_TEST_BUILD_DIR;
const folder = process.env.BENCH_DIR;
const tools = process.env.PORTICO_TOOLS_DIR;
export const program = (name) => join(build, 'bin', name);

export const environment = Object.fromEntries(
  readFileSync(join(process.env.PORTICO_STATE_DIR, 'environment'), 'utf8')
    .split('\n')
    .map((line) => /^(\w+)='(.*)'$/.exec(line)?.slice(1))
    .filter(Boolean),
);

const running = new Set();
export async function stopAll() {
  await Promise.all([...running].map((process) => process.stop()));
}

export function begin(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], ...options });
  const ended = new Promise((done) => child.on('exit', done));
  const process = {
    pid: child.pid,
    child,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      running.delete(process);
    },
  };
  running.add(process);
  return process;
}

async function answers(port, path) {
  for (let tries = 0; tries < 4000; tries += 1) {
    const fine = await fetch(`http://127.0.0.1:${port}${path}`).then((a) => a.body?.cancel().then(() => a.status < 500), () => false);
    if (fine) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`nothing answers on port ${port}`);
}

// Production's settings, but for the rates: a bench asks more often than a person.
const many = '1000000000/1s';
const kSettings = {
  'rate.public': `${many} per address`,
  'rate.read': `${many} per user`,
  'rate.sign_in': `${many} per address`,
  'rate.sign_up': `${many} per address`,
};

/** A host of the release build; its log goes to a file, as a service manager would have it. */
export async function startHost(settings = {}, variables = {}) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const log = join(folder, `host-${port}.log`);
  const sets = Object.entries({ ...kSettings, 'migrations.path': join(folder, 'migrations'), 'migrations.at_start': 'true', ...settings });
  const began = performance.now();
  const host = begin(program('portico'), ['serve', ...sets.flatMap(([key, value]) => ['--set', `${key}=${value}`])], {
    env: { ...process.env, ...environment, PORTICO_HTTP_PORT: String(port), PORTICO_PUBLIC_URL: url, PORTICO_PLUGIN_PATH: join(folder, 'plugins'), ...variables },
    stdio: ['ignore', 'ignore', openSync(log, 'a')],
  });
  await answers(port, '/readyz');
  return { ...host, port, url, ready_ms: performance.now() - began, forget_log: () => truncateSync(log, 0) };
}

/** The floor with as many threads as the host has reactors, and replies as long as the host's. */
export async function startFloor(bytes, threads) {
  const port = await freePort();
  const floor = begin(program('bench_floor'), [port, threads, bytes].map(String));
  await answers(port, '/');
  return { ...floor, port, forget_log: () => {} };
}

export async function startPeer(processes) {
  const port = await freePort();
  const peer = begin('node', [join(tools, 'bench-nest/server.mjs'), String(port), String(processes)], {
    env: { ...process.env, ...environment, NODE_ENV: 'production' },
  });
  await answers(port, '/api/invoices');
  return { ...peer, port, forget_log: () => {} };
}

/** Stands between a host and a vendor, also in the addresses that the vendor says; last() is the request that went through it latest,
    byte for byte. */
export async function listenIn(target) {
  const { hostname, port: to } = new URL(target);
  let bytes = [], answered = false;
  const server = net.createServer((inner) => {
    const outer = net.connect(Number(to), hostname);
    inner.on('data', (part) => {
      if (answered) bytes = [];
      answered = false;
      bytes.push(part);
      outer.write(part);
    });
    outer.on('data', (part) => {
      answered = true;
      // Both ports have five digits: no length changes.
      inner.write(Buffer.from(part.toString('latin1').replaceAll(`:${to}`, `:${server.address().port}`), 'latin1'));
    });
    inner.on('close', () => outer.destroy()).on('error', () => outer.destroy());
    outer.on('close', () => inner.destroy()).on('error', () => inner.destroy());
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: target.replace(`:${to}`, `:${server.address().port}`), port: Number(to), last: () => Buffer.concat(bytes), stop: () => server.close() };
}

// ---- what a process costs ----

const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
const kTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK']));

/** µs of processor time of a process and its children so far. */
export function cpu_us(pid) {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = stat(entry);
      if (Number(entry) === pid || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // ended meanwhile
    }
  }
  return ticks * kTick;
}

export const resident_mb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// ---- load ----

export const run = (command, args, options = {}) =>
  new Promise((done, failed) => {
    const child = spawn(command, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'], ...options });
    let text = '';
    child.stdout.on('data', (bytes) => (text += bytes));
    child.on('exit', (code) => (code === 0 ? done(text) : failed(new Error(`${command} ${args[0]} ended with ${code}: ${text}`))));
  });

/** Closed loop over 64 connections; requests/s and µs of the server's processor time a request. */
export async function load(server, path, { headers = [], seconds = 3, connections = 64, script = [] } = {}) {
  server.forget_log();
  const before = cpu_us(server.pid);
  const text = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...headers.flatMap((h) => ['-H', h]), ...script, `http://127.0.0.1:${server.port}${path}`]);
  const spent = cpu_us(server.pid) - before;
  // A time-out is wrk's own (2 s): on a busy machine it says little, and the request was answered.
  if (/Non-2xx|(?:connect|read|write) [1-9]/.test(text)) throw new Error(`not every request to ${path} was answered 200:\n${text}`);
  const requests = Number(/(\d+) requests in/.exec(text)[1]);
  return { rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]), cpu_us: spent / requests };
}

/** Open loop at a constant rate; µs from the moment each request was due. */
export async function pace(server, path, { rate, seconds, connections = 16, headers = [] }) {
  server.forget_log();
  return JSON.parse(await run(program('bench_load'), ['pace', server.port, path, rate, seconds, connections, ...headers]));
}

/** So many callers, each asking again when it was answered (and 20 ms have passed), until the returned function is called. */
export function keepAsking(url, callers) {
  let ended = false;
  const all = Array.from({ length: callers }, async () => {
    while (!ended) {
      await fetch(url).then((answer) => answer.arrayBuffer()).catch(() => {});
      await new Promise((done) => setTimeout(done, 20));
    }
  });
  return () => ((ended = true), Promise.all(all));
}

/** Holds that many idle keep-alive connections until release(), which says how many the server still held open. */
export async function hold_idle(server, count) {
  const child = spawn(program('bench_load'), ['idle', server.port, count].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  await new Promise((done, failed) => {
    child.stdout.on('data', (bytes) => (text += bytes).includes('ready') && done());
    child.on('exit', (code) => failed(new Error(`idle connections: ended with ${code}`)));
  });
  return {
    release: async () => {
      const end = new Promise((done) => child.on('exit', done));
      child.stdin.end();
      await end;
      return Number(text.trim().split('\n').pop());
    },
  };
}

// What a browser sends with a request of the portal's own pages.
export const kBrowser = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Accept: application/json',
  'Accept-Language: en-GB,en;q=0.9,ja;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'Referer: http://localhost/billing/invoices',
  'Sec-Fetch-Dest: empty',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Site: same-origin',
];

/** The bytes of an answer as they come, head included. */
export async function reply(server, path, headers = []) {
  const text = await run('curl', ['-sS', '-i', '--raw', '-o', '-', ...headers.flatMap((h) => ['-H', h]), `http://127.0.0.1:${server.port}${path}`], { encoding: 'latin1' });
  const size = Number(await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{size_header} %{size_download}', ...headers.flatMap((h) => ['-H', h]), `http://127.0.0.1:${server.port}${path}`]).then((t) => t.split(' ').reduce((a, b) => Number(a) + Number(b))));
  if (!/^HTTP\/1.1 200/.test(text)) throw new Error(`${path}: ${text.slice(0, 400)}`);
  return { bytes: size, cached: /portico-cache: hit/i.test(text) };
}

// ---- people ----

/** Signs a new customer up; their cookies and the list their pages ask for. */
export async function newCustomer(host) {
  const email = `${randomUUID()}@bench.example`;
  const client = new Client(host.url);
  const asked = await client.post('/api/auth/signup', signUpForm(email));
  if (asked.status !== 202) throw new Error(`sign-up: ${asked.status} ${asked.text}`);
  const confirmed = await client.post('/api/auth/signup/confirm', { token: await mailedToken(email) });
  if (confirmed.status !== 200) throw new Error(`sign-up: ${confirmed.status} ${confirmed.text}`);
  return client;
}
export const cookies = (client, port) =>
  `Cookie: ${[...client.jar].map(([name, value]) => `${name.replace(/_\d+$/, `_${port}`)}=${value}`).join('; ')}`;

/** An access token as the auth plugin issues them. */
export function accessToken(host, user, session) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const secret = environment.JWT_SECRET;
  const kid = createHmac('sha256', secret).update('portico access token key id').digest('hex').slice(0, 8);
  const now = Math.floor(Date.now() / 1000) - 1;
  const text = `${part({ alg: 'HS256', typ: 'at+jwt', kid })}.${part({ iss: host.url, aud: 'portico', sub: user, sid: session, iat: now, nbf: now, exp: now + 600 })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** A token for the peer: the usual library's form. */
export function peerToken(user) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${text}.${createHmac('sha256', environment.JWT_SECRET).update(text).digest('base64url')}`;
}

/** Runs SQL as the database's owner; the output as text. */
export function sql(text) {
  const at = new URL(environment.DATABASE_URL);
  return execFileSync(process.env.BENCH_PSQL, ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', process.env.BENCH_SOCKET, '-p', at.port, '-U', 'postgres', '-d', at.pathname.slice(1)], {
    input: text,
    ...(process.getuid() === 0 ? { uid: Number(execFileSync('id', ['-u', 'postgres'])) } : {}),
    cwd: '/',
  }).toString();
}
