// /services/data: one exchange, from request to answer, with the faults that were ordered for it.
#include <fmt/format.h>

#include <chrono>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/room.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostHead = 16'384;  // bytes of URI and headers
constexpr std::string_view kJsonType = "application/json;charset=UTF-8";
constexpr const char* kHtmlError =
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>";

std::string season(int version) {
  // Three releases a year: v50 was Winter '21.
  constexpr const char* kSeasons[] = {"Spring", "Summer", "Winter"};
  const int index = version - 48;  // Spring '20
  return fmt::format("{} '{}", kSeasons[index % 3], 20 + index / 3 + (index % 3 == 2 ? 1 : 0));
}

HttpAnswer nothing(Delivery delivery = Delivery::kClose) {
  return {0, "", "", {}, delivery};
}

HttpAnswer printed(const Reply& reply, bool pretty) {
  HttpAnswer answer;
  answer.status = reply.status;
  answer.headers = reply.headers;
  answer.content_type.clear();
  if (reply.bytes) {
    answer.content_type = "application/octetstream";
    answer.body = *reply.bytes;
  } else if (reply.body) {
    answer.content_type = kJsonType;
    answer.body = write_json(*reply.body, pretty);
  }
  return answer;
}

/// Whether a call with this fault still reaches the org, unless the order says otherwise.
bool reaches_org(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone:
    case FaultKind::kTruncatedJson:
    case FaultKind::kCutBody:
    case FaultKind::kWrongShape:
    case FaultKind::kStall:
    case FaultKind::kAppliedThenTimeout:
      return true;
    default:
      return false;
  }
}

HttpAnswer error_of(const std::string& code, int no_access_status) {
  const ErrorRow* row = find_row(code);
  if (row == nullptr)
    return printed({400, json::array{json::object{{"message", code}, {"errorCode", code}}}, {}, {}}, false);
  ApiError error(row->kind, std::string(row->text));
  if (row->kind == Err::kUnknown) error = refusal(row->kind, random_hex(8));
  if (row->kind == Err::kNoAccess) error.status_override = no_access_status;
  if (row->kind == Err::kLockRow) error = std::move(error).on({});
  return printed(reply_of(error), false);
}

/// What the request's body is, for POST and PATCH.
void read_body(const HttpRequest& request, Call& call) {
  call.content_type = request.header("Content-Type");
  call.raw_body = request.body;
  if (request.body.empty() || starts_ignoring_case(call.content_type, "multipart/form-data")) return;
  if (!starts_ignoring_case(call.content_type, "application/json"))
    throw refusal(Err::kMediaType, call.content_type);
  boost::system::error_code error;
  json::stream_parser parser;
  const auto read = parser.write_some(request.body, error);
  if (!error && read == request.body.size()) parser.finish(error);
  if (error || read < request.body.size()) {
    const std::string found =
        read < request.body.size() ? std::string(1, request.body[read]) : "end-of-input";
    throw refusal(Err::kJsonParser, fmt::format("Unexpected character ('{}')", well_formed(found)), read + 1);
  }
  call.body = parser.release();
}

}  // namespace

template <typename Work>
HttpAnswer Room::faulted(const HttpRequest& request, const std::string& action, json::object params,
                         const Work& work) {
  const auto started = std::chrono::steady_clock::now();
  const auto number = calls_.begin(utc_text(org_.clock.now()), action, std::move(params));
  {
    const std::lock_guard lock(mutex_);
    running_[number] = started;
  }
  const Verdict verdict = faults_.decide("salesforce", action);
  int no_access_status = 0;
  {
    const std::lock_guard lock(mutex_);
    no_access_status = org_.switches.no_access_status;
  }
  faults_.delay(verdict.latency_ms, request.peer_gone);
  HoldEnd held = HoldEnd::kReleased;
  if (verdict.kind == FaultKind::kStall) held = faults_.hold(verdict.hold_ms, request.peer_gone);
  Outcome outcome;
  if (held == HoldEnd::kReleased && verdict.applied.value_or(reaches_org(verdict.kind))) outcome = work();
  HttpAnswer answer = std::move(outcome.answer);
  switch (verdict.kind) {
    case FaultKind::kNone:
    case FaultKind::kRepeat:
    case FaultKind::kReorder:
    case FaultKind::kReuseReplayId:
      break;
    case FaultKind::kRefuse4xx:
      answer = error_of("lock_row", no_access_status);
      break;
    case FaultKind::kRefuse5xx:
      answer = error_of("unknown", no_access_status);
      break;
    case FaultKind::kStall:
      if (held != HoldEnd::kReleased) answer = nothing();
      break;
    case FaultKind::kAppliedThenTimeout:
      faults_.hold(verdict.hold_ms, request.peer_gone);
      answer = nothing();
      break;
    case FaultKind::kHttp500Html:
      answer = {500, "text/html", kHtmlError, {}};
      break;
    case FaultKind::kWarningOnly:
      answer = {200, "text/html", kHtmlError, {}};
      break;
    case FaultKind::kHttp403Empty:
      answer = {403, "text/html", "", {}};
      break;
    case FaultKind::kTruncatedJson:
      answer.body.resize(answer.body.size() * 2 / 3);
      break;
    case FaultKind::kCutBody:
      answer.delivery = Delivery::kCutBody;
      break;
    case FaultKind::kWrongShape:
      answer.body = write_json(json::object{{"value", json::array{answer.body}}});
      break;
    case FaultKind::kReset:
      answer = nothing(Delivery::kReset);
      break;
    case FaultKind::kDown:
      answer = error_of("unavailable", no_access_status);
      break;
    case FaultKind::kError:
      answer = error_of(verdict.code, no_access_status);
      break;
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(number);
  }
  const auto took = std::chrono::steady_clock::now() - started;
  const bool success = answer.status >= 200 && answer.status < 400;
  calls_.end(number, answer.status, success ? "success" : "error", outcome.message,
             verdict.kind == FaultKind::kNone ? "" : std::string(name_of(verdict.kind)), outcome.applied,
             std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return answer;
}

HttpAnswer Room::versions(const HttpRequest& request) const {
  json::array out;
  for (int version = kOldestVersion; version <= kNewestVersion; ++version)
    out.push_back(json::object{{"label", season(version)},
                               {"url", fmt::format("/services/data/v{}.0", version)},
                               {"version", fmt::format("{}.0", version)}});
  return printed({200, std::move(out), {}, {}}, request.header("X-PrettyPrint") == "1");
}

Room::Outcome Room::run(const HttpRequest& request, std::optional<Call> call, bool crowd) {
  Outcome outcome;
  bool changed = false;
  const auto refused = [](const ApiError& error) { return reply_of(error); };
  Reply reply;
  try {
    std::size_t head = request.target.size();
    if (head > kMostHead) throw refusal(Err::kUriTooLong, kMostHead);
    for (const auto& [name, value] : request.headers) head += name.size() + value.size() + 4;
    if (head > kMostHead)
      throw refusal(request.target.size() > kMostHead / 2 ? Err::kUriTooLong : Err::kHeadersTooLong,
                    kMostHead);
    if (!call) throw refusal(Err::kNotFound);
    if (request.header("Authorization").empty()) throw refusal(Err::kSessionExpired);
    const auto bearer = bearer_of(request);
    if (bearer.empty()) throw refusal(Err::kBadAuthHeader);
    const std::lock_guard lock(mutex_);
    const auto user = user_of(bearer);
    if (!user) throw refusal(Err::kSessionExpired);
    if (crowd) throw refusal(Err::kConcurrentLimit);
    count_call();
    if (org_.store.day_calls > org_.switches.daily_api_requests) throw refusal(Err::kDailyLimit);
    read_body(request, *call);
    const auto number = org_.store.last_change;
    Api api(org_, cursors_, *user, options_of(request));
    reply = api.answer(*call);
    changed = org_.store.last_change != number;
    org_.store.settle();
    outcome.applied = reply.status < 400;
  } catch (const ApiError& error) {
    reply = refused(error);
  }
  if (changed) {
    state_.commit();
    on_change_();
  } else {
    state_.touch();
  }
  outcome.answer = printed(reply, request.header("X-PrettyPrint") == "1");
  {
    const std::lock_guard lock(mutex_);
    outcome.answer.headers.emplace_back("Sforce-Limit-Info", usage());
  }
  outcome.answer.headers.emplace_back("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private");
  if (!outcome.applied && reply.body && reply.body->is_array() && !reply.body->get_array().empty() &&
      reply.body->get_array()[0].is_object())
    outcome.message = text_of(reply.body->get_array()[0].get_object(), "message");
  return outcome;
}

HttpAnswer Room::data(const HttpRequest& request) {
  auto call = read_target(request.method, request.target);
  const std::string action = call ? lower(call->action()) : "unknown";
  json::object params{{"method", request.method}, {"target", well_formed(request.target)}};
  if (call && !call->parameter("q").empty()) params["q"] = call->parameter("q");
  bool crowd = false;
  {
    const std::lock_guard lock(mutex_);
    crowd = crowded();
  }
  return faulted(request, action, std::move(params), [&] { return run(request, call, crowd); });
}

// ---- sign-on, with the same faults ----

HttpAnswer Room::token(const HttpRequest& request) {
  std::map<std::string, std::string> form;
  const auto read = [&](std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('&');
      const auto pair = text.substr(0, end);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos)
        form[url_decode(pair.substr(0, equals))] = url_decode(pair.substr(equals + 1));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
  };
  for (const auto& [name, value] : request.query) form[name] = value;
  read(request.body);
  json::object params;
  for (const auto& [name, value] : form)
    params[name] =
        name == "assertion" || name.find("secret") != std::string::npos ? "[removed]" : well_formed(value);
  return faulted(request, "token", std::move(params), [&] { return issue(form, request); });
}

HttpAnswer Room::user_info(const HttpRequest& request) {
  return faulted(request, "userinfo", {}, [&] {
    const std::lock_guard lock(mutex_);
    Outcome outcome;
    const auto user = user_of(bearer_of(request));
    if (!user) {
      outcome.answer = {403, "text/html;charset=UTF-8", "Bad_OAuth_Token", {}};
      return outcome;
    }
    const auto& record = *org_.store.find(org_.schema.get("User"), *user);
    const auto url = [&](std::string_view path) {
      return fmt::format("{}/services/{}", org_.base_url, path);
    };
    const std::string id = fmt::format("{}/id/{}/{}", org_.base_url, org_id(), *user);
    json::object out{{"sub", id},
                     {"user_id", *user},
                     {"organization_id", org_id()},
                     {"preferred_username", text_of(record, "Username")},
                     {"nickname", text_of(record, "Alias")},
                     {"name", text_of(record, "Name")},
                     {"email", text_of(record, "Email")},
                     {"email_verified", true},
                     {"given_name", text_of(record, "FirstName")},
                     {"family_name", text_of(record, "LastName")},
                     {"zoneinfo", "Asia/Tokyo"},
                     {"is_salesforce_integration_user", true},
                     {"urls", json::object{{"rest", url("data/v{version}/")},
                                           {"sobjects", url("data/v{version}/sobjects/")},
                                           {"query", url("data/v{version}/query/")},
                                           {"search", url("data/v{version}/search/")},
                                           {"recent", url("data/v{version}/recent/")},
                                           {"custom_domain", org_.base_url}}},
                     {"active", true},
                     {"user_type", "STANDARD"},
                     {"language", "en_US"},
                     {"locale", "en_US"},
                     {"utcOffset", std::int64_t{org_.switches.utc_offset_minutes} * 60'000},
                     {"updated_at", text_of(record, "LastModifiedDate")},
                     {"is_app_installed", true}};
    outcome.applied = true;
    outcome.answer = printed({200, std::move(out), {}, {}}, false);
    return outcome;
  });
}

}  // namespace sandbox::salesforce
