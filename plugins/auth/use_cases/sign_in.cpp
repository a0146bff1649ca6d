// Counts, hashes, compares; only then opens a session.
#include "use_cases/sign_in.hpp"

#include "domain/digest.hpp"
#include "store/accounts.hpp"
#include "store/sessions.hpp"
#include "store/tries.hpp"
#include "use_cases/profile.hpp"

namespace auth {
namespace {

void note_refusal(const Parts& parts, const char* action, const std::optional<std::string>& user_id,
                  const char* why) {
  parts.host.audit().record({action, user_id.value_or(""), user_id.value_or(""), "refused",
                             boost::json::serialize(boost::json::object{{"reason", why}})});
  parts.host.metrics().count("sign_ins", "outcome", why);
}

/// The hash to store after a good password: the same one, or one under today's pepper and cost.
std::string hash_to_keep(Parts& parts, Match match, std::string_view password, const std::string& stored) {
  return match == Match::yes_but_rewrite ? parts.make_hash(password) : stored;
}

}  // namespace

SignedIn sign_in(Parts& parts, const Browser& browser, const SignInForm& form) {
  const auto email = canonical_email(form.email);
  const auto start = parts.as_nobody([&](portico::Transaction& tx) {
    return store::begin_sign_in(tx, parts.try_keys, email, browser.device, browser.address);
  });
  if (start.wait_s > 0) note_refusal(parts, "auth.sign_in", std::nullopt, "too_many_attempts");
  refuse_if_waiting(start.wait_s);

  const auto match = parts.hasher.verify(form.password, start.password_hash);
  const auto refused = [] { return portico::Problem(401, "auth.invalid_credentials"); };
  if (match == Match::no) {
    note_refusal(parts, "auth.sign_in", start.user_id, "invalid_credentials");
    throw refused();
  }

  const auto& user_id = *start.user_id;
  const auto kept = hash_to_keep(parts, match, form.password, *start.password_hash);
  const auto counted = start.known_device ? parts.try_keys.device(email, sha256(browser.device))
                                          : parts.try_keys.account(email);
  std::optional<Credentials> credentials;
  const auto account = parts.host.database().as_user(user_id, [&](portico::Transaction& tx) {
    // Also the check that the password was not changed while this one was hashed.
    if (!store::replace_hash(tx, user_id, start.password_hash, kept)) throw refused();
    store::forgive(tx, counted, parts.try_keys.address(browser.address));
    if (browser.user_id == user_id) store::end_session(tx, browser.session_id, "signed_in_again");
    credentials = open_session(parts, tx, user_id, browser.device);
    parts.host.audit().record(tx, {"auth.sign_in", user_id, credentials->session_id, "ok", ""});
    return store::get_account(tx, user_id);
  });
  if (browser.user_id == user_id) forget_session(parts, browser.session_id);
  parts.host.metrics().count("sign_ins", "outcome", "ok");
  return {show_copy(parts, account), std::move(*credentials)};
}

std::string prove_again(Parts& parts, const Browser& browser, const PasswordForm& form) {
  const auto key = parts.try_keys.proof(browser.user_id),
             address_key = parts.try_keys.address(browser.address);
  std::optional<Account> account;
  const int wait_s = parts.host.database().as_user(browser.user_id, [&](portico::Transaction& tx) {
    const int seconds = store::count_password_try(tx, key, address_key);
    account = store::get_account(tx, browser.user_id);
    return seconds;
  });
  if (wait_s > 0) note_refusal(parts, "auth.prove_again", browser.user_id, "too_many_attempts");
  refuse_if_waiting(wait_s);

  const auto match = parts.hasher.verify(form.password, account->password_hash);
  const auto refused = [] { return portico::Problem(401, "auth.invalid_credentials"); };
  if (match == Match::no) {
    note_refusal(parts, "auth.prove_again", browser.user_id, "invalid_credentials");
    throw refused();
  }
  const auto kept = hash_to_keep(parts, match, form.password, *account->password_hash);
  parts.host.database().as_user(browser.user_id, [&](portico::Transaction& tx) {
    if (!store::replace_hash(tx, browser.user_id, account->password_hash, kept)) throw refused();
    store::forgive(tx, key, address_key);
    store::prove_session(tx, browser.session_id);
    parts.host.audit().record(tx, {"auth.prove_again", browser.user_id, browser.session_id, "ok", ""});
  });
  forget_session(parts, browser.session_id);
  return parts.access_tokens.issue(browser.user_id, browser.session_id, parts.host.clock().now());
}

}  // namespace auth
