// The public start page.
import { ButtonLink, useMe, usePageTitle, usePortal, useText } from '@portico/web';
import { messages } from '../messages';

function Feature({ title, children, icon }: { title: string; children: string; icon: string }) {
  return (
    <li className="card">
      <svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true" className="mb-3 text-accent">
        <path
          d={icon}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <h2 className="section-title mb-1.5">{title}</h2>
      <p className="text-muted">{children}</p>
    </li>
  );
}

function Entrance() {
  return (
    <svg viewBox="0 0 400 320" aria-hidden="true" className="mx-auto w-full max-w-md text-accent">
      <circle cx="200" cy="176" r="132" className="fill-accent-soft" />
      <g fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" opacity="0.45">
        <path d="M168 44a46 46 0 0 1 64 0M150 26a72 72 0 0 1 100 0" />
      </g>
      <circle cx="200" cy="66" r="6" fill="currentColor" />
      <path d="M76 146 200 80l124 66v12H76z" fill="currentColor" />
      <g className="fill-surface" stroke="currentColor" strokeWidth="3">
        <path d="M92 170h28v96H92zM154 170h28v96h-28zM218 170h28v96h-28zM280 170h28v96h-28z" />
      </g>
      <path d="M76 266h248v14H76zM62 280h276v14H62z" fill="currentColor" />
    </svg>
  );
}

export function Landing() {
  const text = useText(messages);
  const me = useMe();
  const { hasPage } = usePortal();
  usePageTitle(text('landing_tab'));
  return (
    <>
      <div className="grid items-center gap-8 pb-12 md:grid-cols-[1.15fr_1fr] md:py-8">
        <div>
          <h1
            tabIndex={-1}
            className="text-[clamp(1.9rem,1.3rem+3vw,3.1rem)] leading-[1.15] font-bold tracking-tight text-balance [:lang(ja)_&]:leading-[1.35] [:lang(ja)_&]:tracking-normal"
          >
            {text('landing_title')}
          </h1>
          <p className="mt-5 max-w-prose text-lg text-muted">{text('landing_lead')}</p>
          <div className="mt-7 flex flex-wrap items-center gap-3">
            {me.data ? (
              <ButtonLink to="/dashboard">{text('landing_to_dashboard')}</ButtonLink>
            ) : (
              <>
                {hasPage('/auth/signup') && <ButtonLink to="/auth/signup">{text('sign_up')}</ButtonLink>}
                {hasPage('/auth/login') && (
                  <ButtonLink to="/auth/login" look="secondary">
                    {text('sign_in')}
                  </ButtonLink>
                )}
              </>
            )}
          </div>
        </div>
        <Entrance />
      </div>
      <ul className="grid gap-4 md:grid-cols-3">
        <Feature title={text('feature_bills_title')} icon="M8 4h16v24l-4-3-4 3-4-3-4 3zM12 11h8M12 16h8">
          {text('feature_bills')}
        </Feature>
        <Feature title={text('feature_pay_title')} icon="M4 9h24v15H4zM4 14h24M8 20h5">
          {text('feature_pay')}
        </Feature>
        <Feature
          title={text('feature_account_title')}
          icon="M16 15a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM6 27c1-6 5-8 10-8s9 2 10 8"
        >
          {text('feature_account')}
        </Feature>
      </ul>
      <section className="mt-4 card border-0 bg-accent-soft shadow-none">
        <h2 className="section-title">{text('safe_title')}</h2>
        <p className="mt-1 max-w-prose">{text('safe')}</p>
      </section>
    </>
  );
}
