// Remembers in this browser that a sign-up began here, so that its mailed link needs no further press.
import { storage } from '@portico/web';

const kKey = 'portico.signup_at';
const kLinkLifeMs = 30 * 60_000;

export const markSignUp = (): void => storage.local.set(kKey, String(Date.now()));

export const clearSignUpMark = (): void => storage.local.remove(kKey);

export const beganHere = (): boolean => Date.now() - Number(storage.local.get(kKey) ?? 0) < kLinkLifeMs;
