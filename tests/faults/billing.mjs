// The billing system has a bad day, is gone, and comes back.
import { readFileSync } from 'node:fs';
import { load, until } from '../lib/waiting.mjs';
import { Reader, full, judgeCached } from './reader.mjs';

const kBreaker = ['upstream="whmcs"'];

async function sum(cluster, name, ...words) {
  let all = 0;
  for (const host of cluster.hosts) all += await host.metric(name, ...words);
  return all;
}

/** Readers of a stored page and readers whose answer has to be fetched, side by side. */
async function bothKinds(cluster, tally, name, seconds, { stored, fetching, page }) {
  const since = performance.now();
  const old = new Reader(`${name}, stored pages`);
  const fresh = new Reader(`${name}, pages to fetch`);
  await Promise.all([
    load(20, seconds, async (n) => old.note('GET', await stored.at(cluster.hosts[n % 3]).get('/api/invoices'))),
    load(12, seconds, async (n) => fresh.note('GET', await fetching[n % fetching.length].at(cluster.hosts[n % 3]).get(`/api/invoices?page_size=${1 + (page.next++ % 100)}&page=${1 + Math.floor(page.next / 100)}`))),
  ]);
  console.log(`${old.name}: ${old.summary()}`);
  console.log(`${fresh.name}: ${fresh.summary()}`);
  judgeCached(tally, name, old, since - page.age_ms);
  page.age_ms += performance.now() - since;
  fresh.judge(tally, { fine: [502] });
  return { old, fresh };
}

async function badDay(cluster, tally) {
  const stored = await cluster.customer();
  const fetching = [];
  for (let n = 0; n < 4; n += 1) fetching.push(await cluster.customer());
  const page = { next: 0, age_ms: 0 };
  const warmed = performance.now();
  for (const host of cluster.hosts) await stored.at(host).get('/api/invoices');

  const well = await bothKinds(cluster, tally, 'billing well', full ? 60 : 3, { stored, fetching, page });
  page.age_ms = performance.now() - warmed;
  tally.check(well.fresh.count(200) === well.fresh.answers.length, 'billing well: everything is answered', well.fresh.summary());

  const attemptsBefore = await sum(cluster, 'portico_outbound_attempts_total', ...kBreaker);
  const callsBefore = await sum(cluster, 'portico_outbound_calls_total', ...kBreaker);
  const retriesBefore = await sum(cluster, 'portico_outbound_retries_total', ...kBreaker);
  await cluster.faults(
    { kind: 'http_500_html', probability: 0.3 },
    { kind: 'stall', hold_ms: 10_000, probability: 0.1 },
    { kind: 'reset', probability: 0.05 },
    { kind: 'cut_body', probability: 0.05 },
    { kind: 'truncated_json', probability: 0.05 },
  );
  const bad = await bothKinds(cluster, tally, 'a bad day', full ? 240 : 15, { stored, fetching, page });
  // A body that was cut must not have become an answer.
  const shortened = bad.fresh.answers.filter((answer) => answer.status === 200 && (!Array.isArray(answer.json?.items) || answer.json.total !== 8));
  tally.check(shortened.length === 0, 'a bad day: no cut reply is taken for an answer', shortened[0]?.text);
  const p99 = [well.old.quantile(0.99), bad.old.quantile(0.99)];
  console.log(`stored pages' p99: ${p99[0]} ms well, ${p99[1]} ms on a bad day`);

  await cluster.whmcs.set({ refuse: true });
  const opened = await sum(cluster, 'portico_outbound_breaker_opened_total', ...kBreaker);
  const since = performance.now();
  const opening = until(async () => (await sum(cluster, 'portico_outbound_breaker_state', ...kBreaker)) > 0, 'a breaker opens').then(
    () => (performance.now() - since) / 1000,
    () => NaN,
  );
  const gone = await bothKinds(cluster, tally, 'billing gone', full ? 60 : 6, { stored, fetching, page });
  tally.check(gone.fresh.count(200) === 0 && gone.fresh.count(503, 504) === gone.fresh.answers.length, 'billing gone: what has to be fetched is refused', gone.fresh.summary());
  const open = await sum(cluster, 'portico_outbound_breaker_opened_total', ...kBreaker);
  console.log(`the first breaker open ${(await opening).toFixed(1)} s after billing was gone`);
  tally.check(open > 0 && (open > opened || (await sum(cluster, 'portico_outbound_breaker_state', ...kBreaker)) > 0), 'billing gone: breakers are open', `${opened} → ${open}`);
  const attempts = (await sum(cluster, 'portico_outbound_attempts_total', ...kBreaker)) - attemptsBefore;
  const calls = (await sum(cluster, 'portico_outbound_calls_total', ...kBreaker)) - callsBefore;
  tally.check(attempts <= 1.2 * calls, 'broken or gone, billing sees at most 1.2 attempts a call', `${attempts} of ${calls}`);
  const retries = (await sum(cluster, 'portico_outbound_retries_total', ...kBreaker)) - retriesBefore;
  console.log(`attempts: ${attempts}, of them ${retries} retries, for ${calls} calls`);

  await cluster.heal();
  await cluster.whmcs.heal();
  const back = performance.now();
  await until(
    async () => {
      const answers = await Promise.all(cluster.hosts.map((host, n) => fetching[n].at(host).get(`/api/invoices?page_size=${1 + (page.next++ % 100)}&page=7`)));
      return answers.every((answer) => answer.status === 200);
    },
    'every host fetches again',
    150_000,
  );
  await until(async () => {
    await Promise.all(cluster.hosts.map((host, n) => fetching[n].at(host).get(`/api/invoices?page_size=${1 + (page.next++ % 100)}&page=8`)));
    return (await sum(cluster, 'portico_outbound_breaker_state', ...kBreaker)) === 0;
  }, 'every breaker is closed', 150_000);
  tally.check(true, 'billing back: every breaker closes by itself');
  console.log(`breakers closed ${((performance.now() - back) / 1000).toFixed(1)} s after billing was back`);
}

const kNonsense = [502];
const kAway = [502, 503];
const kSlow = [503, 504];
const head = (more) => `HTTP/1.1 200 OK\r\n${more}\r\n\r\n`;

// Links that only a proxy can make, and replies that only a hostile system sends; each list has a host of its own.
const kLinks = [
  [['a link that stands still', { stall: true }, kSlow]],
  [['ten bytes a second', { rate: 10 }, kSlow]],
  [
    ['a reply cut after 100 bytes', { cut_after: 100 }, [...kAway, 504]],
    ['a reply reset after 100 bytes', { cut_after: 100, end: 'reset' }, [...kAway, 504]],
    ['a close that comes late', { linger_ms: 3000 }, [200]],
    ['a slow link', { latency_ms: 300 }, [200]],
    ['a redirect', { answer: 'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n' }, kAway],
    ['a page instead of an answer', { answer: `${head('Content-Type: text/html\r\nContent-Length: 15')}<html>hi</html>` }, kNonsense],
    ['a key twice', { answer: `${head('Content-Length: 41')}{"result":"success","result":"success"}  ` }, kNonsense],
    ['two lengths', { answer: `${head('Content-Length: 2\r\nContent-Length: 20')}{}` }, kAway],
    ['a charset it is not in', { answer: `${head('Content-Type: application/json; charset=utf-16\r\nContent-Length: 41')}\xff\xfe{"result":"success","totalresults":"0"}` }, kNonsense],
    ['interim replies without end', { answer: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(4000) }, kAway],
    ['a header of 10 MB', { answer: `${head(`X: ${'a'.repeat(10_000_000)}`)}` }, kAway],
    ['a body of 64 MB', { answer: `${head('Content-Length: 67108864')}${'a'.repeat(67_108_864)}` }, kAway],
  ],
];

/** The most memory a host has taken so far, in KB. */
const peak = (host) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))[1]);

async function badLinks(cluster, tally) {
  const person = await cluster.customer();
  const reader = new Reader('bad links to billing');
  await Promise.all(
    kLinks.map(async (kinds, list) => {
      const host = await cluster.addHost();
      const before = peak(host);
      for (const [number, [name, faults, expected]] of kinds.entries()) {
        await host.billing.set(faults);
        await host.billing.cutAll();
        const answer = reader.note('GET', await person.at(host).get(`/api/invoices?page_size=${10 * list + number + 1}`));
        tally.check(expected.includes(answer.status), `${name}: ${expected.join(' or ')}`, `${answer.status} ${answer.text.slice(0, 200)} after ${Math.round(answer.ms)} ms`);
      }
      const grown = peak(host) - before;
      tally.check(grown < 48e3, 'a hostile billing system fills no memory', `${grown} KB more`);
      await host.stop();
    }),
  );
  reader.judge(tally, { fine: [502] });
  console.log(`bad links: ${reader.summary()}`);
}

export async function billing(cluster, tally) {
  await tally.test('bad links', () => badLinks(cluster, tally));
  await tally.test('a bad day', () => badDay(cluster, tally));
  await cluster.heal();
  await cluster.whmcs.heal();
}
