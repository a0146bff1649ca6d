// Signing on to the sandbox's Salesforce, and ordering what goes wrong there.
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Tally, control, status } from '../lib/portal.mjs';

export const told = status.sandbox.salesforce;
export const bus = status.sandbox.pubsub;
export const tally = new Tally(); // of all clients
export const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** A package of the tools folder. */
export const load = (name) => createRequire(join(process.env.PORTICO_UPSTREAM_CLIENTS, 'package.json'))(name);

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed assertion; `claims` replaces members, `key` another private key, `alg` another algorithm's name. */
export function assertion(claims = {}, { key = readFileSync(told.keyFile), alg = 'RS256' } = {}) {
  const body = `${part({ alg })}.${part({
    iss: told.clientId,
    sub: told.username,
    aud: told.loginUrl,
    exp: Math.floor(Date.now() / 1000) + 300,
    ...claims,
  })}`;
  return `${body}.${createSign('RSA-SHA256').update(body).sign(key, 'base64url')}`;
}

/** A call of /control; the answer's JSON. */
export async function order(method, path, body) {
  const answer = await fetch(`${control}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Runs `body` with a fault ordered (for Salesforce unless it names another vendor), which is gone afterwards. */
export async function withFault(fault, body) {
  await order('PUT', '/faults', { vendor: 'salesforce', ...fault });
  try {
    return await body();
  } finally {
    await order('DELETE', '/faults');
  }
}

/** Runs `body` with switches, which are as before afterwards. */
export async function withSwitches(switches, body, room = 'salesforce') {
  const before = await order('GET', `/${room}/switches`);
  await order('PUT', `/${room}/switches`, switches);
  try {
    return await body();
  } finally {
    await order('PUT', `/${room}/switches`, before);
  }
}

/** The error a promise ends with; an error of its own if it does not fail. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return new Error('nothing failed');
}
