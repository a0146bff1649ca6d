// How a call ended, and what that means for the caller, the retry and the breaker.
#pragma once

#include <string>
#include <string_view>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

enum class Outcome {
  ok,            // 2xx, 3xx
  client_error,  // 4xx
  throttled,     // 429
  server_error,  // 5xx
  unavailable,
  timeout,
  tls,
  bad_reply,
  too_large,
  busy,
  circuit_open,
  isolated,
  deadline,
  cancelled,
  not_configured,
  stopping,
  bad_request,
};

/// Metric label and log word.
std::string_view to_string(Outcome outcome) noexcept;

Outcome outcome_of_status(int status) noexcept;
constexpr bool is_success(int status) noexcept {
  return status >= 200 && status < 300;
}

/// The problem the caller gets where there is no reply. retry_after_s replaces the usual one where above 0.
CallProblem problem_for(Outcome outcome, std::string detail, bool may_have_been_sent, int retry_after_s = 0);

/// True where a read that ended so may be tried again: transport failures, 429, 502, 503, 504.
bool worth_retrying(Outcome outcome, int status) noexcept;

enum class Verdict { success, failure, none };

/// What the breaker learns. 4xx are the caller's, 429 says nothing about health.
Verdict verdict_of(Outcome outcome) noexcept;

}  // namespace kernel::outbound
