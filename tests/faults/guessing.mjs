// Attacks on the sign-in: guesses in parallel, a flood of passwords, forged tokens.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { load } from '../lib/waiting.mjs';
import { Reader, full } from './reader.mjs';

const kPerAccount = 10;
const kPerNetwork = 50;

async function parallelGuesses(cluster, tally) {
  const victim = await cluster.customer();
  const known = victim.copy();
  const stranger = victim.copy();
  stranger.jar.clear();
  const guess = (n, password, email = victim.email) =>
    stranger.copy().at(cluster.hosts[n % 3]).from(`10.${n}.0.1`).send('POST', '/api/auth/login', { email, password });
  const all = await Promise.all(Array.from({ length: 100 }, (_, n) => guess(n, `wrong wrong ${n}`)));
  const evaluated = all.filter((answer) => answer.status === 401).length;
  const other = all.filter((answer) => ![401, 429, 503].includes(answer.status));
  tally.check(evaluated > 0 && evaluated <= kPerAccount, `of 100 guesses at once over three hosts at most ${kPerAccount} are looked at`, `${evaluated}`);
  tally.check(other.length === 0 && all.every((a) => a.status === 401 || Number(a.headers['retry-after']) > 0), 'the others are told to wait', `${other[0]?.status} ${other[0]?.text}`);
  console.log(`100 guesses: ${evaluated} looked at, ${all.filter((a) => a.status === 429).length} held off, ${all.filter((a) => a.status === 503).length} had no room`);
  // The queue may have refused some before they were counted; the rest of the allowance, and not one more.
  let more = 0;
  for (let n = 0; n < 20; n += 1) if ((await guess(100 + n, `wrong again ${n}`)).status === 401) more += 1;
  tally.check(evaluated + more === kPerAccount, 'then the password is disabled', `${evaluated} + ${more}`);
  tally.check((await guess(130, victim.password)).status === 429, 'also the right one, for strangers');
  const owner = await known.signedOut().at(cluster.hosts[1]).signIn();
  tally.check(owner.status === 200, "but not for the owner's own browser", `${owner.status} ${owner.text}`);

  const network = await Promise.all(
    Array.from({ length: 80 }, (_, n) =>
      stranger.copy().at(cluster.hosts[n % 3]).from(`10.200.0.${1 + n}`).send('POST', '/api/auth/login', { email: `nobody-${n}@sample.example`, password: 'wrong wrong wrong' }),
    ),
  );
  const looked = network.filter((answer) => answer.status === 401).length;
  tally.check(looked > 0 && looked <= kPerNetwork, `one network gets ${kPerNetwork} tries, whatever the accounts`, `${looked}`);
}

async function flood(cluster, tally) {
  const host = await cluster.addHost({ 'plugins.auth.bcrypt_rounds': '12' });
  const honest = await cluster.customer();
  await honest.at(host).get('/api/invoices');
  const renewing = await cluster.customer(); // with the successor each time: a retired token ends the session after 30 s
  const seconds = full ? 60 : 6;
  const flooded = new Reader('flood of passwords');
  const stored = new Reader('flood, stored pages');
  const others = new Reader('flood, other routes of the plugin');
  const signIns = new Reader('flood, an honest sign-in');
  await Promise.all([
    load(full ? 200 : 40, seconds, async (n) =>
      flooded.note('POST', await honest.signedOut().at(host).from(`10.${n % 250}.${Math.floor(n / 250)}.1`).send('POST', '/api/auth/login', { email: `nobody-${n}@sample.example`, password: 'wrong wrong wrong' })),
    ),
    load(20, seconds, async () => stored.note('GET', await honest.at(host).get('/api/invoices'))),
    load(5, seconds, async (n) => others.note(n % 2 ? 'POST' : 'GET', n % 2 ? await renewing.at(host).send('POST', '/api/auth/refresh') : await honest.at(host).get('/api/me'))),
    load(2, seconds, async () => signIns.note('POST', await honest.signedOut().at(host).signIn())),
  ]);
  for (const reader of [flooded, stored, others, signIns]) console.log(`${reader.name}: ${reader.summary()}`);
  tally.check(flooded.count(503) > 0, 'a flood of passwords fills the room for hashing', flooded.summary());
  flooded.judge(tally, { fine: [401], limit_ms: 5000 });
  tally.check(stored.count(200) === stored.answers.length, 'stored pages are answered meanwhile', stored.summary());
  tally.check(others.count(200, 204) === others.answers.length, 'so are the other routes of the plugin', others.summary());
  signIns.judge(tally, { limit_ms: 5000 });
  const after = await honest.signedOut().at(host).signIn();
  tally.check(after.status === 200, 'after the flood people sign in', `${after.status} ${after.text}`);
  await host.stop();
}

const coded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const hmac = (text, key, hash = 'sha256') => createHmac(hash, key).update(text).digest('base64url');

async function forgedTokens(cluster, tally) {
  const person = await cluster.customer();
  const other = await cluster.customer();
  const real = person.jar.get('__Host-access');
  const [header, claims] = real.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const otherClaims = JSON.parse(Buffer.from(other.jar.get('__Host-access').split('.')[1], 'base64url'));
  const secret = cluster.secrets.jwt;
  const now = Math.floor(Date.now() / 1000);
  const make = (head, body, signature = (text) => hmac(text, secret)) => {
    const text = `${coded(head)}.${coded(body)}`;
    return `${text}.${signature(text)}`;
  };
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const rows = {
    'alg none, no signature': make({ ...header, alg: 'none' }, claims, () => ''),
    'alg None, the good signature': make({ ...header, alg: 'None' }, claims),
    'alg RS256, signed by a key of the attacker': make({ ...header, alg: 'RS256' }, claims, (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64url')),
    'alg RS256, an HMAC as signature': make({ ...header, alg: 'RS256' }, claims),
    'alg HS256, keyed with a public key': make(header, claims, (text) => hmac(text, pem)),
    'alg HS512, the good key': make({ ...header, alg: 'HS512' }, claims, (text) => hmac(text, secret, 'sha512')),
    'alg hs256': make({ ...header, alg: 'hs256' }, claims),
    'a kid that is a path': make({ ...header, kid: '../../../../dev/null' }, claims, (text) => hmac(text, '')),
    'a kid that is SQL': make({ ...header, kid: "' or '1'='1" }, claims),
    'no kid': make({ alg: header.alg, typ: header.typ }, claims),
    'a key of its own (jwk)': make({ ...header, jwk: { kty: 'oct', k: coded('key') } }, claims, (text) => hmac(text, 'key')),
    'a key from elsewhere (jku)': make({ ...header, jku: 'http://169.254.169.254/' }, claims),
    'a critical header': make({ ...header, crit: ['exp'] }, claims),
    'another typ': make({ ...header, typ: 'JWT' }, claims),
    'another aud': make(header, { ...claims, aud: 'elsewhere' }),
    'a list of aud': make(header, { ...claims, aud: [claims.aud, 'elsewhere'] }),
    'another iss': make(header, { ...claims, iss: 'https://elsewhere.example' }),
    'not yet good': make(header, { ...claims, nbf: now + 3600 }),
    'no longer good': make(header, { ...claims, exp: now - 3600 }),
    'without end': make(header, { ...claims, exp: undefined }),
    'an end as text': make(header, { ...claims, exp: String(claims.exp) }),
    'an end beyond counting': make(header, { ...claims, exp: 1e300 }),
    "another person's id with this session": make(header, { ...claims, sub: otherClaims.sub }),
    "this person's id with another session": make(header, { ...claims, sid: otherClaims.sid }),
    'a session nobody has': make(header, { ...claims, sid: '00000000-0000-4000-8000-000000000000' }),
    'a key twice': make(header, JSON.stringify(claims).replace('{', `{"sub":"${otherClaims.sub}",`)),
    'another key': make(header, claims, (text) => hmac(text, randomBytes(48))),
    'more than 4 KB': make(header, { ...claims, more: 'a'.repeat(4000) }),
    'more than 8 KB': make(header, { ...claims, more: 'a'.repeat(7000) }),
    'a fourth part': `${real}.${coded('{}')}`,
    'padding': `${real}=`,
    'a changed last letter': real.slice(0, -1) + (real.endsWith('A') ? 'Q' : 'A'),
    'nothing but dots': '..',
  };
  for (const length of [1, 10, real.indexOf('.'), real.indexOf('.') + 1, real.lastIndexOf('.'), real.length - 1]) rows[`cut after ${length}`] = real.slice(0, length);
  const knock = (token) => {
    const someone = person.copy();
    someone.jar = new Map([['__Host-access', token]]);
    return someone.at(cluster.hosts[0]).get('/api/me');
  };
  const good = await knock(make(header, claims));
  tally.check(good.status === 200, 'a token made as the host makes it is good', `${good.status} ${good.text}`);
  for (const [name, token] of Object.entries(rows)) {
    const answer = await knock(token);
    tally.check(answer.status === 401 || (token.length > 8000 && answer.status === 431), `a token with ${name} is nobody's`, `${answer.status} ${answer.text.slice(0, 200)}`);
  }
  tally.check((await knock(real)).status === 200, 'and the real one is still good');
}

/** Known and unknown addresses take the same time: only in the long form, for it is about milliseconds. */
async function timing(cluster, tally) {
  const person = await cluster.customer();
  const stranger = person.copy();
  stranger.jar.clear();
  const samples = { known: [], unknown: [] };
  for (let n = 0; n < 2000; n += 1) {
    if (n % 8 === 0) cluster.postgres.sql('delete from auth.tries', 'portico');
    for (const [kind, email] of [['known', person.email], ['unknown', `nobody-${n}@sample.example`]]) {
      const answer = await stranger.at(cluster.hosts[0]).from(`10.${n % 250}.1.1`).send('POST', '/api/auth/login', { email, password: 'wrong wrong wrong' });
      if (answer.status === 401) samples[kind].push(answer.ms);
    }
  }
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const difference = Math.abs(median(samples.known) - median(samples.unknown));
  console.log(`median of ${samples.known.length} known ${median(samples.known).toFixed(2)} ms, of ${samples.unknown.length} unknown ${median(samples.unknown).toFixed(2)} ms`);
  tally.check(difference < 2, 'known and unknown addresses take the same time', `${difference.toFixed(2)} ms apart`);
}

export async function guessing(cluster, tally) {
  await tally.test('forged tokens', () => forgedTokens(cluster, tally));
  await tally.test('parallel guesses', () => parallelGuesses(cluster, tally));
  await tally.test('flood', () => flood(cluster, tally));
  if (full) await tally.test('timing', () => timing(cluster, tally));
}
