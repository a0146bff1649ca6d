// Redis away, paused, empty, full: slower or stricter, never wrong.
import { load, until } from '../lib/waiting.mjs';
import { Reader, full, judgeCached } from './reader.mjs';

const kSeconds = full ? 60 : 4;

async function trouble(cluster, tally, { name, lose, regain }) {
  const person = await cluster.customer();
  const gone = await cluster.customer();
  const ended = gone.copy();
  for (const host of cluster.hosts) {
    await person.at(host).get('/api/invoices');
    await gone.at(host).get('/api/invoices');
  }
  const warmed = performance.now();
  await gone.at(cluster.hosts[0]).send('POST', '/api/auth/logout');
  await cluster.forgetCalls();
  await lose();
  const stored = new Reader(`${name}, stored pages`);
  const signIns = new Reader(`${name}, sign-ins`);
  const revoked = new Reader(`${name}, ended sessions`);
  await Promise.all([
    load(20, kSeconds, async (n) => stored.note('GET', await person.at(cluster.hosts[n % 3]).get('/api/invoices'))),
    load(3, kSeconds, async (n) => signIns.note('POST', await person.signedOut().at(cluster.hosts[n % 3]).signIn())),
    load(10, kSeconds, async (n) => revoked.note('GET', await ended.at(cluster.hosts[n % 3]).get('/api/invoices'))),
  ]);
  for (const reader of [stored, signIns, revoked]) console.log(`${reader.name}: ${reader.summary()}`);
  const calls = (await cluster.calls('GetInvoices')).length;
  tally.check(revoked.count(200) === 0 && revoked.count(401) === revoked.answers.length, `${name}: no ended session is taken`, revoked.summary());
  tally.check(stored.count(200) === stored.answers.length, `${name}: every reader is answered`, stored.summary());
  tally.check(calls <= 3 * (1 + Math.ceil(kSeconds / 5)), `${name}: billing is asked once a host and life of an entry, no more`, `${calls} calls for ${stored.answers.length} reads`);
  if (calls === 0) judgeCached(tally, name, stored, warmed);
  tally.check(signIns.count(200) === signIns.answers.length, `${name}: people sign in`, signIns.summary());
  for (const reader of [stored, signIns, revoked]) reader.judge(tally, { fine: [401] });
  await regain();
  const back = performance.now();
  for (const host of cluster.hosts)
    await until(async () => (await host.metric('portico_redis_up')) === 1 && (await host.metric('portico_cache_link_up')) === 1, `${name}: Redis is used again`);
  console.log(`${name}: used again ${((performance.now() - back) / 1000).toFixed(1)} s after it was back`);
  const after = await ended.at(cluster.hosts[1]).get('/api/invoices');
  tally.check(after.status === 401, `${name}: nor afterwards`, `${after.status}`);
}

/** Ten tries an account are PostgreSQL's to count: no trouble of Redis buys an eleventh. */
async function guessesStayCounted(cluster, tally) {
  const victim = await cluster.customer();
  await cluster.redis.kill();
  const stranger = victim.copy();
  stranger.jar.clear();
  let evaluated = 0;
  for (let n = 0; n < 16; n += 1) {
    if (n === 8) await cluster.redis.start();
    const answer = await stranger.at(cluster.hosts[n % 3]).from(`203.0.113.${n}`).send('POST', '/api/auth/login', { email: victim.email, password: `wrong wrong ${n}` });
    if (answer.status === 401) evaluated += 1;
  }
  tally.check(evaluated === 10, 'Redis lost and back empty: ten guesses an account, not one more', `${evaluated}`);
  for (const host of cluster.hosts) await until(async () => (await host.metric('portico_redis_up')) === 1, 'Redis is used again');
}

export async function redis(cluster, tally) {
  const { redis: store } = cluster;
  const troubles = [
    { name: 'Redis killed', lose: () => store.kill(), regain: () => store.start() },
    { name: 'Redis paused', lose: async () => store.pause(), regain: async () => store.resume() },
    { name: 'Redis restarted empty', lose: () => store.kill().then(() => store.start()), regain: async () => {} },
    { name: 'Redis full', lose: () => store.command('CONFIG', 'SET', 'maxmemory', '1'), regain: () => store.command('CONFIG', 'SET', 'maxmemory', '0') },
  ];
  for (const one of troubles) await tally.test(one.name, () => trouble(cluster, tally, one));
  await tally.test('guesses', () => guessesStayCounted(cluster, tally));
}
