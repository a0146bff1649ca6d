// Forms for plugin pages: React Hook Form, the needed part of Zod, and the kit's fields. Loaded only by pages with forms.
export { useForm, useWatch, type FieldValues, type Path, type UseFormReturn } from 'react-hook-form';
export { zodResolver } from '@hookform/resolvers/zod';
export { clearDraft, useDraft } from './draft';
export { CheckboxField, PasswordField, SelectField, TextField, type FieldBase } from './fields';
export { ErrorSummary, Form, SubmitButton } from './form';
export {
  emailText,
  givenPassword,
  type Infer,
  newPassword,
  optionalText,
  phoneText,
  requiredText,
  z,
} from './schema';
export { type AnyForm, applyFieldProblems, type Submit, useSubmit } from './use-submit';
