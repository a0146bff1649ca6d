// Stored answers over three hosts: one load for a crowd, nothing old after a change, nothing kept unheard.
import { until } from '../lib/waiting.mjs';

const kCrowd = 500;

const addresses = (number) => `127.0.${1 + Math.floor(number / 200)}.${1 + (number % 200)}`;

// Of five hundred clients on its cores a host may wait long for Redis; it would do without and load for itself, as it should.
const kPatient = { 'redis.call_timeout_ms': 5000, 'cache.load_lease_ms': 30_000 };

async function crowdLoadsOnce(cluster, tally) {
  const person = await cluster.customer();
  await person.get('/api/invoices?page_size=50');
  const before = (await cluster.calls()).length;
  await person.get('/api/invoices?page_size=51');
  const callsOfOneLoad = (await cluster.calls()).length - before;

  for (const [through, at] of [['nginx', () => person], ['the hosts', (n) => person.at(cluster.hosts[n % 3])]]) {
    // Slow enough that all of the crowd arrive before the answer.
    await cluster.faults({ latency_ms: 1200 });
    await cluster.forgetCalls();
    const path = `/api/invoices?page_size=${through === 'nginx' ? 60 : 61}`;
    const all = await Promise.all(Array.from({ length: kCrowd }, (_, n) => at(n).get(path, through === 'nginx' ? { from: addresses(n) } : {})));
    await cluster.heal();
    const calls = await cluster.calls();
    tally.check(callsOfOneLoad > 0 && calls.length === callsOfOneLoad, `${kCrowd} misses at once through ${through} are one load`, `${calls.length} calls to billing, one load makes ${callsOfOneLoad}`);
    const bad = all.filter((answer) => answer.status !== 200);
    tally.check(bad.length === 0, `everybody in the crowd through ${through} is answered`, `${bad.length} were not: ${bad[0]?.status} ${bad[0]?.error ?? bad[0]?.text}`);
    tally.check(new Set(all.map((answer) => answer.text)).size === 1, `and gets the same answer (${through})`);
    console.log(`crowd of ${kCrowd} through ${through}: ${calls.length} call, slowest ${Math.round(Math.max(...all.map((a) => a.ms)))} ms`);
  }
}

async function crowdSharesFailure(cluster, tally) {
  const person = await cluster.customer();
  await cluster.faults({ kind: 'http_500_html', latency_ms: 500 });
  await cluster.forgetCalls();
  const all = await Promise.all(Array.from({ length: 150 }, (_, n) => person.at(cluster.hosts[n % 3]).get('/api/invoices?page_size=62')));
  await cluster.heal();
  const calls = (await cluster.calls()).length;
  tally.check(calls <= 9, 'a crowd whose load fails does not ask again one by one', `${calls} calls`);
  tally.check(all.every((answer) => answer.status >= 502 && answer.status <= 504 && answer.headers['retry-after']), 'and all are told to come later', `${all.map((a) => a.status).sort().join(' ').slice(0, 80)} ${all[0].text}`);
}

/** A change at one host while another's slow load of the old value is under way. */
async function changeBeatsSlowLoad(cluster, tally) {
  const person = await cluster.customer();
  const [slow, writer] = cluster.hosts;
  // The old value is read by billing at once and reaches the slow host late.
  await slow.billing.set({ down_ms: 1500 });
  await cluster.forgetCalls();
  const loading = person.at(slow).get('/api/me');
  await until(async () => (await cluster.calls('GetClientsDetails')).length > 0, 'the slow load has asked billing');
  const changed = await person.at(writer).send('PATCH', '/api/me', { first_name: 'Changed' });
  tally.check(changed.status === 200, 'the change is made', `${changed.status} ${changed.text}`);
  for (const host of [writer, cluster.hosts[2]]) {
    const me = await person.at(host).get('/api/me');
    tally.check(me.json?.first_name === 'Changed', 'the change is seen at once', me.text);
  }
  const late = await loading;
  await slow.billing.heal();
  tally.check(late.status === 200, 'the slow load ends well', `${late.status} ${late.text}`);
  for (const host of cluster.hosts) {
    const me = await person.at(host).get('/api/me');
    tally.check(me.json?.first_name === 'Changed', 'what it brought is kept nowhere', me.text);
  }
}

/** A host that no longer hears of changes, in the two ways a link is lost. */
async function unheardHostForgets(cluster, tally) {
  for (const [how, faults] of [['stands still', { stall: true }], ['is cut', { refuse: true }]]) {
    const person = await cluster.customer();
    const [writer, deaf] = cluster.hosts;
    await person.at(deaf).get('/api/me');
    const lost = await deaf.metric('portico_cache_link_up');
    tally.check(lost === 1, 'the link is up', `${lost}`);
    await deaf.cache.set(faults);
    const began = performance.now();
    await person.at(writer).send('PATCH', '/api/me', { last_name: 'Unheard' });
    const seen = await until(async () => (await person.at(deaf).get('/api/me')).json?.last_name === 'Unheard', 'the deaf host shows the change', 20_000).catch(() => false);
    const took = performance.now() - began;
    tally.check(seen && took <= 3000, `a host whose link ${how} forgets within 3 s`, `${Math.round(took)} ms`);
    console.log(`link ${how}: forgotten after ${Math.round(took)} ms`);
    await deaf.cache.heal();
    await until(async () => (await deaf.metric('portico_cache_link_up')) === 1 && (await deaf.metric('portico_redis_up')) === 1, 'the link is back');
    await person.at(writer).send('PATCH', '/api/me', { last_name: 'Heard' });
    tally.check((await until(async () => (await person.at(deaf).get('/api/me')).json?.last_name === 'Heard', 'it hears again')) === true, 'and hears again by itself');
  }
}

export async function answers(cluster, tally) {
  await cluster.restart(kPatient);
  await tally.test(crowdLoadsOnce.name, () => crowdLoadsOnce(cluster, tally));
  await cluster.restart();
  for (const one of [crowdSharesFailure, changeBeatsSlowLoad, unheardHostForgets]) await tally.test(one.name, () => one(cluster, tally));
}
