// What every answer must be like while something is broken.
import { kNoise_ms } from '../lib/waiting.mjs';

export const full = process.env.PORTICO_TEST_FULL === '1';

const kDeadline_ms = { GET: 8000, other: 15_000 };

/** Collects answers and judges them as a reader would. */
export class Reader {
  answers = [];
  constructor(name) {
    this.name = name;
  }
  note(method, answer) {
    this.answers.push({ method, ...answer });
    return answer;
  }
  count(...statuses) {
    return this.answers.filter((answer) => statuses.includes(answer.status)).length;
  }
  slowest() {
    return Math.round(Math.max(0, ...this.answers.map((answer) => answer.ms)));
  }
  quantile(part) {
    const sorted = this.answers.map((answer) => answer.ms).sort((a, b) => a - b);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  }
  /** Every answer is a good one or a clear refusal, in time. `fine`: statuses that are neither (401, 404 …). */
  judge(tally, { limit_ms, fine = [] } = {}) {
    const late = this.answers.filter((answer) => answer.ms > (limit_ms ?? kDeadline_ms[answer.method] ?? kDeadline_ms.other) + kNoise_ms);
    tally.check(late.length === 0, `${this.name}: nobody waits beyond the deadline`, late.slice(0, 3).map((a) => `${a.method} ${a.status} ${Math.round(a.ms)} ms`).join('; '));
    const unclear = this.answers.filter(
      (answer) =>
        !(answer.status >= 200 && answer.status < 300) &&
        !fine.includes(answer.status) &&
        !([503, 504, 429].includes(answer.status) && Number(answer.headers['retry-after']) > 0 && /problem\+json/.test(answer.headers['content-type'] ?? '')),
    );
    tally.check(unclear.length === 0, `${this.name}: what is no answer is a clear refusal`, unclear.slice(0, 3).map((a) => `${a.method} ${a.status} ${a.error ?? a.text.slice(0, 200)}`).join('; '));
  }
  summary() {
    const by = {};
    for (const answer of this.answers) by[answer.status] = (by[answer.status] ?? 0) + 1;
    return `${Object.entries(by).map(([status, count]) => `${count}× ${status}`).join(', ')}; median ${this.quantile(0.5)} ms, p99 ${this.quantile(0.99)} ms, slowest ${this.slowest()} ms`;
  }
}

/** Cached answers say how old they are, and the age is the truth. */
export function judgeCached(tally, name, reader, since) {
  const good = reader.answers.filter((answer) => answer.status === 200);
  tally.check(good.length === reader.answers.length && good.length > 0, `${name}: every reader of a stored page gets it`, `${good.length} of ${reader.answers.length}: ${reader.summary()}`);
  const odd = good.filter((answer) => answer.headers.age === undefined || !['hit', 'stale'].includes(answer.headers['portico-cache']));
  tally.check(odd.length === 0, `${name}: with its age`, `${odd[0]?.headers['portico-cache']} ${odd[0]?.headers.age}`);
  const longest = (performance.now() - since) / 1000 + 2;
  tally.check(good.every((answer) => Number(answer.headers.age) <= longest), `${name}: and the age is true`, `${Math.max(...good.map((a) => Number(a.headers.age)))} s of ${Math.round(longest)} s`);
}
