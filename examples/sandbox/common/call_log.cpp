// The bounded list of calls.
#include "examples/sandbox/common/call_log.hpp"

#include <algorithm>

#include "examples/sandbox/common/text.hpp"

namespace sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 5000;

}  // namespace

std::int64_t CallLog::begin(std::string time, std::string action, json::object params) {
  Call call;
  call.time = std::move(time);
  call.action = std::move(action);
  call.params = std::move(params);
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

}  // namespace sandbox
