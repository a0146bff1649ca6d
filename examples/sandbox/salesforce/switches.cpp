// Switches as JSON.
#include "examples/sandbox/salesforce/switches.hpp"

#include <algorithm>
#include <initializer_list>

#include "examples/sandbox/common/json_fields.hpp"

namespace sandbox::salesforce {

namespace {

template <typename T>
void expect_one_of(std::string_view name, const T& value, std::initializer_list<T> known) {
  if (std::find(known.begin(), known.end(), value) == known.end())
    throw BadRequest(fmt::format("{}: one of {} expected", name, fmt::join(known, ", ")));
}

void expect_range(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least || value > most)
    throw BadRequest(fmt::format("{}: {} to {} expected", name, least, most));
}

/// Every switch with its name, once.
template <typename Switch, typename Visit>
void each(Switch& s, const Visit& visit) {
  visit("session_seconds", s.session_seconds);
  visit("assertion_max_seconds", s.assertion_max_seconds);
  visit("audience_text", s.audience_text);
  visit("token_error_status", s.token_error_status);
  visit("approved", s.approved);
  visit("user_state", s.user_state);
  visit("daily_api_requests", s.daily_api_requests);
  visit("concurrent_requests", s.concurrent_requests);
  visit("long_request_ms", s.long_request_ms);
  visit("page_size", s.page_size);
  visit("owner_type", s.owner_type);
  visit("descending_nulls", s.descending_nulls);
  visit("malformed_record_id_status", s.malformed_record_id_status);
  visit("no_access_status", s.no_access_status);
  visit("duplicate_rule", s.duplicate_rule);
  visit("case_rule", s.case_rule);
  visit("case_rule_text", s.case_rule_text);
  visit("utc_offset_minutes", s.utc_offset_minutes);
}

}  // namespace

boost::json::object Switches::to_json() const {
  boost::json::object out;
  each(*this, [&](std::string_view name, const auto& value) { out[name] = boost::json::value_from(value); });
  return out;
}

void Switches::update(const boost::json::object& changes) {
  Switches next = *this;
  const auto known = to_json();
  for (const auto& member : changes) {
    if (known.contains(member.key())) continue;
    std::string names;
    for (const auto& one : known) names += (names.empty() ? "" : ", ") + std::string(one.key());
    throw BadRequest(fmt::format("unknown member \"{}\"; known: {}", std::string_view(member.key()), names));
  }
  each(next, [&](std::string_view name, auto& value) { take(changes, name, value); });
  using Text = std::string;
  expect_one_of<Text>("audience_text", next.audience_text, {"current", "older"});
  expect_one_of("token_error_status", next.token_error_status, {400, 401});
  expect_one_of<Text>("user_state", next.user_state, {"active", "locked", "failed", "not_admin_approved"});
  expect_one_of<Text>("owner_type", next.owner_type, {"user", "name"});
  expect_one_of<Text>("descending_nulls", next.descending_nulls, {"last", "first"});
  expect_one_of("malformed_record_id_status", next.malformed_record_id_status, {404, 400});
  expect_one_of("no_access_status", next.no_access_status, {403, 400});
  expect_one_of<Text>("duplicate_rule", next.duplicate_rule, {"none", "alert", "block"});
  constexpr std::int64_t kMany = 1'000'000'000;
  expect_range("page_size", next.page_size, 200, 2000);
  expect_range("session_seconds", next.session_seconds, 0, kMany);
  expect_range("concurrent_requests", next.concurrent_requests, 0, kMany);
  expect_range("utc_offset_minutes", next.utc_offset_minutes, -14 * 60, 14 * 60);
  *this = std::move(next);
}

}  // namespace sandbox::salesforce
