// Sign-on by the JWT bearer flow, single flight by rounds: a round ends with an access or with the failure of
// all who waited for it.
#include "client/session.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <portico/contract.hpp>

#include "client/assertion.hpp"
#include "client/ids.hpp"
#include "client/text.hpp"

namespace salesforce {

namespace json = boost::json;
using portico::Problem;
using namespace std::chrono_literals;

namespace {

constexpr auto kAssertionLife = 180s;  // the documentation's own three minutes
constexpr auto kBarredPause = 30s;     // a locked user is not locked any longer by asking
constexpr std::size_t kLongestToken = 4096;
constexpr std::string_view kForm =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

std::string member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool is_header_text(std::string_view text) {
  for (const char c : text)
    if (c <= 0x20 || c > 0x7E) return false;
  return !text.empty() && text.size() <= kLongestToken;
}

/// "invalid_grant: user is locked" of a refusal; both texts are of the org, not of a person.
std::string refusal_of(const Answer& answer) {
  json::error_code broken;
  const auto value = json::parse(answer.body, broken);
  if (broken || !value.is_object() || member(value.get_object(), "error").empty()) return {};
  return short_line(fmt::format("{}: {}", member(value.get_object(), "error"),
                                member(value.get_object(), "error_description")));
}

}  // namespace

std::optional<std::string> origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos || (url.substr(0, scheme) != "https" && url.substr(0, scheme) != "http"))
    return std::nullopt;
  const auto end = url.find_first_of("/?#", scheme + 3);
  const auto host = url.substr(scheme + 3, end == url.npos ? end : end - scheme - 3);
  if (host.empty() || host.find('@') != host.npos || !is_header_text(host)) return std::nullopt;
  return std::string(url.substr(0, scheme + 3)) + lower(host);
}

Access read_token(std::string_view body) {
  const auto bad = [](const char* what) { return Problem(502, "upstream.bad_reply", what); };
  json::value value;
  try {
    value = portico::parse_json(body);
  } catch (const Problem&) {
    throw bad("token: not JSON");
  }
  const auto* reply = value.if_object();
  if (!reply) throw bad("token: JSON but no object");
  Access access;
  access.token = member(*reply, "access_token");
  if (!is_header_text(access.token)) throw bad("token: no access_token");
  const auto instance = origin_of(member(*reply, "instance_url"));
  if (!instance) throw bad("token: no instance_url");
  access.instance_url = *instance;
  // …/id/<organisation>/<user>
  const auto id = member(*reply, "id");
  const auto last = id.rfind('/');
  const auto before = last == id.npos || last == 0 ? id.npos : id.rfind('/', last - 1);
  if (before == id.npos) throw bad("token: no id");
  const auto tenant = full_id(std::string_view(id).substr(before + 1, last - before - 1));
  const auto user = full_id(std::string_view(id).substr(last + 1));
  if (!tenant || !user) throw bad("token: id names no org and user");
  access.tenant_id = *tenant;
  access.user_id = *user;
  return access;
}

Session::Session(Transport& transport, Watcher& watcher, Setting setting)
    : transport_(transport), watcher_(watcher), setting_(std::move(setting)) {}

Access Session::newer_than(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (current_.generation > generation) return current_;
    if (!asking_) break;
    const auto round = round_;
    done_.wait(lock, [&] { return round_ != round; });
    if (failure_) throw Problem(*failure_);
  }
  if (failure_ && setting_.monotonic() < barred_until_) throw Problem(*failure_);
  asking_ = true;
  lock.unlock();
  Access access;
  std::optional<Problem> failure;
  try {
    access = sign_on();
  } catch (const Problem& problem) {
    failure = problem;
  } catch (const std::exception& other) {
    failure = Problem(500, "internal", other.what());
  }
  lock.lock();
  asking_ = false;
  failure_ = failure;
  ++round_;
  if (failure) {
    const bool barred = failure->code == "upstream.misconfigured";
    barred_until_ = barred ? setting_.monotonic() + std::chrono::microseconds(kBarredPause) : 0us;
  } else {
    access.generation = current_.generation + 1;
    current_ = access;
  }
  done_.notify_all();
  if (failure) throw Problem(*failure);
  return access;
}

Access Session::sign_on() {
  constexpr std::string_view kOperation = "token";
  const auto barred = [&](const std::string& why) {
    watcher_.barred(kOperation, why);
    return Problem(503, "upstream.misconfigured", "Salesforce token: " + why, 60);
  };
  const auto nonsense = [&](const std::string& what) {
    watcher_.nonsense(kOperation, what);
    return Problem(502, "upstream.bad_reply", "Salesforce " + what);
  };
  std::string assertion;
  try {
    assertion = assertion_of(
        {setting_.client_id, setting_.username,
         setting_.audience.empty() ? setting_.login_url : setting_.audience, setting_.now() + kAssertionLife},
        SigningKey(setting_.read_key()));
  } catch (const Problem& problem) {
    throw barred(problem.detail);
  }
  Request request{std::string(kOperation), "POST", "/services/oauth2/token"};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = std::string(kForm) + assertion;  // base64url: nothing to encode
  Answer answer;
  try {
    answer = transport_.send(request);
  } catch (const Problem& problem) {
    watcher_.unreachable(kOperation, problem.code);
    throw;
  }
  if (answer.status >= 500 || answer.status == 420) {
    watcher_.unreachable(kOperation, fmt::format("HTTP {}", answer.status));
    throw Problem(503, "upstream.unavailable", fmt::format("Salesforce token: HTTP {}", answer.status), 5);
  }
  if (answer.status != 200) {
    const auto why = refusal_of(answer);
    if (!why.empty()) throw barred(why);
    throw nonsense(fmt::format("token: HTTP {}", answer.status));
  }
  Access access;
  try {
    access = read_token(answer.body);
  } catch (const Problem& problem) {
    throw nonsense(problem.detail);
  }
  // The token goes to the address an administrator chose, never to one that a reply names.
  if (origin_of(setting_.login_url) != access.instance_url)
    throw barred(short_line(fmt::format("the org lives at {}: set login_url to it", access.instance_url)));
  return access;
}

}  // namespace salesforce
