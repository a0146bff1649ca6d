// Which words explain a problem to a customer.
import type { ApiProblem } from '../api/problem';
import type { kitMessages } from '../i18n/kit-messages';
import type { Translate } from '../i18n/messages';

type Key = keyof (typeof kitMessages)['en'];
type Family =
  | 'offline'
  | 'unreachable'
  | 'timeout'
  | 'upstream'
  | 'off'
  | 'busy'
  | 'crowded'
  | 'pending'
  | 'repeated'
  | 'forbidden'
  | 'missing'
  | 'session'
  | 'invalid'
  | 'server';

function familyOf(problem: ApiProblem): Family {
  if (problem.code === 'network.offline') return 'offline';
  if (problem.code === 'network.timeout') return 'timeout';
  if (problem.unreachable) return problem.code.startsWith('client.') ? 'server' : 'unreachable';
  if (problem.code === 'service.not_provided') return 'off';
  if (problem.upstream) return 'upstream';
  if (problem.code === 'idempotency.in_progress' || problem.code === 'idempotency.superseded')
    return 'pending';
  if (problem.code === 'idempotency.answer_not_kept') return 'repeated';
  if (problem.status === 429) return 'busy';
  if (problem.status === 503) return 'crowded';
  if (problem.status === 401) return 'session';
  if (problem.status === 403) return 'forbidden';
  if (problem.status === 404) return 'missing';
  if (problem.status === 422 || problem.status === 400) return 'invalid';
  return 'server';
}

export interface ProblemWords {
  title: string;
  text: string;
}

export function problemWords(problem: ApiProblem, text: Translate<Key>): ProblemWords {
  const family = familyOf(problem);
  return { title: text(`${family}_title`), text: text(family) };
}

const kFieldCodes = new Set<string>([
  'required',
  'too_short',
  'too_long',
  'invalid_email',
  'invalid_phone',
  'invalid_postcode',
  'must_be_true',
  'password_short',
  'password_common',
]);

/** Characters a password needs where it is the only factor. */
export const kPasswordMin = 15;
/** Longest password taken, in characters. */
export const kPasswordMax = 256;

/** The words of a field error code; an unknown one still says that the field needs a look. */
export function fieldWords(code: string, text: Translate<Key>): string {
  const key = kFieldCodes.has(code) ? (`field_${code}` as Key) : 'field_invalid';
  return text(key, { min: kPasswordMin });
}
