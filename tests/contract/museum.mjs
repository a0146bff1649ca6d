// Plugins built once against released SDKs: each starts in this host and does what it did then.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Client, root, startHost } from '../lib/portal.mjs';
import { until } from '../lib/waiting.mjs';
import { Place } from './place.mjs';
import { validate } from './validate.mjs';

const museum = join(root, 'tests/abi/museum/binaries');

/** The release and the id of every piece. */
export function pieces() {
  if (!existsSync(museum)) return [];
  return readdirSync(museum).flatMap((release) => readdirSync(join(museum, release)).map((id) => ({ release, id, file: join(museum, release, id, 'plugin.so') })));
}

async function visit(tally, host, { release, id }) {
  const name = `${id} of ${release}`;
  const client = new Client(host.url);
  const get = (path) => client.get(`/api/${id}/${path}`, { 'Accept-Language': 'en' });
  const visited = await get('visit/Ada');
  const { beats, ...seen } = visited.json ?? {};
  const wanted = { name: 'Ada', word: 'kept', method: 'GET', language: 'en', limit: 7, sum: 42, sealed: true, hashed: true, timed: true };
  tally.check(visited.status === 200 && Object.keys(wanted).every((key) => seen[key] === wanted[key]), `${name}: everything it tries works`, `${visited.status} ${visited.text}`);
  const [first, second] = [await get('cached'), await get('cached')];
  tally.check(first.status === 200 && first.text === second.text && first.json.sum === 1, `${name}: what it loads is loaded once`, `${first.text} ${second.text}`);
  const nobody = await get('visit/nobody');
  tally.check(nobody.status === 404 && nobody.json?.code === 'museum.nobody', `${name}: its problem is answered as it says`, nobody.text);
  tally.check((await get('visit/throws')).status === 500, `${name}: its failure is a 500`);
  tally.check((await get('visit/Ada')).status === 200, `${name}: and it serves on`);
  await until(async () => (await get('visit/Ada')).json?.beats > 0, `${name}: its task runs`);
  tally.check(true, `${name}: its task runs`);
}

export async function theMuseumIsOpen(tally) {
  const all = pieces();
  tally.check(all.length >= 3, 'there are pieces in C, C++ and C++ with libc++', `${all.length}`);
  for (const release of new Set(all.map((piece) => piece.release))) {
    const place = new Place();
    try {
      const shown = all.filter((piece) => piece.release === release);
      for (const { id, file } of shown) {
        const { code, report } = validate(file);
        tally.check(code === 0 && report.id === id, `${id} of ${release} is valid`, JSON.stringify(report?.checks.filter((check) => check.outcome === 'refused')));
        mkdirSync(join(place.plugins, id));
        symlinkSync(file, join(place.plugins, id, 'plugin.so'));
        place.settings[`plugins.${id}.enabled`] = 'true';
      }
      const host = await startHost(place.settings);
      if (!tally.check(!host.ended, `a host with the pieces of ${release} starts`, host.log)) continue;
      for (const piece of shown) await visit(tally, host, piece);
      tally.check((await host.stop()) === 0, 'it ends in order', host.log.slice(-2000));
    } finally {
      place.remove();
    }
  }
}
