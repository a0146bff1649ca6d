// Makes and redeems reset links.
#include "use_cases/passwords.hpp"

#include "domain/digest.hpp"
#include "domain/mail_texts.hpp"
#include "domain/password_rules.hpp"
#include "store/accounts.hpp"
#include "store/resets.hpp"
#include "store/sessions.hpp"
#include "store/tries.hpp"
#include "use_cases/profile.hpp"

namespace auth {

void forget_password(const Parts& parts, const EmailForm& form) {
  const auto email = canonical_email(form.email);
  const auto token = parts.new_token();
  const auto link = parts.page("/auth/set-password#token=" + token);
  parts.as_nobody([&](portico::Transaction& tx) {
    const auto asked = store::request_reset(tx, email, sha256(token), parts.try_keys.mail(email),
                                            parts.settings.mails_per_hour);
    const auto words = mail_text(MailKind::reset_password, asked.language, {parts.portal.name, link, {}});
    parts.host.audit().record(tx, {"auth.password.reset_requested", "", "", "ok", ""});
    if (asked.known && asked.may_mail)
      parts.host.mail().send(
          tx, {asked.email_as_typed, words.subject, words.text, "", "reset:" + hex(sha256(token))});
    else
      parts.host.crypto().seal(words.text, "auth.no_mail");  // as much work as a mail is
  });
}

SignedIn choose_password(Parts& parts, const NewPasswordForm& form) {
  const auto expired = [] { return portico::Problem(410, "auth.link_expired"); };
  const auto used = [] { return portico::Problem(410, "auth.link_used"); };
  if (!is_token(form.token)) throw expired();
  const auto found =
      parts.as_nobody([&](portico::Transaction& tx) { return store::find_reset(tx, form.token); });
  if (found.state == ResetState::used) throw used();
  if (found.state == ResetState::expired) throw expired();

  const auto before = parts.host.database().as_user(
      found.user_id, [&](portico::Transaction& tx) { return store::get_account(tx, found.user_id); });
  std::vector<std::string> words{parts.portal.name, "portico", "portal"};
  const auto profile =
      before.sealed_profile ? open_profile(parts, before.id, *before.sealed_profile) : Profile{};
  const auto own = personal_words(before.email_as_typed,
                                  {profile.first_name, profile.last_name, profile.company.value_or("")});
  words.insert(words.end(), own.begin(), own.end());
  if (const char* code = check_password_for(form.password, words))
    throw portico::invalid_field("/password", code);

  const auto hash = parts.make_hash(form.password);
  const auto email = canonical_email(before.email_as_typed);
  std::optional<Credentials> credentials;
  std::vector<std::string> ended;
  const auto account = parts.host.database().as_user(found.user_id, [&](portico::Transaction& tx) {
    if (!before.active) throw expired();
    if (!store::use_reset(tx, form.token)) throw used();
    store::set_password(tx, before.id, hash);
    ended = store::end_all_sessions(tx, before.id, "password_changed");
    store::forget_devices(tx, before.id);
    // The owner proved to have the mailbox: earlier guesses no longer keep the password disabled.
    store::forgive(tx, parts.try_keys.account(email), {});
    store::forgive(tx, parts.try_keys.proof(before.id), {});
    credentials = open_session(parts, tx, before.id, {});
    parts.host.audit().record(tx, {"auth.password.changed", before.id, before.id, "ok", ""});
    const auto notice = mail_text(MailKind::password_changed, before.language,
                                  {parts.portal.name, parts.page("/auth/forgot"), {}});
    parts.host.mail().send(tx, {before.email_as_typed, notice.subject, notice.text, "", ""});
    return store::get_account(tx, before.id);
  });
  for (const auto& session : ended) forget_session(parts, session);
  return {show_copy(parts, account), std::move(*credentials)};
}

}  // namespace auth
