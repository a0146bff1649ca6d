// One instance in memory and what an event makes of it; no database, no clock, no plugin.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel/loader/workflow_spec.hpp"
#include "kernel/work/workflow_rules.hpp"

namespace kernel::work {

using portico::WorkflowState;

/// What a step left behind.
struct StepRecord {
  StepState state = StepState::planned;
  std::optional<StepState> undo;
  std::string marker;
  std::string signal, output;  // JSON; empty: none
  std::int64_t tries = 0;
  bool begun = false;
  bool changed = false;  // since it was loaded
};

/// One line of the timeline, not yet written.
struct Happening {
  std::optional<std::int64_t> position;
  std::string event, code;
};

/// What comes with an event.
struct EventDetails {
  std::string output, code;            // of an outcome
  std::chrono::milliseconds after{0};  // of later
  std::string signal;                  // JSON
  bool by_person = false;
};

class Progress {
 public:
  using Milliseconds = std::chrono::milliseconds;

  std::string id, plugin, kind, shape, user_id, input;
  std::int64_t revision = 1, epoch = 0;
  loader::WorkflowPlan plan;
  WorkflowState state = WorkflowState::ready;
  Direction direction = Direction::forward;
  std::size_t position = 0;
  StepState act = StepState::planned;
  std::int64_t tries = 0, looks = 0;
  bool cancel_wanted = false;
  bool unsure = false;  // a try of this action may have happened, and none has said since
  std::string code;
  bool due_set = false;             // since it was loaded
  std::optional<Milliseconds> due;  // from now; empty: not by itself
  std::vector<StepRecord> steps;    // one for each of the plan
  std::vector<Happening> timeline;

  /// Enters the first step.
  void begin();

  /// One event and everything that follows from it without a call into the plugin.
  /// spread    a factor 0.5 to 1.5 for back-offs
  /// errors    500 workflows.no_rule
  void happen(ActEvent event, const EventDetails& details = {}, double spread = 1);

  /// errors    409 workflows.ended; 409 workflows.no_return
  void want_cancel();

  /// A begun call that was never made, as if it had not been begun.
  void give_back();

  void set_due(std::optional<Milliseconds> from_now);

  bool ended() const;
  bool can_cancel() const;
  /// Where it is its turn now, and a call into the plugin is what comes next.
  bool calls_next() const;
  bool asks_look() const { return act == StepState::unknown; }

  const loader::WorkflowPlanStep& plan_step() const { return plan.steps.at(position); }
  /// Of the step, or of its undo; null where the step only waits.
  const loader::WorkflowAction* action() const;

 private:
  bool past_return(bool with_current) const;
  std::optional<std::size_t> undoable_before(std::size_t end) const;
  void enter(std::size_t next);
  void turn_back(std::size_t end);
  void follow(bool by_person);
  void finish(WorkflowState end, const char* event);
  void set_act(StepState next);
  void tell(const char* event, const std::string& what_code = {});
  Milliseconds backoff(std::int64_t count, double spread) const;
};

}  // namespace kernel::work
