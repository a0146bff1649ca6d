// One client connection: bytes out as they are, answers in by their framing.
import { connect } from 'node:net';

/**
 * The answers in these bytes; HEAD's have no body. `rest` is what is no whole answer.
 * methods: of the requests that are answered, in order.
 */
export function parseAnswers(bytes, methods = []) {
  const answers = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) break;
    const head = bytes.subarray(at, end).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(status)) break;
    if (status < 200) {
      at = end + 4;
      continue;
    }
    const length = methods[answers.length] === 'HEAD' || status === 204 || status === 304 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? NaN);
    const chunked = /\r\ntransfer-encoding: chunked/i.test(head);
    let body;
    let next;
    if (chunked) {
      const last = bytes.indexOf('\r\n0\r\n\r\n', end + 2, 'latin1');
      if (last < 0) break;
      next = last + 7;
      body = bytes.subarray(end + 4, next);
    } else {
      if (Number.isNaN(length)) break;
      next = end + 4 + length;
      if (next > bytes.length) break;
      body = bytes.subarray(end + 4, next);
    }
    answers.push({ status, head, body: body.toString(), closes: /\r\nconnection: close/i.test(head) });
    at = next;
  }
  return { answers, rest: bytes.subarray(at) };
}

/**
 * Sends the pieces, then (finish) closes its own side, and reads until the server closes or `enough(bytes)` says so.
 * ended: the server closed by itself.
 */
export function exchange(port, pieces, { finish = true, enough = () => false, patience_ms = 30_000 } = {}) {
  return new Promise((done) => {
    const parts = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let over = false;
    const end = (ended, why) => {
      if (over) return;
      over = true;
      clearTimeout(limit);
      socket.destroy();
      done({ bytes: Buffer.concat(parts), ended, why });
    };
    const limit = setTimeout(() => end(false, `nothing more within ${patience_ms} ms`), patience_ms);
    socket.on('data', (part) => {
      parts.push(part);
      if (enough(Buffer.concat(parts))) end(false);
    });
    socket.on('end', () => end(true));
    socket.on('error', (error) => end(error.code === 'ECONNRESET' || error.code === 'EPIPE', error.code));
    const send = (i) => {
      if (over) return;
      if (i < pieces.length) socket.write(pieces[i], () => setImmediate(send, i + 1));
      else if (finish) socket.end();
    };
    socket.on('connect', () => send(0));
  });
}

/** Runs the jobs, so many at a time. */
export async function inParallel(width, jobs) {
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) await jobs[next++]();
  };
  await Promise.all(Array.from({ length: width }, worker));
}
