// The browser and the packages of sdk/web for tests that live outside of it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(new URL('../../../sdk/web/package.json', import.meta.url));
export const { chromium } = require('playwright-core');
export const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Counts checks, prints the failed ones at once and the sum as the last line; the exit code says the same. */
export class Tally {
  passed = 0;
  failed = 0;

  check(fine, name, detail = '') {
    if (fine) {
      this.passed += 1;
    } else {
      this.failed += 1;
      console.log(`FAILED ${name}${detail === '' ? '' : `\n       ${detail}`}`);
    }
    return fine;
  }

  /** Runs one test; a thrown error is one failed check, its name and all. */
  async run(name, work) {
    try {
      await work();
    } catch (error) {
      this.check(
        false,
        name,
        String(error?.message ?? error)
          .split('\n')
          .slice(0, 4)
          .join('\n       '),
      );
      return false;
    }
    return true;
  }

  finish() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

/** Collects what a page must not do: script errors, console errors, refusals by the content policy. */
export function watch(page, { allowedStatuses = [] } = {}) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    // Chromium reports each answer of 400 and above; those the test itself gave are no fault.
    const status = /Failed to load resource: .*status of (\d+)/.exec(text)?.[1];
    if (status && allowedStatuses.includes(Number(status))) return;
    if (/Failed to load resource: net::/.test(text) && allowedStatuses.includes(0)) return;
    faults.push(`console ${message.type()}: ${text}`);
  });
  return faults;
}

/** axe over the page; each violation as one line. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    }),
  );
  return result.violations.map(
    (violation) =>
      `${violation.id}: ${violation.nodes
        .map((node) => node.target.join(' '))
        .slice(0, 3)
        .join(' | ')}`,
  );
}
