// The mails auth sends, in the portal's languages.
#pragma once

#include <string>
#include <string_view>

namespace auth {

enum class MailKind {
  confirm_sign_up,  // link: finish the sign-up
  account_exists,   // somebody signed up with an address that has an account; link: sign in, second: reset
  account_ready,    // a sign-up was finished later than expected; link: sign in
  reset_password,   // link: choose a new password
  password_changed  // notice; link: reset
};

struct MailText {
  std::string subject;
  std::string text;
};

/// What goes into a text. portal: its name; link, second_link: whole addresses.
struct MailFacts {
  std::string_view portal;
  std::string_view link;
  std::string_view second_link;
};

/// language  "ja", or "en" for anything else
MailText mail_text(MailKind kind, std::string_view language, const MailFacts& facts);

}  // namespace auth
