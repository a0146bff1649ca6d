// Name, company and phone; the family name comes first where the language puts it first.
import { useLanguage, useText } from '@portico/web';
import { type AnyForm, type FieldValues, type Path, TextField } from '@portico/web/forms';
import { messages } from '../messages';

export function NameFields<V extends FieldValues>({ form }: { form: AnyForm<V> }) {
  const text = useText(messages);
  const language = useLanguage();
  const last = (
    <TextField
      key="last"
      form={form}
      name={'last_name' as Path<V>}
      label={text('last_name')}
      input={{ autoComplete: 'family-name' }}
    />
  );
  const first = (
    <TextField
      key="first"
      form={form}
      name={'first_name' as Path<V>}
      label={text('first_name')}
      input={{ autoComplete: 'given-name' }}
    />
  );
  return (
    <>
      <div className="grid gap-5 sm:grid-cols-2">{language === 'ja' ? [last, first] : [first, last]}</div>
      <TextField
        form={form}
        name={'company' as Path<V>}
        label={text('company')}
        optional
        input={{ autoComplete: 'organization' }}
      />
      <TextField
        form={form}
        name={'phone' as Path<V>}
        label={text('phone')}
        hint={text('phone_hint')}
        convert="half_width"
        input={{ type: 'tel', inputMode: 'tel', autoComplete: 'tel' }}
      />
    </>
  );
}
