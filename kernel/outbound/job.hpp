// One call on its way through queue, attempts and pauses. Lives on the event thread once it was submitted.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "kernel/outbound/transfer.hpp"
#include "kernel/outbound/upstream.hpp"

namespace kernel::outbound {

using Timers = std::multimap<Clock::time_point, std::uint64_t>;  // due → job id

struct Job {
  enum class Stage { queued, in_flight, pausing };

  std::uint64_t id = 0;
  std::string upstream_name;
  Request request;
  Callback done;
  std::string correlation_id;
  Clock::time_point started{};

  std::shared_ptr<Upstream> upstream;  // the settings it runs under, also after a replacement
  Lane* lane = nullptr;                // of that upstream
  std::string url;
  Clock::time_point deadline{};
  Stage stage = Stage::queued;
  std::list<Job*>::iterator queue_place{};
  // One at a time: end of the wait in the queue or of the pause, next look at whether a streamed body is
  // silent.
  std::optional<Timers::iterator> timer;
  std::optional<std::stop_callback<std::function<void()>>> on_cancel;

  int attempts = 0;
  bool holds_retry = false;  // of the upstream's budget
  Breaker::Permit permit = Breaker::Permit::refused;
  Clock::time_point attempt_started{};
  std::chrono::milliseconds attempt_time{0};
  std::unique_ptr<Transfer> transfer;
  std::optional<Result> last;  // of the last attempt, kept while a retry is pending
  Outcome last_outcome = Outcome::unavailable;
  bool may_have_been_sent = false;  // by any attempt
  bool fell_silent = false;         // a streamed body, for longer than the attempt's time-out
};

}  // namespace kernel::outbound
