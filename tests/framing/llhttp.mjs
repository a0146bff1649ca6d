// Node's HTTP server as a second opinion: what its strict parser makes of the same bytes, without a socket.
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';

const turn = () => new Promise((done) => setImmediate(done));

/** The requests Node reads in these bytes, in order, and why it refused what followed (undefined if it did not). */
export async function readByNode(bytes) {
  const requests = [];
  let refusal;
  let events = 0;
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: true, headersTimeout: 0, requestTimeout: 0 });
  const on = (request, answer) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      events += 1;
      requests.push({
        method: request.method,
        target: request.url,
        minor_version: request.httpVersionMinor,
        fields: Array.from({ length: request.rawHeaders.length / 2 }, (_, i) => [request.rawHeaders[2 * i], request.rawHeaders[2 * i + 1]]),
        body: Buffer.concat(parts).toString('hex'),
      });
      // Node answers 400 by itself where the Host is missing, and still shows the request.
      if (answer.headersSent) refusal ??= `answered ${answer.statusCode}`;
      else answer.end();
    });
  };
  server.on('request', on);
  server.on('checkContinue', on);
  server.on('clientError', (error) => {
    events += 1;
    refusal ??= error.code ?? String(error);
  });
  const socket = new Duplex({
    read() {},
    write(chunk, encoding, done) {
      events += 1;
      const status = /^HTTP\/1\.1 ([45]\d\d)/.exec(chunk.toString('latin1'))?.[1];
      if (status) refusal ??= `answered ${status}`;
      done();
    },
  });
  socket.setTimeout = () => socket;
  socket.on('error', () => {});
  server.emit('connection', socket);
  socket.push(bytes);
  // All in memory: once ten turns of the loop bring nothing new, nothing will come.
  for (let quiet = 0, seen = -1; quiet < 10; quiet += 1) {
    if (seen !== events) [seen, quiet] = [events, 0];
    await turn();
  }
  socket.destroy();
  server.close();
  return { requests, refusal };
}
