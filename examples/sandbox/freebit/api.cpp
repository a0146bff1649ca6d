// One call from its form to its envelope, with faults and quirks.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/freebit/room.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

constexpr auto kHtmlPage =
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>";

/// The parameters of a form body. Of a multipart one, the part named json.
std::vector<std::pair<std::string, std::string>> form_of(std::string_view body) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!body.empty()) {
    const auto end = body.find('&');
    const auto pair = body.substr(0, end);
    const auto equals = pair.find('=');
    if (equals != pair.npos)
      out.emplace_back(url_decode(pair.substr(0, equals)), url_decode(pair.substr(equals + 1)));
    body = end == body.npos ? std::string_view{} : body.substr(end + 1);
  }
  return out;
}

std::string part_named_json(std::string_view body) {
  const auto name = body.find("name=\"json\"");
  const auto start = name == body.npos ? body.npos : body.find("\r\n\r\n", name);
  const auto end = start == body.npos ? body.npos : body.find("\r\n--", start);
  if (end == body.npos) throw Refused(&Codes::malformed, "no part named json");
  return std::string(body.substr(start + 4, end - start - 4));
}

json::object object_in(std::string_view text) {
  boost::system::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object()) throw Refused(&Codes::malformed, "json is no JSON object");
  return std::move(value.get_object());
}

json::object request_of(const CallRow& row, const HttpRequest& request, const Switches& switches) {
  const auto type = lower(request.header("Content-Type"));
  if (switches.raw_json && type.starts_with("application/json")) return object_in(request.body);
  if (!switches.strict && type.starts_with("multipart/form-data"))
    return object_in(part_named_json(request.body));
  if (switches.strict && !type.starts_with("application/x-www-form-urlencoded"))
    throw Refused(&Codes::malformed, "the body is no form");
  std::optional<std::string> text;
  for (const auto& [name, value] : form_of(request.body)) {
    if (name == "json") {
      text = value;
    } else if (switches.strict && !(name == "version" && row.id == "PA02-01")) {
      throw Refused(&Codes::malformed, "parameter " + well_formed(name) + " is not known");
    }
  }
  if (!text) throw Refused(&Codes::malformed, "parameter json is missing");
  return object_in(*text);
}

std::string japanese(std::string_view message) {
  const std::pair<std::string_view, std::string_view> words[] = {
      {"OK", "正常終了"},
      {"no such account", "該当するアカウントがありません"},
      {"the account is being changed", "アカウントは処理中です"},
      {"authKey is not valid", "認証キーが不正です"}};
  for (const auto& [english, other] : words)
    if (english == message) return std::string(other);
  return "エラー: " + std::string(message);
}

void numbers_in(json::value& value) {
  if (auto* object = value.if_object()) {
    for (auto& member : *object) numbers_in(member.value());
  } else if (auto* array = value.if_array()) {
    for (auto& item : *array) numbers_in(item);
  } else if (const auto* text = value.if_string()) {
    const bool number = !text->empty() && text->size() <= 12 && (text->size() == 1 || text->front() != '0') &&
                        std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number) value = php_int(std::string_view(*text));
  }
}

/// What the log may show: secrets and persons' data never enter.
json::object shown(const json::object& request) {
  constexpr std::string_view kHidden[] = {"oemKey", "authKey", "masterPassword", "eid", "oldEid"};
  json::object out;
  for (const auto& member : request) {
    const std::string_view key = member.key();
    if (std::find(std::begin(kHidden), std::end(kHidden), key) != std::end(kHidden))
      out[key] = "[removed]";
    else if (member.value().is_object() && key == "mnp")
      out[key] = "[removed]";
    else if (const auto* inner = member.value().if_object())
      out[key] = shown(*inner);
    else
      out[key] = member.value();
  }
  return out;
}

}  // namespace

json::object Room::new_key(const Members& in) {
  if (in.at("oemId") != switches_.oem_id || in.at("oemKey") != switches_.oem_key)
    throw Refused(&Codes::key, "oemId or oemKey is not valid");
  const Millis now = clock_.now().time_since_epoch().count();
  if (switches_.one_key) book_.keys.clear();
  std::erase_if(book_.keys, [&](const Key& key) { return key.until <= now; });
  book_.keys.push_back({random_hex(16), now + switches_.key_minutes * 60'000});
  return {{"authKey", book_.keys.back().key}};
}

json::object Room::carry_out(const CallRow& row, const json::object& request) {
  const auto in = members_of(row, request, switches_.strict);
  if (!row.action) return new_key(in);
  const auto* key = request.if_contains("authKey");
  const Millis now = clock_.now().time_since_epoch().count();
  const bool valid =
      key && key->is_string() && std::any_of(book_.keys.begin(), book_.keys.end(), [&](const Key& one) {
        return one.key == std::string_view(key->get_string()) && now < one.until;
      });
  if (!valid) throw Refused(&Codes::key, "authKey is not valid");
  Call call{book_, in, switches_, clock_, row.id, now};
  return row.action(call);
}

Room::Outcome Room::refusal(const std::string& code, std::string_view message) const {
  Outcome outcome;
  const auto dash = code.find('-');
  const auto result = code.substr(0, dash);
  const auto detail = dash == code.npos ? result : code.substr(dash + 1);
  outcome.answer = {{"resultCode", result},
                    {"status", json::object{{"message", switches_.language == "ja" ? japanese(message)
                                                                                   : std::string(message)},
                                            {"statusCode", detail}}}};
  return outcome;
}

Room::Outcome Room::run(const CallRow& row, const HttpRequest& request) {
  Outcome outcome;
  {
    const std::lock_guard lock(mutex_);
    settle();
    // A path without its closing slash leads nowhere, and nothing is asked with GET.
    if (switches_.strict && (request.method != "POST" || !request.path.ends_with('/'))) {
      outcome.status = request.method == "POST" ? 404 : 405;
      outcome.content_type = "text/html; charset=utf-8";
      outcome.page = kHtmlPage;
      return outcome;
    }
    try {
      auto answer = carry_out(row, request_of(row, request, switches_));
      outcome = refusal(switches_.codes.ok, "OK");
      for (auto& member : answer) outcome.answer[member.key()] = std::move(member.value());
      outcome.applied = true;
      settle();
    } catch (const Refused& refused) {
      outcome = refusal(switches_.codes.*refused.code, refused.what());
    }
  }
  if (outcome.applied) state_.commit();
  return outcome;
}

HttpAnswer Room::rendered(const Outcome& outcome) const {
  if (!outcome.page.empty()) return {outcome.status, outcome.content_type, outcome.page, {}};
  json::value value(outcome.answer);
  const std::lock_guard lock(mutex_);
  if (switches_.status_member == "missing") value.as_object().erase("status");
  if (switches_.numbers == "numbers") numbers_in(value);
  return {outcome.status, outcome.content_type, json::serialize(value), {}};
}

HttpAnswer Room::answer_call(const CallRow& row, const HttpRequest& request) {
  const auto started = std::chrono::steady_clock::now();
  json::object params;
  for (const auto& [name, value] : form_of(request.body)) {
    boost::system::error_code error;
    const auto parsed = json::parse(value, error);
    if (name == "json" && !error && parsed.is_object()) params = shown(parsed.get_object());
  }
  const auto number = calls_.begin(utc_text(clock_.now()), std::string(row.id), std::move(params));
  const Verdict verdict = faults_.decide("freebit", lower(row.id));
  faults_.delay(verdict.latency_ms, request.peer_gone);
  auto held = HoldEnd::kReleased;
  if (verdict.kind == FaultKind::kStall) held = faults_.hold(verdict.hold_ms, request.peer_gone);

  constexpr FaultKind kReach[] = {FaultKind::kNone,       FaultKind::kTruncatedJson,
                                  FaultKind::kCutBody,    FaultKind::kStall,
                                  FaultKind::kWrongShape, FaultKind::kAppliedThenTimeout};
  const bool reaches = std::find(std::begin(kReach), std::end(kReach), verdict.kind) != std::end(kReach);
  Outcome outcome;
  if (held == HoldEnd::kReleased && verdict.applied.value_or(reaches)) outcome = run(row, request);

  HttpAnswer answer{200, "text/html", "", {}, Delivery::kClose};
  switch (verdict.kind) {
    case FaultKind::kNone:
    case FaultKind::kHttp403Empty:
      answer = verdict.kind == FaultKind::kNone ? rendered(outcome) : HttpAnswer{403, "text/html", "", {}};
      break;
    case FaultKind::kStall:
      if (held == HoldEnd::kReleased) answer = rendered(outcome);
      break;
    case FaultKind::kAppliedThenTimeout:
      faults_.hold(verdict.hold_ms, request.peer_gone);
      break;
    case FaultKind::kHttp500Html:
      answer = {500, "text/html; charset=utf-8", kHtmlPage, {}};
      break;
    case FaultKind::kTruncatedJson:
      answer = rendered(outcome);
      answer.body.resize(answer.body.size() * 2 / 3);
      break;
    case FaultKind::kCutBody:
      answer = rendered(outcome);
      answer.delivery = Delivery::kCutBody;
      break;
    case FaultKind::kWrongShape:
      answer = {200, "application/json", R"({"resultCode":{"code":[]},"status":"?","responseDatas":7})", {}};
      break;
    case FaultKind::kReset:
      answer.delivery = Delivery::kReset;
      break;
    case FaultKind::kError: {
      const std::lock_guard lock(mutex_);
      if (verdict.code == "html") {
        answer = {200, "text/html; charset=utf-8", kHtmlPage, {}};
        break;
      }
      if (verdict.code == "expired_key") book_.keys.clear();
      outcome = refusal(verdict.code == "expired_key" ? switches_.codes.key : verdict.code,
                        verdict.code == "expired_key" ? "authKey is not valid" : "ordered by a test");
      answer = {200, "application/json", json::serialize(outcome.answer), {}};
      break;
    }
    default:
      answer = {503, "text/html; charset=utf-8", kHtmlPage, {}};
      break;
  }
  const auto word = [](const json::value* value) {
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
  };
  const auto* status = outcome.answer.if_contains("status");
  const auto took = std::chrono::steady_clock::now() - started;
  calls_.end(number, answer.status, word(outcome.answer.if_contains("resultCode")),
             status != nullptr ? word(status->as_object().if_contains("message")) : "",
             verdict.kind == FaultKind::kNone ? "" : std::string(name_of(verdict.kind)), outcome.applied,
             std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return answer;
}

}  // namespace sandbox::freebit
