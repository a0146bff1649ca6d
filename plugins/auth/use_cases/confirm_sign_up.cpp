// The second half of a sign-up: from the opened link to an account, in steps that survive a crash.
#include "domain/digest.hpp"
#include "domain/lease_owner.hpp"
#include "domain/mail_texts.hpp"
#include "store/accounts.hpp"
#include "store/tries.hpp"
#include "use_cases/profile.hpp"
#include "use_cases/sign_up.hpp"

namespace auth {
namespace {

[[noreturn]] void running() {
  throw portico::Problem(409, "auth.sign_up_running", "another try is at work", 2);
}

PendingPerson open_person(const Parts& parts, const Claim& claim) {
  return portico::decode_text<PendingPerson>(
      parts.host.crypto().open(claim.sealed, "auth.sign_up:" + claim.id), portico::Unknown::ignore);
}

/// What a refused sign-up answers, now and whenever the link is opened again.
[[noreturn]] void answer_refused(const std::string& code) {
  throw portico::Problem(code == "auth.customer_exists" ? 409
                         : code == "auth.link_used"     ? 410
                                                        : 422,
                         code, "refused by billing");
}

void refuse_for_good(const Parts& parts, const Claim& claim, const std::string& code) {
  parts.host.database().as_user(claim.user_id, [&](portico::Transaction& tx) {
    if (!store::end_refused(tx, claim, code)) running();
    parts.host.audit().record(tx, {"auth.sign_up.confirmed", "", claim.id, "refused",
                                   boost::json::serialize(boost::json::object{{"reason", code}})});
  });
}

/// Lets the next try begin at once; the task waits longer from try to try.
void let_go(const Parts& parts, const Claim& claim) noexcept {
  try {
    parts.host.database().as_user(claim.user_id, [&](portico::Transaction& tx) {
      store::release(tx, claim, retry_delay_s(claim.tries));
    });
  } catch (const std::exception& failure) {
    parts.host.log().warning("a sign-up keeps its lease until it runs out",
                             {{"sign_up", claim.id}, {"error", failure.what()}});
  }
}

/// Both outside steps. A failure that may pass lets the claim go; one that will not ends the sign-up.
std::optional<Credentials> work(const Parts& parts, Claim& claim, const PendingPerson& person,
                                const Browser* browser) {
  try {
    if (next_step(claim.state) == Step::create_customer) step::create_customer(parts, claim, person);
    return step::make_account(parts, claim, person, browser);
  } catch (const portico::Problem& problem) {
    if (problem.code == "billing.customer_exists" || problem.code == "auth.customer_exists") {
      refuse_for_good(parts, claim, "auth.customer_exists");
      answer_refused("auth.customer_exists");
    }
    if (problem.code == "billing.refused") {
      refuse_for_good(parts, claim, problem.code);
      throw;
    }
    if (problem.code != "auth.sign_up_running") let_go(parts, claim);
    const bool outside =
        problem.status >= 502 && problem.status <= 504 && problem.code.rfind("database.", 0) != 0;
    if (outside)  // one answer for every way billing can be away: the link stays good
      throw portico::Problem(503, "upstream.unavailable", problem.code + ": " + problem.detail,
                             std::max(problem.retry_after_s, 5));
    throw;
  } catch (const std::exception&) {
    let_go(parts, claim);
    throw;
  }
}

/// The one who opens the link must be the one who signed up: the same browser, or somebody who knows the
/// password. Otherwise a stranger could sign up with another's address and wait for the link to be opened.
void check_opener(Parts& parts, const Browser& browser, const FoundSignUp& found, const ConfirmForm& form,
                  std::string_view nonce) {
  if (is_token(nonce) && same_secret(sha256(nonce), found.browser_sha256)) return;
  if (!form.password) throw portico::Problem(403, "auth.password_needed");
  const auto key = parts.try_keys.sign_up(found.id), address_key = parts.try_keys.address(browser.address);
  refuse_if_waiting(parts.as_nobody(
      [&](portico::Transaction& tx) { return store::count_password_try(tx, key, address_key); }));
  if (parts.hasher.verify(*form.password, found.password_hash) == Match::no) {
    parts.host.audit().record(
        {"auth.sign_up.confirmed", "", found.id, "refused", R"({"reason":"invalid_credentials"})"});
    throw portico::Problem(401, "auth.invalid_credentials");
  }
  parts.as_nobody([&](portico::Transaction& tx) { store::forgive(tx, key, address_key); });
}

}  // namespace

namespace step {

std::optional<Claim> claim(const Parts& parts, std::string_view id, std::string_view dead_owner) {
  parts.crash_point("sign_up.confirmed.before_commit");
  auto claim = parts.as_nobody([&](portico::Transaction& tx) {
    auto taken = store::claim_sign_up(tx, id, this_process(), dead_owner);
    if (taken && taken->confirmed_now)
      parts.host.audit().record(tx, {"auth.sign_up.confirmed", "", taken->id, "ok", ""});
    return taken;
  });
  parts.crash_point("sign_up.confirmed.after_commit");
  return claim;
}

void create_customer(const Parts& parts, Claim& claim, const PendingPerson& person) {
  const bool taken = parts.as_nobody(
      [&](portico::Transaction& tx) { return store::has_account(tx, canonical_email(person.email)); });
  if (taken) {  // the same person signed up twice and opened the other link first
    refuse_for_good(parts, claim, "auth.link_used");
    answer_refused("auth.link_used");
  }
  const auto& p = person.profile;
  parts.crash_point("sign_up.customer.before_call");
  const auto customer = parts.host.call(
      portico::billing::create_customer,
      {claim.id, person.email, p.first_name, p.last_name, p.company, p.phone, person.language, p.address});
  parts.crash_point("sign_up.customer.after_call");
  parts.crash_point("sign_up.customer_created.before_commit");
  parts.host.database().as_user(claim.user_id, [&](portico::Transaction& tx) {
    if (!store::keep_customer(tx, claim, customer.customer_id)) running();
  });
  parts.crash_point("sign_up.customer_created.after_commit");
  claim.customer_id = customer.customer_id;
  claim.state = SignUpState::customer_created;
}

std::optional<Credentials> make_account(const Parts& parts, const Claim& claim, const PendingPerson& person,
                                        const Browser* browser) {
  NewAccount account;
  account.id = claim.user_id;
  account.email = canonical_email(person.email);
  account.email_as_typed = person.email;
  account.password_hash = claim.password_hash;
  account.language = person.language;
  account.sealed_profile = seal_profile(parts, claim.user_id, person.profile);
  account.billing_customer_id = claim.customer_id;
  std::optional<Credentials> credentials;
  parts.crash_point("sign_up.active.before_commit");
  try {
    parts.host.database().as_user(claim.user_id, [&](portico::Transaction& tx) {
      if (!store::end_active(tx, claim)) running();
      store::add_account(tx, account);
      if (browser) {
        credentials = open_session(parts, tx, claim.user_id, browser->device);
        parts.host.audit().record(tx, {"auth.sign_in", claim.user_id, credentials->session_id, "ok", ""});
      } else {
        const auto words = mail_text(MailKind::account_ready, person.language,
                                     {parts.portal.name, parts.page("/auth/login"), {}});
        parts.host.mail().send(tx,
                               {person.email, words.subject, words.text, "", "account_ready:" + claim.id});
      }
    });
  } catch (const portico::Problem& problem) {
    if (problem.code == "database.conflict")
      throw portico::Problem(409, "auth.customer_exists", problem.detail);
    throw;
  }
  parts.crash_point("sign_up.active.after_commit");
  parts.host.metrics().count("sign_ups", "outcome", "ok");
  return credentials;
}

}  // namespace step

SignedIn confirm_sign_up(Parts& parts, const Browser& browser, const ConfirmForm& form,
                         std::string_view browser_nonce) {
  const auto expired = [] { return portico::Problem(410, "auth.link_expired"); };
  const auto used = [] { return portico::Problem(410, "auth.link_used"); };
  if (!is_token(form.token)) throw expired();
  const auto found =
      parts.as_nobody([&](portico::Transaction& tx) { return store::find_sign_up(tx, form.token); });
  if (!found) throw expired();
  switch (press(found->state, found->past_deadline)) {
    case Press::expired:
      throw expired();
    case Press::used:
      throw used();
    case Press::refused:
      answer_refused(found->refused_code);
    case Press::go_on:
      break;
  }
  check_opener(parts, browser, *found, form, browser_nonce);

  auto claim = step::claim(parts, found->id, is_gone(found->lease_owner) ? found->lease_owner : "");
  if (!claim) {
    const auto now =
        parts.as_nobody([&](portico::Transaction& tx) { return store::find_sign_up(tx, form.token); });
    if (now && now->state == SignUpState::active) throw used();
    running();
  }
  const auto person = open_person(parts, *claim);
  auto credentials = work(parts, *claim, person, &browser);
  const auto account = parts.host.database().as_user(
      claim->user_id, [&](portico::Transaction& tx) { return store::get_account(tx, claim->user_id); });
  return {to_me(account, person.profile), std::move(*credentials)};
}

void finish_sign_ups(Parts& parts) {
  const auto due =
      parts.as_nobody([](portico::Transaction& tx) { return store::sign_ups_to_finish(tx, 20); });
  for (const auto& id : due) {
    try {
      auto claim = step::claim(parts, id, {});
      if (!claim) continue;
      const auto person = open_person(parts, *claim);
      work(parts, *claim, person, nullptr);
      parts.host.log().info("a sign-up that was cut off is finished", {{"sign_up", id}});
    } catch (const portico::Problem& problem) {
      parts.host.log().warning("a sign-up could not be finished yet",
                               {{"sign_up", id}, {"code", problem.code}});
      parts.host.metrics().count("sign_ups", "outcome", "put_off");
    }
  }
}

}  // namespace auth
