// A running portal as tests see it: its addresses, a customer with a cookie jar, and further hosts beside it.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './waiting.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const status = process.env.PORTICO_STATUS_FILE && JSON.parse(readFileSync(process.env.PORTICO_STATUS_FILE, 'utf8'));
export const control = status?.sandbox.control.replace(/\/$/, '');
const stateFolder = process.env.PORTICO_STATE_DIR;
export const build = process.env.PORTICO_TEST_BUILD_DIR ?? join(root, 'build/dev');

/** Counts checks and prints those that fail; the last line is the sum. */
export class Tally {
  passed = 0;
  failed = 0;
  check(fine, name, detail = '') {
    if (fine) this.passed += 1;
    else {
      this.failed += 1;
      console.log(`FAILED ${name}${detail === '' ? '' : `\n       ${detail}`}`);
    }
    return fine;
  }
  async test(name, body) {
    try {
      await body();
    } catch (error) {
      this.check(false, name, String(error?.stack ?? error));
    }
  }
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

/** A customer's client: keeps cookies, sends what the web client sends. */
export class Client {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
    this.jar = new Map();
  }
  async send(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        Accept: 'application/json',
        Cookie: [...this.jar].map(([k, v]) => `${k}=${v}`).join('; '),
        ...(method === 'GET' ? {} : { 'X-Portico-CSRF': '1', Origin: this.url, 'Sec-Fetch-Site': 'same-origin' }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(cookie)) this.jar.delete(pair.slice(0, at));
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await answer.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: answer.status, headers: answer.headers, text, json };
  }
  get(path, headers) {
    return this.send('GET', path, undefined, headers);
  }
  post(path, body = {}, headers = {}) {
    return this.send('POST', path, body, headers);
  }
}

export const signUpForm = (email) => ({
  email,
  password: 'violet harbour seven kettles',
  first_name: 'Test',
  last_name: 'Customer',
  phone: '+81 3-1234-5678',
  language: 'en',
  address: { line1: '1-2-3 Example', city: 'Minato-ku', state: 'Tokyo', postcode: '105-0011', country: 'JP' },
  accept_terms: true,
});

/** The token of the newest mail to that address, once there are `count` of them. */
export async function mailedToken(email, count = 1) {
  for (let tries = 0; tries < 150; tries += 1) {
    const list = await (await fetch(`${status.sandbox.mail.url}/messages?to=${encodeURIComponent(email)}`)).json();
    const messages = Array.isArray(list) ? list : list.messages;
    const token = messages.length >= count ? /#token=([\w-]+)/.exec(messages[0].text)?.[1] : undefined;
    if (token) return token;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`no mail with a link to ${email}`);
}

export { freePort };

/** What the stack's host was given: its database, stores and secrets. */
export function hostEnvironment() {
  const variables = {};
  for (const line of readFileSync(join(stateFolder, 'environment'), 'utf8').split('\n')) {
    const found = /^(\w+)='(.*)'$/.exec(line);
    if (found) variables[found[1]] = found[2];
  }
  return variables;
}

// All tests sign in from one address; those about limits set their own.
const kRelaxed = Object.fromEntries(
  ['SIGN_IN', 'SIGN_UP', 'RESET'].map((name) => [`PORTICO_RATE_${name}`, '1000/60s per address']),
);

function isReady(url) {
  return new Promise((done) => {
    const { get } = url.startsWith('https:') ? https : http;
    const request = get(`${url}/readyz`, { agent: false, rejectUnauthorized: false, timeout: 5000 }, (answer) => {
      answer.resume();
      done(answer.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(false));
  });
}

/** A statement on the stack's database, as its owner. */
export function sql(text) {
  const url = hostEnvironment().DATABASE_URL.replace(/\?.*$/, '');
  const ran = spawnSync('psql', ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', text], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`psql: ${ran.stderr}`);
  return ran.stdout.trim();
}

/** Takes a test plugin's schema out of the stack's database: who migrates next has no folder of it. */
export function forgetOwner(id) {
  const schema = id.replaceAll('-', '_');
  sql(`DROP SCHEMA IF EXISTS ${schema} CASCADE; DELETE FROM kernel.migrations WHERE owner = '${id}'`);
}

/** A further host on the stack's own database and sandbox, with some settings, arguments and variables of its own; by https with
    a certificate. */
export async function startHost(settings = {}, args = [], variables = {}) {
  const port = await freePort();
  const url = `${settings['http.tls.certificate'] ? 'https' : 'http'}://localhost:${port}`;
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const child = spawn(join(build, 'bin/portico'), ['serve', ...sets, ...args], {
    cwd: root,
    env: { ...kRelaxed, ...process.env, ...hostEnvironment(), PORTICO_HTTP_PORT: String(port), PORTICO_PUBLIC_URL: url, ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const host = { url, child, log: '', ended: false, code: null };
  child.stderr.on('data', (bytes) => (host.log += bytes));
  const end = new Promise((done) =>
    child.on('exit', (code, signal) => {
      host.ended = true;
      host.code = signal ? `signal ${signal}` : code;
      done(host.code);
    }),
  );
  host.waitForEnd = () => end;
  host.stop = async () => {
    if (!host.ended) child.kill('SIGTERM');
    return end;
  };
  for (let tries = 0; tries < 300 && !host.ended; tries += 1) {
    if (await isReady(url)) return host;
    await new Promise((done) => setTimeout(done, 100));
  }
  if (host.ended) return host;
  throw new Error(`no host on ${url}:\n${host.log}`);
}
