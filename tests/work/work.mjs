// Two hosts work through a queue while one of them is killed again and again: every effect there is, once.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, ask } from '../lib/cluster.mjs';
import { Tally, build, root } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';

const kEntries = process.env.PORTICO_TEST_FULL ? 10_000 : 2_000;
const kBatch = 100;
const kPatience_ms = 600_000;

const tally = new Tally();
const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'portico-work-')));
const gather = (folder, ...sources) => {
  for (const source of sources) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(folder, name));
  return folder;
};
const plugins = gather(folders[0], join(build, 'plugins'), join(build, 'work/plugins'));
const migrations = gather(folders[1], join(root, 'migrations'));
symlinkSync(join(root, 'tests/work/clerk/migrations'), join(migrations, 'clerk'));

const cluster = await Cluster.start({
  hosts: 2,
  nginx: false,
  settings: { 'plugins.clerk.enabled': 'true' },
  environment: { PORTICO_PLUGIN_PATH: plugins, PORTICO_MIGRATIONS_PATH: migrations },
});
const [steady, unlucky] = cluster.hosts;
const sql = (text) => cluster.postgres.sql(text, 'portico').trim();
const number = (text) => Number(sql(text));
const jobs = (...words) => {
  const ran = spawnSync(join(build, 'bin/portico'), ['jobs', ...words, '--set', 'http.trusted_proxies=127.0.0.1'], { cwd: root, env: { PATH: process.env.PATH, ...cluster.environment(steady) }, encoding: 'utf8' });
  return ran.stdout + ran.stderr;
};
const post = (host, path, body = {}) =>
  ask(host.url, 'POST', path, { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });

try {
  await tally.test('what is refused', async () => {
    const forged = await post(steady, '/api/clerk/forge');
    tally.check(forged.status === 403 && forged.json?.code === 'plugin.not_in_manifest', 'an event that the manifest does not name is not published', forged.text);
    const rolled = await post(steady, '/api/clerk/batch', { from: 0, to: 50, roll_back: true });
    tally.check(rolled.status === 409, 'a batch is rolled back', rolled.text);
    tally.check(number("select count(*) from kernel.job where queue = 'clerk.post'") === 0, 'and nothing of it was enqueued');
    const dead = await post(steady, '/api/clerk/batch', { from: -1, to: 0, roll_back: false });
    tally.check(dead.status === 200, 'an entry that can never be posted is taken', dead.text);
    await until(() => number("select count(*) from kernel.job where state = 'dead'") === 1, 'it is a dead letter', kPatience_ms);
    const listed = jobs('dead');
    const id = sql("select id from kernel.job where state = 'dead'");
    tally.check(listed.startsWith(`${id}  `) && /queue clerk\.post of clerk, 1 attempts\n {4}clerk\.negative: an entry is not negative\n$/.test(listed), 'which the command line lists with its reason', listed);
    tally.check(/runs again/.test(jobs('revive', id)) && /work\.no_such_job/.test(jobs('revive', '999999')), 'and can revive');
    await until(() => number(`select lease_epoch from kernel.job where id = ${id} and state = 'dead'`) === 2, 'it is tried and dies again', kPatience_ms);
    tally.check(sql("select attempt || ' ' || last_error from kernel.job where state = 'dead'") === '1 clerk.negative: an entry is not negative', 'at the first try, and says why');
  });

  await tally.test('each entry once', async () => {
    let over = false;
    let kills = 0;
    const killer = (async () => {
      while (!over) {
        const before = number('select count(*) from clerk.posted');
        await until(() => over || number('select count(*) from clerk.posted') > before + kEntries / 25, 'it goes on', kPatience_ms);
        if (over) return;
        await unlucky.kill();
        kills += 1;
        await unlucky.start();
      }
    })();
    let acknowledged = 0;
    const began = performance.now();
    for (let from = 0; from < kEntries; from += kBatch) {
      const answer = await post(steady, '/api/clerk/batch', { from, to: from + kBatch, roll_back: false });
      if (answer.status === 200) acknowledged += answer.json.count;
    }
    tally.check(acknowledged === kEntries, 'every batch is acknowledged by the host that lives', `${acknowledged} of ${kEntries}`);
    await until(() => number('select count(*) from clerk.heard') >= kEntries, 'every entry is heard of', kPatience_ms);
    over = true;
    await killer;
    console.log(`${kEntries} entries posted and heard of in ${Math.round((performance.now() - began) / 1000)} s, with ${kills} kills`);
    tally.check(kills >= 3, 'a host was killed several times', `${kills}`);
    await until(() => number("select count(*) from kernel.job where kind <> 'schedule' and state in ('waiting', 'available', 'running')") === 0, 'nothing is left', kPatience_ms);
    for (const table of ['posted', 'heard']) {
      tally.check(number(`select count(*) from clerk.${table}`) === kEntries, `as many ${table} as entries`, sql(`select count(*) from clerk.${table}`));
      tally.check(number(`select count(distinct n) from clerk.${table}`) === kEntries, `each ${table} is another`);
    }
    tally.check(number("select count(*) from kernel.job where kind <> 'schedule' and state <> 'done'") === 1, 'nothing but the one dead letter was given up', sql('select kind, state, count(*) from kernel.job group by 1, 2'));
    const outOfOrder = number(`
      select count(*) from (
        select j.id < lag(j.id) over (partition by h.key order by h.at) as back
        from clerk.heard h join kernel.outbox o on (o.payload->>'n')::bigint = h.n join kernel.job j on j.event = o.id) x where back`);
    tally.check(outOfOrder === 0, 'the entries of a key are heard of in the order they were published', `${outOfOrder}`);
  });

  await tally.test('a task of one replica', async () => {
    const ticks = number('select count(*) from clerk.ticks');
    tally.check(ticks > 3, 'ran while hosts died', `${ticks}`);
    // 200 ms ± 10 %, and never sooner, whoever runs it; a run that was killed after its effect may come again.
    await until(() => number('select count(*) from clerk.ticks') > ticks + 10, 'it goes on', kPatience_ms);
    tally.check(number(`select count(*) from (select at - lag(at) over (order by at) as gap from (select at from clerk.ticks order by at desc limit 10) l) g where gap < interval '150 ms'`) === 0, 'one after another');
    tally.check(number("select count(*) from kernel.job where kind = 'schedule' and owner = 'clerk'") === 2, 'each task has one row');
    tally.check(sql("select to_char(run_at at time zone 'Asia/Tokyo', 'HH24:MI') from kernel.job where queue = 'clerk.nightly'") === '03:00', 'the nightly one waits for its time');
  });

  await tally.test('figures', async () => {
    tally.check((await steady.metric('portico_jobs_total', 'queue="clerk.post"', 'outcome="ok"')) > 0, 'outcomes are counted');
    await until(async () => (await steady.metric('portico_queue_depth', 'queue="clerk.post"', 'state="dead"')) === 1, 'the dead letter is in the figures', kPatience_ms);
    // Both are read every ten seconds.
    await until(async () => (await steady.metric('portico_queue_depth', 'queue="clerk.post"', 'state="ready"')) === 0, 'the queue is empty in them', kPatience_ms);
  });
  tally.check(cluster.died.length === 0, 'no host ended by itself', cluster.died.join('\n'));
} finally {
  await cluster.stop();
  for (const folder of folders) rmSync(folder, { recursive: true });
}
tally.end();
