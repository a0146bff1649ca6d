// The rows of the invoice list, and their shapes while they load.
import {
  type Column,
  DataTable,
  type InvoiceSummary,
  Link,
  Skeleton,
  useFormat,
  useText,
} from '@portico/web';
import { messages } from '../messages';
import { StatusBadge } from './status-badge';

export function InvoiceTable({ invoices }: { invoices: readonly InvoiceSummary[] }) {
  const text = useText(messages);
  const format = useFormat();
  const columns: Column<InvoiceSummary>[] = [
    {
      id: 'number',
      label: text('number'),
      heading: true,
      cell: (invoice) => (
        <Link to={`/billing/invoices/${invoice.id}`} className="link font-semibold">
          {invoice.number || invoice.id}
        </Link>
      ),
    },
    { id: 'status', label: text('status'), cell: (invoice) => <StatusBadge status={invoice.status} /> },
    { id: 'issued', label: text('issued_on'), cell: (invoice) => format.date(invoice.issued_on, 'short') },
    { id: 'due', label: text('due_on'), cell: (invoice) => format.date(invoice.due_on, 'short') },
    {
      id: 'total',
      label: text('total'),
      align: 'end',
      cell: (invoice) => <span className="font-semibold">{format.money(invoice.total)}</span>,
    },
  ];
  return (
    <DataTable caption={text('invoices_title')} columns={columns} rows={invoices} rowKey={({ id }) => id} />
  );
}

export function InvoiceTableSkeleton() {
  return (
    <div aria-hidden="true" className="flex flex-col">
      {Array.from({ length: 6 }, (_, index) => (
        <div
          key={index}
          className="flex flex-col gap-2.5 border-b border-line py-4 last:border-0 sm:flex-row sm:items-center sm:justify-between"
        >
          <Skeleton className="h-5 w-28" />
          <Skeleton className="h-6 w-20 rounded-full" />
          <Skeleton className="h-5 w-32" />
          <Skeleton className="h-5 w-32" />
          <Skeleton className="h-5 w-20" />
        </div>
      ))}
    </div>
  );
}
