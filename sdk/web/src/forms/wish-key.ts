// The idempotency key of what somebody wants done: one for each wish, the same for each try of it.
import type { ApiProblem } from '../api/problem';

/** Whether a try may have taken effect although nobody was told so. */
const isUnclear = (problem: ApiProblem): boolean =>
  problem.status === 0 || problem.status >= 500 || problem.code === 'idempotency.in_progress';

export interface WishKey {
  /** The key of a wish with these values. */
  of: (values: unknown) => string;
  /** How a try ended; null: well. */
  settle: (problem: ApiProblem | null) => void;
}

export function wishKey(): WishKey {
  let wish: { key: string; values: string } | null = null;
  return {
    of: (values) => {
      const text = JSON.stringify(values) ?? '';
      if (wish?.values !== text) wish = { key: crypto.randomUUID(), values: text };
      return wish.key;
    },
    settle: (problem) => {
      if (problem === null || !isUnclear(problem)) wish = null;
    },
  };
}
