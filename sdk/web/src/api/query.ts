// The query cache of the whole portal and the hook that pages read the host with.
import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { type Answer, request, type RequestOptions } from './client';
import { ApiProblem } from './problem';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // A lost connection is worth one more try; an answered problem is the host's word.
      retry: (failures, error) =>
        failures < 1 && error instanceof ApiProblem && error.code === 'network.unreachable',
      retryDelay: 800,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

export interface ApiQuery<T> {
  key: readonly unknown[];
  path: string;
  query?: RequestOptions['query'];
  enabled?: boolean;
  /** Milliseconds for which an answer is good without asking again. */
  staleTimeMs?: number;
  /** Milliseconds between re-reads; false for none. */
  refetchIntervalMs?: number | false | ((last: T | undefined) => number | false);
  /** Show the rows of the page before while the next one loads. */
  keepPrevious?: boolean;
}

export type ApiResult<T> = UseQueryResult<Answer<T>, ApiProblem>;

/** Reads one resource; `data.cache` says whether the answer is stale. */
export function useApiQuery<T>(options: ApiQuery<T>): ApiResult<T> {
  const interval = options.refetchIntervalMs;
  return useQuery<Answer<T>, ApiProblem>({
    queryKey: options.key,
    queryFn: ({ signal }) => request<T>('GET', options.path, { query: options.query, signal }),
    enabled: options.enabled ?? true,
    staleTime: options.staleTimeMs ?? 30_000,
    refetchInterval:
      typeof interval === 'function' ? (query) => interval(query.state.data?.data) : (interval ?? false),
    placeholderData: options.keepPrevious ? (previous) => previous : undefined,
  });
}
