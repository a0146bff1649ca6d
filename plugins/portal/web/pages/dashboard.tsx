// The signed-in start page: cards of the enabled plugins, or first steps while there is nothing to show.
import {
  Boundary,
  Card,
  formatName,
  Link,
  PageHeading,
  type Pages,
  Skeleton,
  useLanguage,
  useMe,
  usePortal,
  useText,
} from '@portico/web';
import { Suspense, use, useCallback, useState } from 'react';
import { usePages } from '../app/pages-context';
import { loadPlugin } from '../app/plugin-loader';
import { messages } from '../messages';

type CardEntry = Pages['cards'][number];

function CardSkeleton() {
  return (
    <div className="card flex flex-col gap-3">
      <Skeleton className="h-6 w-1/3" />
      <Skeleton className="h-9 w-1/2" />
      <Skeleton className="h-5 w-2/3" />
    </div>
  );
}

function PluginCard({ entry, onEmpty }: { entry: CardEntry; onEmpty: (empty: boolean) => void }) {
  const { modules } = usePages();
  const module = modules.find(({ id }) => id === entry.plugin);
  if (!module) throw new Error(`no module for plugin ${entry.plugin}`);
  const Content = use(loadPlugin(module)).cards?.[entry.id];
  if (!Content) throw new Error(`plugin ${entry.plugin} has no card ${entry.id}`);
  return <Content onEmpty={onEmpty} />;
}

function FirstSteps() {
  const text = useText(messages);
  const { hasPage } = usePortal();
  const steps = [
    { path: '/account', title: text('first_details'), note: text('first_details_text') },
    { path: '/billing/invoices', title: text('first_invoices'), note: text('first_invoices_text') },
    { path: null, title: text('first_home'), note: text('first_home_text') },
  ].filter(({ path }) => path === null || hasPage(path));
  return (
    <Card title={text('first_title')}>
      <ol className="flex flex-col gap-4">
        {steps.map(({ path, title, note }, index) => (
          <li key={title} className="flex gap-3">
            <span
              aria-hidden="true"
              className="flex size-8 flex-none items-center justify-center rounded-full bg-accent-soft font-semibold text-accent-strong"
            >
              {index + 1}
            </span>
            <div>
              <p className="font-semibold">{path ? <Link to={path}>{title}</Link> : title}</p>
              <p className="text-muted">{note}</p>
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

export function Dashboard() {
  const text = useText(messages);
  const language = useLanguage();
  const me = useMe();
  const cards = usePages().cards.toSorted((a, b) => a.order - b.order);
  const [empty, setEmpty] = useState<Readonly<Record<string, boolean>>>({});
  const report = useCallback(
    (key: string, value: boolean) =>
      setEmpty((known) => (known[key] === value ? known : { ...known, [key]: value })),
    [],
  );
  const nothingYet = cards.every((card) => empty[`${card.plugin}/${card.id}`] === true);
  return (
    <>
      <PageHeading
        title={
          me.data ? text('dashboard_hello', { name: formatName(me.data, language) }) : text('dashboard_title')
        }
        tabTitle={text('dashboard_title')}
        lead={text('dashboard_lead')}
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {cards.map((card) => {
          const key = `${card.plugin}/${card.id}`;
          return (
            <Boundary key={key}>
              <Suspense fallback={<CardSkeleton />}>
                <ReportedCard entry={card} cardKey={key} report={report} />
              </Suspense>
            </Boundary>
          );
        })}
        {nothingYet && <FirstSteps />}
      </div>
    </>
  );
}

interface ReportedCardProps {
  entry: CardEntry;
  cardKey: string;
  report: (key: string, empty: boolean) => void;
}

function ReportedCard({ entry, cardKey, report }: ReportedCardProps) {
  const onEmpty = useCallback((value: boolean) => report(cardKey, value), [report, cardKey]);
  return <PluginCard entry={entry} onEmpty={onEmpty} />;
}
