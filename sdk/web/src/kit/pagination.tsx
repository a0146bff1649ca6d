// Steps through the pages of a list; the page number lives in the address.
import { kitMessages } from '../i18n/kit-messages';
import { useText } from '../i18n/messages';
import { Link } from './navigation';

interface PaginationProps {
  page: number;
  pageSize: number;
  total: number;
  path: string;
  /** The other query parameters to keep. */
  search: Record<string, string>;
}

export function Pagination({ page, pageSize, total, path, search }: PaginationProps) {
  const text = useText(kitMessages);
  const last = Math.max(1, Math.ceil(total / pageSize));
  const step = (target: number, label: string, possible: boolean) =>
    possible ? (
      <Link
        to={path}
        search={target === 1 ? search : { ...search, page: String(target) }}
        className="button button-secondary"
      >
        {label}
      </Link>
    ) : (
      <span className="button button-secondary button-off" aria-disabled="true">
        {label}
      </span>
    );
  return (
    <nav
      aria-label={text('pages')}
      className="mt-4 flex flex-wrap items-center justify-between gap-3 print:hidden"
    >
      <p className="text-sm text-muted tabular-nums">
        {text('range', { from: (page - 1) * pageSize + 1, to: Math.min(page * pageSize, total), total })}
      </p>
      {last > 1 && (
        <div className="flex gap-2">
          {step(page - 1, text('previous'), page > 1)}
          {step(page + 1, text('next'), page < last)}
        </div>
      )}
    </nav>
  );
}
