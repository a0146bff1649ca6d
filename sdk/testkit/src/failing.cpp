// Host calls that fail on purpose, one by one.
#include <fmt/format.h>

#include "state.hpp"

namespace portico::testkit {

void TestHost::fail_call(std::uint64_t n, Problem problem) {
  const std::lock_guard lock(state_->mutex);
  state_->fail_at = state_->call_count + n;
  state_->failure = std::move(problem);
  state_->fail_status = PORTICO_E_PROBLEM;
}

void TestHost::fail_call(std::uint64_t n, portico_status status) {
  const std::lock_guard lock(state_->mutex);
  state_->fail_at = state_->call_count + n;
  state_->fail_status = status;
}

std::uint64_t TestHost::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->call_count;
}

std::string TestHost::failed_call() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failed;
}

FailedCall TestHost::outcome() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->fail_at, state_->failed, state_->status_after, state_->code_after};
}

std::vector<FailedCall> for_each_failing_call(const std::function<void(TestHost&)>& scenario) {
  std::uint64_t total = 0;
  {
    TestHost host;
    scenario(host);
    host.finish();
    total = host.calls();
  }
  std::vector<FailedCall> outcomes;
  for (std::uint64_t n = 1; n <= total; ++n) {
    FailedCall outcome;
    try {
      TestHost host;
      host.fail_call(n);
      try {
        scenario(host);
      } catch (const Fault&) {
        outcome = host.outcome();
        throw;
      } catch (const std::exception&) {
        if (host.failed_call().empty())
          throw;  // nothing had failed yet: the scenario itself is not repeatable
      }
      outcome = host.outcome();
      host.finish();
    } catch (const Fault& fault) {
      throw Fault(
          fmt::format("with call {} of {} ({}) failing: {}", n, total, outcome.function, fault.what()));
    }
    if (!outcome.function.empty()) outcomes.push_back(outcome);
  }
  return outcomes;
}

}  // namespace portico::testkit
