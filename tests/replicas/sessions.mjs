// Sessions over three hosts: what ends at one has ended at all.
import { until } from '../lib/waiting.mjs';

const kWatch_ms = 6000; // longer than any of the limits

/** Every host has just found the session good, and remembers it. */
async function known(cluster, person) {
  for (const host of cluster.hosts) {
    for (let time = 0; time < 2; time += 1) {
      const answer = await person.at(host).get('/api/invoices');
      if (answer.status !== 200) throw new Error(`no session: ${answer.status} ${answer.text}`);
    }
  }
}

/** How long other hosts still took the session after it had been ended at the first; 0: not once. */
async function stillTaken(cluster, person) {
  const began = performance.now();
  let last = 0;
  let taken = 0;
  await until(async () => {
    const answers = await Promise.all(cluster.hosts.map((host) => person.at(host).get('/api/invoices')));
    const good = answers.filter((answer) => answer.status === 200).length;
    if (good > 0) last = performance.now() - began;
    taken += good;
    return performance.now() - began > kWatch_ms;
  }, 'the time is over', kWatch_ms + 30_000);
  return { last, taken };
}

async function endedIsEnded(cluster, tally, where, limit_ms) {
  const person = await cluster.customer();
  await known(cluster, person);
  const before = person.copy();
  await where.break?.();
  await known(cluster, person); // what a host keeps now, it keeps in spite of the trouble
  const out = await person.at(cluster.hosts[0]).send('POST', '/api/auth/logout');
  tally.check(out.status === 204, `${where.name}: signing out is answered`, `${out.status} ${out.text}`);
  const { last, taken } = await stillTaken(cluster, before);
  tally.check(last <= limit_ms, `${where.name}: a session ended at one host is refused by all within ${limit_ms} ms`, `taken ${taken} times, last after ${Math.round(last)} ms`);
  console.log(`${where.name}: ended session taken ${taken} times, last after ${Math.round(last)} ms`);
  await where.mend?.();
  const back = await person.signIn();
  tally.check(back.status === 200, `${where.name}: and signing in again works`, `${back.status} ${back.text}`);
}

const whole = (cluster) => async () => {
  for (const host of cluster.hosts) {
    await until(async () => (await host.metric('portico_cache_link_up')) === 1 && (await host.metric('portico_redis_up')) === 1, 'Redis is used again');
  }
};

async function endings(cluster, tally) {
  const { redis } = cluster;
  const mended = whole(cluster);
  const all = [
    [{ name: 'Redis well' }, 1000],
    [{ name: 'Redis killed', break: () => redis.kill(), mend: () => redis.start().then(mended) }, 1000],
    [{ name: 'Redis paused', break: () => redis.pause(), mend: () => (redis.resume(), mended()) }, 3000],
    [
      {
        name: 'Redis full',
        break: () => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
        mend: () => redis.command('CONFIG', 'SET', 'maxmemory', '0').then(mended),
      },
      1000,
    ],
  ];
  for (const [where, limit_ms] of all) await tally.test(where.name, () => endedIsEnded(cluster, tally, where, limit_ms));
}

async function oneSuccessor(cluster, tally) {
  const person = await cluster.customer();
  const first = person.copy();
  const renewed = await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const twin = first.copy();
      return twin.at(cluster.hosts[n % 3]).send('POST', '/api/auth/refresh').then((answer) => ({ answer, twin }));
    }),
  );
  tally.check(renewed.every(({ answer }) => answer.status === 204), 'twenty renewals at once are all answered', renewed.map(({ answer }) => answer.status).join(' '));
  const successors = new Set(renewed.map(({ twin }) => twin.jar.get('__Host-refresh')));
  tally.check(successors.size === 1 && !successors.has(first.jar.get('__Host-refresh')), 'with one and the same successor', `${successors.size}`);
  const rows = cluster.postgres.sql('select count(*) from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id where t.parent_sha256 is not null', 'portico');
  tally.check(rows === '1', 'and one row', rows);

  const heir = renewed[0].twin;
  await known(cluster, heir);
  cluster.postgres.sql("update auth.refresh_tokens set used_at = used_at - interval '31 seconds' where used_at is not null", 'portico');
  const thief = await first.copy().at(cluster.hosts[1]).send('POST', '/api/auth/refresh');
  tally.check(thief.status === 401, 'a retired token that comes again is refused', `${thief.status} ${thief.text}`);
  const { last, taken } = await stillTaken(cluster, heir);
  tally.check(last <= 1000, 'and ends the whole family at every host', `taken ${taken} times, last after ${Math.round(last)} ms`);
  const again = await heir.at(cluster.hosts[2]).send('POST', '/api/auth/refresh');
  tally.check(again.status === 401, 'its successor is worth nothing either', `${again.status} ${again.text}`);
}

export async function sessions(cluster, tally) {
  await tally.test('oneSuccessor', () => oneSuccessor(cluster, tally));
  await endings(cluster, tally);
}
