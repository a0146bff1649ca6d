// HTTP by hand: what was sent and received is seen byte by byte, and slowness is ours to choose.
import net from 'node:net';
import tls from 'node:tls';

/** One connection; what came is in `text`, how it ended in `ended` ('end' or an error code). */
export class Wire {
  constructor(host, { ca, paused = false } = {}) {
    const { port, protocol } = new URL(host.url);
    const to = { port: Number(port), host: '127.0.0.1', ...(protocol === 'https:' ? { servername: 'localhost', ca } : {}) };
    this.socket = protocol === 'https:' ? tls.connect(to) : net.connect(to);
    this.text = '';
    this.bytes = 0;
    this.keep = true;
    this.ended = null;
    this.socket.on('data', (bytes) => {
      this.bytes += bytes.length;
      if (this.keep) this.text += bytes.toString('latin1');
    });
    this.socket.on('end', () => (this.ended ??= 'end'));
    this.socket.on('error', (error) => (this.ended ??= error.code ?? String(error)));
    this.gone = new Promise((done) => this.socket.on('close', () => done((this.ended ??= 'closed'))));
    if (paused) this.socket.pause();
  }
  ask(method, path, fields = [], version = '1.1') {
    this.socket.write([`${method} ${path} HTTP/${version}`, 'Host: localhost', ...fields, '', ''].join('\r\n'));
    return this;
  }
  send(bytes) {
    return new Promise((done) => this.socket.write(bytes, done));
  }
  leave() {
    this.socket.destroy();
  }
  get head() {
    return this.text.slice(0, this.text.indexOf('\r\n\r\n') + 4);
  }
  get status() {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.text)?.[1] ?? 0);
  }
  get body() {
    return this.text.slice(this.head.length);
  }
}

/** The data of a chunked body; null unless it ends with its last chunk. */
export function dechunk(coded) {
  const parts = [];
  for (let at = 0; ; ) {
    const end = coded.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = Number.parseInt(coded.slice(at, end), 16);
    if (!(coded.length >= end + 4 + size)) return null;
    if (size === 0) return parts.join('');
    parts.push(coded.slice(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}
