// The scenarios of scenarios.json on the real host; plugin/conformance_test.cpp runs the same ones on the test host.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Tally, build, startHost } from '../lib/portal.mjs';

const tally = new Tally();
const scenarios = JSON.parse(readFileSync(new URL('scenarios.json', import.meta.url), 'utf8'));
const plugins = mkdtempSync(join(tmpdir(), 'portico-conformance-'));
for (const source of ['plugins', 'conformance/plugins'])
  for (const name of readdirSync(join(build, source))) symlinkSync(join(build, source, name), join(plugins, name));
const host = await startHost({
  'plugins.path': plugins, 'plugins.conformance-probe.enabled': 'true',
  'rate.read': '100000/1s per user', 'rate.write': '100000/1s per user',
});

/** As it is written: fetch() would mend some of the addresses. */
function send({ method, target, body, content_type = 'application/json', language = 'en' }) {
  const { hostname, port } = new URL(host.url);
  const headers = { 'Accept-Language': language, Origin: host.url, 'Sec-Fetch-Site': 'same-origin', 'X-Portico-CSRF': '1' };
  if (body) Object.assign(headers, { 'Content-Type': content_type, 'Content-Length': Buffer.byteLength(body) });
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, method, path: target, headers, agent: false }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(pieces).toString() }));
    });
    request.on('error', failed);
    request.end(body);
  });
}

tally.check(!host.ended, 'the host runs', host.log.slice(-2000));
if (!host.ended)
  for (const row of scenarios)
    await tally.test(row.rule, async () => {
      const answer = await send(row);
      const json = () => JSON.parse(answer.text);
      const same = (found, wanted, what) =>
        tally.check(isDeepStrictEqual(found, wanted), `${row.rule}: ${what}`, `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
      same(answer.status, row.status, 'status');
      if ('code' in row) same(json().code, row.code, 'code');
      if ('text' in row) same(answer.text, row.text, 'body');
      if ('json' in row) same(json(), row.json, 'body');
      if ('errors' in row) same(json().errors, row.errors, 'errors');
      for (const [name, value] of Object.entries(row.members ?? {})) same(json()[name], value, name);
      for (const [name, value] of Object.entries(row.headers ?? {})) same(answer.headers[name], value, name);
    });
await host.stop();
rmSync(plugins, { recursive: true });
tally.end();
