// Errands in a whole portal: what their owner, others and the staff see and may do, and a host that dies in a step.
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Tally, build, forgetOwner, root, sql, startHost, status } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';

const tally = new Tally();

/** One folder with everything that is in these. */
function together(folder, ...sources) {
  for (const source of sources) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(folder, name));
  return folder;
}

const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'portico-errands-')));
const plugins = together(folders[0], join(build, 'plugins'), join(build, 'workflows/plugins'));
const migrations = together(folders[1], join(root, 'migrations'));
symlinkSync(join(root, 'tests/workflows/errands/migrations'), join(migrations, 'errands'));
const settings = { 'plugins.path': plugins, 'plugins.errands.enabled': 'true', 'migrations.path': migrations, 'migrations.at_start': 'true' };

async function signedIn(sample, url) {
  const client = new Client(url);
  const answer = await client.post('/api/auth/login', sample);
  if (answer.status !== 200) throw new Error(`sign-in of a sample: ${answer.status} ${answer.text}`);
  return client;
}

const kLong = 120_000; // for a lease to end and what follows
const state = async (client, id) => (await client.get(`/api/workflows/${id}`)).json;
const reaches = (client, id, wanted, within = kLong) =>
  until(async () => {
    const seen = await state(client, id);
    return seen?.state === wanted && seen;
  }, `${id} is ${wanted}`, within);
let keys = 0;
const begin = async (client, trouble) => {
  const answer = await client.post('/api/errands', { key: `k${process.pid}-${(keys += 1)}`, ...(trouble ? { trouble } : {}) });
  return answer.json?.workflow ?? answer;
};
const effects = (id) => sql(`select string_agg(what, ' ' order by e.ctid) from errands.effect e join kernel.workflow_step s using (marker) where s.workflow = '${id}'`);

let host = await startHost(settings);
const people = [];
try {
  let [owner, other] = [await signedIn(status.samples[0], host.url), await signedIn(status.samples[1], host.url)];

  await tally.test('an errand from its start to its end', async () => {
    const id = await begin(owner);
    const asking = await reaches(owner, id, 'waiting');
    tally.check(asking.holder.kind === 'signal' && asking.holder.text.ja === 'お客様', 'it says who holds it', JSON.stringify(asking.holder));
    tally.check(asking.can_cancel && asking.cancel_until.en === 'Deliver', 'and until when it can be cancelled');
    tally.check(asking.timeline[1].text.en === 'Reserve: begun' && asking.timeline[1].text.ja === '引き当て：開始しました', 'its timeline speaks both languages', JSON.stringify(asking.timeline[1]));
    tally.check(asking.input === undefined && asking.steps[0].output === undefined && asking.user_id === undefined, 'inputs and outputs are not for people');
    const approved = await owner.post(`/api/errands/${id}/approve`, { approved: true });
    tally.check(approved.status === 200, 'the answer is taken', approved.text);
    const done = await reaches(owner, id, 'done');
    tally.check(done.steps.every((step) => step.state === 'done') && effects(id) === 'reserved delivered', 'every step is done, once', effects(id));
    const list = (await owner.get('/api/workflows?limit=1')).json;
    tally.check(list.items[0].id === id && list.items.length === 1, 'the newest stands first in the list');
    tally.check((await owner.get('/api/errands')).json.items.some((item) => item.id === id), 'the plugin lists it too');
  });

  await tally.test('a start belongs to its transaction, and a key starts one', async () => {
    const before = sql('select count(*) from kernel.workflow');
    const rolled = await owner.post('/api/errands', { key: 'rolled', trouble: 'rolled_back' });
    tally.check(rolled.status === 409 && sql('select count(*) from kernel.workflow') === before, 'what is rolled back never starts', rolled.text);
    const [one, two] = [await owner.post('/api/errands', { key: `same-${process.pid}` }), await owner.post('/api/errands', { key: `same-${process.pid}` })];
    tally.check(one.json.workflow === two.json.workflow, 'the same key is the same errand');
    const reused = await owner.post('/api/errands', { key: `same-${process.pid}`, trouble: 'lost' });
    tally.check(reused.status === 409 && reused.json.code === 'workflows.key_reused', 'with another input it is refused', reused.text);
  });

  await tally.test('what belongs to one person is nobody else\'s', async () => {
    const id = await begin(owner);
    for (const [who, client] of [['another customer', other], ['the other by the plugin', other]]) {
      const seen = who.includes('plugin') ? await client.post(`/api/errands/${id}/cancel`) : await client.get(`/api/workflows/${id}`);
      tally.check(seen.status === 404 && seen.json.code === 'workflows.not_found', `${who} gets 404`, seen.text);
    }
    tally.check(!(await other.get('/api/workflows')).text.includes(id), 'nor in a list');
    tally.check((await new Client(host.url).get(`/api/workflows/${id}`)).status === 401, 'nobody is asked to sign in');
    tally.check((await owner.post(`/api/workflows/${id}/actions`, { action: 'cancel' })).status === 404, 'decisions are for the staff');
    tally.check((await owner.get('/api/workflows/not-an-id')).status === 404, 'what is no id is not found');
    for (const bad of ['state=gone', 'limit=x', 'before=0', 'user=me']) tally.check((await owner.get(`/api/workflows?${bad}`)).status === 422, `${bad} is refused`);
    await reaches(owner, id, 'waiting'); // it has reserved
    const cancelled = await owner.post(`/api/errands/${id}/cancel`);
    tally.check(cancelled.status === 200, 'its owner may cancel', cancelled.text);
    const undone = await reaches(owner, id, 'undone');
    tally.check(effects(id) === 'reserved released' && undone.code === 'workflows.cancelled', 'and what was done is undone', effects(id));
    const late = await owner.post(`/api/errands/${id}/cancel`);
    tally.check(late.status === 409 && late.json.code === 'workflows.ended', 'what has ended cannot be cancelled', late.text);
  });

  await tally.test('done, and the answer lost: it looks and goes on', async () => {
    const id = await begin(owner, 'lost');
    const found = await reaches(owner, id, 'waiting');
    tally.check(effects(id) === 'reserved', 'it was done once', effects(id));
    tally.check(found.timeline.some((line) => line.event === 'found'), 'and found');
  });

  await tally.test('refused', async () => {
    const undone = await reaches(owner, await begin(owner, 'refused'), 'undone');
    tally.check(undone.code === 'errands.refused', 'the code says why', undone.code);
  });

  await tally.test('staff see all, and decide', async () => {
    const id = await begin(owner, 'unclear');
    await reaches(owner, id, 'waiting');
    await owner.post(`/api/errands/${id}/approve`, { approved: true });
    const asking = await reaches(owner, id, 'attention');
    tally.check(asking.holder.kind === 'staff' && asking.code === 'errands.no_answer', 'it says that the staff have it', JSON.stringify(asking.holder));
    const email = status.samples[1].email;
    people.push(email);
    sql(`update auth.users set roles = '{customer,staff}' where email = lower('${email}')`);
    const staff = await signedIn(status.samples[1], host.url);
    const all = (await staff.get('/api/workflows?state=attention')).json.items;
    tally.check(all.length === 1 && all[0].id === id && all[0].user_id, 'staff find it', JSON.stringify(all));
    const seen = await state(staff, id);
    tally.check(seen.input.trouble === 'unclear' && seen.steps[0].output.by === 'run', 'with inputs and outputs', JSON.stringify(seen.steps[0]));
    const wrong = await staff.post(`/api/workflows/${id}/actions`, { action: 'explode' });
    tally.check(wrong.status === 422, 'an action that is none is refused', wrong.text);
    const cannot = await staff.post(`/api/workflows/${id}/actions`, { action: 'cancel' });
    tally.check(cannot.status === 409 && cannot.json.code === 'workflows.no_return', 'what may have been delivered cannot be cancelled', cannot.text);
    const skipped = await staff.post(`/api/workflows/${id}/actions`, { action: 'skip', output: { by: 'hand' }, note: 'seen at the door' });
    tally.check(skipped.status === 200 && skipped.json.state === 'done', 'a skip ends it', skipped.text);
    tally.check(sql(`select details->>'note' from kernel.audit where action = 'workflow.skip' and target = '${id}'`) === 'seen at the door', 'and stands in the audit trail');
    const again = await staff.post(`/api/workflows/${id}/actions`, { action: 'retry' });
    tally.check(again.status === 409 && again.json.code === 'workflows.ended', 'nothing is decided twice', again.text);
    other = staff;
  });

  await tally.test('a host that dies in a step', async () => {
    const id = await begin(owner, 'killed');
    await host.waitForEnd();
    tally.check(host.code === 'signal SIGKILL', 'it was killed in the middle', String(host.code));
    tally.check(effects(id) === 'reserved' && sql(`select act from kernel.workflow where id = '${id}'`) === 'attempting', 'after the effect, before the result');
    host = await startHost(settings);
    owner = await signedIn(status.samples[0], host.url);
    const found = await reaches(owner, id, 'waiting');
    tally.check(effects(id) === 'reserved', 'the next host looks and does not repeat', effects(id));
    tally.check(found.timeline.map((line) => line.event).join(' ') === 'started begun interrupted found waits_for_signal', 'and says so', JSON.stringify(found.timeline.map((line) => line.event)));
  });

  await tally.test('without its plugin an errand waits, visibly', async () => {
    const id = await begin(owner);
    await reaches(owner, id, 'waiting');
    const without = await startHost();
    try {
      const seen = await state(await signedIn(status.samples[0], without.url), id);
      tally.check(seen.holder.kind === 'code' && seen.title.en === 'Errand', 'it says what it waits for', JSON.stringify(seen.holder));
    } finally {
      await without.stop();
    }
  });
} finally {
  for (const email of people) sql(`update auth.users set roles = '{customer}' where email = lower('${email}')`);
  await host.stop();
  forgetOwner('errands');
  for (const folder of folders) rmSync(folder, { recursive: true });
}
tally.end();
