// Slow clients in numbers: honest ones do not notice, and every slow one is let go in time.
import { readFileSync } from 'node:fs';
import { Authority } from '../lib/certificates.mjs';
import { startHost, Tally } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { BodyDrip, ChunkDrip, HeadDrip, HelloDrip, NonReader, NonReaderTls, Silent, SilentTls } from './clients.mjs';
import { ask, honest } from './honest.mjs';

const kHead_ms = 3000;
const kIdle_ms = 4000;
const kGrace_ms = 2000; // for bodies and readers
const kMargin_ms = 10_000; // a crowded machine's, not the host's
const kPerConnection_kb = 64;
const kSettings = {
  'http.head_deadline_ms': kHead_ms,
  'http.idle_deadline_ms': kIdle_ms,
  'http.body_grace_ms': kGrace_ms,
  'http.send_grace_ms': kGrace_ms,
  'log.level': 'warning',
};

const tally = new Tally();

const memory_kb = (host) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))[1]);
const portOf = (host) => Number(new URL(host.url).port);

async function metric(host, pattern, options) {
  const { text } = await ask(host.url, '/metrics', options);
  const found = new RegExp(`^${pattern} (\\S+)$`, 'm').exec(text);
  return found ? Number(found[1]) : 0;
}

/** The path of the largest script: the shell names it. */
async function largeFile(host, options) {
  const { text } = await ask(host.url, '/api/pages', options);
  const shell = JSON.parse(text).modules.map((module) => module.entry);
  const sizes = await Promise.all(shell.map(async (path) => [(await ask(host.url, path, options)).text.length, path]));
  return sizes.sort((a, b) => b[0] - a[0])[0][1];
}

/** Lets the groups loose on the host and checks what becomes of them. A group: name, clients(from), least and most ms, told. */
async function besiege(name, host, groups, options) {
  const paths = ['/healthz', await largeFile(host, options), '/api/pages', '/readyz'];
  for (const path of paths) await ask(host.url, path, options);
  const before_kb = memory_kb(host);
  const stop = await honest(host.url, options, paths);
  const clients = groups.flatMap((group, number) =>
    Array.from({ length: group.count }, (_, i) => Object.assign(group.make(`127.0.${number + 1}.${1 + Math.floor(i / 200)}`), { group })),
  );
  const count = clients.length;
  await until(async () => (await metric(host, 'portico_http_connections', options)) >= count * 0.9, `${count} connections are open`);
  let most_kb = 0;
  const watch = setInterval(() => (most_kb = Math.max(most_kb, memory_kb(host))), 100);
  await until(async () => (await metric(host, 'portico_http_connections', options)) <= 20, 'the host has let go of them', 40_000);
  clearInterval(watch);
  const let_go_ms = performance.now();

  for (const group of groups) {
    const own = clients.filter((client) => client.group === group);
    // Who does not read does not notice either: its time is the host's.
    if (group.deaf) own.forEach((client) => ((client.ended_ms ??= let_go_ms - client.began), client.end()));
    await Promise.all(own.map((client) => client.gone));
    const times = own.map((client) => client.ended_ms).sort((a, b) => a - b);
    const fits = times[0] >= group.least_ms * 0.9 && times.at(-1) <= group.most_ms + kMargin_ms;
    tally.check(fits, `${name}: ${group.name} are let go in time`, `${times[0]} to ${times.at(-1)} ms, wanted ${group.least_ms} to ${group.most_ms}`);
    if (group.told !== undefined) {
      const other = own.find((client) => !client.heard.startsWith(group.told) || (group.told === '' && client.heard !== ''));
      tally.check(!other, `${name}: ${group.name} are told so`, other && `heard: ${other.heard.slice(0, 200)}`);
    }
    if (group.secure) tally.check(own.every((client) => client.shook_hands), `${name}: ${group.name} had shaken hands`);
  }
  const answers = await stop();
  const failed = answers.filter((answer) => answer.status !== 200);
  const times = answers.map((answer) => answer.ms).sort((a, b) => a - b);
  tally.check(answers.length > 100 && failed.length === 0, `${name}: every honest request succeeds`, `${failed.length} of ${answers.length}: ${failed[0]?.status} ${failed[0]?.text}`);
  const grown_kb = (most_kb - before_kb) / count;
  tally.check(grown_kb <= kPerConnection_kb, `${name}: at most ${kPerConnection_kb} KB for a connection`, `${grown_kb} KB`);
  console.log(`${name}: ${count} slow sockets, ${grown_kb.toFixed(1)} KB each; ${answers.length} honest requests, ` +
    `median ${times[Math.floor(times.length / 2)].toFixed(1)} ms, p99 ${times[Math.floor(times.length * 0.99)].toFixed(1)} ms`);
}

async function plain() {
  const host = await startHost(kSettings);
  const port = portOf(host);
  try {
    const file = await largeFile(host);
    await besiege('plain', host, [
      { name: 'dripping heads', count: 250, make: (from) => new HeadDrip(port, from), least_ms: kHead_ms, most_ms: kHead_ms, told: 'HTTP/1.1 408' },
      { name: 'dripping bodies', count: 200, make: (from) => new BodyDrip(port, from), least_ms: kGrace_ms, most_ms: kGrace_ms, told: 'HTTP/1.1 408' },
      { name: 'dripping chunks', count: 200, make: (from) => new ChunkDrip(port, from), least_ms: kGrace_ms, most_ms: kGrace_ms, told: 'HTTP/1.1 408' },
      { name: 'non-readers', count: 150, make: (from) => new NonReader(port, from, file), least_ms: kGrace_ms, most_ms: kIdle_ms, deaf: true },
      { name: 'silent ones', count: 200, make: (from) => new Silent(port, from), least_ms: kIdle_ms, most_ms: kIdle_ms, told: '' },
    ]);

    const crowd = Array.from({ length: 300 }, () => new Silent(port, '127.0.9.9'));
    await Promise.all(crowd.map((client) => client.gone));
    const told = crowd.filter((client) => client.heard.startsWith('HTTP/1.1 429') && client.heard.includes('Retry-After: '));
    const kept = crowd.filter((client) => client.heard === '' && client.ended_ms >= kIdle_ms * 0.9);
    tally.check(kept.length === 256, 'one address holds 256 connections', `${kept.length} of 300`);
    tally.check(told.length > 0, 'who comes after them is told so', `${told.length} were told`);
    const refused = await metric(host, 'portico_http_refused_total\\{code="http.too_many_connections_of_address"\\}');
    tally.check(refused === 44, 'and counted', `${refused} counted`);
  } finally {
    await host.stop();
  }
}

async function secure() {
  const authority = new Authority();
  const host = await startHost({ ...kSettings, ...authority.settings() });
  const port = portOf(host);
  const options = { ca: authority.ca };
  try {
    const file = await largeFile(host, options);
    await besiege('TLS', host, [
      { name: 'silent handshakes', count: 200, make: (from) => new Silent(port, from), least_ms: kHead_ms, most_ms: kHead_ms, told: '' },
      { name: 'dripping handshakes', count: 200, make: (from) => new HelloDrip(port, from), least_ms: kHead_ms, most_ms: kHead_ms, told: '' },
      { name: 'idle ones', count: 50, make: (from) => new SilentTls(port, from, authority.ca), least_ms: kIdle_ms, most_ms: kIdle_ms, secure: true },
      { name: 'non-readers', count: 50, make: (from) => new NonReaderTls(port, from, authority.ca, file), least_ms: kGrace_ms, most_ms: kIdle_ms, deaf: true, secure: true },
    ], options);
    const timeouts = await metric(host, 'portico_tls_failures_total\\{reason="timeout"\\}', options);
    tally.check(timeouts === 400, 'TLS: handshakes that took too long are counted', `${timeouts} of 400`);
    tally.check(!host.log.includes('"component":"front"'), 'TLS: and the log does not speak of them', host.log.slice(0, 300));
  } finally {
    await host.stop();
    authority.remove();
  }
}

await tally.test('plain', plain);
await tally.test('TLS', secure);
tally.end();
