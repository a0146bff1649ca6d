// An address: postal code first, as Japanese forms do; prefectures to choose from where the country is Japan.
import { useLanguage, useText } from '@portico/web';
import { type AnyForm, type FieldValues, type Path, SelectField, TextField } from '@portico/web/forms';
import { useMemo } from 'react';
import { messages } from '../messages';
import { countryOptions, prefectureOptions } from './countries';

/** `prefix`: the path of the address inside the form, e.g. `address.`; empty when the form is the address. */
export function AddressFields<V extends FieldValues>({
  form,
  prefix,
}: {
  form: AnyForm<V>;
  prefix: '' | 'address.';
}) {
  const text = useText(messages);
  const language = useLanguage();
  const at = (name: string) => `${prefix}${name}` as Path<V>;
  const country = String(form.watch(at('country')) ?? '');
  const state = String(form.watch(at('state')) ?? '');
  const countries = useMemo(() => countryOptions(language), [language]);
  const japan = country === 'JP';
  return (
    <>
      <SelectField
        form={form}
        name={at('country')}
        label={text('country')}
        options={countries}
        select={{ autoComplete: 'country' }}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          form={form}
          name={at('postcode')}
          label={text('postcode')}
          hint={japan ? text('postcode_hint') : undefined}
          convert="half_width"
          input={{ autoComplete: 'postal-code', ...(japan ? { inputMode: 'numeric' as const } : {}) }}
        />
        {japan ? (
          <SelectField
            form={form}
            name={at('state')}
            label={text('prefecture')}
            hint={text('prefecture_hint')}
            placeholder={text('choose')}
            options={prefectureOptions(language, state)}
            select={{ autoComplete: 'address-level1' }}
          />
        ) : (
          <TextField
            form={form}
            name={at('state')}
            label={text('state')}
            input={{ autoComplete: 'address-level1' }}
          />
        )}
      </div>
      <TextField
        form={form}
        name={at('city')}
        label={text('city')}
        input={{ autoComplete: 'address-level2' }}
      />
      <TextField
        form={form}
        name={at('line1')}
        label={text('line1')}
        input={{ autoComplete: 'address-line1' }}
      />
      <TextField
        form={form}
        name={at('line2')}
        label={text('line2')}
        optional
        input={{ autoComplete: 'address-line2' }}
      />
    </>
  );
}
