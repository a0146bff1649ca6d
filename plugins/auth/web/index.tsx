// The auth plugin's pages.
import { definePlugin } from '@portico/web';
import { ProfileCard } from './cards/profile-card';
import { messages } from './messages';
import { Account } from './pages/account';
import { Forgot } from './pages/forgot';
import { Login } from './pages/login';
import { SetPassword } from './pages/set-password';
import { SignUp } from './pages/signup';
import { Verify } from './pages/verify';

export default definePlugin({
  id: 'auth',
  routes: {
    '/auth/login': Login,
    '/auth/signup': SignUp,
    '/auth/verify': Verify,
    '/auth/forgot': Forgot,
    '/auth/set-password': SetPassword,
    '/account': Account,
  },
  translations: messages,
  cards: { 'auth.profile': ProfileCard },
});
