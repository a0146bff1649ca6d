// The part of Zod that forms need, with error *codes* as messages: the host uses the same codes.
import {
  _default,
  boolean,
  check,
  email,
  extend,
  type infer as ZodInfer,
  length,
  literal,
  maxLength,
  minLength,
  object,
  optional,
  overwrite,
  pipe,
  refine,
  regex,
  string,
  enum as zodEnum,
} from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';
import { toHalfWidth } from '../i18n/format';
import { kPasswordMax, kPasswordMin } from '../kit/problem-words';

export type Infer<T extends $ZodType> = ZodInfer<T>;

export const z = {
  object,
  extend,
  string,
  boolean,
  literal,
  optional,
  pipe,
  check,
  refine,
  regex,
  length,
  minLength,
  maxLength,
  overwrite,
  email,
  enum: zodEnum,
  default: _default,
};

const trimmed = overwrite<string>((value) => value.trim());
const plain = overwrite<string>(toHalfWidth);

/** Text that must be there, spaces around it dropped. */
export const requiredText = (max = 255) =>
  string().check(trimmed, minLength(1, 'required'), maxLength(max, 'too_long'));

/** Text that may be empty. */
export const optionalText = (max = 255) => string().check(trimmed, maxLength(max, 'too_long'));

export const emailText = () =>
  string().check(
    plain,
    minLength(1, 'required'),
    maxLength(254, 'too_long'),
    regex(/^[^\s@]+@[^\s@]+\.[^\s@.]+$/, 'invalid_email'),
  );

/** Digits with the usual separators; full-width digits are taken as typed. */
export const phoneText = () =>
  string().check(
    plain,
    minLength(1, 'required'),
    regex(/^\+?[0-9(][0-9() .-]{5,23}$/, 'invalid_phone'),
    refine((value) => {
      const digits = value.replace(/\D/g, '').length;
      return digits >= 7 && digits <= 15;
    }, 'invalid_phone'),
  );

/** A password being chosen: long enough in characters as people count them, otherwise anything. */
export const newPassword = () =>
  string().check(
    minLength(1, 'required'),
    refine((value) => value === '' || [...value.normalize('NFC')].length >= kPasswordMin, 'password_short'),
    refine((value) => [...value].length <= kPasswordMax, 'too_long'),
  );

/** A password being given: no rule but that it is there. */
export const givenPassword = () => string().check(minLength(1, 'required'));
