// The calls of the auth plugin's API that its pages make.
import { type Address, type Me, type ProfileChange, request, type SignUp } from '@portico/web';

export const signUp = (body: SignUp) => request<{ status: string }>('POST', '/api/auth/signup', { body });

export const confirmSignUp = async (token: string, password?: string): Promise<Me> => {
  const body = password === undefined ? { token } : { token, password };
  return (await request<Me>('POST', '/api/auth/signup/confirm', { body })).data;
};

export const signIn = async (email: string, password: string): Promise<Me> =>
  (await request<Me>('POST', '/api/auth/login', { body: { email, password } })).data;

export const forgotPassword = (email: string) =>
  request<{ status: string }>('POST', '/api/auth/forgot-password', { body: { email } });

export const setPassword = async (token: string, password: string): Promise<Me> =>
  (await request<Me>('POST', '/api/auth/set-password', { body: { token, password } })).data;

export const changeProfile = async (body: ProfileChange): Promise<Me> =>
  (await request<Me>('PATCH', '/api/me', { body })).data;

export const changeAddress = async (body: Address): Promise<Me> =>
  (await request<Me>('PATCH', '/api/me/address', { body })).data;
