// Waiting for the thing itself: ports, conditions, and the end of a stretch of load.
import { createServer } from 'node:net';

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
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
