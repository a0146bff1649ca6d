// Hosts are killed one after the other under load behind nginx; what they acknowledged is there.
import { Person } from '../lib/cluster.mjs';
import { signUpForm } from '../lib/portal.mjs';
import { load, until } from '../lib/waiting.mjs';
import { Reader, full } from './reader.mjs';

const kSeconds = full ? 120 : 12;

export async function hosts(cluster, tally) {
  await tally.test('killed hosts', async () => {
    const people = [];
    for (let n = 0; n < 4; n += 1) people.push(await cluster.customer());
    const from = (n) => ({ from: `127.0.3.${1 + (n % 200)}` });
    const reads = new Reader('hosts killed, reads');
    const writes = new Reader('hosts killed, writes');
    const sessions = [];
    const ended = [];
    const askedFor = [];
    let over = false;
    let kills = 0;

    const killing = (async () => {
      while (!over) {
        const host = cluster.hosts[kills % 3];
        await host.kill();
        kills += 1;
        await host.start();
      }
    })();
    await Promise.all([
      load(40, kSeconds, async (n) => reads.note('GET', await people[n % 4].get(n % 2 ? '/api/invoices' : '/api/me', from(n)))),
      load(6, kSeconds, async (n) => {
        const someone = people[n % 4].signedOut();
        if (writes.note('POST', await someone.signIn(from(n))).status !== 200) return;
        if (n % 3 !== 0) return sessions.push(someone);
        const before = someone.copy();
        if (writes.note('POST', await someone.send('POST', '/api/auth/logout', undefined, from(n))).status === 204) ended.push(before);
      }),
      load(3, kSeconds, async (n) => {
        const email = `killed-${n}-${Date.now()}@sample.example`;
        if (writes.note('POST', await new Person(cluster, email).send('POST', '/api/auth/signup', signUpForm(email), from(n))).status === 202) askedFor.push(email);
      }),
    ]);
    over = true;
    await killing;

    console.log(`${kills} hosts killed; ${reads.name}: ${reads.summary()}`);
    console.log(`${writes.name}: ${writes.summary()}; acknowledged: ${sessions.length} sign-ins, ${ended.length} sign-outs, ${askedFor.length} sign-ups`);
    tally.check(kills >= 5, 'hosts were killed', `${kills}`);
    tally.check(reads.count(200) === reads.answers.length, 'no read fails: nginx asks the next host', reads.answers.filter((a) => a.status !== 200).slice(0, 3).map((a) => `${a.status} ${a.error ?? a.text}`).join('; '));
    reads.judge(tally);
    writes.judge(tally);
    tally.check(sessions.length > 10 && ended.length > 3 && askedFor.length > 10, 'much was acknowledged');
    const lost = [];
    for (const [n, someone] of sessions.entries()) if ((await someone.at(cluster.hosts[n % 3]).send('POST', '/api/auth/refresh')).status !== 204) lost.push(someone.email);
    tally.check(lost.length === 0, 'every acknowledged sign-in has its session', `${lost.length} of ${sessions.length}`);
    const alive = [];
    for (const [n, someone] of ended.entries()) if ((await someone.at(cluster.hosts[n % 3]).get('/api/me')).status !== 401) alive.push(someone.email);
    tally.check(alive.length === 0, 'every acknowledged sign-out has ended its session', `${alive.length} of ${ended.length}`);
    const unmailed = new Set(askedFor);
    const mailing = performance.now();
    await until(async () => {
      for (const email of unmailed) if ((await cluster.mails(email)).length > 0) unmailed.delete(email);
      return unmailed.size === 0;
    }, 'every mail has come', 90_000).catch(() => {});
    tally.check(unmailed.size === 0, 'every acknowledged sign-up has its mail', `${unmailed.size} of ${askedFor.length} without`);
    console.log(`the last mail came ${((performance.now() - mailing) / 1000).toFixed(1)} s after the load`);
  });
}
