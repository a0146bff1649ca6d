// Words that only forms use; kept out of the first load.
import { defineMessages } from '../i18n/messages';

export const formMessages = defineMessages(
  {
    password_length: 'Length of the password',
    password_left: '{count} more character|{count} more characters',
    password_enough: 'Long enough',
  },
  {
    password_length: 'パスワードの長さ',
    password_left: 'あと{count}文字',
    password_enough: '十分な長さです',
  },
);
