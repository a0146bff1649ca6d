// Honest requests beside the slow ones, on a thread of their own: a thousand slow sockets must not hold up those who ask, only the host may.
import http from 'node:http';
import https from 'node:https';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const kEvery_ms = 25;

/** One request; never throws. status 0 where there was no whole answer; `ms` is how long it took. */
export function ask(url, path, { agent = false, ca } = {}) {
  return new Promise((done) => {
    const began = performance.now();
    const end = (status, text) => done({ status, text, ms: performance.now() - began });
    const { get } = url.startsWith('https:') ? https : http;
    const request = get(`${url}${path}`, { agent, ca, family: 4 }, (answer) => {
      let text = '';
      answer.on('data', (bytes) => (text += bytes));
      answer.on('end', () => end(answer.complete ? answer.statusCode : 0, text));
      answer.on('error', () => end(0, text));
    });
    request.on('error', (error) => end(0, String(error)));
  });
}

/** Honest requests, over kept and over fresh connections, until the returned function is called; it gives all their answers. */
export async function honest(url, options, paths) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, options, paths } });
  await new Promise((done, failed) => worker.once('message', done).once('error', failed));
  return async () => {
    const answers = new Promise((done, failed) => worker.once('message', done).once('error', failed));
    worker.postMessage('stop');
    return answers;
  };
}

if (!isMainThread) {
  const { url, options, paths } = workerData;
  const { Agent } = url.startsWith('https:') ? https : http;
  const kept = new Agent({ keepAlive: true, maxSockets: 4 });
  const running = [];
  const timer = setInterval(() => {
    const number = running.length + 1;
    const asked = ask(url, paths[number % paths.length], { ...options, agent: number % 3 === 0 ? false : kept });
    running.push(asked.then(({ status, text, ms }) => ({ status, ms, text: status === 200 ? '' : text })));
  }, kEvery_ms);
  parentPort.once('message', async () => {
    clearInterval(timer);
    parentPort.postMessage(await Promise.all(running));
    kept.destroy();
    parentPort.close();
  });
  parentPort.postMessage('begun');
}
