// What a reader meets while something is broken.
import { Cluster } from '../lib/cluster.mjs';
import { Tally } from '../lib/portal.mjs';
import { billing } from './billing.mjs';
import { database } from './database.mjs';
import { guessing } from './guessing.mjs';
import { hosts } from './hosts.mjs';
import { redis } from './redis.mjs';

const groups = { billing, redis, database, hosts, guessing };
const wanted = process.argv.slice(2);
for (const name of wanted) if (!groups[name]) throw new Error(`no group '${name}': ${Object.keys(groups).join(' ')}`);

const tally = new Tally();
const cluster = await Cluster.start({ hosts: 3 });
for (const [name, group] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const began = performance.now();
  await group(cluster, tally);
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
tally.check(cluster.died.length === 0, 'no host ended by itself', cluster.died.join('\n'));
await cluster.stop();
tally.end();
process.exit();
