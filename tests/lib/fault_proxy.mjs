// A TCP proxy whose faults are switched while it runs: between a host and what it depends on.
import { fork } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { fileURLToPath } from 'node:url';

// All proxies live in a process of their own: a test busy with its readers must not slow down what hosts depend on. It
// ends with the test, whose channel it loses.
const self = fileURLToPath(import.meta.url);
let other;
let asked = 0;
const waiting = new Map();

function start() {
  other = fork(self);
  other.unref();
  other.channel.unref();
  other.on('message', ({ number, answer }) => {
    waiting.get(number)(answer);
    waiting.delete(number);
    if (waiting.size === 0) other.channel.unref();
  });
}

function askProxies(words) {
  if (!other) start();
  other.channel.ref();
  asked += 1;
  other.send({ number: asked, ...words });
  const number = asked;
  return new Promise((done) => waiting.set(number, done));
}

/** A proxy as tests see it; what a call asks for holds when its promise is kept. */
export class FaultProxy {
  static async to(target) {
    const proxy = new FaultProxy();
    proxy.port = await askProxies({ call: 'open', arguments: [target] });
    return proxy;
  }
  #ask(call, ...args) {
    return askProxies({ port: this.port, call, arguments: args });
  }
  /** Replaces all faults, see Proxy. What is held back by a stall goes on when it ends. */
  set(faults) {
    return this.#ask('set', faults);
  }
  heal() {
    return this.set({});
  }
  /** Resets what stands now; new connections are taken. */
  cutAll() {
    return this.#ask('cutAll');
  }
  /**
   * Once, after `skip` others: the server gets COMMIT and acts, its answer is lost with the connection. Counts only
   * transactions in which the client has said `word`.
   */
  cutCommit(word, skip = 0) {
    return this.#ask('cutCommit', word, skip);
  }
  /** Takes the last order of cutCommit back. */
  forgetCut() {
    return this.#ask('forgetCut');
  }
  close() {
    return this.#ask('close');
  }
}

/**
 * Faults, any of them together; `heal()` takes all away:
 *   latency_ms   each piece is passed on so much later, both ways
 *   down_ms      the same for what the server says alone
 *   rate         bytes a second of what the server says
 *   cut_after    the connection ends after so many bytes from the server; `end` says how
 *   end          'fin' (default) or 'reset'
 *   stall        nothing is passed on either way, connections stay open and new ones are taken (half-open)
 *   linger_ms    the server's end of a connection reaches the client so much later
 *   refuse       new connections are reset, those that stand too
 *   answer       bytes sent to the client instead of asking the server
 */
class Proxy {
  faults = {};
  pairs = new Set();

  static async open(port) {
    const proxy = new Proxy();
    proxy.target = { port, host: '127.0.0.1' };
    proxy.server = createServer({ allowHalfOpen: true }, (client) => proxy.#take(client));
    await new Promise((done) => proxy.server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  set(faults) {
    this.faults = faults;
    if (faults.refuse) this.cutAll();
    if (!faults.stall) for (const pair of this.pairs) pair.release();
  }
  cutAll() {
    for (const pair of this.pairs) pair.end('reset');
  }
  cutCommit(word, skip) {
    this.trap = { word, skip };
  }
  forgetCut() {
    this.trap = undefined;
  }
  close() {
    this.cutAll();
    return new Promise((done) => this.server.close(() => done()));
  }

  #take(client) {
    client.on('error', () => {});
    if (this.faults.refuse) return client.resetAndDestroy();
    if (this.faults.answer !== undefined) {
      client.once('data', () => client.end(this.faults.answer, 'latin1'));
      return undefined;
    }
    const pair = new Pair(this, client);
    this.pairs.add(pair);
    return undefined;
  }
}

class Pair {
  fromServer = 0;
  said = ''; // by the client, since its last COMMIT
  muted = false;

  constructor(proxy, client) {
    this.proxy = proxy;
    this.client = client;
    this.server = connect({ ...proxy.target, allowHalfOpen: true });
    this.up = new Line(this, client, this.server, () => proxy.faults.latency_ms ?? 0, () => 0);
    this.down = new Line(
      this,
      this.server,
      client,
      () => (proxy.faults.latency_ms ?? 0) + (proxy.faults.down_ms ?? 0),
      () => proxy.faults.rate ?? 0,
    );
    for (const socket of [client, this.server]) {
      socket.on('error', () => this.end('reset'));
      socket.on('close', () => this.end('fin'));
    }
  }

  /** What may pass of a piece; ends the pair where a fault says so. */
  judge(line, piece) {
    const { faults, trap } = this.proxy;
    if (line === this.up) {
      this.said = (this.said + piece.toString('latin1')).slice(-100_000);
      const commits = this.said.includes('COMMIT\0');
      const meant = commits && trap && this.said.includes(trap.word);
      if (commits) this.said = '';
      if (meant && (trap.skip -= 1) < 0) {
        this.proxy.trap = undefined;
        this.muted = true;
        this.server.write(piece, () => {
          // The server has acted when it answers; that answer is what gets lost.
          this.server.once('data', () => this.end('reset'));
        });
        return Buffer.alloc(0);
      }
      return piece;
    }
    if (this.muted) return Buffer.alloc(0);
    const left = (faults.cut_after ?? Infinity) - this.fromServer;
    this.fromServer += piece.length;
    if (piece.length < left) return piece;
    this.client.write(piece.subarray(0, left), () => this.end(faults.end ?? 'fin'));
    return Buffer.alloc(0);
  }

  release() {
    this.up.flush();
    this.down.flush();
  }

  end(how) {
    if (!this.proxy.pairs.delete(this)) return;
    for (const socket of [this.client, this.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }
}

/** One direction of a pair: pieces in order, each at its time. */
class Line {
  queue = [];
  busy = false;
  owed_ms = 0;

  constructor(pair, from, to, delay_ms, rate) {
    Object.assign(this, { pair, from, to, delay_ms, rate });
    from.on('data', (piece) => this.put(piece));
    from.on('end', () => this.put(null));
  }
  put(piece) {
    this.queue.push({ piece, due: performance.now() + this.delay_ms() });
    if (this.queue.length > 64) this.from.pause();
    this.flush();
  }
  flush() {
    if (this.busy || this.pair.proxy.faults.stall) return;
    const next = this.queue[0];
    if (!next) {
      this.from.resume();
      return;
    }
    this.busy = true;
    const linger = next.piece === null && this.to === this.pair.client ? this.pair.proxy.faults.linger_ms ?? 0 : 0;
    const wait = Math.max(0, next.due - performance.now()) + this.owed_ms + linger;
    if (wait > 0) setTimeout(() => this.pass(), wait);
    else this.pass();
  }
  pass() {
    this.busy = false;
    if (this.pair.proxy.faults.stall || !this.pair.proxy.pairs.has(this.pair)) return;
    const { piece } = this.queue[0];
    const rate = this.rate();
    this.owed_ms = 0;
    if (piece === null) {
      this.queue.shift();
      this.to.end();
    } else {
      const part = rate > 0 ? piece.subarray(0, Math.max(1, Math.floor(rate / 10))) : piece;
      if (part.length < piece.length) this.queue[0].piece = piece.subarray(part.length);
      else this.queue.shift();
      const passed = this.pair.judge(this, part);
      if (passed.length > 0 && !this.to.destroyed) this.to.write(passed);
      this.owed_ms = rate > 0 ? (1000 * part.length) / rate : 0;
    }
    this.flush();
  }
}

if (process.argv[1] === self) {
  const proxies = new Map();
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ number, port, call, arguments: args }) => {
    let answer;
    if (call === 'open') {
      const proxy = await Proxy.open(...args);
      proxies.set(proxy.port, proxy);
      answer = proxy.port;
    } else {
      await proxies.get(port)[call](...args);
    }
    process.send({ number, answer });
  });
}
