// What an unknown address shows.
import { ButtonLink, PageHeading, useText } from '@portico/web';
import { messages } from '../messages';

export function NotFound() {
  const text = useText(messages);
  return (
    <div className="mx-auto max-w-xl py-8">
      <p className="mb-2 font-mono text-sm text-muted">404</p>
      <PageHeading title={text('missing_title')} lead={text('missing_text')} />
      <ButtonLink to="/">{text('missing_home')}</ButtonLink>
    </div>
  );
}
