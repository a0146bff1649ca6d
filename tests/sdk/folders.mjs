// Folders that go away again, programs that must succeed, plugins brought together for one host.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs work(folder) in a new folder outside of the repository. */
export async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'portico-sdk-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets the compiler cache see through the name of a folder, which is another one in every run. */
export function cachedIn(folder) {
  if (spawnSync('ccache', ['--version']).status !== 0) return {};
  return { CMAKE_CXX_COMPILER_LAUNCHER: 'ccache', CCACHE_BASEDIR: folder, CCACHE_NOHASHDIR: '1', CCACHE_SLOPPINESS: 'pch_defines,time_macros' };
}

/** The output of a program; it throws with that output where the program fails. */
export function ran(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.error ?? result.status}\n${said.slice(-4000)}`);
  return said;
}

/** One folder with the plugins of all of these. */
export function together(folder, ...sources) {
  mkdirSync(folder);
  for (const source of sources) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(folder, name));
  return folder;
}

/** What enables these plugins. */
export const enabled = (...ids) => Object.fromEntries(ids.map((id) => [`plugins.${id}.enabled`, 'true']));
