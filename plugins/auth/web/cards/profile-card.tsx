// The dashboard's reminder of whom the portal takes the reader for.
import { Card, type CardProps, Facts, formatName, Link, useLanguage, useMe, useText } from '@portico/web';
import { useEffect } from 'react';
import { stateName } from '../components/countries';
import { messages } from '../messages';

export function ProfileCard({ onEmpty }: CardProps) {
  const text = useText(messages);
  const language = useLanguage();
  const { data: me } = useMe();
  // Details are there for everybody: they do not count as something that needs the customer.
  useEffect(() => onEmpty(true), [onEmpty]);
  if (!me) return null;
  const place = [stateName(me.address.state, language), me.address.city];
  return (
    <Card title={text('card_title')}>
      <Facts
        rows={[
          [text('step_name'), formatName(me, language)],
          [
            text('step_address'),
            (language === 'ja' ? place : place.reverse()).join(language === 'ja' ? ' ' : ', '),
          ],
          [text('email'), me.email],
          [text('phone'), me.phone || '–'],
        ]}
      />
      <p className="mt-5">
        <Link to="/account">{text('card_change')}</Link>
      </p>
    </Card>
  );
}
