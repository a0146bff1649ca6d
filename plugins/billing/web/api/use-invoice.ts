// One invoice with its lines and payments.
import { type Invoice, useApiQuery } from '@portico/web';

export const useInvoice = (id: string, refetchIntervalMs: (invoice: Invoice | undefined) => number | false) =>
  useApiQuery<Invoice>({
    key: ['invoice', id],
    path: `/api/invoices/${encodeURIComponent(id)}`,
    refetchIntervalMs,
  });
