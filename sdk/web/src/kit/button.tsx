// Buttons and links that look like buttons.
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './class-names';
import { Link, type LinkProps } from './navigation';

export type ButtonLook = 'primary' | 'secondary' | 'quiet';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  /** Work is under way: the button keeps its place and focus but does nothing. */
  busy?: boolean;
  wide?: boolean;
  children: ReactNode;
}

const classOf = (look: ButtonLook, wide?: boolean) => cx('button', `button-${look}`, wide && 'w-full');

export function Button({ look = 'primary', busy, wide, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(classOf(look, wide), className)}
      aria-disabled={busy || rest['aria-disabled'] || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

export function ButtonLink({
  look = 'primary',
  wide,
  ...link
}: LinkProps & { look?: ButtonLook; wide?: boolean }) {
  return <Link {...link} className={cx(classOf(look, wide), link.className)} />;
}
