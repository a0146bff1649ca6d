// The first half of a sign-up: the form becomes a sealed row and a mail.
#include "domain/digest.hpp"
#include "domain/mail_texts.hpp"
#include "use_cases/sign_up.hpp"

namespace auth {

std::string request_sign_up(Parts& parts, const SignUpForm& form) {
  check_sign_up(form, parts.portal.name);
  const auto token = parts.new_token();
  auto nonce = parts.new_token();
  NewSignUp row;
  row.id = parts.new_uuid();
  row.email = canonical_email(form.email);
  row.token_sha256 = sha256(token);
  row.browser_sha256 = sha256(nonce);
  row.sealed = parts.host.crypto().seal(portico::encode_text(to_person(form)), "auth.sign_up:" + row.id);
  row.password_hash = parts.make_hash(form.password);
  row.mail_key = parts.try_keys.mail(row.email);
  row.mail_limit = parts.settings.mails_per_hour;

  parts.crash_point("sign_up.requested.before_commit");
  parts.as_nobody([&](portico::Transaction& tx) {
    const auto asked = store::request_sign_up(tx, row);
    const auto link = parts.page(asked.known ? "/auth/login" : "/auth/verify#token=" + token);
    const auto words =
        asked.known ? mail_text(MailKind::account_exists, asked.language,
                                {parts.portal.name, link, parts.page("/auth/forgot")})
                    : mail_text(MailKind::confirm_sign_up, form.language, {parts.portal.name, link, {}});
    parts.host.audit().record(tx, {"auth.sign_up.requested", "", row.id, "ok", ""});
    if (asked.may_mail)
      parts.host.mail().send(tx, {form.email, words.subject, words.text, "", "sign_up:" + row.id});
    else
      parts.host.log().warning("an address gets no more mail this hour", {{"sign_up", row.id}});
  });
  parts.crash_point("sign_up.requested.after_commit");
  return nonce;
}

}  // namespace auth
