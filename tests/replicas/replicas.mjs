// What three hosts promise together.
import { Cluster } from '../lib/cluster.mjs';
import { Tally } from '../lib/portal.mjs';
import { answers } from './answers.mjs';
import { limits } from './limits.mjs';
import { sessions } from './sessions.mjs';

const tally = new Tally();
const cluster = await Cluster.start({ hosts: 3 });
for (const group of [answers, sessions, limits]) {
  const began = performance.now();
  await group(cluster, tally);
  console.log(`${group.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
tally.check(cluster.died.length === 0, 'no host ended by itself', cluster.died.join('\n'));
await cluster.stop();
tally.end();
process.exit();
