// The parts of one invoice on paper and screen: lines, sums, payments.
import { type Column, DataTable, type Invoice, useFormat, useText } from '@portico/web';
import { messages } from '../messages';

type Line = Invoice['lines'][number];
type Payment = Invoice['payments'][number];

export function InvoiceLines({ invoice }: { invoice: Invoice }) {
  const text = useText(messages);
  const format = useFormat();
  const columns: Column<Line>[] = [
    {
      id: 'description',
      label: text('line_description'),
      heading: true,
      cell: (line) => (
        <span className="whitespace-pre-line">
          {line.description}
          {line.taxed && <span className="ms-2 text-sm text-muted">({text('taxed')})</span>}
        </span>
      ),
    },
    { id: 'amount', label: text('line_amount'), align: 'end', cell: (line) => format.money(line.amount) },
  ];
  return (
    <DataTable
      caption={text('lines')}
      columns={columns}
      rows={invoice.lines}
      rowKey={(line, index) => `${index} ${line.description}`}
    />
  );
}

export function InvoiceSums({ invoice }: { invoice: Invoice }) {
  const text = useText(messages);
  const format = useFormat();
  const tax =
    invoice.tax_rate === undefined ? text('tax') : text('tax_at', { rate: String(invoice.tax_rate) });
  const rows: [label: string, value: string, strong?: boolean][] = [
    [text('subtotal'), format.money(invoice.subtotal)],
    [tax, format.money(invoice.tax)],
    ...(invoice.credit.amount_minor === 0
      ? []
      : [[text('credit'), `−${format.money(invoice.credit)}`] as [string, string]]),
    [text('total'), format.money(invoice.total), true],
    [text('balance'), format.money(invoice.balance), true],
  ];
  return (
    <dl className="ms-auto mt-4 flex w-full flex-col gap-1.5 border-t border-line-strong pt-4 sm:max-w-xs">
      {rows.map(([label, value, strong]) => (
        <div key={label} className={`flex justify-between gap-6 ${strong ? 'font-semibold' : ''}`}>
          <dt className={strong ? '' : 'text-muted'}>{label}</dt>
          <dd className="tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function InvoicePayments({ invoice }: { invoice: Invoice }) {
  const text = useText(messages);
  const format = useFormat();
  if (invoice.payments.length === 0) return <p className="text-muted">{text('payments_none')}</p>;
  const columns: Column<Payment>[] = [
    {
      id: 'paid_on',
      label: text('paid_on'),
      heading: true,
      cell: (payment) => format.date(payment.paid_on, 'short'),
    },
    { id: 'method', label: text('payment_method'), cell: (payment) => payment.method },
    { id: 'reference', label: text('payment_reference'), cell: (payment) => payment.reference || '–' },
    {
      id: 'amount',
      label: text('line_amount'),
      align: 'end',
      cell: (payment) => format.money(payment.amount),
    },
  ];
  return (
    <DataTable
      caption={text('payments')}
      columns={columns}
      rows={invoice.payments}
      rowKey={(payment, index) => `${index} ${payment.reference ?? ''}`}
    />
  );
}
