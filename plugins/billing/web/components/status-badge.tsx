// An invoice's state in words.
import { Badge, type InvoiceStatus, type Tone, useText } from '@portico/web';
import { messages } from '../messages';

const kTones: Readonly<Record<InvoiceStatus, Tone>> = {
  draft: 'neutral',
  unpaid: 'warn',
  overdue: 'bad',
  paid: 'good',
  cancelled: 'neutral',
  refunded: 'neutral',
  collections: 'bad',
  payment_pending: 'info',
};

export function StatusBadge({ status }: { status: InvoiceStatus }) {
  const text = useText(messages);
  return <Badge tone={kTones[status]}>{text(`status_${status}`)}</Badge>;
}

/** States in which money is still to come. */
export const isPayable = (status: InvoiceStatus): boolean =>
  status === 'unpaid' || status === 'overdue' || status === 'collections';
