// The link to the invoice's payment page, and the password question that may come before it.
import { notePassword, type PaymentLink, request } from '@portico/web';

export const makePaymentLink = async (invoiceId: string): Promise<PaymentLink> => {
  const path = `/api/invoices/${encodeURIComponent(invoiceId)}/sso-link`;
  return (await request<PaymentLink>('POST', path, { body: { target: 'pay' } })).data;
};

export const giveAgain = async (password: string): Promise<void> => {
  await request<void>('POST', '/api/auth/reauthenticate', { body: { password } });
  notePassword();
};
