// What is left to pay and the way to the payment page.
import {
  type ApiProblem,
  Button,
  Card,
  type Invoice,
  Note,
  ProblemNote,
  useFormat,
  useSlow,
  useText,
  kitMessages,
} from '@portico/web';
import { useCallback } from 'react';
import { messages } from '../messages';
import { isPayable } from './status-badge';
import { StepUpDialog } from './step-up-dialog';
import { isWaiting, useComeBack, usePay } from './use-pay';

interface PayPanelProps {
  invoice: Invoice;
  stale: boolean;
  rereading: boolean;
  reread: () => void;
}

export function PayPanel({ invoice, stale, rereading, reread }: PayPanelProps) {
  const text = useText(messages);
  const kit = useText(kitMessages);
  const format = useFormat();
  const pay = usePay(
    invoice.id,
    { opening: text('pay_opening'), openingSite: (site) => text('pay_opening_site', { site }) },
    reread,
  );
  const open = isPayable(invoice.status) && invoice.balance.amount_minor > 0;
  const waiting = (open || invoice.status === 'payment_pending') && isWaiting(invoice.id);
  const confirmed = !open && invoice.status === 'paid' && isWaiting(invoice.id);
  const look = useCallback(() => reread(), [reread]);
  useComeBack(look, waiting);
  const slow = useSlow(pay.state.at === 'opening');

  if (confirmed) {
    return (
      <Note tone="good" title={text('pay_done_title')}>
        {text('pay_done')}
      </Note>
    );
  }
  if (!open && !waiting) {
    return (
      <Card title={text('balance')}>
        <p className="text-3xl font-semibold tabular-nums">{format.money(invoice.balance)}</p>
        <p className="mt-1 text-muted">{text('pay_settled')}</p>
      </Card>
    );
  }
  const overdue = invoice.status === 'overdue' || invoice.status === 'collections';
  return (
    <Card title={text('balance')} className="print:hidden">
      <p className="text-3xl font-semibold tabular-nums">{format.money(invoice.balance)}</p>
      <p className={overdue ? 'mt-1 font-medium text-bad' : 'mt-1 text-muted'}>
        {text(overdue ? 'pay_overdue' : 'pay_by', { date: format.date(invoice.due_on) })}
      </p>
      <div className="mt-5 flex flex-col gap-3">
        {waiting && (
          <Note tone="info" title={text('pay_waiting_title')}>
            {pay.state.at === 'opened' && <p>{text('pay_waiting_site', { site: pay.state.site })}</p>}
            <p>{text('pay_waiting')}</p>
            <div className="mt-3">
              <Button look="secondary" busy={rereading} onClick={reread}>
                {text('pay_check')}
              </Button>
            </div>
          </Note>
        )}
        {pay.state.at === 'failed' && <PayProblem problem={pay.state.problem} invoice={invoice} />}
        {pay.state.at === 'ready' ? (
          <ReadyLink
            url={pay.state.link.url}
            site={pay.state.link.site}
            onPress={() => pay.state.at === 'ready' && pay.pressed(pay.state.link.site)}
          />
        ) : (
          open && (
            <Button
              wide
              look={waiting ? 'secondary' : 'primary'}
              busy={pay.state.at === 'opening'}
              aria-disabled={stale || undefined}
              className={stale ? 'button-off' : undefined}
              onClick={stale ? undefined : pay.start}
            >
              {text('pay', { amount: format.money(invoice.balance) })}
            </Button>
          )
        )}
        <p className="text-sm text-muted" role="status">
          {stale ? text('pay_stale') : slow ? kit('slow') : text('pay_hint')}
        </p>
      </div>
      <StepUpDialog open={pay.state.at === 'step_up'} onClose={pay.cancel} onGiven={pay.proceed} />
    </Card>
  );
}

function ReadyLink({ url, site, onPress }: { url: string; site: string; onPress: () => void }) {
  const text = useText(messages);
  const kit = useText(kitMessages);
  return (
    <Note tone="info" title={text('pay_ready_title')} focus="when_shown">
      <p>{text('pay_ready', { site })}</p>
      <a
        href={url}
        target="_blank"
        rel="noopener noreferrer"
        className="button button-primary mt-3"
        onClick={onPress}
      >
        {text('pay_open', { site })} <span className="sr-only">{kit('new_tab')}</span>
      </a>
    </Note>
  );
}

function PayProblem({ problem, invoice }: { problem: ApiProblem; invoice: Invoice }) {
  const text = useText(messages);
  switch (problem.code) {
    case 'billing.link_just_made':
      return (
        <ProblemNote
          problem={problem}
          words={{ title: text('pay_just_made_title'), text: text('pay_just_made') }}
        />
      );
    case 'billing.payment_link_blocked':
      return (
        <ProblemNote
          problem={problem}
          words={{
            title: text('pay_blocked_title'),
            text: text('pay_blocked', { number: invoice.number || invoice.id }),
          }}
        />
      );
    case 'billing.invoice_not_payable':
      return <Note tone="info">{text('pay_settled')}</Note>;
    default:
      return <ProblemNote problem={problem} />;
  }
}
