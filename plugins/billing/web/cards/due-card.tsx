// The dashboard's first word: what is due, the most urgent first.
import {
  Card,
  type CardProps,
  type InvoiceSummary,
  Link,
  LoadingNote,
  type Money,
  ProblemNote,
  Skeleton,
  StaleNote,
  useFormat,
  useText,
} from '@portico/web';
import { useEffect } from 'react';
import { useInvoices } from '../api/use-invoices';
import { StatusBadge } from '../components/status-badge';
import { messages } from '../messages';

const kFetched = 20;
const kShown = 5;

/** One sum per currency; money of different currencies is never added up. */
function sums(invoices: readonly InvoiceSummary[]): Money[] {
  const total = new Map<string, number>();
  for (const { total: money } of invoices) {
    total.set(money.currency, (total.get(money.currency) ?? 0) + money.amount_minor);
  }
  return [...total].map(([currency, amount_minor]) => ({ amount_minor, currency }));
}

export function DueCard({ onEmpty }: CardProps) {
  const text = useText(messages);
  const format = useFormat();
  const overdue = useInvoices({ status: 'overdue', pageSize: kFetched });
  const unpaid = useInvoices({ status: 'unpaid', pageSize: kFetched });
  const known = overdue.data !== undefined && unpaid.data !== undefined;
  const all = [...(overdue.data?.data.items ?? []), ...(unpaid.data?.data.items ?? [])];
  const due = [...new Map(all.map((invoice) => [invoice.id, invoice])).values()].sort((a, b) =>
    a.due_on.localeCompare(b.due_on),
  );
  const ever = useInvoices({ pageSize: 1, enabled: known && due.length === 0 });
  const empty = known && due.length === 0 && ever.data?.data.total === 0;
  useEffect(() => onEmpty(empty), [onEmpty, empty]);

  const failed = overdue.isError ? overdue : unpaid.isError ? unpaid : null;
  const loading = !known && !failed;
  const total = (overdue.data?.data.total ?? 0) + (unpaid.data?.data.total ?? 0);
  const listed = (overdue.data?.data.items.length ?? 0) + (unpaid.data?.data.items.length ?? 0);
  const complete = total <= listed;
  const stale = [overdue, unpaid].find(({ data }) => data?.cache === 'stale')?.data?.data.as_of;
  const retry = () => void Promise.all([overdue.refetch(), unpaid.refetch()]);

  return (
    <Card
      title={text('due_title')}
      aside={
        <Link to="/billing/invoices" className="link text-sm">
          {text('show_all')}
        </Link>
      }
    >
      <LoadingNote loading={loading} />
      {loading && (
        <div className="flex flex-col gap-4">
          <Skeleton className="h-9 w-40" />
          <Skeleton className="h-6 w-full" />
          <Skeleton className="h-6 w-full" />
        </div>
      )}
      {failed && !known && (
        <ProblemNote problem={failed.error} onRetry={retry} retrying={failed.isFetching} />
      )}
      {stale && <StaleNote asOf={stale} />}
      {known && due.length === 0 && (
        <>
          <p className="text-2xl font-semibold">{text('due_nothing')}</p>
          <p className="mt-1 text-muted">{text(empty ? 'due_first' : 'due_nothing_text')}</p>
        </>
      )}
      {known && due.length > 0 && (
        <>
          <p className="text-3xl font-semibold tabular-nums">
            {/* A sum of the rows at hand would be too small where there are more. */}
            {complete ? sums(due).map(format.money).join(' + ') : text('due_count', { count: total })}{' '}
            <span className="text-base font-normal text-muted">{text('due_total')}</span>
          </p>
          <ul className="mt-4 flex flex-col divide-y divide-line">
            {due.slice(0, kShown).map((invoice) => (
              <li key={invoice.id} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 py-3">
                <Link to={`/billing/invoices/${invoice.id}`} className="link font-semibold">
                  {text('invoice_title', { number: invoice.number || invoice.id })}
                </Link>
                <StatusBadge status={invoice.status} />
                <span className="text-sm text-muted">
                  {text('due_row', { date: format.date(invoice.due_on, 'short') })}
                </span>
                <span className="ms-auto tabular-nums">{format.money(invoice.total)}</span>
              </li>
            ))}
          </ul>
          {due.length > kShown && (
            <p className="mt-2 text-sm text-muted">
              {text('due_more', { count: (complete ? due.length : total) - kShown })}
            </p>
          )}
        </>
      )}
    </Card>
  );
}
