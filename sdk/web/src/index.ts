// Everything a plugin's pages may use. What is not exported here is the kit's own affair.
export { useMutation, useQueryClient } from '@tanstack/react-query';

export { request, type Answer, type RequestOptions } from './api/client';
export { ApiProblem, asProblem, type FieldProblem } from './api/problem';
export {
  openEventStream,
  useEventStream,
  type EventStreamOptions,
  type StreamState,
} from './api/event-stream';
export { queryClient, useApiQuery, type ApiQuery, type ApiResult } from './api/query';
export { forgetMe, notePassword, passwordIsFresh, rememberMe, signOut, useMe } from './api/session';
export type * from './api/types';

export { formatDate, formatDateTime, formatMoney, formatName, formatWait, toHalfWidth } from './i18n/format';
export { useLanguage, type Language } from './i18n/language';
export { defineMessages, useText, type MessageSet, type Translate } from './i18n/messages';
export { kitMessages } from './i18n/kit-messages';

export { Button, ButtonLink } from './kit/button';
export { Boundary } from './kit/boundary';
export { cx } from './kit/class-names';
export { Dialog } from './kit/dialog';
export { AsOf, ErrorId, LoadingNote, Note, ProblemNote, StaleNote, WaitNote } from './kit/feedback';
export { Link, safeReturnPath, useGo, usePathParam, useQueryParams } from './kit/navigation';
export { usePageTitle } from './kit/page-title';
export { Pagination } from './kit/pagination';
export { fieldWords, kPasswordMax, kPasswordMin, problemWords } from './kit/problem-words';
export { Badge, Card, EmptyState, Facts, PageHeading, Skeleton, type Tone } from './kit/surface';
export { DataTable, type Column } from './kit/table';
export { useCountdown, useSlow } from './kit/timing';

export { definePlugin, type CardProps, type PluginWeb } from './plugin';
export { useFormat, usePortal } from './portal';
export { storage } from './storage';
