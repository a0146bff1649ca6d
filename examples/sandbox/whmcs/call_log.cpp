// The bounded list of calls.
#include "examples/sandbox/whmcs/call_log.hpp"

#include <algorithm>
#include <array>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 5000;

bool is_secret(std::string_view name) {
  constexpr std::array<std::string_view, 14> kSecrets{
      "identifier", "secret",       "username",        "password",    "password2",
      "accesskey",  "securityqans", "cardnum",         "card_number", "card_expiry",
      "cvv",        "bank_account", "servicepassword", "rootpw"};
  return std::find(kSecrets.begin(), kSecrets.end(), name) != kSecrets.end();
}

json::value shown(const FormValue& value) {
  if (!value.is_array) return json::value(value.text);
  json::object out;
  for (const auto& [key, entry] : value.entries) out[key] = shown(entry);
  return out;
}

}  // namespace

std::int64_t CallLog::begin(std::string time, std::string action, const FormValue& form) {
  Call call;
  call.time = std::move(time);
  call.action = std::move(action);
  for (const auto& [name, value] : form.entries) {
    if (name == "action" || name == "responsetype") continue;
    call.params[name] = is_secret(name) ? json::value("[removed]") : shown(value);
  }
  const std::lock_guard lock(mutex_);
  call.number = ++last_number_;
  ++count_;
  ++by_action_[call.action];
  most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
  calls_.push_back(std::move(call));
  if (calls_.size() > kKept) calls_.pop_front();
  return last_number_;
}

void CallLog::end(std::int64_t number, int status, std::string result, std::string message, std::string fault,
                  bool applied, std::int64_t duration_ms) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    if (call->number != number) continue;
    call->status = status;
    call->result = std::move(result);
    call->message = std::move(message);
    call->fault = std::move(fault);
    call->applied = applied;
    call->duration_ms = duration_ms;
    call->running = false;
    return;
  }
}

void CallLog::clear() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
  by_action_.clear();
  count_ = 0;
  most_in_flight_ = in_flight_;
}

json::array CallLog::list(std::string_view action, std::int64_t since) const {
  const std::lock_guard lock(mutex_);
  json::array out;
  for (const auto& call : calls_) {
    if (call.number <= since || (!action.empty() && !equal_ignoring_case(call.action, action))) continue;
    out.push_back(json::object{{"number", call.number},
                               {"time", call.time},
                               {"action", call.action},
                               {"params", call.params},
                               {"running", call.running},
                               {"http_status", call.status},
                               {"result", call.result},
                               {"message", call.message},
                               {"fault", call.fault},
                               {"applied", call.applied},
                               {"duration_ms", call.duration_ms}});
  }
  return out;
}

json::object CallLog::counters() const {
  const std::lock_guard lock(mutex_);
  json::object by_action;
  for (const auto& [action, count] : by_action_) by_action[action] = count;
  return {{"calls", count_},
          {"in_flight", in_flight_},
          {"most_in_flight", most_in_flight_},
          {"by_action", std::move(by_action)}};
}

}  // namespace sandbox::whmcs
