// Waiting for the thing itself: ports, conditions, and the end of a stretch of load.
import { createServer } from 'node:net';

/** What comes later than a limit by no more than this is the noise of a shared machine. */
export const kNoise_ms = 2000;

// Below the ports that the system itself gives to outgoing connections (net.ipv4.ip_local_port_range).
const kPorts = { first: 20_000, count: 12_000 };
const given = new Set();

const isFree = (port) =>
  new Promise((done) => {
    const server = createServer().once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/** A port on which nothing listens; never the same twice, for who asked first may not listen yet. */
export async function freePort() {
  for (;;) {
    const port = kPorts.first + Math.floor(Math.random() * kPorts.count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

/** Looks until the condition holds and gives what it gave; throws after `within_ms`. */
export async function until(condition, what, within_ms = 30_000) {
  const last = performance.now() + within_ms;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > last) throw new Error(`after ${within_ms} ms still not: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Starts `one()` so often a second until the time is over, whatever the answers take; all their results. */
export async function load(per_second, seconds, one) {
  const began = performance.now();
  const running = [];
  for (let number = 0; number < per_second * seconds; number += 1) {
    const wait = began + (1000 * number) / per_second - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    running.push(one(number));
  }
  return Promise.all(running);
}
