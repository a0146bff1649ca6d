// The page and the dashboard card of points.
import { createElement as h, useEffect } from 'react';
import {
  Card, DataTable, defineMessages, definePlugin, EmptyState, Link, LoadingNote, PageHeading, ProblemNote, useApiQuery, useFormat, useText,
} from '@portico/web';

const messages = defineMessages(
  {
    title: 'Points', lead: 'You collect points when you pay an invoice online.', balance: '{count} point|{count} points',
    none: 'No points so far', none_text: 'They appear here soon after you have paid.', list: 'Your points, the newest first',
    invoice: 'Invoice', when: 'Credited', points: 'Points', all: 'Show all',
  },
  {
    title: 'ポイント', lead: '請求書をオンラインでお支払いいただくとポイントがたまります。', balance: '{count} ポイント',
    none: 'ポイントはまだありません', none_text: 'お支払い後しばらくするとここに表示されます。', list: 'ポイント履歴(新しい順)',
    invoice: '請求書', when: '付与日', points: 'ポイント', all: 'すべて見る',
  },
);

const useBalance = () => useApiQuery({ key: ['loyalty'], path: '/api/loyalty' });

/** What stands in the place of an answer that is not there. */
const Waiting = ({ answer }) =>
  h('div', null,
    h(LoadingNote, { loading: answer.isPending }),
    answer.isError && h(ProblemNote, { problem: answer.error, onRetry: () => void answer.refetch(), retrying: answer.isFetching }));

function Points() {
  const text = useText(messages);
  const format = useFormat();
  const answer = useBalance();
  const balance = answer.data?.data;
  const columns = [
    { id: 'invoice', label: text('invoice'), cell: (row) => row.invoice_id, heading: true },
    { id: 'when', label: text('when'), cell: (row) => format.day(row.credited_at) },
    { id: 'points', label: text('points'), cell: (row) => row.points, align: 'end' },
  ];
  return h('div', null,
    h(PageHeading, { title: text('title'), lead: text('lead') }),
    h(Waiting, { answer }),
    balance && balance.credits.length === 0 && h(EmptyState, { title: text('none') }, text('none_text')),
    balance && balance.credits.length > 0 && h(Card, { title: text('balance', { count: balance.points }) },
      h(DataTable, { caption: text('list'), columns, rows: balance.credits, rowKey: (row) => row.invoice_id })));
}

function BalanceCard({ onEmpty }) {
  const text = useText(messages);
  const answer = useBalance();
  const balance = answer.data?.data;
  const empty = balance !== undefined && balance.credits.length === 0;
  useEffect(() => onEmpty(empty), [onEmpty, empty]);
  return h(Card, { title: text('title'), aside: h(Link, { to: '/loyalty', className: 'link text-sm' }, text('all')) },
    h(Waiting, { answer }),
    balance && h('p', { className: 'text-2xl font-semibold' }, text('balance', { count: balance.points })));
}

export default definePlugin({
  id: 'loyalty',
  routes: { '/loyalty': Points },
  translations: messages,
  cards: { 'loyalty.balance': BalanceCard },
});
