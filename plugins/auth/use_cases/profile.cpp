// Shows and changes the profile through the billing operations.
#include "use_cases/profile.hpp"

#include <algorithm>

#include "use_cases/session.hpp"

namespace auth {

/// A customer with the moment billing said so.
struct KnownCustomer {
  portico::billing::Customer customer;
  std::int64_t at_us = 0;
};
BOOST_DESCRIBE_STRUCT(KnownCustomer, (), (customer, at_us))

namespace {

using namespace std::chrono_literals;

constexpr auto kFresh = 60s;

std::string customer_tag(std::string_view customer_id) {
  return "customer:" + std::string(customer_id);
}
std::string profile_context(std::string_view user_id) {
  return "auth.profile:" + std::string(user_id);
}

std::int64_t to_us(portico::Time time) {
  return time.time_since_epoch().count();
}

KnownCustomer ask_billing(const Parts& parts, const std::string& customer_id) {
  portico::CachePolicy policy;
  policy.fresh = kFresh;
  policy.stale = 1h;
  policy.tags = {customer_tag(customer_id)};
  return parts.host.cache().get_or_load(customer_tag(customer_id), policy, [&] {
    return KnownCustomer{parts.host.call(portico::billing::get_customer, {customer_id}),
                         to_us(parts.host.clock().now())};
  });
}

/// Writes the copy when it says something else.
void keep_copy(const Parts& parts, const Account& account, const Profile& profile) {
  if (account.sealed_profile &&
      portico::encode_text(open_profile(parts, account.id, *account.sealed_profile)) ==
          portico::encode_text(profile))
    return;
  const auto sealed = seal_profile(parts, account.id, profile);
  parts.host.database().as_user(
      account.id, [&](portico::Transaction& tx) { store::set_profile(tx, account.id, sealed); });
}

Account read_account(const Parts& parts, std::string_view user_id) {
  return parts.host.database().as_user(
      user_id, [&](portico::Transaction& tx) { return store::get_account(tx, user_id); });
}

Me change(const Parts& parts, const Browser& browser, portico::billing::CustomerChange change,
          const std::vector<std::string_view>& fields) {
  const auto links = get_links(parts, browser.user_id);
  change.customer_id = links.billing_customer_id;
  const auto customer = parts.host.call(portico::billing::update_customer, change);
  const auto profile = to_profile(customer);
  const auto sealed = seal_profile(parts, browser.user_id, profile);
  boost::json::array names;
  for (const auto field : fields) names.emplace_back(field);
  const auto details = boost::json::serialize(boost::json::object{{"fields", std::move(names)}});
  const auto account = parts.host.database().as_user(browser.user_id, [&](portico::Transaction& tx) {
    store::set_profile(tx, browser.user_id, sealed);
    if (change.language) store::set_language(tx, browser.user_id, *change.language);
    parts.host.audit().record(tx, {"auth.profile.changed", browser.user_id, browser.user_id, "ok", details});
    return store::get_account(tx, browser.user_id);
  });
  parts.host.cache().bust(customer_tag(links.billing_customer_id));
  if (change.language) forget_session(parts, browser.session_id);  // the session carries the language
  return to_me(account, profile);
}

}  // namespace

Me to_me(const Account& account, const Profile& profile) {
  Me me{account.id,
        account.email_as_typed,
        profile.first_name,
        profile.last_name,
        profile.company,
        profile.phone,
        account.language,
        profile.address,
        {},
        rfc3339(account.created_at)};
  for (std::string_view rest = account.roles; !rest.empty();) {
    const auto end = rest.find(',');
    me.roles.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return me;
}

std::string seal_profile(const Parts& parts, std::string_view user_id, const Profile& profile) {
  return parts.host.crypto().seal(portico::encode_text(profile), profile_context(user_id));
}

Profile open_profile(const Parts& parts, std::string_view user_id, std::string_view sealed) {
  return portico::decode_text<Profile>(parts.host.crypto().open(sealed, profile_context(user_id)),
                                       portico::Unknown::ignore);
}

portico::accounts::Links get_links(const Parts& parts, std::string_view user_id) {
  const auto not_linked = [] { return portico::Problem(404, "accounts.not_linked"); };
  if (user_id.size() != 36) throw not_linked();
  portico::CachePolicy policy;
  policy.fresh = kFresh;
  return parts.host.cache().get_or_load("links:" + std::string(user_id), policy, [&] {
    auto links = parts.host.database().as_user(
        user_id, [&](portico::Transaction& tx) { return store::find_links(tx, user_id); });
    if (!links) throw not_linked();
    return *links;
  });
}

ShownProfile show_profile(const Parts& parts, std::string_view user_id) {
  const auto account = read_account(parts, user_id);
  const auto now = parts.host.clock().now();
  try {
    const auto known = ask_billing(parts, get_links(parts, user_id).billing_customer_id);
    const auto profile = to_profile(known.customer);
    keep_copy(parts, account, profile);
    const auto age =
        std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(to_us(now) - known.at_us));
    ShownProfile shown{to_me(account, profile), std::nullopt};
    if (age > kFresh) shown.stale_for = age;
    return shown;
  } catch (const portico::Problem& problem) {
    if (!account.sealed_profile) throw;
    parts.host.log().warning("billing did not show a customer; the copy is shown",
                             {{"code", problem.code}, {"user_id", user_id}});
    const auto age = std::chrono::floor<std::chrono::seconds>(now - account.profile_at.value_or(now));
    return {to_me(account, open_profile(parts, user_id, *account.sealed_profile)), std::max(age, 0s)};
  }
}

Me show_copy(const Parts& parts, const Account& account) {
  if (account.sealed_profile) return to_me(account, open_profile(parts, account.id, *account.sealed_profile));
  return show_profile(parts, account.id).me;
}

Me change_profile(const Parts& parts, const Browser& browser, const ProfileChange& wanted) {
  portico::billing::CustomerChange out;
  std::vector<std::string_view> fields;
  const auto take = [&](auto& to, const auto& from, std::string_view name) {
    if (!from) return;
    to = from;
    fields.push_back(name);
  };
  take(out.first_name, wanted.first_name, "first_name");
  take(out.last_name, wanted.last_name, "last_name");
  take(out.company, wanted.company, "company");
  take(out.phone, wanted.phone, "phone");
  take(out.language, wanted.language, "language");
  if (fields.empty()) return show_profile(parts, browser.user_id).me;
  return change(parts, browser, std::move(out), fields);
}

Me change_address(const Parts& parts, const Browser& browser, const AddressForm& address) {
  check_address(address);
  portico::billing::CustomerChange out;
  out.address = to_address(address);
  return change(parts, browser, std::move(out), {"address"});
}

}  // namespace auth
