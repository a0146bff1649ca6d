// Clients that take their time, one class a kind; each knows when it was let go and what it was told.
import net from 'node:net';
import tls from 'node:tls';

const kDrip_ms = 400;

class SlowClient {
  constructor(port, from) {
    this.began = performance.now();
    this.heard = '';
    this.ended_ms = undefined;
    this.socket = net.connect({ port, host: '127.0.0.1', localAddress: from });
    this.socket.setNoDelay(true);
    this.socket.on('connect', () => this.start());
    this.socket.on('data', (bytes) => (this.heard += bytes.toString('latin1')));
    this.socket.on('error', () => {});
    this.gone = new Promise((done) =>
      this.socket.on('close', () => {
        clearInterval(this.timer);
        this.ended_ms = performance.now() - this.began;
        done();
      }),
    );
  }
  start() {}
  /** Sends what `next()` gives, a piece at a time, as long as the host listens. */
  drip(next) {
    this.timer = setInterval(() => this.socket.writable && this.socket.write(next()), kDrip_ms);
  }
  end() {
    this.socket.destroy();
  }
}

/** Opens and says nothing. */
export class Silent extends SlowClient {}

export class HeadDrip extends SlowClient {
  start() {
    this.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    let number = 0;
    this.drip(() => `X-${(number += 1)}: a\r\n`);
  }
}

const kPost = 'POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

export class BodyDrip extends SlowClient {
  start() {
    this.socket.write(`${kPost}Content-Length: 3000\r\n\r\n{`);
    this.drip(() => ' ');
  }
}

export class ChunkDrip extends SlowClient {
  start() {
    this.socket.write(`${kPost}Transfer-Encoding: chunked\r\n\r\n`);
    this.drip(() => '1\r\n \r\n');
  }
}

/** Asks for more than all buffers hold, and reads nothing of it. */
export class NonReader extends SlowClient {
  constructor(port, from, path) {
    super(port, from);
    this.path = path;
  }
  start() {
    this.socket.pause();
    this.socket.write(`GET ${this.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(100));
  }
}

/** The beginning of a ClientHello: a record of 512 bytes is announced, few come. */
export class HelloDrip extends SlowClient {
  start() {
    this.socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
    this.drip(() => Buffer.from([7]));
  }
}

/** Shakes hands and says nothing more. */
export class SilentTls extends SlowClient {
  constructor(port, from, ca) {
    super(port, from);
    this.ca = ca;
  }
  start() {
    this.secure = tls.connect({ socket: this.socket, servername: 'localhost', ca: this.ca });
    this.secure.on('secureConnect', () => (this.shook_hands = true));
    this.secure.on('error', () => {});
    this.secure.resume();
  }
}

/** As NonReader, over TLS. */
export class NonReaderTls extends SilentTls {
  constructor(port, from, ca, path) {
    super(port, from, ca);
    this.path = path;
  }
  start() {
    this.secure = tls.connect({ socket: this.socket, servername: 'localhost', ca: this.ca });
    this.secure.on('error', () => {});
    this.secure.on('secureConnect', () => {
      this.shook_hands = true;
      this.secure.pause();
      this.secure.write(`GET ${this.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(100));
    });
  }
}
