// A host dies between any two steps of a sign-up; the person presses again and ends with one account and one customer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Tally, control, mailedToken, root, signUpForm, startHost } from '../lib/portal.mjs';

const tally = new Tally();
const kRates = { 'rate.sign_up': '1000/60s per address', 'rate.sign_in': '1000/60s per address' };

/** The labels as the code has them, so that a new step cannot be forgotten here. */
const labels = ['use_cases/request_sign_up.cpp', 'use_cases/confirm_sign_up.cpp'].flatMap((file) =>
  [...readFileSync(join(root, 'plugins/auth', file), 'utf8').matchAll(/crash_point\("([\w.]+)"\)/g)].map((found) => found[1]),
);
tally.check(labels.length >= 8, 'there are at least eight places to die at', labels.join(' '));

async function customersCreated(email) {
  const calls = await (await fetch(`${control}/whmcs/calls`)).json();
  const list = Array.isArray(calls) ? calls : calls.calls;
  return list.filter((call) => /^addclient$/i.test(call.action) && JSON.stringify(call).includes(email) && /success/.test(JSON.stringify(call))).length;
}

const survivor = await startHost(kRates);
for (const label of labels) {
  await tally.test(label, async () => {
    const email = `kill-${label.replaceAll(/[._]/g, '-')}-${Date.now()}@sample.example`;
    const person = new Client(survivor.url);
    const dying = await startHost({ ...kRates, 'plugins.auth.crash_at': label });
    const asking = label.startsWith('sign_up.requested');
    const toDie = new Client(dying.url);
    let token;
    if (asking) {
      await toDie.post('/api/auth/signup', signUpForm(email)).catch(() => undefined);
      tally.check((await dying.waitForEnd()) === 137, `${label}: the host died there`, String(dying.code));
      tally.check((await person.post('/api/auth/signup', signUpForm(email))).status === 202, `${label}: asking again is answered`);
      token = await mailedToken(email, label.endsWith('after_commit') ? 2 : 1);
    } else {
      const asked = await person.post('/api/auth/signup', signUpForm(email));
      tally.check(asked.status === 202, `${label}: sign-up is answered`, asked.text);
      token = await mailedToken(email);
      await toDie.post('/api/auth/signup/confirm', { token, password: signUpForm(email).password }).catch(() => undefined);
      tally.check((await dying.waitForEnd()) === 137, `${label}: the host died there`, String(dying.code));
    }
    let answer;
    for (let tries = 0; tries < 60; tries += 1) {
      answer = await person.post('/api/auth/signup/confirm', { token, password: signUpForm(email).password });
      if (answer.json?.code !== 'auth.sign_up_running') break;
      await new Promise((done) => setTimeout(done, 1000 * Math.min(2, Number(answer.headers.get('retry-after') ?? 1))));
    }
    if (answer.json?.code === 'auth.link_used') answer = await person.post('/api/auth/login', { email, password: signUpForm(email).password });
    tally.check(answer.status === 200, `${label}: the person is in`, `${answer.status} ${answer.text}`);
    const me = await person.get('/api/me');
    tally.check(me.status === 200 && me.json.email === email, `${label}: with the account`, me.text);
    tally.check((await person.get('/api/invoices')).status === 200, `${label}: and the invoices`);
    const created = await customersCreated(email);
    tally.check(created === 1, `${label}: one customer in the billing system`, `${created}`);
    await dying.stop();
  });
}
await survivor.stop();
tally.end();
