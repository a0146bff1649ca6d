// The validator over every plugin and example that was built, and over one plugin for each sin.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, root } from '../lib/portal.mjs';
import { makePlugin } from './broken/make.mjs';
import { sins, sound } from './broken/sins.mjs';

/** What a product's plugin may link beside the run time of C and C++. */
const allowed = {
  freebit: ['libutf8proc.so.2'],
  salesforce: ['libcrypto.so.3'],
  auth: ['libutf8proc.so.2', 'libPocoJWT.so.80', 'libPocoJSON.so.80', 'libPocoCrypto.so.80', 'libPocoFoundation.so.80', 'libcrypto.so.3', 'libssl.so.3', 'libcrypt.so.1'],
};

/** What a plugin needs to start that nobody can invent. */
function settingsOf(id, folder) {
  if (id !== 'salesforce') return [];
  const key = join(folder, 'salesforce.pem');
  writeFileSync(key, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return [`private_key_path=${key}`, 'events_enabled=true'];
}

export function validate(file, ...options) {
  const ran = spawnSync(join(build, 'bin/portico'), ['plugin', 'validate', file, '--json', ...options], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 600_000 });
  return { code: ran.status, report: ran.stdout ? JSON.parse(ran.stdout)[0] : undefined, said: ran.stderr };
}

const refusals = (report) => (report?.checks ?? []).filter((check) => check.outcome === 'refused').map((check) => `${check.name}: ${check.found}`).join('; ');

function builtPlugins() {
  const folders = ['plugins', 'examples/plugins', 'contract/plugins'].map((folder) => join(build, folder)).filter(existsSync);
  return folders.flatMap((folder) => readdirSync(folder).map((id) => ({ id, file: join(folder, id, 'plugin.so') }))).filter(({ file }) => existsSync(file));
}

export async function everyPluginIsFine(tally) {
  const all = builtPlugins();
  tally.check(all.length >= 4, 'there are plugins to validate', `${all.length}`);
  const folder = mkdtempSync(join(tmpdir(), 'portico-plugins-'));
  for (const { id, file } of all) {
    const options = [...(allowed[id] ?? []).flatMap((name) => ['--allow', name]), ...settingsOf(id, folder).flatMap((setting) => ['--with', setting])];
    const { code, report, said } = validate(file, ...options);
    tally.check(code === 0 && report.id === id, `${id} is fine`, `${code} ${refusals(report)} ${said}`);
    const dynamic = (report?.checks ?? []).filter((check) => check.stage === 'dynamic');
    tally.check(dynamic.length > 10 && dynamic.every((check) => check.outcome === 'passed'), `${id}: every scene was played`, JSON.stringify(dynamic.filter((check) => check.outcome !== 'passed')));
    const unseen = dynamic.find((check) => check.name === 'requests.one_answer' && check.found.includes('refused to start'));
    tally.check(!unseen, `${id} starts on the validator's host`, unseen?.found);
  }
  rmSync(folder, { recursive: true });
}

export async function everySinIsFound(tally) {
  const folder = mkdtempSync(join(tmpdir(), 'portico-sins-'));
  try {
    for (const one of sound) {
      const { code, report } = validate(makePlugin(folder, one));
      tally.check(code === 0, `${one.name} is fine`, refusals(report));
    }
    for (const one of sins) {
      const name = one.name ?? one.sin.toLowerCase().replaceAll('_', ' ');
      const { code, report, said } = validate(makePlugin(folder, one));
      const found = report?.checks.find((check) => check.name === one.check && check.outcome === 'refused');
      tally.check(code === 1 && found?.found.includes(one.says), `${name} is refused by ${one.check}`, `${code} ${refusals(report)} ${said}`);
      tally.check(found?.mend?.length > 10 && found?.wanted?.length > 10, `${name}: the report says what was wanted and what to do`);
    }
    const open = join(folder, 'open');
    mkdirSync(open);
    writeFileSync(join(open, '0001_open.sql'), 'CREATE TABLE open_table(id int);');
    const unguarded = validate(join(build, 'examples/plugins/loyalty/plugin.so'), '--static', '--migrations', open);
    tally.check(unguarded.code === 1 && /open_table/.test(refusals(unguarded.report)), 'a table whose rows everybody sees is refused by migrations.rows', refusals(unguarded.report));
    const missing = validate(join(folder, 'nothing.so'));
    tally.check(missing.code === 2 && missing.said.includes('plugin.unreadable'), 'a file that is not there ends with 2', missing.said);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
