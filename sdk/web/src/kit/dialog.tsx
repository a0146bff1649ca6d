// A modal dialog whose code comes with the first one that opens, or when the browser is idle.
import { lazy, type ReactNode, Suspense, useState } from 'react';

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  /** `sheet`: from the bottom edge on small screens, within reach of one hand. */
  shape?: 'box' | 'sheet';
  children: ReactNode;
}

const load = () => import('./dialog-content');
const DialogContent = lazy(load);

/** Fetches the dialog's code ahead of the first click. */
export const preloadDialog = (): void => void load().catch(() => undefined);

export function Dialog(props: DialogProps) {
  const [wanted, setWanted] = useState(props.open);
  if (props.open && !wanted) setWanted(true);
  if (!wanted) return null;
  return (
    <Suspense fallback={null}>
      <DialogContent {...props} />
    </Suspense>
  );
}
