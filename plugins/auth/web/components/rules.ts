// What the forms of this plugin accept, in the same codes as the host.
import { emailText, newPassword, optionalText, phoneText, requiredText, z } from '@portico/web/forms';
import { toHalfWidth } from '@portico/web';

const postcode = () =>
  requiredText(16).check(
    z.overwrite((value) => toHalfWidth(value).replace(/^(\d{3})-?(\d{4})$/, '$1-$2')),
    z.regex(/^[A-Za-z0-9][A-Za-z0-9 -]*$/, 'invalid_postcode'),
  );

export const addressShape = () =>
  z
    .object({
      postcode: postcode(),
      state: requiredText(100),
      city: requiredText(100),
      line1: requiredText(200),
      line2: optionalText(200),
      country: requiredText(2),
    })
    .check(
      z.refine((value) => value.country !== 'JP' || /^\d{3}-\d{4}$/.test(value.postcode), {
        path: ['postcode'],
        error: 'invalid_postcode',
      }),
    );

export const nameShape = () => ({
  last_name: requiredText(100),
  first_name: requiredText(100),
  company: optionalText(100),
  phone: phoneText(),
});

export const signUpShape = () =>
  z.object({
    email: emailText(),
    password: newPassword(),
    ...nameShape(),
    address: addressShape(),
    accept_terms: z.literal(true, 'must_be_true'),
  });
