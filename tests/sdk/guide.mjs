// Runs docs/guides/first-plugin.md as a reader would: command by command, edit by edit, and then the page in a browser.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, launch, watch } from '../e2e/lib/tools.mjs';
import { build, freePort, root } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { cachedIn, inFolder } from './folders.mjs';

const kPage = join(root, 'docs/guides/first-plugin.md');

/** The page's fenced blocks with the mark above each: {mark, language, text, line}. */
function blocksOf(text) {
  const found = [];
  for (const match of text.matchAll(/(?:^<!-- (.+?) -->\n)?^```(\w+)\n([^]*?)^```$/gm))
    found.push({ mark: match[1] ?? '', language: match[2], text: match[3], line: text.slice(0, match.index).split('\n').length });
  return found;
}

/** Applies a guide's diff: runs of `-` lines, found whole, become the `+` lines that follow them. */
function edited(source, diff) {
  let out = source;
  for (const [, old, now] of diff.matchAll(/((?:^-.*\n)+)((?:^\+.*\n)*)/gm)) {
    const wanted = old.replace(/^-/gm, '');
    if (out.split(wanted).length !== 2) throw new Error(`these lines are not there once:\n${wanted}`);
    out = out.replace(wanted, () => now.replace(/^\+/gm, ''));
  }
  return out;
}

export async function guide(tally) {
  const blocks = blocksOf(readFileSync(kPage, 'utf8'));
  tally.check(blocks.filter(({ language }) => language === 'sh').length >= 9, 'the guide has its commands', `${blocks.length} blocks`);
  await inFolder(async (home) => {
    const port = await freePort();
    const kept = join(home, 'variables'); // what a terminal keeps from one command to the next
    writeFileSync(kept, 'cd "$HOME"\n');
    const environment = { ...process.env, ...cachedIn(home), HOME: home, PORTICO_HTTP_PORT: String(port), PORTICO_PUBLIC_URL: `http://localhost:${port}` };
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL']) delete environment[name];
    const local = (text) => text.replaceAll('localhost:8080', `localhost:${port}`).replaceAll('build/dev', build);
    let said = '';
    let log = '';
    let host;
    const stop = async () => {
      if (!host) return;
      const ended = new Promise((done) => host.on('exit', done));
      host.kill('SIGINT');
      const code = await ended;
      host = undefined;
      tally.check(code === 0, 'the host stops on Ctrl-C', `${code}`);
    };
    const start = async (commands) => {
      await stop();
      host = spawn('bash', ['-euc', `. ${kept}\n${commands.replace(/^portico serve/m, 'exec portico serve')}`], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
      log = '';
      host.stderr.on('data', (bytes) => (log += bytes));
      await until(async () => {
        if (host.exitCode !== null) throw new Error(`the host ended:\n${log}`);
        return fetch(`http://localhost:${port}/readyz`).then((answer) => answer.ok, () => false);
      }, 'the host of the guide is ready');
    };
    try {
      for (const { mark, language, text, line } of blocks) {
        const where = `first-plugin.md:${line}`;
        if (mark === 'terminal: host') await start(local(text));
        else if (language === 'sh') {
          const from = mark === 'in: checkout' ? `cd ${root}` : `. ${kept}`;
          const keep = mark === 'in: checkout' ? '' : `{ declare -p PATH CMAKE_PREFIX_PATH \${!PORTICO_SECURITY_@} | sed 's/^declare -x/export/'; printf 'cd %q\\n' "$PWD"; } >${kept}`;
          const result = spawnSync('bash', ['-euo', 'pipefail', '-c', `${from}\n${local(text)}${keep}`], { env: environment, encoding: 'utf8' });
          said = result.stdout + result.stderr;
          if (!tally.check(result.status === 0, `${where} works`, `${text}${said.slice(-3000)}`)) return;
        } else if (mark === 'prints') {
          for (const wanted of text.trim().split('\n')) tally.check(said.includes(wanted), `${where} is what is printed`, `${said.slice(-2000)}\n${log.slice(0, 2000)}`);
        } else if (mark.startsWith('edit: ')) {
          const folder = /^cd (.*)$/m.exec(readFileSync(kept, 'utf8'))[1];
          const file = join(folder, mark.slice('edit: '.length));
          writeFileSync(file, edited(readFileSync(file, 'utf8'), text));
        } else tally.check(mark.startsWith('excerpt: '), `${where} is run, applied or an excerpt`, `${mark} ${language}`);
      }
      await pageWorks(tally, `http://localhost:${port}`);
    } finally {
      await stop();
    }
  });
}

async function pageWorks(tally, url) {
  const browser = await launch();
  try {
    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
    // Without the plugin that signs people in, asking who is signed in finds no route.
    const faults = watch(page, { allowedStatuses: [401, 404] });
    await page.goto(`${url}/hello-cpp`);
    await page.getByRole('heading', { level: 1, name: 'Hello cpp' }).waitFor();
    await page.getByText(/^\w+, Ada$/).waitFor();
    await page.getByLabel('Name').fill('Lin');
    await page.getByRole('button', { name: 'Greet' }).click();
    await page.getByText('Servus, Lin', { exact: true }).waitFor();
    tally.check((await page.title()).includes('Hello cpp'), 'the tab has the title', await page.title());
    tally.check((await page.getByRole('link', { name: 'Hello cpp' }).count()) > 0, 'the page stands in the navigation');
    for (const violation of await axe(page)) tally.check(false, 'the page is accessible', violation);
    await page.evaluate(() => localStorage.clear());
    const japanese = await (await browser.newContext({ locale: 'ja-JP' })).newPage();
    await japanese.goto(`${url}/hello-cpp`);
    await japanese.getByText('あなたのページです。').waitFor();
    tally.check((await japanese.getByRole('button', { name: '挨拶する' }).count()) === 1, 'the page speaks Japanese');
    tally.check(faults.length === 0, 'no fault in the console, nothing refused by the content policy', faults.join('\n'));
  } finally {
    await browser.close();
  }
}
