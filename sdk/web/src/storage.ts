// Browser storage that never throws: private windows and full disks lose a convenience, not the page.

function area(pick: () => Storage) {
  return {
    get(key: string): string | null {
      try {
        return pick().getItem(key);
      } catch {
        return null;
      }
    },
    set(key: string, value: string): void {
      try {
        pick().setItem(key, value);
      } catch {
        // Storage is off or full: the value lives as long as the page.
      }
    },
    remove(key: string): void {
      try {
        pick().removeItem(key);
      } catch {
        // Nothing was stored then.
      }
    },
  };
}

export const storage = {
  local: area(() => window.localStorage),
  session: area(() => window.sessionStorage),
};
