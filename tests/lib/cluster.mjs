// Several hosts behind nginx, on a PostgreSQL, a Redis and a sandbox of their own, with a fault proxy on every link.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { FaultProxy } from './fault_proxy.mjs';
import { build, root, signUpForm } from './portal.mjs';
import { Postgres, Redis } from './stores.mjs';
import { freePort, until } from './waiting.mjs';

const kSandbox = { identifier: 'sandboxIdentifier000000000000001', secret: 'sandboxSecret0000000000000000001' };

// Tests press hard from few addresses; those about limits set their own.
const kSettings = {
  'rate.read': '1000000/60s per user',
  'rate.public': '1000000/60s per address',
  'rate.write': '100000/60s per user',
  'rate.refresh': '100000/60s per address',
  'rate.sign_in': '100000/60s per address',
  'rate.sign_up': '100000/60s per address',
  'rate.reset': '100000/60s per address',
  'http.trusted_proxies': '127.0.0.1',
  'log.level': 'warning',
};

const agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };

/** One request; never throws. status 0 and `error` where there was no whole answer; `ms` is how long it took. */
export function ask(base, method, path, { headers = {}, body, timeout_ms = 60_000, ca, from } = {}) {
  const began = performance.now();
  const url = new URL(path, base);
  return new Promise((done) => {
    const end = (answer) => done({ status: 0, headers: {}, text: '', ms: performance.now() - began, ...answer });
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      { method, headers, agent: agents[url.protocol], ca, localAddress: from, signal: AbortSignal.timeout(timeout_ms) },
      (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('error', (error) => end({ error: String(error) }));
        answer.on('end', () => {
          if (!answer.complete) return end({ error: 'cut off' });
          const text = Buffer.concat(parts).toString();
          let json;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          return end({ status: answer.statusCode, headers: answer.headers, text, json });
        });
      },
    );
    request.on('error', (error) => end({ error: String(error) }));
    request.end(body);
  });
}

export class Host {
  constructor(cluster, number, links, settings) {
    Object.assign(this, { cluster, number, settings }, links);
  }
  async start() {
    const { cluster } = this;
    this.port ??= await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    const sets = Object.entries({ ...kSettings, ...cluster.settings, ...this.settings }).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PORTICO_')));
    this.child = spawn(join(build, 'bin/portico'), ['serve', ...sets], {
      cwd: root,
      env: { ...inherited, ...cluster.environment(this) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.log = '';
    this.ending = false; // by our will
    this.child.stderr.on('data', (bytes) => (this.log = (this.log + bytes).slice(-200_000)));
    this.running = true;
    this.ended = new Promise((done) =>
      this.child.on('exit', (code, signal) => {
        this.running = false;
        if (!this.ending) cluster.died.push(`host ${this.number} ended by itself (${signal ?? code}):\n${this.log.slice(-4000)}`);
        done(signal ?? code);
      }),
    );
    await until(async () => {
      if (!this.running) throw new Error(`host ${this.number} ended:\n${this.log}`);
      return (await ask(this.url, 'GET', '/readyz', { timeout_ms: 1000 })).status === 200;
    }, `host ${this.number} is ready`);
  }
  async kill() {
    this.ending = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }
  async stop() {
    this.ending = true;
    if (this.running) this.child.kill('SIGTERM');
    await this.ended;
  }
  /** The sum of a metric's samples whose labels contain all these words. */
  async metric(name, ...words) {
    const { text } = await ask(this.url, 'GET', '/metrics');
    return text
      .split('\n')
      .filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)) && words.every((word) => line.includes(word)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}

export class Cluster {
  /** hosts: how many; settings: of all hosts; nginx: whether there is one; environment: more variables. */
  static async start({ hosts = 3, settings = {}, nginx = true, environment = {}, postgres } = {}) {
    const cluster = new Cluster();
    cluster.settings = { 'cluster.replicas': hosts, ...settings };
    cluster.more = environment;
    cluster.died = []; // what hosts said that ended by themselves
    cluster.folder = mkdtempSync('/var/tmp/portico-cluster-');
    chmodSync(cluster.folder, 0o755);
    process.on('exit', () => cluster.#remove());
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
    cluster.postgres = await Postgres.make(join(cluster.folder, 'postgres'), postgres);
    cluster.redis = await Redis.make(join(cluster.folder, 'redis'));
    await cluster.#startSandbox();
    cluster.whmcs = await FaultProxy.to(cluster.sandboxPort);
    cluster.secrets = { jwt: randomBytes(48).toString('base64'), pepper: randomBytes(32).toString('base64'), seal: randomBytes(32).toString('base64') };
    cluster.publicPort = await freePort();
    cluster.url = `https://localhost:${cluster.publicPort}`;
    cluster.migrate(cluster.postgres);
    cluster.hosts = [];
    for (let number = 0; number < hosts; number += 1) cluster.hosts.push(await cluster.addHost());
    if (nginx) await cluster.#startNginx();
    return cluster;
  }

  /** A further host with links of its own; not behind nginx unless it was there when that started. */
  async addHost(settings = {}, postgres = this.postgres) {
    const links = {
      database: await FaultProxy.to(postgres.port),
      cache: await FaultProxy.to(this.redis.port),
      billing: await FaultProxy.to(this.whmcs.port),
    };
    const host = new Host(this, this.hosts.length, links, settings);
    host.postgres = postgres;
    await host.start();
    return host;
  }

  /** Every host anew, with these settings on top of the cluster's. */
  async restart(settings = {}) {
    for (const host of this.hosts) {
      host.settings = settings;
      await host.kill();
      await host.start();
    }
  }

  environment(host) {
    return {
      DATABASE_URL: host.postgres.url(host.database.port),
      REDIS_URL: this.redis.url(host.cache.port),
      JWT_SECRET: this.secrets.jwt,
      PASSWORD_PEPPER: this.secrets.pepper,
      PORTICO_SEAL_KEY: this.secrets.seal,
      PORTICO_HTTP_PORT: String(host.port),
      PORTICO_PUBLIC_URL: this.url,
      PORTICO_PLUGIN_PATH: join(build, 'plugins'),
      WHMCS_BASE_URL: `http://127.0.0.1:${host.billing.port}/whmcs`,
      PORTICO_PLUGINS_WHMCS_PUBLIC_URL: `http://127.0.0.1:${this.sandboxPort}/whmcs`,
      WHMCS_API_IDENTIFIER: kSandbox.identifier,
      WHMCS_API_SECRET: kSandbox.secret,
      SMTP_URL: `smtp://127.0.0.1:${this.smtpPort}`,
      BCRYPT_ROUNDS: '4',
      ...this.more,
    };
  }

  migrate(postgres) {
    const host = { postgres, database: { port: postgres.port }, cache: { port: this.redis.port }, billing: { port: this.sandboxPort }, port: 0 };
    const sets = Object.entries({ 'http.trusted_proxies': '127.0.0.1' }).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const ran = spawnSync(join(build, 'bin/portico'), ['migrate', ...sets], { cwd: root, env: { PATH: process.env.PATH, ...this.environment(host) }, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`migrate: ${ran.stdout}${ran.stderr}`);
  }

  async #startSandbox() {
    const ready = join(this.folder, 'sandbox.ready');
    this.sandbox = spawn(join(build, 'bin/sandbox'), ['--port', '0', '--smtp-port', '0', '--ready-file', ready], { stdio: 'ignore' });
    const ports = await until(() => {
      try {
        return JSON.parse(readFileSync(ready, 'utf8'));
      } catch {
        return undefined;
      }
    }, 'the sandbox is ready');
    this.sandboxPort = ports.http;
    this.smtpPort = ports.smtp;
  }

  /** The sandbox's own interface, past every proxy. */
  async control(method, path, body) {
    const answer = await ask(`http://127.0.0.1:${this.sandboxPort}`, method, path, { body: body === undefined ? undefined : JSON.stringify(body), headers: body === undefined ? {} : { 'Content-Type': 'application/json' } });
    if (answer.status >= 300 || answer.status === 0) throw new Error(`${method} ${path}: ${answer.status} ${answer.text} ${answer.error ?? ''}`);
    return answer.json;
  }
  faults(...orders) {
    return this.control('PUT', '/control/faults', orders.map((order) => ({ vendor: 'whmcs', ...order })));
  }
  heal() {
    return this.control('DELETE', '/control/faults');
  }
  async calls(action) {
    const list = await this.control('GET', `/control/whmcs/calls${action ? `?action=${action}` : ''}`);
    return Array.isArray(list) ? list : list.calls;
  }
  forgetCalls() {
    return this.control('DELETE', '/control/whmcs/calls');
  }

  async #startNginx() {
    const folder = join(this.folder, 'nginx');
    mkdirSync(folder);
    this.certificate = join(folder, 'portal.pem');
    const key = join(folder, 'portal.key');
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', this.certificate]);
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
    this.ca = readFileSync(this.certificate);
    const plain = await freePort();
    const deployed = readFileSync(join(root, 'config/deploy/nginx/portico.conf'), 'utf8')
      .replace(/server 127\.0\.0\.1:808(\d)/g, (line, number) => `server 127.0.0.1:${this.hosts[(number - 1) % this.hosts.length].port}`)
      .replace('listen 80;', `listen 127.0.0.1:${plain};`)
      .replace('listen 443 ', `listen 127.0.0.1:${this.publicPort} `)
      .replaceAll('portal.example.com', 'localhost')
      .replace('/etc/nginx/tls/portal.pem', this.certificate)
      .replace('/etc/nginx/tls/portal.key', key);
    writeFileSync(join(folder, 'portico.conf'), deployed);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${join(folder, name)};`).join('\n');
    const main = join(folder, 'nginx.conf');
    writeFileSync(
      main,
      `daemon off;\n${process.getuid() === 0 ? 'user www-data;\n' : ''}worker_processes 1;\npid ${join(folder, 'pid')};\nerror_log ${join(folder, 'error.log')} warn;\nevents { worker_connections 2048; }\nhttp {\n  access_log off;\n${temporary}\n  include ${join(folder, 'portico.conf')};\n}\n`,
    );
    this.nginx = spawn('nginx', ['-c', main, '-p', folder, '-e', join(folder, 'error.log')], { stdio: 'ignore' });
    await until(async () => (await ask(this.url, 'GET', '/healthz', { ca: this.ca, timeout_ms: 1000 })).status === 200, 'nginx serves');
  }

  /** A customer with an account, signed in through the first host. */
  async customer(name = `person-${randomBytes(4).toString('hex')}`, host = this.hosts[0]) {
    const person = new Person(this, `${name}@sample.example`);
    const asked = await person.at(host).send('POST', '/api/auth/signup', signUpForm(person.email));
    if (asked.status !== 202) throw new Error(`sign-up: ${asked.status} ${asked.text}`);
    const confirmed = await person.at(host).send('POST', '/api/auth/signup/confirm', { token: await this.mailed(person.email) });
    if (confirmed.status !== 200) throw new Error(`confirm: ${confirmed.status} ${confirmed.text}`);
    return person;
  }
  /** The token of the newest mail to that address. */
  mailed(email, within_ms = 30_000) {
    return until(async () => /#token=([\w-]+)/.exec((await this.mails(email))[0]?.text ?? '')?.[1], `a mail to ${email}`, within_ms);
  }
  /** The mails to that address, newest first. */
  async mails(email) {
    const list = await this.control('GET', `/mail/messages?to=${encodeURIComponent(email)}`);
    return list.messages ?? list;
  }

  async stop() {
    await Promise.all(this.hosts.map((host) => host.stop()));
    for (const host of this.hosts) for (const link of [host.database, host.cache, host.billing]) await link.close();
    await this.whmcs.close();
    for (const agent of Object.values(agents)) agent.destroy();
    this.postgres.resume();
    this.postgres.stop();
    this.#remove();
  }
  #remove() {
    if (this.removed) return;
    this.removed = true;
    for (const host of this.hosts ?? []) host.child?.kill('SIGKILL');
    this.nginx?.kill('SIGTERM');
    this.sandbox?.kill('SIGKILL');
    this.redis?.child.kill('SIGKILL');
    try {
      this.postgres?.resume();
      this.postgres?.stop('immediate');
    } catch (error) {
      console.log(String(error));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A customer's browser: cookies, and where it connects: nginx unless `at` says a host. */
export class Person {
  constructor(cluster, email) {
    this.cluster = cluster;
    this.email = email;
    this.password = signUpForm(email).password;
    this.jar = new Map();
    this.address = '198.51.100.1';
  }
  /** The same person, cookies shared, talking to that host as nginx would; without one, to nginx. */
  at(host) {
    const there = Object.create(this);
    there.host = host;
    return there;
  }
  /** The same person as of now with cookies of its own. */
  copy() {
    const other = new Person(this.cluster, this.email);
    other.jar = new Map(this.jar);
    other.host = this.host;
    return other;
  }
  /** The same browser, signed out: who signs in with a session ends that one. */
  signedOut() {
    const other = this.copy();
    for (const name of ['__Host-access', '__Host-refresh']) other.jar.delete(name);
    return other;
  }
  from(address) {
    const there = Object.create(this);
    there.address = address;
    return there;
  }
  async send(method, path, body, { headers = {}, ...options } = {}) {
    const answer = await ask(this.host?.url ?? this.cluster.url, method, path, {
      ca: this.cluster.ca,
      body: body === undefined ? undefined : JSON.stringify(body),
      ...options,
      headers: {
        Accept: 'application/json',
        ...(this.jar.size > 0 ? { Cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ') } : {}),
        ...(this.host ? { Host: 'localhost', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': this.address } : {}),
        ...(method === 'GET' ? {} : { 'X-Portico-CSRF': '1', Origin: this.cluster.url, 'Sec-Fetch-Site': 'same-origin' }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
    });
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [pair] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(cookie)) this.jar.delete(pair.slice(0, at));
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
  get(path, options) {
    return this.send('GET', path, undefined, options);
  }
  signIn(options) {
    return this.send('POST', '/api/auth/login', { email: this.email, password: this.password }, options);
  }
}
