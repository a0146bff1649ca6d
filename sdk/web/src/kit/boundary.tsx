// Keeps a crash inside the part of the page where it happened.
import { Component, type ReactNode } from 'react';
import { kitMessages } from '../i18n/kit-messages';
import { translate } from '../i18n/messages';
import { Button } from './button';
import { Note } from './feedback';

interface BoundaryProps {
  /** A new value (the path, say) gives the content another try. */
  resetKey?: string;
  children: ReactNode;
}

interface BoundaryState {
  error: unknown;
  key: string | undefined;
}

// Browsers word it differently; all of them name the import.
const isMissingModule = (error: unknown) =>
  error instanceof TypeError && /import|module/i.test(error.message);

export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: null, key: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { error };
  }

  static getDerivedStateFromProps(props: BoundaryProps, state: BoundaryState): Partial<BoundaryState> | null {
    return props.resetKey === state.key ? null : { error: null, key: props.resetKey };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const missing = isMissingModule(this.state.error);
    return (
      <Note tone="warn" title={translate(kitMessages, missing ? 'updated_title' : 'server_title')}>
        <p>{translate(kitMessages, missing ? 'updated' : 'server')}</p>
        <div className="mt-3 flex flex-wrap gap-2">
          {!missing && (
            <Button look="secondary" onClick={() => this.setState({ error: null })}>
              {translate(kitMessages, 'retry')}
            </Button>
          )}
          <Button look="secondary" onClick={() => window.location.reload()}>
            {translate(kitMessages, 'reload')}
          </Button>
        </div>
      </Note>
    );
  }
}
