// ./dev bench: runs the cases and prints their table; --json for machines, --write for docs/reference/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/portal.mjs';
import { cases } from './cases.mjs';
import { stopAll } from './stand.mjs';

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const rounds = Number(flags.find((flag) => flag.startsWith('--rounds='))?.slice(9) ?? 5);
const names = Object.keys(cases).filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
if (names.length === 0) {
  console.error(`there is no case with '${wanted.join(' ')}' in its name: ${Object.keys(cases).join(', ')}`);
  process.exit(1);
}
if (flags.includes('--write') && names.length !== Object.keys(cases).length) {
  console.error('--write wants every case: the page holds the figures of one run');
  process.exit(1);
}

const rows = [];
try {
  for (const name of names) {
    console.error(`  … ${name}`);
    for (const row of await cases[name]({ rounds })) {
      rows.push({ case: name, ...row });
      console.error(`    ${row.work}: ${row.figure}${row.verdict ? ` – ${row.target}: ${row.verdict}` : ''}${row.detail ? ` (${row.detail})` : ''}`);
    }
    await stopAll();
  }
} finally {
  await stopAll();
}

const cell = (text) => String(text).replaceAll('|', '\\|');
const table = [
  '| Work | Target | Measured | | Beside |',
  '|---|---|---|---|---|',
  ...rows.map((row) => `| ${[row.work, row.target, row.figure, row.verdict, row.detail].map(cell).join(' | ')} |`),
].join('\n');

if (flags.includes('--json')) console.log(JSON.stringify({ rounds, cores: availableParallelism(), rows }, null, 2));
else console.log(table);

if (flags.includes('--write')) {
  const page = join(root, 'docs/reference/benchmarks.md');
  const [before, after] = readFileSync(page, 'utf8').split(/<!-- figures -->[\s\S]*<!-- end of figures -->/);
  if (after === undefined) throw new Error(`${page} has no place for the figures`);
  const version = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD']).toString().trim();
  writeFileSync(
    page,
    `${before}<!-- figures -->\n\n\`./dev bench --rounds=${rounds} --write\`, commit ${version}, ${availableParallelism()} cores. Medians; in brackets the smallest and the largest of the rounds.\n\n${table}\n\n<!-- end of figures -->${after}`,
  );
}
