// Compiles broken.c once per sin, each into a folder of its own, with a manifest that fits.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../lib/portal.mjs';

const kLink = ['-Wl,-z,relro,-z,now', '-Wl,--no-undefined', '-Wl,-z,noexecstack'];

function manifestOf(id, changes) {
  return {
    id,
    version: '1.0.0',
    license: 'MIT',
    abi: { major: 1, min_minor: 0 },
    extensions: { required: ['portico.routes/1', 'portico.exchange/1', 'portico.config/1', 'portico.cache/1', 'portico.operations/1'], optional: [] },
    operations: { provides: [], requires: [], optional: [] },
    routes: [`/api/${id}`],
    pages: [],
    tasks: [],
    lanes: { standard: { workers: 2, queue: 64, wait_ms: 2000 } },
    database: false,
    mail: false,
    identity: false,
    outbound: {},
    config: { colour: { type: 'text', default: 'red' } },
    unload: 'retired',
    ...changes,
  };
}

/**
 * Makes <folder>/<id>/plugin.so and returns its path.
 *
 * sin       a SIN_ of broken.c, or '' for a plugin that is sound
 * manifest  members in place of the usual ones
 * link      further arguments of the linker's driver; drop: usual ones left out
 */
export function makePlugin(folder, { id = 'broken', sin = '', manifest = {}, link = [], drop = [], map = true } = {}) {
  const room = join(folder, id);
  mkdirSync(room, { recursive: true });
  writeFileSync(join(room, 'manifest.json'), JSON.stringify(manifestOf(id, manifest)));
  const file = join(room, 'plugin.so');
  const ran = spawnSync(
    'cc',
    [
      '-std=c11', '-shared', '-fPIC', '-O1', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', '-Wno-unused-function', '-Wno-unused-parameter', '-Wno-unreachable-code',
      `-I${join(root, 'sdk/include')}`, `-DROUTE="/api/${id}/ask"`, ...(sin ? [`-DSIN_${sin}`] : []), '-o', file, join(root, 'tests/contract/broken/broken.c'),
      ...(map ? [`-Wl,--version-script=${join(root, 'sdk/cmake/plugin.map')}`] : []), ...kLink.filter((one) => !drop.includes(one)), ...link,
    ],
    { cwd: room, encoding: 'utf8' },
  );
  if (ran.status !== 0) throw new Error(`cc for ${sin}: ${ran.stderr}`);
  return file;
}
