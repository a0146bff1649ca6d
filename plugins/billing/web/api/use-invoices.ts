// One page of the customer's invoices.
import { type InvoicePage, useApiQuery } from '@portico/web';

export interface InvoiceFilter {
  status?: string;
  page?: number;
  pageSize?: number;
  enabled?: boolean;
}

export const useInvoices = ({ status = '', page = 1, pageSize = 20, enabled = true }: InvoiceFilter) =>
  useApiQuery<InvoicePage>({
    key: ['invoices', { status, page, pageSize }],
    path: '/api/invoices',
    query: { status, page, page_size: pageSize },
    enabled,
  });
