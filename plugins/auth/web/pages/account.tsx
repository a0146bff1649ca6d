// The customer's own details: shown, and changed in two forms that save apart from each other.
import {
  Card,
  Facts,
  Link,
  type Me,
  Note,
  PageHeading,
  rememberMe,
  useFormat,
  useMe,
  usePortal,
  useText,
} from '@portico/web';
import {
  clearDraft,
  Form,
  SelectField,
  type Submit,
  SubmitButton,
  useDraft,
  useForm,
  useSubmit,
  z,
  zodResolver,
} from '@portico/web/forms';
import { useState } from 'react';
import { changeAddress, changeProfile } from '../api/calls';
import { AddressFields } from '../components/address-fields';
import { NameFields } from '../components/name-fields';
import { addressShape, nameShape } from '../components/rules';
import { messages } from '../messages';

export function Account() {
  const text = useText(messages);
  const format = useFormat();
  const { hasPage } = usePortal();
  const { data: me } = useMe();
  // The shell shows this page to signed-in customers only.
  if (!me) return null;
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeading title={text('account_title')} lead={text('account_lead')} />
      <div className="flex flex-col gap-4">
        <Card title={text('account_identity')}>
          <Facts
            rows={[
              [text('email'), me.email],
              [text('customer_since'), format.day(me.created_at)],
            ]}
          />
          {hasPage('/auth/forgot') && (
            <p className="mt-4">
              <Link to="/auth/forgot">{text('set_new_password')}</Link>
            </p>
          )}
        </Card>
        <ProfileForm me={me} />
        <AddressForm me={me} />
      </div>
    </div>
  );
}

function Saved({ shown }: { shown: boolean }) {
  const text = useText(messages);
  return (
    <div role="status">
      {shown && (
        <Note tone="good" live="silent">
          {text('saved')}
        </Note>
      )}
    </div>
  );
}

/** Follows one form's "saved" word until something is changed again. */
function useSaved(submit: Submit, isDirty: boolean, done: boolean) {
  return done && !isDirty && !submit.busy && submit.problem === null;
}

const kProfile = z.object({ ...nameShape(), language: z.enum(['en', 'ja']) });

function ProfileForm({ me }: { me: Me }) {
  const text = useText(messages);
  const draft = `account.profile.${me.id}`;
  const [done, setDone] = useState(false);
  const form = useForm({
    resolver: zodResolver(kProfile),
    mode: 'onTouched',
    defaultValues: {
      last_name: me.last_name,
      first_name: me.first_name,
      company: me.company ?? '',
      phone: me.phone ?? '',
      language: me.language,
    },
  });
  useDraft(form, draft, 'only_dirty');
  const submit = useSubmit(form, async (values) => {
    rememberMe(await changeProfile(values));
    form.reset(values);
    clearDraft(draft);
    setDone(true);
  });
  return (
    <Card title={text('account_profile')}>
      <Form
        form={form}
        submit={submit}
        labels={{
          last_name: text('last_name'),
          first_name: text('first_name'),
          company: text('company'),
          phone: text('phone'),
          language: text('language'),
        }}
      >
        <NameFields form={form} />
        <SelectField
          form={form}
          name="language"
          label={text('language')}
          options={[
            ['en', text('language_en')],
            ['ja', text('language_ja')],
          ]}
        />
        <SubmitButton submit={submit} width="fit">
          {text('save')}
        </SubmitButton>
        <Saved shown={useSaved(submit, form.formState.isDirty, done)} />
      </Form>
    </Card>
  );
}

const kAddress = addressShape();

function AddressForm({ me }: { me: Me }) {
  const text = useText(messages);
  const draft = `account.address.${me.id}`;
  const [done, setDone] = useState(false);
  const form = useForm({
    resolver: zodResolver(kAddress),
    mode: 'onTouched',
    defaultValues: { ...me.address, line2: me.address.line2 ?? '' },
  });
  useDraft(form, draft, 'only_dirty');
  const submit = useSubmit(form, async (values) => {
    const { line2, ...street } = values;
    rememberMe(await changeAddress(line2 === '' ? street : { ...street, line2 }));
    form.reset(values);
    clearDraft(draft);
    setDone(true);
  });
  return (
    <Card title={text('account_address')}>
      <p className="mb-4 text-muted">{text('account_address_hint')}</p>
      <Form
        form={form}
        submit={submit}
        labels={{
          country: text('country'),
          postcode: text('postcode'),
          state: text(form.getValues('country') === 'JP' ? 'prefecture' : 'state'),
          city: text('city'),
          line1: text('line1'),
          line2: text('line2'),
        }}
      >
        <AddressFields form={form} prefix="" />
        <SubmitButton submit={submit} width="fit">
          {text('save')}
        </SubmitButton>
        <Saved shown={useSaved(submit, form.formState.isDirty, done)} />
      </Form>
    </Card>
  );
}
