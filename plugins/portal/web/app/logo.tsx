// The portal's mark: an entrance on columns.
export function Logo() {
  return (
    <svg width="32" height="32" viewBox="0 0 64 64" aria-hidden="true" className="shrink-0">
      <rect width="64" height="64" rx="14" className="fill-accent" />
      <path
        d="M12 25 32 13l20 12v3H12zM16 32h6v14h-6zm13 0h6v14h-6zm13 0h6v14h-6zM12 49h40v4H12z"
        className="fill-on-accent"
      />
    </svg>
  );
}
