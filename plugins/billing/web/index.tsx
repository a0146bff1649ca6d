// The billing plugin's pages.
import { definePlugin } from '@portico/web';
import { DueCard } from './cards/due-card';
import { messages } from './messages';
import { InvoiceDetail } from './pages/invoice';
import { Invoices } from './pages/invoices';

export default definePlugin({
  id: 'billing',
  routes: { '/billing/invoices': Invoices, '/billing/invoices/:id': InvoiceDetail },
  translations: messages,
  cards: { 'billing.due': DueCard },
});
