// The installed SDK, used from a folder outside of the repository.
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, Client, root, startHost } from '../lib/portal.mjs';
import { checkHello } from './examples.mjs';
import { cachedIn, enabled, inFolder, ran } from './folders.mjs';

const kPortico = join(build, 'bin/portico');

function* filesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) yield join(entry.parentPath ?? entry.path, entry.name);
}

/** Copies a room out and builds it there; gives the folder of its plugin. */
function builtOutside(folder, prefix, room, id, ...flags) {
  const source = join(folder, room);
  const into = join(folder, `${room}-build`);
  cpSync(join(root, 'examples', room), source, { recursive: true });
  const options = { env: { ...process.env, ...cachedIn(folder) } };
  ran('cmake', ['-S', source, '-B', into, `-DCMAKE_PREFIX_PATH=${prefix}`, ...flags], options);
  ran('cmake', ['--build', into, '-j', '2'], options);
  return join(into, 'plugins', id);
}

function refused(args) {
  try {
    return ran(kPortico, args);
  } catch (error) {
    return String(error.message);
  }
}

export async function outside(tally) {
  await inFolder(async (folder) => {
    const prefix = join(folder, 'prefix');
    ran('cmake', ['--install', build, '--prefix', prefix, '--component', 'sdk']);
    const files = [...filesOf(prefix)];
    tally.check(files.length > 40, 'the SDK is installed', `${files.length} files`);
    const telling = files.filter((file) => [root.replace(/\/$/, ''), build].some((path) => readFileSync(file, 'utf8').includes(path)));
    tally.check(telling.length === 0, 'no installed file names this checkout', telling.join(' '));

    const plugins = join(folder, 'plugins');
    mkdirSync(plugins);
    const add = (id, built) => cpSync(built, join(plugins, id), { recursive: true });

    add('hello-c', builtOutside(folder, prefix, 'hello_c', 'hello-c'));
    add('hello-rust', builtOutside(folder, prefix, 'hello_rust', 'hello-rust'));
    const toolchain = join(prefix, 'share/PorticoSDK/cmake/clang_libcxx.cmake');
    add('hello-libcxx', builtOutside(folder, prefix, 'hello_libcxx', 'hello-libcxx', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`));

    // A room of another name in C, built with nothing but pkg-config and a compiler.
    ran(kPortico, ['plugin', 'new', 'acme-hi', '--c', '--into', folder]);
    const flags = (...args) => ran('pkg-config', [...args, 'portico-sdk'], { env: { ...process.env, PKG_CONFIG_PATH: join(prefix, 'lib/pkgconfig') } }).trim().split(/\s+/);
    mkdirSync(join(plugins, 'acme-hi'));
    ran('cc', ['-std=c11', ...flags('--cflags'), '-o', join(plugins, 'acme-hi/plugin.so'), 'plugin.c', ...flags('--variable=manifest'), ...flags('--libs')], { cwd: join(folder, 'acme-hi') });

    // … and one in Rust.
    ran(kPortico, ['plugin', 'new', 'acme-ahoy', '--rust', '--into', folder]);
    ran('cmake', ['-S', join(folder, 'acme-ahoy'), '-B', join(folder, 'ahoy-build')]);
    ran('cmake', ['--build', join(folder, 'ahoy-build')]);
    add('acme-ahoy', join(folder, 'ahoy-build/plugins/acme-ahoy'));

    ran(kPortico, ['plugin', 'new', 'hello-cpp', '--into', folder]);
    const differing = [...filesOf(join(folder, 'hello-cpp'))].filter((file) => readFileSync(file, 'utf8') !== readFileSync(file.replace(join(folder, 'hello-cpp'), join(root, 'examples/hello_cpp')), 'utf8'));
    tally.check(differing.length === 0, 'examples/hello_cpp is what `portico plugin new hello-cpp` writes, word for word', differing.join(' '));
    tally.check(/plugin\.new_exists/.test(refused(['plugin', 'new', 'hello-cpp', '--into', folder])), 'a room that is there is not overwritten');
    tally.check(/plugin\.new_id/.test(refused(['plugin', 'new', 'hello-c', '--into', folder, '--set', `plugins.path=${plugins}`])), 'the id of an installed plugin is not taken twice');
    tally.check(/--into DIR/.test(ran(kPortico, ['plugin', 'new', '--help'])), 'portico plugin new --help tells of itself');

    const ids = readdirSync(plugins);
    for (const id of ids) ran(kPortico, ['plugin', 'validate', join(plugins, id, 'plugin.so')]);
    const nothingElse = { 'plugins.auth.enabled': 'false', 'plugins.billing.enabled': 'false', 'plugins.portal.enabled': 'false', 'plugins.whmcs.enabled': 'false', 'plugins.freebit.enabled': 'false' };
    const host = await startHost({ ...nothingElse, 'plugins.path': plugins, ...enabled(...ids) });
    try {
      for (const id of ids) await checkHello(tally, new Client(host.url), id);
    } finally {
      await host.stop();
    }
  });
}
