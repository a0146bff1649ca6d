// A PostgreSQL and a Redis of a test's own, which it may stop, pause, fill and kill.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, until } from './waiting.mjs';

const asRoot = process.getuid() === 0;

function pgBin() {
  if (process.env.PORTICO_TEST_PG_BIN) return process.env.PORTICO_TEST_PG_BIN;
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${versions[0]}/bin`;
}

function asPostgres(command, ...args) {
  const all = asRoot ? ['runuser', '-u', 'postgres', '--', command, ...args] : [command, ...args];
  const ran = spawnSync(all[0], all.slice(1), { encoding: 'utf8', cwd: '/', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

export class Postgres {
  /** A new cluster below the folder, running, with the login and database of a portal. */
  static async make(folder, { max_connections = 60 } = {}) {
    const postgres = new Postgres();
    postgres.port = await freePort();
    postgres.folder = folder;
    postgres.data = join(folder, 'data');
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    if (asRoot) execFileSync('chown', ['postgres:', folder]);
    const bin = pgBin();
    asPostgres(join(bin, 'initdb'), '-D', postgres.data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8');
    const settings = `listen_addresses = '127.0.0.1'
port = ${postgres.port}
unix_socket_directories = '${folder}'
max_connections = ${max_connections}
superuser_reserved_connections = 3
shared_buffers = 16MB
min_wal_size = 32MB
max_wal_size = 64MB
# A process that dies loses nothing that was acknowledged; only the machine's death is left out.
fsync = off
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
`;
    execFileSync('tee', [join(postgres.data, 'postgresql.auto.conf')], { input: settings, stdio: ['pipe', 'ignore', 'inherit'] });
    postgres.start();
    postgres.sql('create role portico login createrole createdb nosuperuser');
    postgres.sql('create database portico owner portico');
    return postgres;
  }
  url(port = this.port) {
    return `postgresql://portico:none@127.0.0.1:${port}/portico?schema=public`;
  }
  #ctl(...args) {
    asPostgres(join(pgBin(), 'pg_ctl'), ...args, '-s', '-D', this.data, '-l', join(this.folder, 'server.log'));
  }
  start() {
    this.#ctl('start', '-w', '-t', '60');
  }
  stop(mode = 'fast') {
    if (this.running()) this.#ctl('stop', '-w', '-t', '60', '-m', mode);
  }
  running() {
    try {
      process.kill(this.pid(), 0);
      return true;
    } catch {
      return false;
    }
  }
  pid() {
    return Number(readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }
  /** As the superuser, beside what the portal may. */
  sql(text, database = 'postgres') {
    return asPostgres(join(pgBin(), 'psql'), '-h', this.folder, '-p', String(this.port), '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-A', '-t', '-q', '-X', '-c', text).trim();
  }
  #processes() {
    const all = [this.pid()];
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === all[0]) all.push(Number(name));
      } catch {
        // ended meanwhile
      }
    }
    return all;
  }
  pause() {
    this.paused = this.#processes();
    for (const pid of this.paused) process.kill(pid, 'SIGSTOP');
  }
  resume() {
    for (const pid of this.paused ?? []) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // ended meanwhile
      }
    }
    this.paused = undefined;
  }
}

export class Redis {
  static async make(folder) {
    const redis = new Redis();
    redis.port = await freePort();
    redis.folder = folder;
    mkdirSync(folder, { recursive: true });
    await redis.start();
    return redis;
  }
  url(port = this.port) {
    return `redis://127.0.0.1:${port}`;
  }
  async start() {
    this.child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.folder], { stdio: 'ignore' });
    this.ended = new Promise((done) => this.child.on('exit', done));
    await until(() => this.command('PING').then((text) => text === '+PONG').catch(() => false), 'Redis answers');
  }
  async kill() {
    this.child.kill('SIGCONT');
    this.child.kill('SIGKILL');
    await this.ended;
  }
  pause() {
    this.child.kill('SIGSTOP');
  }
  resume() {
    this.child.kill('SIGCONT');
  }
  /** One command; its reply's first line. */
  command(...words) {
    return new Promise((done, failed) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' });
      socket.on('error', failed);
      socket.setTimeout(5000, () => socket.destroy(new Error('no answer from Redis')));
      socket.once('data', (bytes) => {
        socket.destroy();
        done(bytes.toString('latin1').split('\r\n')[0]);
      });
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
    });
  }
}

/** A small file system in memory; undefined where nobody may mount one. */
export function smallDisk(folder, megabytes) {
  mkdirSync(folder, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (mounted.status !== 0) return undefined;
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' });
    },
    empty() {
      if (existsSync(filler)) writeFileSync(filler, '');
    },
    unmount() {
      spawnSync('umount', [folder]);
    },
  };
}
