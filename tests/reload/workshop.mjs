// Versions of the test's plugin, the folder a host loads them from, and the command line that changes it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, hostEnvironment, root, startHost } from '../lib/portal.mjs';

const manifest = (id, version, more) => ({
  id, version, license: 'MIT', description: 'Says which version it is',
  abi: { major: 1, min_minor: 0 },
  extensions: { required: ['portico.routes/1', 'portico.exchange/1', 'portico.config/1', 'portico.health/1'], optional: [] },
  operations: { provides: [], requires: [], optional: [] },
  routes: [`/api/${id}`, '/api/pages'], pages: [], tasks: [],
  lanes: { standard: { workers: 4, queue: 500, wait_ms: 5000 } },
  database: false, mail: false, identity: false, outbound: {},
  config: { greeting: { type: 'text', default: 'ahoy', description: 'What it says' } },
  unload: 'unloadable',
  ...more,
});

export class Workshop {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'portico-reload-'));
    this.plugins = join(this.folder, 'plugins');
    this.cache = join(this.folder, 'cache');
    this.socket = join(this.folder, 'control.sock');
    this.config = join(this.folder, 'portico.properties');
    for (const folder of [this.plugins, this.cache]) mkdirSync(folder);
    this.built = 0;
    this.settings = {};
  }

  /** Compiles a version; returns the file. */
  compile(id, version, { defines = [], more = {} } = {}) {
    const stem = join(this.folder, `${id}-${(this.built += 1)}`);
    writeFileSync(`${stem}.json`, JSON.stringify(manifest(id, version, more)));
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', `-I${join(root, 'sdk/include')}`,
      `-DTIDE_ID="${id}"`, `-DTIDE_VERSION="${version}"`, `-DTIDE_MANIFEST="${stem}.json"`, ...defines.map((d) => `-D${d}`),
      `-Wl,--version-script=${join(root, 'sdk/cmake/plugin.map')}`, '-Wl,-z,relro,-z,now', '-o', `${stem}.so`, join(root, 'tests/reload/tide.c')]);
    return `${stem}.so`;
  }

  /** Puts a file where the host finds it, as an installer does: by one rename. */
  install(id, file) {
    mkdirSync(join(this.plugins, id), { recursive: true });
    const beside = join(this.plugins, id, '.new');
    execFileSync('cp', [file, beside]);
    renameSync(beside, join(this.plugins, id, 'plugin.so'));
  }

  /** Writes the configuration with these settings changed; undefined takes one away. */
  configure(settings = {}) {
    Object.assign(this.settings, settings);
    const lines = Object.entries({
      'plugins.path': this.plugins, 'plugins.cache_path': this.cache, 'control.socket': this.socket, 'plugins.drain_ms': '3000', 'rate.public': '1000000/1s per address', ...this.settings,
    }).filter(([, value]) => value !== undefined);
    writeFileSync(this.config, lines.map(([key, value]) => `${key} = ${value}\n`).join(''));
  }

  start() {
    return startHost({}, ['--config', this.config], { PORTICO_PLUGIN_PATH: undefined });
  }

  /** Runs `portico …`; {code, out}, where out is everything it said. */
  portico(...args) {
    const env = { ...process.env, ...hostEnvironment(), PORTICO_PLUGIN_PATH: undefined };
    return new Promise((done) =>
      execFile(join(build, 'bin/portico'), [...args, '--config', this.config], { env, maxBuffer: 1 << 24 }, (error, out, err) =>
        done({ code: error ? error.code : 0, out: out + err })),
    );
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
