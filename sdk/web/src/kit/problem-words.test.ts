// A customer reads what a failure means for them, by its code where that says more than its status.
import { expect, test } from 'vitest';
import { ApiProblem } from '../api/problem';
import { problemWords } from './problem-words';

test.each([
  [409, 'idempotency.in_progress', 'pending'],
  [409, 'idempotency.superseded', 'pending'],
  [409, 'idempotency.answer_not_kept', 'repeated'],
  [409, 'anything.else', 'server'],
  [429, 'request.too_many', 'busy'],
  [503, 'service.busy', 'crowded'],
  [503, 'service.not_provided', 'off'],
  [401, 'auth.required', 'session'],
  [422, 'request.invalid', 'invalid'],
  [0, 'network.offline', 'offline'],
])('%i %s reads as %s', (status, code, family) => {
  const words = problemWords(new ApiProblem(status, code), (key) => key);
  expect(words).toEqual({ title: `${family}_title`, text: family });
});
