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

void log_call(const CallLine& line) {
  observe::log(level_of(line.outcome), "outbound", "upstream call",
               {{"upstream", line.upstream},
                {"operation", line.operation},
                {"lane", line.lane},
                {"outcome", to_string(line.outcome)},
                {"status", line.status},
                {"attempts", line.attempts},
                {"ms", line.duration.count() / 1000},
                {"detail", line.detail}});
}

void log_call(const Job& job, const Result& result, Outcome outcome, std::chrono::microseconds duration) {
  const observe::CorrelationScope scope(job.correlation_id);
  const auto* response = std::get_if<Response>(&result);
  const auto* problem = std::get_if<CallProblem>(&result);
  log_call({job.upstream_name, job.request.operation, job.request.lane, outcome,
            response ? response->status : 0, job.attempts, duration,
            problem ? std::string_view(problem->detail) : std::string_view()});
}

}  // namespace kernel::outbound
