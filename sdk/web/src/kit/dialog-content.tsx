// The dialog itself, on Radix: focus stays inside, Escape closes, focus returns to what opened it.
import * as Radix from '@radix-ui/react-dialog';
import { useRef } from 'react';
import { kitMessages } from '../i18n/kit-messages';
import { useText } from '../i18n/messages';
import type { DialogProps } from './dialog';

export default function DialogContent({
  open,
  onClose,
  title,
  description,
  shape = 'box',
  children,
}: DialogProps) {
  const text = useText(kitMessages);
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        {/* Not Radix.Overlay: it locks scrolling by a <style> element, which the content policy refuses. */}
        <div className="dialog-backdrop" aria-hidden="true" />
        <Radix.Content
          className={`dialog dialog-${shape}`}
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            // Radix knows only its own triggers; ours are ordinary buttons.
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus();
          }}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <div className="mb-4 flex items-start justify-between gap-4">
            <Radix.Title className="section-title pt-1.5">{title}</Radix.Title>
            <Radix.Close className="icon-button" aria-label={text('close')}>
              <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
                <path
                  d="m5 5 10 10M15 5 5 15"
                  stroke="currentColor"
                  strokeWidth="1.75"
                  strokeLinecap="round"
                />
              </svg>
            </Radix.Close>
          </div>
          {description && <Radix.Description className="mb-4 text-muted">{description}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
