// The JWT bearer flow, identity and revocation.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/room.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A refusal of the token endpoint.
struct Denied {
  std::string error, description;
};

struct Assertion {
  json::object header, claims;
  std::string signed_text, signature;
};

std::optional<json::object> json_part(std::string_view part) {
  const auto text = read_base64(part);
  if (!text || part.find('=') != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  auto value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<Assertion> read_assertion(std::string_view text) {
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  auto header = json_part(text.substr(0, first));
  auto claims = json_part(text.substr(first + 1, second - first - 1));
  const auto signature = read_base64(text.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return Assertion{*std::move(header), *std::move(claims), std::string(text.substr(0, second)), *signature};
}

bool names_audience(const json::object& claims, const std::vector<std::string>& accepted) {
  const auto* claim = claims.if_contains("aud");
  const auto fits = [&](const json::value& one) {
    if (!one.is_string()) return false;
    std::string_view text = one.get_string();
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::find(accepted.begin(), accepted.end(), text) != accepted.end();
  };
  if (claim == nullptr) return false;
  if (const auto* list = claim->if_array()) return std::any_of(list->begin(), list->end(), fits);
  return fits(*claim);
}

HttpAnswer json_of(const json::value& value, int status) {
  return {status, "application/json;charset=UTF-8", write_json(value), {{"Cache-Control", "no-store"}}};
}

}  // namespace

Room::Outcome Room::issue(const std::map<std::string, std::string>& form, const HttpRequest& request) {
  Outcome outcome;
  const auto parameter = [&](const char* name) {
    const auto found = form.find(name);
    return found == form.end() ? std::string{} : found->second;
  };
  std::unique_lock lock(mutex_);
  const auto& switches = org_.switches;
  try {
    const std::string grant = parameter("grant_type");
    if (grant.empty()) throw Denied{"invalid_request", "grant_type is missing"};
    if (grant != kGrant) throw Denied{"unsupported_grant_type", "grant type not supported"};
    if (parameter("assertion").empty()) throw Denied{"invalid_request", "assertion is missing"};
    const auto assertion = read_assertion(parameter("assertion"));
    if (!assertion || text_of(assertion->header, "alg") != "RS256")
      throw Denied{"invalid_grant", "invalid assertion"};
    const auto& claims = assertion->claims;
    if (text_of(claims, "iss") != kClientId) throw Denied{"invalid_client_id", "client identifier invalid"};
    lock.unlock();
    const bool genuine = keys_.verifies(assertion->signed_text, assertion->signature);
    lock.lock();
    if (!genuine) throw Denied{"invalid_grant", "invalid assertion"};
    const std::string host(request.header("Host"));
    if (!names_audience(claims, {"https://login.salesforce.com", "https://test.salesforce.com", org_.base_url,
                                 "http://" + host, "https://" + host}))
      throw Denied{"invalid_grant",
                   switches.audience_text == "older" ? "audience is invalid" : "Audience validation failed"};
    const auto* exp = claims.if_contains("exp");
    const double until = exp != nullptr && exp->is_number() ? exp->to_number<double>() : 0;
    const double now = static_cast<double>(org_.now_ms()) / 1000.0;
    if (until <= now || until > now + static_cast<double>(switches.assertion_max_seconds))
      throw Denied{"invalid_grant", "expired authorization code"};
    if (!switches.approved || !equal_ignoring_case(text_of(claims, "sub"), kIntegrationUsername))
      throw Denied{"invalid_grant", "user hasn't approved this consumer"};
    if (switches.user_state == "locked") throw Denied{"invalid_grant", "user is locked"};
    if (switches.user_state == "failed") throw Denied{"invalid_grant", "authentication failure"};
    if (switches.user_state == "not_admin_approved")
      throw Denied{"invalid_app_access", "user is not admin approved to access this app"};
    const std::string token = new_session(integration_user_id());
    outcome.answer = json_of(
        json::object{{"access_token", token},
                     {"scope", "api id web"},
                     {"instance_url", org_.base_url},
                     {"id", fmt::format("{}/id/{}/{}", org_.base_url, org_id(), integration_user_id())},
                     {"token_type", "Bearer"}},
        200);
    outcome.applied = true;
  } catch (const Denied& denied) {
    outcome.message = denied.error + ": " + denied.description;
    outcome.answer = json_of(json::object{{"error", denied.error}, {"error_description", denied.description}},
                             switches.token_error_status);
  }
  lock.unlock();
  if (outcome.applied) state_.commit();
  return outcome;
}

HttpAnswer Room::revoke(const HttpRequest& request) {
  constexpr std::string_view kName = "token=";
  std::string token(request.query_value("token"));
  if (request.body.starts_with(kName))
    token = url_decode(
        std::string_view(request.body).substr(kName.size(), request.body.find('&') - kName.size()));
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    known = org_.store.sessions.erase(token) > 0;
  }
  if (!known)
    return {400,
            "application/x-www-form-urlencoded",
            "error=unsupported_token_type&error_description=this+token+type+is+not+supported",
            {}};
  state_.commit();
  return {200, "", "", {}};
}

HttpAnswer Room::identity(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  std::string_view bearer = bearer_of(request);
  if (bearer.empty()) bearer = request.query_value("oauth_token");
  const auto user = user_of(bearer);
  if (!user || request.path_values.at("org") != org_id() || request.path_values.at("user") != *user)
    return {403, "text/html;charset=UTF-8", "Bad_OAuth_Token", {}};
  const auto& record = *org_.store.find(org_.schema.get("User"), *user);
  return json_of(
      json::object{{"id", fmt::format("{}/id/{}/{}", org_.base_url, org_id(), *user)},
                   {"asserted_user", true},
                   {"user_id", *user},
                   {"organization_id", org_id()},
                   {"username", text_of(record, "Username")},
                   {"nick_name", text_of(record, "Alias")},
                   {"display_name", text_of(record, "Name")},
                   {"email", text_of(record, "Email")},
                   {"first_name", text_of(record, "FirstName")},
                   {"last_name", text_of(record, "LastName")},
                   {"urls", json::object{{"rest", org_.base_url + "/services/data/v{version}/"},
                                         {"sobjects", org_.base_url + "/services/data/v{version}/sobjects/"},
                                         {"query", org_.base_url + "/services/data/v{version}/query/"}}},
                   {"active", true},
                   {"user_type", "STANDARD"},
                   {"language", "en_US"},
                   {"locale", "en_US"},
                   {"utcOffset", std::int64_t{org_.switches.utc_offset_minutes} * 60'000},
                   {"last_modified_date", text_of(record, "LastModifiedDate")}},
      200);
}

}  // namespace sandbox::salesforce
