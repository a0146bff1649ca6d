// One invoice: what it is for, what was paid, what is left and how to pay it; also the printed form.
import {
  AsOf,
  Button,
  ButtonLink,
  Card,
  Facts,
  formatName,
  Link,
  LoadingNote,
  PageHeading,
  ProblemNote,
  Skeleton,
  StaleNote,
  useFormat,
  useLanguage,
  useMe,
  usePathParam,
  usePortal,
  useText,
} from '@portico/web';
import { useCallback } from 'react';
import { useInvoice } from '../api/use-invoice';
import { InvoiceLines, InvoicePayments, InvoiceSums } from '../components/invoice-parts';
import { PayPanel } from '../components/pay-panel';
import { StatusBadge } from '../components/status-badge';
import { rereadEveryMs } from '../components/use-pay';
import { messages } from '../messages';

function Loading() {
  return (
    <div aria-hidden="true" className="grid gap-4 lg:grid-cols-[1fr_20rem]">
      <div className="card flex flex-col gap-4">
        <Skeleton className="h-5 w-2/3" />
        <Skeleton className="h-5 w-1/2" />
        <Skeleton className="mt-4 h-5 w-full" />
        <Skeleton className="h-5 w-full" />
        <Skeleton className="h-5 w-full" />
      </div>
      <div className="card flex flex-col gap-4">
        <Skeleton className="h-5 w-1/2" />
        <Skeleton className="h-9 w-2/3" />
        <Skeleton className="h-11 w-full" />
      </div>
    </div>
  );
}

function PrintHead() {
  const text = useText(messages);
  const language = useLanguage();
  const { name } = usePortal();
  const { data: me } = useMe();
  return (
    <div className="mb-6 hidden justify-between gap-8 print:flex">
      <p className="text-lg font-semibold">{name}</p>
      {me && (
        <div>
          <p className="text-sm">{text('billed_to')}</p>
          <p className="font-semibold">{me.company || formatName(me, language)}</p>
          <p>
            {[me.address.postcode, me.address.state, me.address.city, me.address.line1, me.address.line2]
              .filter(Boolean)
              .join(' ')}
          </p>
        </div>
      )}
    </div>
  );
}

export function InvoiceDetail() {
  const text = useText(messages);
  const format = useFormat();
  const id = usePathParam('id');
  const query = useInvoice(id, (known) => rereadEveryMs(id, known));
  const { refetch } = query;
  const reread = useCallback(() => void refetch(), [refetch]);
  const invoice = query.data?.data;
  const stale = query.data?.cache === 'stale' || (query.isError && invoice !== undefined);
  const missing = query.error?.status === 404;
  const title = text('invoice_title', { number: invoice?.number || id });
  return (
    <>
      <p className="mb-3 print:hidden">
        <Link to="/billing/invoices">
          <span aria-hidden="true">← </span>
          {text('back')}
        </Link>
      </p>
      <PrintHead />
      <PageHeading
        title={
          <span className="flex flex-wrap items-center gap-x-4 gap-y-2">
            {title}
            {invoice && <StatusBadge status={invoice.status} />}
          </span>
        }
        tabTitle={title}
        actions={
          invoice && (
            <Button look="secondary" onClick={() => window.print()}>
              {text('print')}
            </Button>
          )
        }
      />
      <LoadingNote loading={query.isPending} />
      {query.isPending && <Loading />}
      {query.isError && !invoice && (
        <>
          <ProblemNote
            problem={query.error}
            onRetry={missing ? undefined : reread}
            retrying={query.isFetching}
            words={missing ? { title: text('invoice_missing_title'), text: text('invoice_missing') } : null}
          />
          {missing && (
            <ButtonLink to="/billing/invoices" look="secondary" className="mt-4">
              {text('show_all')}
            </ButtonLink>
          )}
        </>
      )}
      {invoice && (
        <>
          {stale && <StaleNote asOf={invoice.as_of} />}
          <div className="grid items-start gap-4 lg:grid-cols-[1fr_20rem]">
            <div className="flex min-w-0 flex-col gap-4">
              <Card>
                <Facts
                  rows={[
                    [text('issued_on'), format.date(invoice.issued_on)],
                    [text('due_on'), format.date(invoice.due_on)],
                    ...(invoice.paid_on ? [[text('paid_on'), format.date(invoice.paid_on)] as const] : []),
                    [text('total'), <span className="tabular-nums">{format.money(invoice.total)}</span>],
                  ]}
                />
              </Card>
              <Card title={text('lines')}>
                <InvoiceLines invoice={invoice} />
                <InvoiceSums invoice={invoice} />
              </Card>
              <Card title={text('payments')}>
                <InvoicePayments invoice={invoice} />
              </Card>
              {!stale && <AsOf moment={invoice.as_of} />}
            </div>
            <div className="order-first lg:order-none print:hidden">
              <PayPanel invoice={invoice} stale={stale} rereading={query.isFetching} reread={reread} />
            </div>
          </div>
        </>
      )}
    </>
  );
}
