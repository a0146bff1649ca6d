// SIGTERM under load: who is being served notices nothing.
import http from 'node:http';
import net from 'node:net';
import { startHost, Tally } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';

const kRounds = process.env.PORTICO_TEST_FULL ? 20 : 2;
const kPerSecond = 500;
const kNotice_ms = 1000;
const kDrain_ms = 8000;
const kUploads = 10;
const kMargin_ms = 10_000; // a crowded machine's, not the host's

const tally = new Tally();

function get(host, path, agent) {
  return new Promise((done) => {
    const began = performance.now();
    const request = http.get(`${host.url}${path}`, { agent, family: 4 }, (answer) => {
      answer.resume();
      answer.on('end', () => done({ status: answer.complete ? answer.statusCode : 0, close: answer.headers.connection === 'close', at: performance.now() }));
      answer.on('error', (error) => done({ status: 0, error: String(error), began }));
    });
    request.on('error', (error) => done({ status: 0, error: error.code, reused: request.reusedSocket, began }));
  });
}

/** A request whose body takes its time: some bytes now, the rest when told. */
class Upload {
  constructor(host) {
    this.text = '';
    this.socket = net.connect({ port: new URL(host.url).port, host: '127.0.0.1' });
    const body = JSON.stringify({ email: 'while-draining@sample.example', password: 'not the right one' });
    const head = ['POST /api/auth/login HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'X-Portico-CSRF: 1',
      `Origin: ${host.url}`, `Content-Length: ${body.length}`];
    this.socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`);
    this.rest = body.slice(10);
    this.socket.on('data', (bytes) => (this.text += bytes));
    this.socket.on('error', (error) => (this.text += String(error)));
    this.gone = new Promise((done) => this.socket.on('close', done));
  }
  finish() {
    this.socket.write(this.rest);
    return this.gone;
  }
}

/** Starts `kPerSecond` requests a second, on connections that are kept, until the returned function is called. */
function load(host) {
  // Fifo: every connection is in use all the time.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32, scheduling: 'fifo' });
  const running = [];
  const began = performance.now();
  const timer = setInterval(() => {
    while (running.length < ((performance.now() - began) * kPerSecond) / 1000) running.push(get(host, '/api/pages', agent));
  }, 4);
  const stop = async () => {
    clearInterval(timer);
    const answers = await Promise.all(running);
    agent.destroy();
    return answers;
  };
  return { running, stop };
}

async function round(number) {
  const name = `round ${number}`;
  const host = await startHost({ 'http.drain_notice_ms': kNotice_ms, 'http.drain_ms': kDrain_ms, 'rate.public': '1000000/60s per address' });
  const { running, stop } = load(host);
  try {
    await stopUnderLoad(name, host, running, stop);
  } finally {
    await stop();
    await host.stop();
  }
}

async function stopUnderLoad(name, host, running, stop) {
  const uploads = Array.from({ length: kUploads }, () => new Upload(host));
  await until(() => running.length >= kPerSecond, 'a second of load');

  const told = performance.now();
  host.child.kill('SIGTERM');
  await until(async () => (await get(host, '/readyz', false)).status === 503, 'readiness is off', kNotice_ms * 0.9 + kMargin_ms);
  const fresh = await get(host, '/healthz', false);
  tally.check(fresh.status === 200, `${name}: new connections are taken while readiness is off`, JSON.stringify(fresh));
  await until(async () => (await get(host, '/healthz', false)).error === 'ECONNREFUSED', 'the listener is closed');
  await Promise.all(uploads.map((upload) => upload.finish()));
  const code = await host.waitForEnd();
  const took = performance.now() - told;
  const answers = await stop();

  tally.check(code === 0, `${name}: the host leaves with 0`, String(code));
  tally.check(took <= kNotice_ms + kDrain_ms + 500, `${name}: within its time`, `${took} ms`);
  const lost = uploads.filter((upload) => !/^HTTP\/1.1 (401|429|503) /.test(upload.text) || !/\r\nConnection: close\r\n/.test(upload.text));
  tally.check(lost.length === 0, `${name}: uploads in flight are answered and closed`, `${lost.length} of ${kUploads}: ${lost[0]?.text.slice(0, 200)}`);
  const failed = answers.filter((answer) => answer.status !== 200 && answer.error !== 'ECONNREFUSED');
  tally.check(failed.length === 0, `${name}: no request fails`, `${failed.length} of ${answers.length}: ${JSON.stringify(failed[0])}`);
  const refused = answers.filter((answer) => answer.error === 'ECONNREFUSED');
  tally.check(refused.every((answer) => !answer.reused && answer.began - told >= kNotice_ms * 0.9), `${name}: nobody is refused before the notice is over`);
  const served = answers.filter((answer) => answer.status === 200);
  const late = served.filter((answer) => answer.at - told > kNotice_ms * 0.9 && answer.close);
  tally.check(late.length > 0, `${name}: the last answers say close`, `${late.length} of ${served.length}`);
  const lines = host.log.split('"route":"GET /api/pages"').length - 1;
  tally.check(lines >= served.length, `${name}: every answer has its line in the log`, `${lines} lines, ${served.length} answers`);
  tally.check(host.log.trimEnd().endsWith('"msg":"stopped"}'), `${name}: the log is complete`, host.log.slice(-200));
  console.log(`${name}: ${served.length} served, ${refused.length} refused after the end, gone after ${took.toFixed(0)} ms`);
}

/** A host with an upload that does not end by itself. */
async function busyHost(settings) {
  const host = await startHost(settings);
  const upload = new Upload(host);
  host.child.kill('SIGHUP'); // without a certificate there is nothing to load, and nothing to die of
  await until(async () => (await (await fetch(`${host.url}/metrics`)).text()).includes('portico_http_connections 2'), 'the upload is there');
  return { host, upload };
}

for (let number = 1; number <= kRounds; number += 1) await tally.test(`round ${number}`, () => round(number));

await tally.test('the time given', async () => {
  const { host, upload } = await busyHost({ 'http.drain_notice_ms': 0, 'http.drain_ms': 2000 });
  const told = performance.now();
  host.child.kill('SIGTERM');
  const code = await host.waitForEnd();
  const took = performance.now() - told;
  await upload.gone;
  tally.check(code === 0 && took >= 1400 && took <= 2000 + kMargin_ms, 'what does not end is ended with the time given', `${code} after ${took} ms`);
});

await tally.test('a second signal', async () => {
  const { host, upload } = await busyHost({ 'http.drain_notice_ms': 60_000, 'http.drain_ms': 60_000 });
  host.child.kill('SIGTERM');
  await until(() => host.log.includes('"msg":"stopping"'), 'it is stopping');
  host.child.kill('SIGTERM');
  const code = await host.waitForEnd();
  await upload.gone;
  tally.check(code === 0 && host.log.includes('a second signal'), 'a second signal ends it at once', `${code} ${host.log.slice(-300)}`);
});

tally.end();
