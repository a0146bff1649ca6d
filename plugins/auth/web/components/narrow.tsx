// The narrow column that sign-in and its relatives are set in.
import { PageHeading } from '@portico/web';
import type { ReactNode } from 'react';

interface NarrowProps {
  title: string;
  lead?: ReactNode;
  /** Other ways on, below the card. */
  below?: ReactNode;
  children: ReactNode;
}

export function Narrow({ title, lead, below, children }: NarrowProps) {
  return (
    <div className="mx-auto w-full max-w-lg">
      <PageHeading title={title} lead={lead} />
      <div className="card flex flex-col gap-5">{children}</div>
      {below && <div className="mt-5 flex flex-wrap gap-x-6 gap-y-2 px-1">{below}</div>}
    </div>
  );
}
