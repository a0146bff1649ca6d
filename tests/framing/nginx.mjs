// The deployment's nginx in front of one server, on a free port, without TLS and with short time limits.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/portal.mjs';
import { freePort, until } from '../lib/waiting.mjs';
import { exchange } from './wire.mjs';

/** Each replacement must find its text: a changed deployment is noticed. */
function filledIn(conf, port, upstream) {
  const changes = [
    [/(    server 127\.0\.0\.1:\d+ .*\n)+/, `    server 127.0.0.1:${upstream} max_fails=0;\n`],
    [/server \{\n    listen 80;[^}]*\}\n/, ''],
    [/listen 443 ssl http2;/, `listen 127.0.0.1:${port};`],
    [/server_name [^;]*;/, 'server_name _;'],
    [/    ssl_[^;]*;\n/g, ''],
    // A client that sends no more is given up sooner; thousands of connections come from one address.
    [/client_header_timeout [^;]*;/, 'client_header_timeout 1s;'],
    [/client_body_timeout [^;]*;/, 'client_body_timeout 1s;\n    lingering_timeout 1s;'],
    [/keepalive_timeout [^;]*;(?=\n    client_max_body_size)/, 'keepalive_timeout 1s;'],
    [/rate=\d+r\/s/, 'rate=100000r/s'],
    [/burst=\d+/, 'burst=100000'],
    [/limit_conn (\w+) \d+;/, 'limit_conn $1 10000;'],
  ];
  return changes.reduce((text, [from, to]) => {
    if (!new RegExp(from).test(text)) throw new Error(`config/deploy/nginx/portico.conf has no ${from}`);
    return text.replace(from, to);
  }, conf);
}

export async function startNginx(upstream) {
  const folder = mkdtempSync('/var/tmp/portico-nginx-');
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${join(folder, name)};`);
  const conf = filledIn(readFileSync(join(root, 'config/deploy/nginx/portico.conf'), 'utf8'), port, upstream);
  writeFileSync(join(folder, 'portico.conf'), conf);
  const log = join(folder, 'error.log');
  const lines = ['daemon off;', process.getuid() === 0 ? 'user root;' : '', 'worker_processes 1;', `pid ${join(folder, 'pid')};`, `error_log ${log} warn;`, 'events { worker_connections 2048; }'];
  writeFileSync(join(folder, 'nginx.conf'), [...lines, 'http {', '  access_log off;', ...temporary, `  include ${join(folder, 'portico.conf')};`, '}', ''].join('\n'));
  mkdirSync(join(folder, 'logs'));
  const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((file) => existsSync(file)) ?? 'nginx';
  const child = spawn(program, ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', log], { stdio: 'ignore' });
  let why = '';
  child.on('error', (error) => (why = String(error)));
  child.on('exit', (code) => (why ||= `nginx ended with ${code}: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`));
  const stop = () => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', stop);
  await until(async () => {
    if (why) throw new Error(why);
    return (await exchange(port, [Buffer.from('x\r\n\r\n')])).bytes.length > 0;
  }, 'nginx serves');
  return { port, log: () => readFileSync(log, 'utf8') };
}
