// The log line of an ended call.
#pragma once

#include "kernel/outbound/job.hpp"

namespace kernel::outbound {

/// Writes one line under the call's correlation id: upstream, operation, lane, outcome, status, attempts,
/// duration and the problem's detail; never an address, a header or a body.
void log_call(const Job& job, const Result& result, Outcome outcome, std::chrono::microseconds duration);

}  // namespace kernel::outbound
