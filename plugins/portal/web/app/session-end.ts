// Tells a session that ran out from a visitor who never had one, for the words on the sign-in page.
import { forgetMe } from '@portico/web';
import { onSessionEnded } from '@portico/web/shell';

let expired = false;

export function followSessionEnd(): void {
  onSessionEnded(() => {
    expired = true;
    forgetMe();
  });
}

export function takeExpired(): boolean {
  const was = expired;
  expired = false;
  return was;
}
