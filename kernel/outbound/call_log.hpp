// The log line of an ended call.
#pragma once

#include <chrono>
#include <string_view>

#include "kernel/outbound/job.hpp"

namespace kernel::outbound {

struct CallLine {
  std::string_view upstream, operation, lane;
  Outcome outcome;
  int status = 0;  // of HTTP; 0: none
  int attempts = 1;
  std::chrono::microseconds duration{0};
  std::string_view detail;
};

/// Writes one line: never an address, a header or a body.
void log_call(const CallLine& line);

/// Writes one line under the call's correlation id: upstream, operation, lane, outcome, status, attempts,
/// duration and the problem's detail; never an address, a header or a body.
void log_call(const Job& job, const Result& result, Outcome outcome, std::chrono::microseconds duration);

}  // namespace kernel::outbound
