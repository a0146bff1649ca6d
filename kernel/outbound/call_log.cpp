// How loud an outcome is, and what is said about it.
#include "kernel/outbound/call_log.hpp"

#include "kernel/observe/log.hpp"

namespace kernel::outbound {
namespace {

using observe::Level;

Level level_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ok:
    case Outcome::client_error:
    case Outcome::cancelled:
    case Outcome::stopping:
    case Outcome::busy:  // the metrics count these two; a line for each would be the next overload
    case Outcome::circuit_open:
    case Outcome::isolated:
      return Level::debug;
    case Outcome::throttled:
    case Outcome::server_error:
    case Outcome::unavailable:
    case Outcome::timeout:
    case Outcome::tls:
    case Outcome::bad_reply:
    case Outcome::too_large:
    case Outcome::deadline:
    case Outcome::not_configured:
      return Level::warning;
    case Outcome::bad_request:
      return Level::error;
  }
  return Level::error;
}

}  // namespace

void log_call(const Job& job, const Result& result, Outcome outcome, std::chrono::microseconds duration) {
  const observe::CorrelationScope scope(job.correlation_id);
  const auto* response = std::get_if<Response>(&result);
  const auto* problem = std::get_if<CallProblem>(&result);
  observe::log(level_of(outcome), "outbound", "upstream call",
               {{"upstream", job.upstream_name},
                {"operation", job.request.operation},
                {"lane", job.request.lane},
                {"outcome", to_string(outcome)},
                {"status", response ? response->status : 0},
                {"attempts", job.attempts},
                {"ms", duration.count() / 1000},
                {"detail", problem ? std::string_view(problem->detail) : std::string_view()}});
}

}  // namespace kernel::outbound
