// The invoice list: state and page in the address, table or cards, all its states.
import {
  AsOf,
  ButtonLink,
  Card,
  EmptyState,
  Link,
  LoadingNote,
  PageHeading,
  Pagination,
  ProblemNote,
  StaleNote,
  useQueryParams,
  useText,
} from '@portico/web';
import { useInvoices } from '../api/use-invoices';
import { InvoiceTable, InvoiceTableSkeleton } from '../components/invoice-table';
import { messages } from '../messages';

const kPath = '/billing/invoices';
const kPageSize = 20;
const kStates = [
  'unpaid',
  'overdue',
  'payment_pending',
  'paid',
  'refunded',
  'cancelled',
  'collections',
] as const;

function StateFilter({ current }: { current: string }) {
  const text = useText(messages);
  const choice = (value: string, label: string) => (
    <li key={value}>
      <Link
        to={kPath}
        search={value === '' ? {} : { status: value }}
        className="choice"
        isCurrent={value === current}
      >
        {label}
      </Link>
    </li>
  );
  return (
    <nav aria-label={text('filter')} className="mb-4 print:hidden">
      <ul className="choices">
        {choice('', text('all'))}
        {kStates.map((state) => choice(state, text(`status_${state}`)))}
      </ul>
    </nav>
  );
}

function Empty({ status, page }: { status: string; page: number }) {
  const text = useText(messages);
  if (page > 1) {
    return (
      <EmptyState
        title={text('none_page_title')}
        action={
          <ButtonLink look="secondary" to={kPath} search={status === '' ? {} : { status }}>
            {text('to_first')}
          </ButtonLink>
        }
      />
    );
  }
  if (status !== '') {
    return (
      <EmptyState
        title={text('none_filtered_title')}
        action={
          <ButtonLink look="secondary" to={kPath}>
            {text('show_all')}
          </ButtonLink>
        }
      >
        {text('none_filtered')}
      </EmptyState>
    );
  }
  return <EmptyState title={text('none_title')}>{text('none')}</EmptyState>;
}

export function Invoices() {
  const text = useText(messages);
  const params = useQueryParams();
  const status = kStates.find((state) => state === params.status) ?? '';
  const page = Math.max(1, Math.trunc(Number(params.page)) || 1);
  const invoices = useInvoices({ status, page, pageSize: kPageSize });
  const list = invoices.data?.data;
  const stale = invoices.data?.cache === 'stale' || (invoices.isError && list !== undefined);
  return (
    <>
      <PageHeading title={text('invoices_title')} lead={text('invoices_lead')} />
      <StateFilter current={status} />
      <LoadingNote loading={invoices.isPending} />
      {list && stale && <StaleNote asOf={list.as_of} />}
      {invoices.isError && !list && (
        <ProblemNote
          problem={invoices.error}
          onRetry={() => void invoices.refetch()}
          retrying={invoices.isFetching}
        />
      )}
      {(invoices.isPending || list) && (
        <Card>
          {invoices.isPending && <InvoiceTableSkeleton />}
          {list && list.items.length === 0 && <Empty status={status} page={page} />}
          {list && list.items.length > 0 && <InvoiceTable invoices={list.items} />}
        </Card>
      )}
      {list && list.items.length > 0 && (
        <Pagination
          page={list.page}
          pageSize={list.page_size}
          total={list.total}
          path={kPath}
          search={status === '' ? {} : { status }}
        />
      )}
      {list && !stale && (
        <div className="mt-4">
          <AsOf moment={list.as_of} />
        </div>
      )}
    </>
  );
}
