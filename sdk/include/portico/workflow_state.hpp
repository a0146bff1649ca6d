// What a workflow shows of itself: to its plugin, to the person it belongs to, and to staff.
#pragma once

#include <portico/contract.hpp>

namespace portico {

/// A text in the portal's languages.
struct Titled {
  std::string en, ja;
};
BOOST_DESCRIBE_STRUCT(Titled, (), (en, ja))

/// ready: waits for its turn or its next try; running: a worker has it; waiting: for a signal or a time;
/// attention: a person of the staff has to decide. The last three are ends: all done, all undone, given up.
enum class WorkflowState { ready, running, waiting, attention, done, undone, failed };
BOOST_DESCRIBE_ENUM(WorkflowState, ready, running, waiting, attention, done, undone, failed)

/// What is known of a step, or of its undoing.
enum class StepState { planned, waiting, attempting, unknown, attention, done, skipped, failed };
BOOST_DESCRIBE_ENUM(StepState, planned, waiting, attempting, unknown, attention, done, skipped, failed)

/// Who holds a workflow now. code: no enabled plugin has its steps; nobody: it has ended.
enum class HolderKind { portal, time, signal, staff, code, nobody };
BOOST_DESCRIBE_ENUM(HolderKind, portal, time, signal, staff, code, nobody)

struct WorkflowHolder {
  HolderKind kind = HolderKind::portal;
  Titled text;
};
BOOST_DESCRIBE_STRUCT(WorkflowHolder, (), (kind, text))

struct WorkflowStepState {
  std::string name;
  Titled title;
  StepState state = StepState::planned;
  std::optional<StepState> undo;  // absent: nobody began to undo it
  std::int64_t tries = 0;
  std::optional<std::string> started_at, finished_at;
  std::optional<boost::json::value> output;  // for the plugin and staff only
};
BOOST_DESCRIBE_STRUCT(WorkflowStepState, (),
                      (name, title, state, undo, tries, started_at, finished_at, output))

struct WorkflowEvent {
  std::string at, event;
  std::optional<std::string> step, code;
  Titled text;
  bool by_person = false;
};
BOOST_DESCRIBE_STRUCT(WorkflowEvent, (), (at, event, step, code, text, by_person))

/// One line of a list. Times are RFC 3339, UTC.
struct Workflow {
  std::string id, plugin, kind;
  std::int64_t revision = 1, number = 0;
  Titled title;
  WorkflowState state = WorkflowState::ready;
  bool undoing = false;
  std::optional<std::string> step;  // absent: it has ended
  std::optional<Titled> step_title;
  WorkflowHolder holder;
  std::int64_t tries = 0, tries_most = 0;
  std::optional<std::string> next_try;
  bool can_cancel = false;
  std::optional<Titled> cancel_until;  // the step after which there is no way back; absent: none
  std::optional<std::string> code;     // of the last failure
  std::optional<std::string> user_id;
  std::string created_at, updated_at;
  std::optional<std::string> finished_at;
};
BOOST_DESCRIBE_STRUCT(Workflow, (),
                      (id, plugin, kind, revision, number, title, state, undoing, step, step_title, holder,
                       tries, tries_most, next_try, can_cancel, cancel_until, code, user_id, created_at,
                       updated_at, finished_at))

struct WorkflowDetails : Workflow {
  std::vector<WorkflowStepState> steps;
  std::vector<WorkflowEvent> timeline;
  std::optional<boost::json::value> input;  // for the plugin and staff only
};
BOOST_DESCRIBE_STRUCT(WorkflowDetails, (Workflow), (steps, timeline, input))

struct WorkflowList {
  std::vector<Workflow> items;
  std::optional<std::int64_t> before;  // of the next page; absent: this is the last
};
BOOST_DESCRIBE_STRUCT(WorkflowList, (), (items, before))

}  // namespace portico
