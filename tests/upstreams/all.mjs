// Every client, one after the other: they share the sandbox, its faults and its switches.
import { tally } from './session.mjs';

await import('./jsforce.mjs');
await import('./pubsub.mjs');
tally.end();
