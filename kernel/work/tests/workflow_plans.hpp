// Short forms of plans: "a:rlu b:rN" is a step a with run, look and undo, and a step b of no return.
#pragma once

#include <sstream>
#include <string>

#include "kernel/loader/workflow_spec.hpp"

namespace kernel::work::testing {

/// r run, l look, R repeatable, u undo, v look of the undo, N no return, S waits for signal "go" without
/// limit, T the same with a limit of an hour, P a pause of an hour.
inline loader::WorkflowPlan plan_of(const std::string& text, std::int64_t attempts = 3) {
  loader::WorkflowPlan plan;
  plan.title = {"Test", "試験"};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto colon = word.find(':');
    const auto has = [flags = word.substr(colon + 1)](char flag) {
      return flags.find(flag) != std::string::npos;
    };
    loader::WorkflowPlanStep step;
    step.name = word.substr(0, colon);
    step.title = {"Step " + step.name, "手順 " + step.name};
    loader::WorkflowAction action;
    action.attempts = attempts;
    action.backoff_ms = 1'000;
    action.backoff_most_ms = 60'000;
    if (has('r')) {
      step.action = action;
      step.action->look = has('l');
      step.action->repeatable = has('R');
    }
    if (has('u')) {
      step.undo = action;
      step.undo->look = has('v');
      step.undo->repeatable = !has('v');
    }
    step.no_return = has('N');
    if (has('S') || has('T')) step.signal = "go";
    if (has('P') || has('T')) step.wait_ms = 3'600'000;
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

}  // namespace kernel::work::testing
