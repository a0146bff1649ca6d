// Raw bytes against the front: its pure parser in every cut, Node's parser as the second opinion, then real sockets, a real
// host and a real nginx. One case counts as one check in each of these.
//
//   run [--table]    --table also prints what nginx makes of each family
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Tally, build, root } from '../lib/portal.mjs';
import { allCases } from './cases.mjs';
import { readByNode } from './llhttp.mjs';
import { startNginx } from './nginx.mjs';
import { exchange, inParallel, parseAnswers } from './wire.mjs';

const kWidth = 16; // connections at a time
const kRefusals = new Set([400, 408, 413, 414, 417, 431, 501, 505]);
// Stands behind each probe in the corpus of tests/fuzz/request.
const kSeedCanary = Buffer.from('GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n');
// What we accept and Node does not read, and why that is right.
const kNodeStopsAt = {
  'two proofs of a length: upgrade to h2c': 'Node reads nothing behind a request with Upgrade; a server that does not upgrade goes on (RFC 9110 7.8)',
};
const view = process.env.PORTICO_FRAMING_VIEW ?? join(build, 'bin/framing_view');
const parserOnly = process.argv.includes('--parser');
const tally = new Tally();

function run(what, input) {
  const { status, stdout, stderr } = spawnSync(view, [what], { input, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (status !== 0) throw new Error(`framing_view ${what}: ${stderr}`);
  return stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

const label = (one) => `${one.family}: ${one.name}`;
const show = (value) => JSON.stringify(value)?.slice(0, 500);

/** What may be answered: after a request that closes its connection nothing is. */
function effective(transcript) {
  const closing = transcript.requests.findIndex((request) => !request.keep_alive);
  if (closing < 0) return { ...transcript, requests: [...transcript.requests] };
  return { ...transcript, requests: transcript.requests.slice(0, closing + 1), refusal: null, waiting: false };
}

// ---- the cases and what the pure parser makes of them ----

const probes = run('probes');
const cases = allCases(probes);
cases.forEach((one, i) => {
  const canary = (path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: canary\r\n\r\n`);
  one.canary = `/canary/${i}`;
  // Its own target tells whose answer this is, whatever connection it comes on.
  const at = one.bytes.indexOf(' /a ', 0, 'latin1');
  one.target = at < 0 ? undefined : `/a${i}`;
  if (at >= 0) one.bytes = Buffer.concat([one.bytes.subarray(0, at), Buffer.from(` ${one.target} `), one.bytes.subarray(at + 4)]);
  one.streams = {
    alone: one.bytes,
    followed: Buffer.concat([one.bytes, canary(one.canary)]),
    host: Buffer.concat([one.bytes, canary('/healthz')]),
  };
});
const kinds = ['alone', 'followed', 'host'];
const transcripts = run('read', cases.flatMap((one) => kinds.map((kind) => `${one.streams[kind].toString('hex')}\n`)).join(''));
cases.forEach((one, i) => {
  one.seen = Object.fromEntries(kinds.map((kind, k) => [kind, transcripts[i * kinds.length + k]]));
});

const isCanary = (one, request) => request.method === 'GET' && request.target === one.canary && request.body === '' && isDeepStrictEqual(request.fields, [['Host', 'canary']]);

function checkParser(one) {
  const { alone, followed } = one.seen;
  const wrong = [];
  for (const kind of kinds) {
    const seen = one.seen[kind];
    if (seen.other_cut !== null) wrong.push(`${kind}: another answer when cut at ${seen.other_cut}`);
    if (seen.refusal && !kRefusals.has(seen.refusal.status)) wrong.push(`refused with ${seen.refusal.status}`);
    if (seen.requests.some((request) => request.target.includes('evil'))) wrong.push('a body was taken for a request');
  }
  if (alone.requests.length > 1) wrong.push('two requests out of one');
  if (followed.requests.length > 2) wrong.push('three requests out of two');
  if (!isDeepStrictEqual(followed.requests.slice(0, alone.requests.length), alone.requests)) wrong.push('what follows changes what came before');
  const others = followed.requests.slice(alone.requests.length);
  if (alone.requests.length === 1 && !others.every((request) => isCanary(one, request))) wrong.push('the request behind is not itself');
  if (alone.refusal && (followed.requests.length > 0 || alone.requests.length > 0)) wrong.push('a refused stream has requests');
  if (one.probe) {
    const ended = one.probe.then_close && alone.waiting ? 400 : undefined;
    const status = alone.refusal?.status ?? ended ?? (alone.requests.length === 1 ? 200 : 0);
    if (status !== one.probe.status) wrong.push(`answers ${status} instead of ${one.probe.status}`);
    const seed = readFileSync(join(root, 'tests/fuzz/request/corpus', one.probe.name));
    if (!seed.equals(Buffer.concat([Buffer.from(one.probe.bytes, 'hex'), kSeedCanary]))) wrong.push('its seed in tests/fuzz/request/corpus is another');
  }
  tally.check(wrong.length === 0, `parser, ${label(one)}`, wrong.join('; '));
}

async function checkAgainstNode(one) {
  const ours = effective(one.seen.followed);
  const theirs = await readByNode(one.streams.followed);
  if (label(one) in kNodeStopsAt && !theirs.refusal) ours.requests.length = theirs.requests.length;
  const wrong = ours.requests.findIndex(({ keep_alive: _, ...request }, i) => !isDeepStrictEqual(request, theirs.requests[i]));
  tally.check(
    wrong < 0,
    `Node, ${label(one)}`,
    wrong < 0 ? '' : `we read ${show(ours.requests[wrong])}, Node ${show(theirs.requests[wrong]) ?? `refuses: ${theirs.refusal}`}`,
  );
}

// ---- sockets ----

/** A server that answers each request with what it read; `got` are all of them, in order. */
async function startEcho() {
  const child = spawn(view, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const got = [];
  const port = await new Promise((done) => {
    let first = true;
    createInterface(child.stdout).on('line', (line) => {
      if (first) done(Number(line));
      else got.push(JSON.parse(line));
      first = false;
    });
  });
  return { port, got, stop: () => child.stdin.end() };
}

/** What must come back for a transcript when the client closes its side behind the bytes. */
function expected(transcript) {
  const { requests, refusal, waiting } = effective(transcript);
  return { requests, refused: refusal?.status ?? (waiting ? 400 : undefined) };
}

function judge(transcript, answer, checkBody) {
  const { requests, refused } = expected(transcript);
  const { answers, rest } = parseAnswers(answer.bytes, requests.map((request) => request.method));
  const wanted = requests.length + (refused ? 1 : 0);
  if (!answer.ended) return `the connection stays open (${answer.why})`;
  if (rest.length > 0) return `bytes that are no answer: ${show(rest.toString('latin1'))}`;
  if (answers.length !== wanted) return `${answers.length} answers instead of ${wanted}`;
  for (const [i, request] of requests.entries()) {
    const why = checkBody(request, answers[i], i);
    if (why) return why;
  }
  const last = answers.at(-1);
  if (refused && (last.status !== refused || !last.closes)) return `ends with ${last.status}${last.closes ? '' : ', open'}, not with ${refused} and close`;
  return '';
}

const echoes = (request, answer) => {
  if (answer.status !== 200) return `answered ${answer.status}`;
  return request.method === 'HEAD' || isDeepStrictEqual(JSON.parse(answer.body), request) ? '' : `read ${answer.body.slice(0, 300)} instead of ${show(request)}`;
};

/** The whole, and cuts spread over the stream so that neighbours in a family are cut elsewhere. */
function piecesOf(stream, i) {
  const cut = (at) => Math.max(1, Math.min(stream.length - 1, at));
  const a = cut(1 + ((i * 37) % Math.max(1, stream.length - 1)));
  const b = cut(a + 1 + ((i * 11) % 40));
  return [[stream], [stream.subarray(0, a), stream.subarray(a)], [stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)]];
}

async function checkDirect(echo) {
  await inParallel(
    kWidth,
    cases.map((one, i) => async () => {
      const why = [];
      for (const kind of ['alone', 'followed']) {
        for (const pieces of piecesOf(one.streams[kind], i)) why.push(judge(one.seen[kind], await exchange(echo.port, pieces), echoes));
      }
      tally.check(why.every((text) => text === ''), `socket, ${label(one)}`, why.find((text) => text !== ''));
    }),
  );
}

async function checkHost(port, healthy) {
  await inParallel(
    kWidth,
    cases.map((one) => async () => {
      const isHealthy = (request, answer) => {
        if (request.target !== '/healthz') return answer.status >= 500 ? `answered ${answer.status}` : '';
        return answer.status === 200 && answer.body === healthy ? '' : `/healthz answered ${answer.status} ${answer.body.slice(0, 200)}`;
      };
      const why = judge(one.seen.host, await exchange(port, [one.streams.host]), isHealthy);
      tally.check(why === '', `host, ${label(one)}`, why);
    }),
  );
}

// ---- behind nginx ----

/** nginx answers a request line without a version as HTTP/0.9 asks: one body without a head, then it closes. */
function answersOfNginx(one, { bytes, ended }) {
  const found = parseAnswers(bytes, [/^[A-Z]+/.exec(one.bytes.toString('latin1'))?.[0]]);
  if (found.answers.length > 0 || !ended || found.rest.length === 0) return found;
  const body = found.rest.toString();
  const status = body.startsWith('{"method"') ? 200 : Number(/<title>(\d{3})|"status":(\d{3})/.exec(body)?.slice(1).find(Boolean));
  return status ? { answers: [{ status, head: 'HTTP/0.9', body, closes: true }], rest: Buffer.alloc(0) } : found;
}

/** nginx sees a client that asks for two things and says it will close; each answer must be to what was asked. */
async function checkBehindNginx(nginx, echo) {
  const outcomes = new Map();
  await inParallel(
    kWidth,
    cases.map((one) => async () => {
      const canary = Buffer.from(`GET ${one.canary} HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n`);
      const answer = await exchange(nginx.port, [Buffer.concat([one.bytes, canary])], { finish: false });
      const { answers, rest } = answersOfNginx(one, answer);
      const views = answers.map((part) => (part.status === 200 && part.body ? JSON.parse(part.body) : undefined));
      const wrong = [];
      if (!answer.ended) wrong.push(`the connection stays open (${answer.why})`);
      if (rest.length > 0) wrong.push(`bytes that are no answer: ${show(rest.toString('latin1'))}`);
      if (answers.length > 2) wrong.push(`${answers.length} answers`);
      for (const [i, seen] of views.entries()) {
        if (!seen) continue;
        const isOwn = i === 0 && seen.target !== one.canary;
        const isAfter = seen.target === one.canary && i === answers.length - 1;
        if (isOwn && one.target && !seen.target.startsWith(one.target)) wrong.push(`an answer to ${seen.target}`);
        if (!isOwn && !(isAfter && seen.method === 'GET' && seen.body === '')) wrong.push(`an answer to ${show(seen)}`);
      }
      tally.check(wrong.length === 0, `nginx, ${label(one)}`, `${wrong.join('; ')}: ${show(answer.bytes.toString('latin1'))}`);
      note(outcomes, one, answers, views);
    }),
  );
  const strange = echo.got.filter((request) => !/^\/(a|canary\/)\d+|^\/$/.test(request.target) && !kOwnTargets.has(request.target));
  tally.check(strange.length === 0, 'nginx never forwards what was in a body', show(strange.map((request) => request.target)));
  return outcomes;
}

// Targets that cases ask for by themselves, as nginx passes them on.
const kOwnTargets = new Set(cases.flatMap((one) => /^[A-Z]+ (\S+)/.exec(one.bytes.toString('latin1'))?.[1] ?? []));

function note(outcomes, one, answers, views) {
  const first = answers[0];
  const canary = views.at(-1)?.target === one.canary;
  let what = 'connection closed without an answer';
  if (first && views[0] && views[0].target !== one.canary) what = canary ? 'forwarded, both answered' : 'forwarded, then closed';
  else if (first && views[0]) what = 'only the request behind is answered';
  else if (first?.status === 200) what = 'forwarded, both answered'; // a HEAD
  else if (first) what = /server: nginx|HTTP\/0.9/i.test(first.head) && !/problem\+json/i.test(first.head) ? `nginx refuses (${first.status})` : `the front refuses (${first.status})`;
  const family = outcomes.get(one.family) ?? new Map();
  family.set(what, [...(family.get(what) ?? []), one.name]);
  outcomes.set(one.family, family);
}

function printTable(outcomes) {
  for (const [family, kinds_] of outcomes) {
    for (const [what, names] of kinds_) console.log(`| ${family} | ${what} | ${names.length} | ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''} |`);
  }
}

async function checkHostBehindNginx(nginx, healthy) {
  await inParallel(
    kWidth,
    cases.map((one) => async () => {
      const canary = Buffer.from('GET /healthz HTTP/1.1\r\nHost: canary\r\nConnection: close\r\n\r\n');
      const answer = await exchange(nginx.port, [Buffer.concat([one.bytes, canary])], { finish: false });
      const { answers, rest } = answersOfNginx(one, answer);
      const wrong = [];
      if (!answer.ended) wrong.push(`the connection stays open (${answer.why})`);
      if (rest.length > 0) wrong.push(`bytes that are no answer: ${show(rest.toString('latin1'))}`);
      if (answers.length > 2) wrong.push(`${answers.length} answers`);
      if (answers.length === 2 && !(answers[1].body === healthy || answers[1].status === 400)) wrong.push(`the request behind was answered ${answers[1].status} ${answers[1].body.slice(0, 200)}`);
      tally.check(wrong.length === 0, `host behind nginx, ${label(one)}`, wrong.join('; '));
    }),
  );
}

// ---- all of it ----

const names = cases.map(label);
tally.check(new Set(names).size === names.length, 'every case has a name of its own', names.filter((name, i) => names.indexOf(name) !== i).join(', '));
tally.check(probes.length === 45, 'there are 45 probes', String(probes.length));
for (const one of cases) checkParser(one);
await inParallel(kWidth, cases.map((one) => () => checkAgainstNode(one)));

if (!parserOnly) {
  const echo = await startEcho();
  await tally.test('direct', () => checkDirect(echo));
  const behind = await startNginx(echo.port);
  echo.got.length = 0;
  await tally.test('behind nginx', async () => {
    const outcomes = await checkBehindNginx(behind, echo);
    if (process.argv.includes('--table')) printTable(outcomes);
  });
  echo.stop();

  const host = new URL(process.env.PORTICO_URL);
  const healthy = await (await fetch(new URL('/healthz', host))).text();
  await tally.test('host', () => checkHost(Number(host.port), healthy));
  const before = await startNginx(Number(host.port));
  await tally.test('host behind nginx', () => checkHostBehindNginx(before, healthy));
  const after = await (await fetch(new URL('/healthz', host))).text();
  tally.check(after === healthy, 'the host is as healthy as before');
}
console.log(`${cases.length} cases`);
tally.end();
process.exit();
