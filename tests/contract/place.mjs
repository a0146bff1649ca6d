// A folder of plugins for a host of a test's own: the product's are there and disabled, one sound plugin serves.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, hostEnvironment, root } from '../lib/portal.mjs';
import { makePlugin } from './broken/make.mjs';

export class Place {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'portico-broken-'));
    this.plugins = join(this.folder, 'plugins');
    mkdirSync(this.plugins);
    this.settings = { 'plugins.path': this.plugins, 'plugins.cache_path': join(this.folder, 'cache'), 'rate.public': '1000000/60s per address' };
    for (const id of readdirSync(join(build, 'plugins')))
      if (!id.startsWith('CMake') && !id.startsWith('cmake') && !id.startsWith('CTest')) {
        symlinkSync(join(build, 'plugins', id), join(this.plugins, id));
        this.settings[`plugins.${id}.enabled`] = 'false';
      }
    this.add({ id: 'sound' });
  }
  add(one) {
    const file = makePlugin(this.plugins, one);
    this.settings[`plugins.${one.id}.enabled`] = 'true';
    return file;
  }
  portico(...words) {
    const sets = Object.entries(this.settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    return spawnSync(join(build, 'bin/portico'), [...words, ...sets], { cwd: root, encoding: 'utf8', env: { ...process.env, ...hostEnvironment() }, timeout: 60_000 });
  }
  remove() {
    rmSync(this.folder, { recursive: true });
  }
}

