// Real TLS clients, and certificates that change while they work.
import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { Authority } from '../lib/certificates.mjs';
import { startHost, status, Tally } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';

const tally = new Tally();
const authority = new Authority();
const host = await startHost(authority.settings());
const { hostname, port } = new URL(host.url);
const ca = authority.ca;

async function run(program, words, input = '') {
  const running = promisify(execFile)(program, words, { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
  running.child.stdin.end(input);
  return running.then(({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr })).catch((e) => ({ code: e.code, out: e.stdout, err: e.stderr }));
}
const curl = (...words) => run('curl', ['-sS', '--cacert', authority.file, '-m', '30', ...words]);
const sClient = (...words) => run('openssl', ['s_client', '-connect', `${hostname}:${port}`, '-CAfile', authority.file, '-verify_return_error', '-ign_eof', ...words],
  'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');

function ask(path, { agent = false, method = 'GET', headers = {}, body } = {}) {
  return new Promise((done) => {
    const request = https.request(`${host.url}${path}`, { agent, ca, method, headers, family: 4 }, (answer) => {
      let text = '';
      answer.on('data', (bytes) => (text += bytes));
      answer.on('end', () => done({ status: answer.complete ? answer.statusCode : 0, headers: answer.headers, text, reused: request.reusedSocket }));
      answer.on('error', (error) => done({ status: 0, text: String(error) }));
    });
    request.on('error', (error) => done({ status: 0, text: String(error) }));
    request.end(body);
  });
}

function certificateName() {
  return new Promise((done, failed) => {
    const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ca }, () => {
      done(socket.getPeerCertificate().subject.CN);
      socket.end();
    });
    socket.on('error', failed);
  });
}
const servedIs = (name, within_ms) => until(async () => (await certificateName()) === name, `the certificate is ${name}`, within_ms);
const logged = (text) => until(() => host.log.includes(text), `the log says ${text}`);

await tally.test('curl', async () => {
  for (const version of ['1.2', '1.3']) {
    const { code, out } = await curl(`--tlsv${version}`, '--tls-max', version, '-w', ' %{http_code} %{ssl_verify_result}', `${host.url}/healthz`);
    tally.check(code === 0 && out === 'ok\n 200 0', `curl speaks ${version}`, out);
  }
  const untrusting = await run('curl', ['-sS', '-m', '30', `${host.url}/healthz`]);
  tally.check(untrusting.code === 60, 'curl does not trust an authority it does not know', untrusting.err);

  const pages = JSON.parse((await curl(`${host.url}/api/pages`)).out);
  const entry = `${host.url}${pages.modules[0].entry}`;
  const whole = (await curl(entry)).out;
  const parts = [await curl('-r', '0-999', entry), await curl('-r', '1000-', entry), await curl('-r', '-10', entry)];
  tally.check(parts[0].out.length === 1000 && parts[0].out + parts[1].out === whole, 'curl puts a file together from parts');
  tally.check(parts[2].out === whole.slice(-10), 'curl gets the end of a file');
  const beyond = await curl('-o', '/dev/null', '-w', '%{http_code}', '-r', '99999999-', entry);
  tally.check(beyond.out === '416', 'curl is told that there is nothing there', beyond.out);

  const large = join(authority.folder, 'large');
  writeFileSync(large, `{"email":"${'a'.repeat(2_000_000)}"}`);
  const post = ['-v', '-H', 'Content-Type: application/json', '-H', 'X-Portico-CSRF: 1', '-H', `Origin: ${host.url}`, '-H', 'Expect: 100-continue', '--expect100-timeout', '20'];
  const refused = await curl(...post, '--data-binary', `@${large}`, `${host.url}/api/auth/login`);
  tally.check(/< HTTP\/1.1 413/.test(refused.err) && !/HTTP\/1.1 100/.test(refused.err), 'a body that is too large is refused before it is sent', refused.err);
  const unknown = await curl(...post, '-X', 'PATCH', '--data-binary', '{"language":"en"}', `${host.url}/api/me`);
  tally.check(/< HTTP\/1.1 401/.test(unknown.err) && unknown.out.includes('auth.required') && !/HTTP\/1.1 100/.test(unknown.err), 'a body of nobody is refused before it is sent', unknown.err);
  const taken = await curl(...post, '--data-binary', '{"email":"behind-tls@sample.example","password":"not the right one"}', `${host.url}/api/auth/login`);
  tally.check(/< HTTP\/1.1 100/.test(taken.err) && /< HTTP\/1.1 401/.test(taken.err), 'another body is asked for', taken.err);
});

await tally.test('openssl', async () => {
  const ticket = join(authority.folder, 'ticket');
  for (const version of ['-tls1_2', '-tls1_3']) {
    const first = await sClient(version, '-alpn', 'h2,http/1.1', '-sess_out', ticket);
    tally.check(/HTTP\/1.1 200 OK/.test(first.out) && /ALPN protocol: http\/1.1/.test(first.out), `s_client${version} gets its answer by http/1.1`, first.err);
    tally.check(/Verify return code: 0 /.test(first.out), `s_client${version} believes the chain`, first.out.slice(-500));
    const second = await sClient(version, '-sess_in', ticket);
    tally.check(/^Reused, TLS/m.test(second.out), `s_client${version} resumes its session`, second.out.slice(-500));
  }
  const h2 = await sClient('-alpn', 'h2');
  tally.check(h2.code !== 0 && /no application protocol/.test(h2.err), 'who speaks h2 alone is refused', h2.err);
  const old = await sClient('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
  tally.check(old.code !== 0 && /alert protocol version/.test(old.err), 'TLS 1.1 is refused', old.err);
});

await tally.test('https', async () => {
  const headers = { 'Content-Type': 'application/json', 'X-Portico-CSRF': '1', Origin: host.url };
  const [sample] = status.samples;
  const login = await ask('/api/auth/login', { method: 'POST', headers, body: JSON.stringify({ email: sample.email, password: sample.password }) });
  const cookies = login.headers?.['set-cookie'] ?? [];
  tally.check(login.status === 200 && cookies.length > 0, 'a customer signs in', `${login.status} ${login.text}`);
  tally.check(cookies.every((cookie) => cookie.startsWith('__Host-') && /; Secure/.test(cookie)), 'cookies are Secure and __Host-', cookies.join('\n'));
  tally.check(/max-age=\d{8}/.test(login.headers?.['strict-transport-security'] ?? ''), 'the answer says Strict-Transport-Security');
});

await tally.test('reload', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  tally.check((await ask('/healthz', { agent })).status === 200, 'a connection is kept');
  const results = [];
  let loading = true;
  const load = Promise.all([0, 1, 2].map(async (worker) => {
    const kept = new https.Agent({ keepAlive: true, maxSockets: 1 });
    while (loading) results.push(await ask('/readyz', { agent: worker === 0 ? kept : false }));
    kept.destroy();
  }));
  for (let round = 0; round < 10; round += 1) {
    authority.issue(`round ${round}`);
    host.child.kill('SIGHUP');
    await servedIs(`round ${round}`);
    const goal = results.length + 15;
    await until(() => results.length >= goal, 'requests go on');
  }
  loading = false;
  await load;
  const failed = results.filter((answer) => answer.status !== 200);
  tally.check(results.length > 100 && failed.length === 0, 'certificates change under load', `${failed.length} of ${results.length}: ${failed[0]?.text}`);
  const again = await ask('/healthz', { agent });
  tally.check(again.status === 200 && again.reused, 'the kept connection goes on', `${again.status} ${again.reused}`);
  agent.destroy();

  authority.issue('by itself');
  await servedIs('by itself', 60_000);
  tally.check(true, 'new files are noticed without a signal');
  authority.issue('exposed');
  chmodSync(authority.key, 0o644);
  host.child.kill('SIGHUP');
  await logged('tls.exposed_key');
  tally.check((await certificateName()) === 'by itself', 'a key that others can read is not loaded');
  writeFileSync(authority.certificate, 'nonsense');
  host.child.kill('SIGHUP');
  await logged('tls.unusable_certificate');
  tally.check((await certificateName()) === 'by itself' && (await ask('/healthz')).status === 200, 'nonsense is not loaded');
  const refused = await startHost(authority.settings());
  tally.check(refused.ended && refused.code === 1 && refused.log.includes('tls.unusable_certificate'), 'a host with nonsense does not start', refused.log);
  authority.issue('last');
  chmodSync(authority.key, 0o644);
  const exposed = await startHost(authority.settings());
  tally.check(exposed.ended && exposed.code === 1 && /tls\.exposed_key\n.*chmod 0640/.test(exposed.log), 'nor one whose key others can read', exposed.log);
});

const code = await host.stop();
tally.check(code === 0, 'the host ends well', String(code));
tally.check(!host.log.includes('"component":"front"'), 'no client got a line in the log', host.log.slice(0, 500));
authority.remove();
tally.end();
