// A workflow as a plugin declared it: the plan, which instances keep, and the code, which they do not.
#pragma once

#include <portico/abi/workflows.h>

#include <portico/workflow_state.hpp>
#include <string>
#include <vector>

namespace kernel::loader {

/// How one action is tried. Milliseconds.
struct WorkflowAction {
  bool look = false, repeatable = false;
  std::int64_t attempts = 12, backoff_ms = 2'000, backoff_most_ms = 3'600'000, deadline_ms = 10'000;
};
BOOST_DESCRIBE_STRUCT(WorkflowAction, (),
                      (look, repeatable, attempts, backoff_ms, backoff_most_ms, deadline_ms))

struct WorkflowPlanStep {
  std::string name;
  portico::Titled title;
  std::optional<portico::Titled> holder;
  std::optional<WorkflowAction> action, undo;  // no action: the step only waits
  std::optional<std::string> signal;
  std::int64_t wait_ms = 0;
  bool no_return = false;

  bool waits() const { return signal.has_value() || wait_ms > 0; }
};
BOOST_DESCRIBE_STRUCT(WorkflowPlanStep, (), (name, title, holder, action, undo, signal, wait_ms, no_return))

/// What an instance keeps, so that it ends as it began whatever is installed later.
struct WorkflowPlan {
  portico::Titled title;
  std::vector<WorkflowPlanStep> steps;
};
BOOST_DESCRIBE_STRUCT(WorkflowPlan, (), (title, steps))

/// The code of one step's run or undo; run null where the plan has no such action.
struct WorkflowCode {
  portico_step_fn run = nullptr, look = nullptr;
  void* user = nullptr;
};

struct WorkflowSpec {
  std::string kind;
  std::int64_t revision = 1;
  std::string lane;  // "tasks" unless named
  WorkflowPlan plan;
  std::string shape;  // step names and what each has: code runs only instances of its own shape
  std::vector<WorkflowCode> actions, undos;  // one a step
};

}  // namespace kernel::loader
