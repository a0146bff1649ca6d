// A write that is sent more than once takes effect once: twins over three hosts, lost answers, hosts that die in between.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../lib/cluster.mjs';
import { Tally, build, root } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';

const kKeys = process.env.PORTICO_TEST_FULL ? 200 : 20, kTwins = 50;

/** One folder with everything that is in these. */
function together(folder, ...sources) {
  for (const source of sources) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(folder, name));
  return folder;
}

const tally = new Tally();
const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'portico-once-')));
const plugins = together(folders[0], join(build, 'plugins'), join(build, 'once/plugins'));
const migrations = together(folders[1], join(root, 'migrations'));
symlinkSync(join(root, 'tests/once/wishes/migrations'), join(migrations, 'wishes'));
const cluster = await Cluster.start({
  hosts: 3,
  nginx: false,
  settings: { 'plugins.path': plugins, 'plugins.wishes.enabled': 'true', 'migrations.path': migrations, 'migrations.at_start': 'true' },
});
const [first, second, third] = cluster.hosts;
const sql = (text) => cluster.postgres.sql(text, 'portico');
const [owner, other] = [await cluster.customer(), await cluster.customer()];

const post = (person, host, path, key, body) => person.at(host).send('POST', path, body, { headers: key === undefined ? {} : { 'Idempotency-Key': key } });
const stored = (note) => Number(sql(`select count(*) from wishes.wish where note = '${note}'`));
const note = () => `n-${randomUUID()}`;
const replayed = (answer) => answer.headers['idempotent-replayed'] === 'true';
const brief = (answer) => `${answer.status} ${answer.text} ${answer.error ?? ''}`;

await tally.test('twins', async () => {
  let conflicts = 0, repeats = 0;
  for (let n = 0; n < kKeys; n += 1) {
    const key = randomUUID(), what = { note: note() };
    const all = await Promise.all(Array.from({ length: kTwins }, (_, twin) => post(owner, cluster.hosts[twin % 3], n % 2 ? '/api/wishes' : '/api/wishes/loose', key, what)));
    const fine = all.filter((answer) => answer.status === 201), told = all.filter((answer) => answer.status === 409);
    conflicts += told.length;
    repeats += fine.filter(replayed).length;
    const odd = all.find((answer) => answer.status !== 201 && answer.status !== 409);
    tally.check(odd === undefined, 'each twin is answered, or told to wait', odd && brief(odd));
    tally.check(fine.filter((answer) => !replayed(answer)).length === 1, 'one of them did it', fine.map(brief).join(' '));
    tally.check(new Set(fine.map((answer) => answer.text)).size === 1, 'and all get the same bytes');
    tally.check(told.every((answer) => answer.json?.code === 'idempotency.in_progress' && answer.headers['retry-after'] === '1'), 'who has to wait is told how long', told[0] && brief(told[0]));
    tally.check(stored(what.note) === 1, 'one effect', `${stored(what.note)}`);
    const again = await post(owner, cluster.hosts[n % 3], n % 2 ? '/api/wishes' : '/api/wishes/loose', key, what);
    tally.check(again.status === 201 && replayed(again) && again.text === fine[0].text, 'afterwards each host has the answer', brief(again));
  }
  console.log(`${kKeys} keys × ${kTwins} twins: ${repeats} repeats, ${conflicts} told to wait`);
});

await tally.test('what a key belongs to', async () => {
  const key = randomUUID(), what = { note: note() };
  const done = await post(owner, first, '/api/wishes', key, what);
  const changed = await post(owner, second, '/api/wishes', key, { note: note() });
  tally.check(changed.status === 422 && changed.json.code === 'idempotency.key_reused', 'another body is another request', brief(changed));
  const query = await post(owner, second, '/api/wishes?x=1', key, what);
  tally.check(query.status === 422, 'so is another query', brief(query));
  const repeated = await post(owner, third, '/api/wishes', `"${key}"`, what);
  tally.check(repeated.text === done.text && replayed(repeated) && repeated.headers['content-type'] === done.headers['content-type'], 'the first answer stays, the key quoted or not', brief(repeated));
  tally.check(done.headers['x-own'] === '1' && repeated.headers['x-own'] === undefined && !replayed(done), 'of its headers the repeat gets what it needs', `${JSON.stringify(done.headers)} ${JSON.stringify(repeated.headers)}`);
  const theirs = await post(other, first, '/api/wishes', key, what);
  tally.check(theirs.status === 201 && !replayed(theirs), 'another person\'s key is their own', brief(theirs));
  const elsewhere = await post(owner, first, '/api/wishes/loose', key, what);
  tally.check(elsewhere.status === 201 && !replayed(elsewhere), 'and another route\'s its own', brief(elsewhere));
  const audit = Number(sql(`select count(*) from kernel.audit where action = 'POST /api/wishes' and correlation_id = '${repeated.headers['x-correlation-id']}'`));
  const of_first = Number(sql(`select count(*) from kernel.audit where correlation_id = '${done.headers['x-correlation-id']}'`));
  tally.check(audit === 0 && of_first === 1, 'a repeat did nothing, and is not audited as if', `${audit} ${of_first}`);
});

await tally.test('keys that are none', async () => {
  const before = Number(sql('select count(*) from kernel.idempotency_keys'));
  for (const [key, code] of [[undefined, 'key_missing'], ['short', 'key_invalid'], ['x'.repeat(101), 'key_invalid'], ['with a space in the middle', 'key_invalid'], ['', 'key_invalid']]) {
    const answer = await post(owner, first, '/api/wishes', key, { note: 'never' });
    tally.check(answer.status === 400 && answer.json.code === `idempotency.${code}`, `${JSON.stringify(key)} is refused`, brief(answer));
  }
  const loose = await post(owner, first, '/api/wishes/loose', undefined, { note: note() });
  tally.check(loose.status === 201, 'a route that needs none does without', brief(loose));
  const key = randomUUID(), what = { note: note() };
  for (const host of [first, second]) await post(owner, host, '/api/wishes/secret', key, what);
  tally.check(stored(what.note) === 2, 'a secret route keeps no answers', `${stored(what.note)}`);
  const after = Number(sql('select count(*) from kernel.idempotency_keys'));
  tally.check(before === after && stored('never') === 0, 'nothing of these is stored');
});

await tally.test('a refused write leaves its key free', async () => {
  for (const [trouble, path, status] of [['refused', '/api/wishes', 422], ['rolled_back', '/api/wishes', 409], ['refused', '/api/wishes/later', 422], ['said', '/api/wishes/loose', 409]]) {
    const key = randomUUID(), wanted = note();
    const refused = await post(owner, first, path, key, { note: wanted, trouble });
    tally.check(refused.status === status && stored(wanted) === 0, `${trouble} on ${path}`, brief(refused));
    const malformed = await post(owner, second, path, key, { nothing: true });
    tally.check(malformed.status === 422 && malformed.json.code === 'request.invalid', 'so does a body that is wrong', brief(malformed));
    const mended = await post(owner, third, path, key, { note: wanted });
    tally.check(mended.status === 201 && !replayed(mended) && stored(wanted) === 1, 'the same key then takes effect', brief(mended));
    const repeat = await post(owner, first, path, key, { note: wanted });
    tally.check(replayed(repeat) && repeat.text === mended.text, 'once', brief(repeat));
  }
});

await tally.test('an answer that comes after the deadline', async () => {
  const key = randomUUID(), what = { note: note(), trouble: 'slow' };
  const late = await post(owner, first, '/api/wishes/loose', key, what);
  tally.check(late.status === 504, 'its client was told so', brief(late));
  const kept = await until(async () => {
    const again = await post(owner, second, '/api/wishes/loose', key, what);
    return again.status === 201 && again;
  }, 'the late answer is there');
  tally.check(replayed(kept) && stored(what.note) === 1, 'and it is the repeat\'s', brief(kept));
});

await tally.test('an attempt that another one has taken over from', async () => {
  // The claim of the first runs out while its handler is still at work.
  const overtaken = async (path, trouble) => {
    const key = randomUUID(), what = { note: note(), trouble };
    const one = post(owner, first, path, key, what);
    await until(() => sql(`select count(*) from kernel.idempotency_keys where key = '${key}'`) === '1', 'the first has its claim');
    sql(`update kernel.idempotency_keys set locked_until = now() - interval '1 second' where key = '${key}'`);
    const changed = await post(owner, third, path, key, { note: note() });
    tally.check(changed.status === 422 && changed.json.code === 'idempotency.key_reused', 'another request takes nothing over', brief(changed));
    const two = post(owner, second, path, key, what);
    return { one: await one, two: await two, again: await post(owner, third, path, key, what), stored: stored(what.note) };
  };
  const kept = await overtaken('/api/wishes', 'late');
  tally.check(kept.one.status === 409 && kept.one.json.code === 'idempotency.superseded', 'what keeps its answer is rolled back', brief(kept.one));
  tally.check(kept.two.status === 201 && kept.stored === 1 && kept.again.text === kept.two.text, 'and the second is the one that counts', `${brief(kept.two)} ${kept.stored}`);
  const loose = await overtaken('/api/wishes/later', 'slow');
  tally.check(loose.two.status === 201 && replayed(loose.again) && loose.again.text === loose.two.text && loose.one.text !== loose.two.text, 'a late answer does not replace the later attempt\'s', `${brief(loose.one)} ${brief(loose.two)} ${brief(loose.again)}`);
});

await tally.test('an answer that is too large to keep', async () => {
  const key = randomUUID(), what = { note: note() };
  const large = await post(owner, first, '/api/wishes/large', key, what);
  const again = await post(owner, second, '/api/wishes/large', key, what);
  tally.check(large.status === 200 && again.status === 409 && again.json.code === 'idempotency.answer_not_kept' && stored(what.note) === 1, 'is said to have been given', brief(again));
});

await tally.test('a host that dies between its commit and its answer', async () => {
  for (const [path, kept] of [['/api/wishes', true], ['/api/wishes/loose', false]]) {
    const key = randomUUID(), what = { note: note(), trouble: 'killed' };
    first.ending = true; // by our will
    const lost = await post(owner, first, path, key, what);
    await first.ended;
    tally.check(lost.status === 0 && stored(what.note) === 1, `${path}: the effect is there, the answer is not`, brief(lost));
    const at_once = await post(owner, second, path, key, what);
    if (kept) {
      tally.check(at_once.status === 201 && replayed(at_once) && stored(what.note) === 1, 'what was kept in its transaction is there at once', brief(at_once));
    } else {
      tally.check(at_once.status === 409 && at_once.headers['retry-after'] === '1', 'else the dead attempt holds the key for a while', brief(at_once));
      const over = await until(async () => {
        const again = await post(owner, third, path, key, what);
        return again.status === 201 && again;
      }, 'the key is taken over', 60_000);
      const keys = sql(`select string_agg(distinct key, ' ') from wishes.wish where note = '${what.note}'`);
      tally.check(!replayed(over) && stored(what.note) === 2 && keys === key, 'and the handler runs again, with the key as its marker', `${brief(over)} ${keys}`);
      const repeat = await post(owner, second, path, key, what);
      tally.check(replayed(repeat) && repeat.text === over.text, 'from then on its answer is kept', brief(repeat));
    }
    await first.start();
  }
});

await tally.test('old keys are forgotten', async () => {
  const count = () => Number(sql('select count(*) from kernel.idempotency_keys'));
  sql("update kernel.idempotency_keys set created_at = now() - interval '73 hours'");
  const old = count();
  await first.stop();
  await first.start(); // it looks after them with its first key, and then every hour
  await post(owner, first, '/api/wishes', randomUUID(), { note: note() });
  await until(() => count() === 1, 'only the new one is left');
  tally.check(old > 20, 'there were many', `${old}`);
});

tally.check(cluster.died.length === 0, 'no host ended by itself', cluster.died.join('\n'));
await cluster.stop();
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
tally.end();
process.exit();
