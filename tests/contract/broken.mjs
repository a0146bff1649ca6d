// Plugins that sin, in a running host: each is refused or contained, while another plugin serves without a failure.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, build, root, startHost } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { makePlugin } from './broken/make.mjs';
import { Place } from './place.mjs';

/** Refused when they start: state and reason as the log tells them. */
const refusedAtStart = [
  { id: 'wrong-major', manifest: { abi: { major: 2, min_minor: 0 } }, says: /wants ABI 2\.0/ },
  { id: 'undefined-symbol', sin: 'UNDEFINED_SYMBOL', drop: ['-Wl,--no-undefined'], says: /undefined symbol: nobody_has_this/ },
  { id: 'no-entry', sin: 'NO_ENTRY', says: /portico_plugin_entry_v1/ },
  { id: 'forged-entry', sin: 'FORGED_ENTRY_SIZE', says: /4 bytes/ },
  { id: 'entry-major', sin: 'WRONG_MAJOR_IN_ENTRY', says: /major/ },
  { id: 'forged-plugin', sin: 'FORGED_PLUGIN_SIZE', says: /8 bytes/ },
  { id: 'creates-nothing', sin: 'CREATES_NOTHING', says: /made no plugin/ },
  { id: 'start-fails', sin: 'START_FAILS', says: /broken\.start/ },
  { id: 'start-no-end', sin: 'START_WITHOUT_END', says: /x{400}/ },
  { id: 'aborts', sin: 'CONSTRUCTOR_ABORTS', says: /quarantine.*SIGABRT|SIGABRT.*quarantine/, quarantined: true },
  { id: 'exits', sin: 'CONSTRUCTOR_EXITS', says: /ended the process.*quarantine/, quarantined: true },
  { id: 'reads-nowhere', sin: 'CONSTRUCTOR_READS_NOWHERE', says: /SIGSEGV.*quarantine/, quarantined: true },
];

/** They start; what their route answers, four requests at a time. */
const contained = [
  { id: 'no-answer', sin: 'NO_ANSWER', status: 500 },
  { id: 'never-completes', sin: 'NEVER_COMPLETES', status: 504 },
  { id: 'two-answers', sin: 'TWO_ANSWERS', status: 200 },
  { id: 'both', sin: 'ANSWER_AND_FAILURE', status: 200 },
  { id: 'late', sin: 'LATE_COMPLETION', status: 200 },
  { id: 'forged-handles', sin: 'FORGED_HANDLES', status: 200 },
  { id: 'bad-status', sin: 'BAD_STATUS', status: 500 },
  { id: 'unknown-return', sin: 'UNKNOWN_RETURN', status: 500 },
  { id: 'header-splitting', sin: 'HEADER_SPLITTING', status: 500 },
  { id: 'registers-late', sin: 'REGISTERS_LATE', status: 200 },
  // It waits for itself: with all workers of its lane inside, until the deadline of the request.
  { id: 'reentrant', sin: 'REENTRANT', status: [200, 503, 504], manifest: { operations: { provides: ['broken.itself/1'], requires: [], optional: ['broken.itself/1'] } } },
  { id: 'extra-export', sin: 'EXTRA_EXPORT', map: false, status: 200 },
  { id: 'unique-symbol', sin: 'UNIQUE_SYMBOL', map: false, status: 200 },
  { id: 'thread-left', sin: 'THREAD_LEFT', status: 200 },
  { id: 'thread-local', sin: 'THREAD_LOCAL', manifest: { unload: 'unloadable' }, status: 200 },
  { id: 'keeps-lease', sin: 'KEEPS_LEASE', status: 200 },
];

const ask = async (host, id) => (await fetch(`${host.url}/api/${id}/ask`)).status;

/** Asks the sound plugin until the end and says what did not go well. */
function askAllTheTime(host) {
  const seen = { served: 0, failures: [] };
  let over = false;
  const loop = (async () => {
    while (!over) {
      const status = await ask(host, 'sound').catch((error) => String(error));
      if (status === 200) seen.served += 1;
      else seen.failures.push(status);
    }
  })();
  return async () => {
    over = true;
    await loop;
    return seen;
  };
}

function checkSound(tally, seen, where) {
  tally.check(seen.served > 0 && seen.failures.length === 0, `${where}: the sound plugin was served throughout`, `${seen.served} served; ${seen.failures.slice(0, 5)}`);
}

export async function sinsAreContained(tally) {
  const place = new Place();
  try {
    for (const one of [...refusedAtStart, ...contained]) place.add(one);
    const host = await startHost(place.settings);
    if (!tally.check(!host.ended, 'a host with every sinner starts', host.log)) return;
    const end = askAllTheTime(host);
    for (const { id, says, quarantined } of refusedAtStart) {
      const line = host.log.split('\n').find((one) => one.includes(`"plugin":"${id}"`) && one.includes('refused')) ?? host.log.split('\n').find((one) => one.includes(`/${id}/`));
      tally.check(says.test(line ?? ''), `${id} is refused, with its reason`, line);
      if (quarantined) tally.check(/"state":"quarantined"/.test(line ?? ''), `${id} is in quarantine`, line);
      tally.check((await ask(host, id)) === 404, `${id}: its routes are not there`);
    }
    for (const { id, status } of contained) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask(host, id).catch(String)));
      tally.check(answers.every((one) => [status].flat().includes(one)), `${id}: each request gets ${status}`, answers.join(' '));
    }
    checkSound(tally, await end(), 'beside all sinners');
    tally.check((await host.stop()) === 0, 'the host ends in order', host.log.slice(-2000));

    const listed = place.portico('plugin', 'quarantine', 'list');
    const waiting = refusedAtStart.filter(({ quarantined }) => quarantined);
    tally.check(listed.stdout.trim().split('\n').length === waiting.length && waiting.every(({ id }) => listed.stdout.includes(id)), 'what is in quarantine is listed', listed.stdout + listed.stderr);
    const hash = /^(\w+) +aborts/m.exec(listed.stdout)?.[1] ?? '';
    tally.check(place.portico('plugin', 'quarantine', 'release', hash).status === 0, 'and can be released');
    tally.check(!place.portico('plugin', 'quarantine', 'list').stdout.includes('aborts'), '… and is gone from the list');
    tally.check(place.portico('plugin', 'quarantine', 'release', hash).status === 1, '… once');
  } finally {
    place.remove();
  }
}

export async function aStartThatEndsTheHostIsBlocked(tally) {
  const place = new Place();
  try {
    place.add({ id: 'start-aborts', sin: 'START_ABORTS' });
    const first = await startHost(place.settings);
    await first.stop();
    tally.check(first.code === 'signal SIGABRT', 'a plugin that aborts in start takes the host along, once', String(first.code));
    const second = await startHost(place.settings);
    const end = askAllTheTime(second);
    const line = second.log.split('\n').find((one) => one.includes('plugin refused') && one.includes('start-aborts'));
    tally.check(!second.ended && /quarantined.*SIGABRT/.test(line ?? ''), 'the next host blocks it and says why', second.log);
    checkSound(tally, await end(), 'beside what is in quarantine');
    await second.stop();
    writeFileSync(join(place.plugins, 'start-aborts', 'plugin.so'), readFileSync(makePlugin(place.folder, { id: 'start-aborts' })));
    const third = await startHost(place.settings);
    tally.check((await ask(third, 'start-aborts')) === 200, 'another content of the same plugin is another file: it is served', third.log.slice(-2000));
    await third.stop();
  } finally {
    place.remove();
  }
}

export async function aFileOverwrittenWhileServing(tally) {
  const place = new Place();
  try {
    const file = place.add({ id: 'victim' });
    const host = await startHost(place.settings);
    const end = askAllTheTime(host);
    tally.check((await ask(host, 'victim')) === 200, 'the victim serves');
    for (const [how, change] of [
      ['cut to nothing', (fd) => ftruncateSync(fd, 0)],
      ['overwritten in place', (fd) => { for (let at = 0; at < 1 << 16; at += 16) writeSync(fd, '\xcc'.repeat(16), at, 'latin1'); }],
    ]) {
      const fd = openSync(file, 'r+');
      change(fd);
      closeSync(fd);
      const answers = [];
      for (let i = 0; i < 20; i += 1) answers.push(await ask(host, 'victim').catch(String));
      tally.check(answers.every((status) => status === 200), `${how}, the victim serves on`, answers.join(' '));
    }
    checkSound(tally, await end(), 'while a file is overwritten');
    tally.check((await host.stop()) === 0, 'the host ends in order', host.log.slice(-2000));
    const next = await startHost(place.settings);
    tally.check(!next.ended && /victim.*plugin\.(not_elf|no_manifest)/.test(next.log), 'the next host refuses what is left of it', next.log);
    tally.check((await ask(next, 'sound')) === 200, 'and serves the other');
    await next.stop();
  } finally {
    place.remove();
  }
}

export async function throwingCallbacks(tally) {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'portico-probe-')));
  const [plugins, migrations] = folders;
  for (const source of [join(build, 'plugins'), join(build, 'contract/plugins')]) for (const name of readdirSync(source)) symlinkSync(join(source, name), join(plugins, name));
  for (const name of readdirSync(join(root, 'migrations'))) symlinkSync(join(root, 'migrations', name), join(migrations, name));
  symlinkSync(join(root, 'tests/contract/probe/migrations'), join(migrations, 'probe'));
  const settings = { 'plugins.path': plugins, 'plugins.probe.enabled': 'true', 'migrations.path': migrations, 'migrations.at_start': 'true' };
  try {
    for (const where of ['start', 'start with a number', 'stop']) {
      const host = await startHost({ ...settings, 'plugins.probe.throw_in': where });
      const client = new Client(host.url);
      const answer = await client.get('/api/probe/throws/nothing');
      tally.check(answer.status === (where === 'stop' ? 200 : 404), `told to throw in ${where}, it is ${where === 'stop' ? 'there' : 'refused'}`, answer.text);
      tally.check((await client.get('/api/pages')).status === 200, 'and the others serve');
      if (where === 'stop') {
        for (const inside of ['operation', 'load']) {
          const thrown = await client.get(`/api/probe/throws-inside/${inside}`);
          tally.check(thrown.status === 500 && thrown.json?.code === 'internal', `what an ${inside} throws is that request's 500`, thrown.text);
        }
        await until(async () => (await client.get('/api/probe/throws-inside/task')).json?.count >= 2, 'a task that throws runs again');
        tally.check(true, 'a task that throws runs again');
      }
      tally.check((await host.stop()) === 0, 'the host ends in order', host.log.slice(-2000));
    }
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}
