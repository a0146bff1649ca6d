// A wish keeps its key until somebody knows what became of it.
import { expect, test } from 'vitest';
import { ApiProblem } from '../api/problem';
import { wishKey } from './wish-key';

const values = { points: 5 };

test('a key is long enough for the host', () => {
  expect(wishKey().of(values).length).toBeGreaterThanOrEqual(20);
});

test.each([
  [0, 'network.timeout'],
  [0, 'network.offline'],
  [503, 'service.busy'],
  [504, 'request.deadline'],
  [409, 'idempotency.in_progress'],
])('%i %s leaves it open: the next try has the same key', (status, code) => {
  const wish = wishKey();
  const first = wish.of(values);
  wish.settle(new ApiProblem(status, code));
  expect(wish.of({ points: 5 })).toBe(first);
});

test.each([
  ['it is done', null],
  ['it was refused', new ApiProblem(422, 'request.invalid')],
  ['another request has the key', new ApiProblem(422, 'idempotency.key_reused')],
])('%s: the next is another wish', (_how, problem) => {
  const wish = wishKey();
  const first = wish.of(values);
  wish.settle(problem);
  expect(wish.of(values)).not.toBe(first);
});

test('other values are another wish', () => {
  const wish = wishKey();
  const first = wish.of(values);
  wish.settle(new ApiProblem(504, 'request.deadline'));
  expect(wish.of({ points: 6 })).not.toBe(first);
});
