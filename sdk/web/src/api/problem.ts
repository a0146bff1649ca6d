// What a failed call looks like to the pages: one typed error, whatever the network, a proxy or the host answered.

export interface FieldProblem {
  /** JSON pointer into the request body, e.g. `/address/postcode`. */
  pointer: string;
  /** Stable code, e.g. `too_short`. */
  code: string;
}

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  /** When it arrived (milliseconds); waits count from here. */
  readonly atMs = Date.now();

  constructor(
    /** HTTP status; 0 where no answer arrived. */
    readonly status: number,
    /** Stable dotted code; `network.*` and `http.*` are made here, all others come from the host. */
    readonly code: string,
    readonly correlationId: string | null = null,
    /** Seconds the host asks to wait before the next try. */
    readonly retryAfterS: number | null = null,
    readonly fields: readonly FieldProblem[] = [],
  ) {
    super(`${status} ${code}`);
  }

  /** The system of record behind the portal is down or slow; what the customer typed is fine. */
  get upstream(): boolean {
    return this.code.startsWith('upstream.') || this.status === 502 || this.status === 504;
  }

  /** No answer from the portal itself. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

/** Seconds from a Retry-After header: a number of seconds or an HTTP date. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null || value.trim() === '') return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - nowMs) / 1000));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fieldsOf(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry.pointer === 'string' && typeof entry.code === 'string'
      ? [{ pointer: entry.pointer, code: entry.code }]
      : [],
  );
}

/** Turns a non-2xx answer into an ApiProblem; a body that is no problem document (a proxy's page) is `http.<status>`. */
export async function problemOf(response: Response, nowMs = Date.now()): Promise<ApiProblem> {
  const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), nowMs);
  const headerId = response.headers.get('X-Correlation-Id');
  let body: unknown = null;
  if ((response.headers.get('Content-Type') ?? '').includes('json')) {
    body = await response.json().catch(() => null);
  }
  if (!isRecord(body) || typeof body.code !== 'string') {
    return new ApiProblem(response.status, `http.${response.status}`, headerId, retryAfter);
  }
  const id = typeof body.correlation_id === 'string' ? body.correlation_id : headerId;
  return new ApiProblem(response.status, body.code, id, retryAfter, fieldsOf(body.errors));
}

/** Whatever was thrown, as an ApiProblem. */
export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem(0, 'client.unexpected');
}
