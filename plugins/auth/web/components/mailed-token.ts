// The token of a mailed link. It travels in the fragment, which browsers never send to a server.
import { useEffect, useState } from 'react';

const read = (): string | null => new URLSearchParams(window.location.hash.slice(1)).get('token');

export function useMailedToken(): string | null {
  const [token, setToken] = useState(read);
  useEffect(() => {
    const follow = () => setToken(read());
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return token;
}
