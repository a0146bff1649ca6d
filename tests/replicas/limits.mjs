// Limits counted over three hosts.
import { until } from '../lib/waiting.mjs';

const kLimit = 10;

/** Sign-ins with a wrong password for ever new people, all from one address. */
function attempts(hosts, stranger, count) {
  return Promise.all(
    Array.from({ length: count }, (_, n) =>
      stranger.at(hosts[n % hosts.length]).send('POST', '/api/auth/login', { email: `${stranger.address}-${n}@sample.example`, password: 'wrong wrong wrong' }),
    ),
  );
}

function outcome(answers) {
  const of = (status, code) => answers.filter((answer) => answer.status === status && answer.json?.code === code);
  return { passed: of(401, 'auth.invalid_credentials').length, refused: of(429, 'request.too_many'), all: answers.length };
}

export async function limits(cluster, tally) {
  await tally.test('limits', async () => {
    // An hour's window: nothing grows back while the test runs.
    const settings = { 'rate.sign_in': `${kLimit}/3600s per address` };
    const hosts = [];
    for (let n = 0; n < 3; n += 1) hosts.push(await cluster.addHost(settings));
    const nobody = (await cluster.customer()).copy();
    nobody.jar.clear();

    const well = outcome(await attempts(hosts, nobody.from('203.0.113.1'), 60));
    tally.check(well.passed === kLimit, `of ${well.all} attempts over three hosts exactly ${kLimit} pass`, `${well.passed}`);
    tally.check(well.refused.length === well.all - kLimit, 'the others are refused by the limit', `${well.refused.length}`);
    tally.check(well.refused.every((answer) => Number(answer.headers['retry-after']) > 0), 'and told when to come again');
    const other = outcome(await attempts(hosts, nobody.from('203.0.114.1'), 3));
    tally.check(other.passed === 3, 'another address is not concerned', `${other.passed}`);

    const share = Math.floor(kLimit / 3);
    for (const [how, lose, regain, address] of [
      ['killed', () => cluster.redis.kill(), () => cluster.redis.start(), '203.0.115.1'],
      ['paused', () => cluster.redis.pause(), () => cluster.redis.resume(), '203.0.115.2'],
      ['full', () => cluster.redis.command('CONFIG', 'SET', 'maxmemory', '1'), () => cluster.redis.command('CONFIG', 'SET', 'maxmemory', '0'), '203.0.115.3'],
    ]) {
      await lose();
      const alone = outcome(await attempts(hosts, nobody.from(address), 60));
      await regain();
      tally.check(alone.passed === 3 * share, `with Redis ${how} each host grants its share`, `${alone.passed} of ${alone.all} passed, ${3 * share} may`);
      for (const host of hosts) await until(async () => (await host.metric('portico_redis_up')) === 1, 'Redis is used again');
    }
    cluster.postgres.sql('delete from auth.tries', 'portico');
    const after = outcome(await attempts(hosts, nobody.from('203.0.116.1'), 60));
    tally.check(after.passed === kLimit, 'afterwards the limit is exact again', `${after.passed}`);
    for (const host of hosts) await host.stop();
  });
}
