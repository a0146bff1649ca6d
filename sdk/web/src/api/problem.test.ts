// Problem documents and everything that is none.
import { describe, expect, test } from 'vitest';
import { parseRetryAfter, problemOf } from './problem';

const kNow = Date.parse('2026-11-22T00:00:00Z');
const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  new Response(body, { status, headers });

describe('Retry-After', () => {
  test.each([
    ['seconds', '42', 42],
    ['a date', 'Sun, 22 Nov 2026 00:01:00 GMT', 60],
    ['a date in the past', 'Sat, 21 Nov 2026 00:00:00 GMT', 0],
    ['nonsense', 'soon', null],
    ['nothing', null, null],
    ['an empty value', ' ', null],
  ])('%s', (_, value, seconds) => {
    expect(parseRetryAfter(value, kNow)).toBe(seconds);
  });
});

test('a problem document gives code, id, wait and fields', async () => {
  const body = JSON.stringify({
    code: 'request.invalid',
    correlation_id: 'abc',
    errors: [{ pointer: '/address/postcode', code: 'required' }, { pointer: 7 }, 'noise'],
  });
  const problem = await problemOf(
    answer(422, body, { 'Content-Type': 'application/problem+json', 'Retry-After': '5' }),
    kNow,
  );
  expect(problem).toMatchObject({
    status: 422,
    code: 'request.invalid',
    correlationId: 'abc',
    retryAfterS: 5,
    fields: [{ pointer: '/address/postcode', code: 'required' }],
  });
});

test.each([
  ['a page of a proxy', '<html></html>', 'text/html'],
  ['JSON that is cut off', '{"code":', 'application/json'],
  ['JSON without a code', '{}', 'application/problem+json'],
  ['a JSON list', '[]', 'application/json'],
])('%s becomes a problem by its status', async (_, body, type) => {
  const problem = await problemOf(answer(502, body, { 'Content-Type': type, 'X-Correlation-Id': 'xyz' }));
  expect(problem).toMatchObject({ status: 502, code: 'http.502', correlationId: 'xyz', fields: [] });
  expect(problem.upstream).toBe(true);
});
