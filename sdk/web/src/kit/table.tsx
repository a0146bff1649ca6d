// A table that becomes a list of labelled cards on narrow screens without losing its meaning.
import type { ReactNode } from 'react';
import { cx } from './class-names';

export interface Column<Row> {
  id: string;
  label: string;
  cell: (row: Row) => ReactNode;
  align?: 'start' | 'end';
  /** The cell that names the row. */
  heading?: boolean;
}

interface DataTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row, index: number) => string;
  foot?: ReactNode;
}

// Roles are written out because browsers drop table semantics once CSS turns rows into blocks.
export function DataTable<Row>({ caption, columns, rows, rowKey, foot }: DataTableProps<Row>) {
  return (
    <table role="table" className="data-table">
      <caption className="sr-only">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.id}
              role="columnheader"
              scope="col"
              className={cx(column.align === 'end' && 'text-end')}
            >
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row, index) => (
          <tr key={rowKey(row, index)} role="row">
            {columns.map((column) => {
              const Cell = column.heading ? 'th' : 'td';
              return (
                <Cell
                  key={column.id}
                  role={column.heading ? 'rowheader' : 'cell'}
                  {...(column.heading ? { scope: 'row' } : {})}
                  className={cx(column.align === 'end' && 'text-end tabular-nums')}
                >
                  <span className="cell-label" aria-hidden="true">
                    {column.label}
                  </span>
                  <span className="cell-value">{column.cell(row)}</span>
                </Cell>
              );
            })}
          </tr>
        ))}
      </tbody>
      {foot}
    </table>
  );
}
