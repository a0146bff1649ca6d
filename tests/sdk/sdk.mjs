// What an integrator has: the examples, the installed SDK, the guide. With a name: only that one.
import { Tally } from '../lib/portal.mjs';
import { examples } from './examples.mjs';
import { guide } from './guide.mjs';
import { loyalty } from './loyalty.mjs';
import { outside } from './outside.mjs';

const tally = new Tally();
for (const part of [examples, loyalty, outside, guide])
  if (!process.argv[2] || process.argv[2] === part.name) await tally.test(part.name, () => part(tally));
tally.end();
