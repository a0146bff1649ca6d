// Reads what a plugin declares as a workflow, and refuses what breaks the contract of the header.
#include "kernel/extensions/workflow_reader.hpp"

#include <portico/call.hpp>
#include <portico/contract.hpp>

namespace kernel::extensions {

using loader::WorkflowAction;
using loader::WorkflowCode;
using loader::WorkflowPlanStep;
using portico::Problem;
using portico::Titled;

namespace {

constexpr std::size_t kMostSteps = 50;
constexpr std::int64_t kMostWait = std::int64_t{365} * 24 * 3600 * 1000;
constexpr std::uint32_t kMostRevision = 1'000'000, kMostAttempts = 1'000;

[[noreturn]] void invalid(const std::string& why) {
  throw Problem(422, "plugin.workflow_invalid", why);
}

Titled titled(portico_str text, const std::string& of) {
  auto out = portico::decode_text<Titled>(portico::view(text));
  if (out.en.empty() || out.ja.empty()) invalid(of + ": a title needs en and ja");
  return out;
}

std::int64_t within(std::int64_t value, std::int64_t fallback, std::int64_t most, const std::string& what) {
  if (value < 0 || value > most) invalid(what + " is below 0 or above " + std::to_string(most));
  return value == 0 ? fallback : value;
}

std::optional<WorkflowAction> action_of(const portico_workflow_action* raw, WorkflowCode& code,
                                        const std::string& step) {
  if (!raw) return std::nullopt;
  if (!raw->run) invalid(step + ": an action without run");
  code = {raw->run, raw->look, raw->user};
  WorkflowAction out;
  out.look = raw->look != nullptr;
  out.repeatable = (raw->flags & PORTICO_ACTION_REPEATABLE) != 0;
  out.attempts = within(raw->attempts, out.attempts, kMostAttempts, step + ".attempts");
  out.backoff_ms = within(raw->backoff_ms, out.backoff_ms, 3'600'000, step + ".backoff_ms");
  out.backoff_most_ms = within(raw->backoff_most_ms, out.backoff_most_ms, std::int64_t{24} * 3600 * 1000,
                               step + ".backoff_most_ms");
  out.deadline_ms = within(raw->deadline_ms, out.deadline_ms, 600'000, step + ".deadline_ms");
  return out;
}

std::string shape_of(const WorkflowPlanStep& step) {
  const auto of = [](const std::optional<WorkflowAction>& action, const char* run, const char* look) {
    return std::string(action ? run : "") + (action && action->look ? look : "");
  };
  return step.name + ":" + of(step.action, "r", "l") + of(step.undo, "u", "v");
}

void add_step(loader::WorkflowSpec& spec, const portico_workflow_step& raw) {
  WorkflowPlanStep step;
  step.name = std::string(portico::view(raw.name));
  if (!is_workflow_word(step.name)) invalid(spec.kind + ": '" + step.name + "' is no name of a step");
  for (const auto& other : spec.plan.steps)
    if (other.name == step.name) invalid(spec.kind + ": two steps are called " + step.name);
  const auto where = spec.kind + "." + step.name;
  step.title = titled(raw.title, where);
  if (raw.holder.size) step.holder = titled(raw.holder, where);
  if (raw.signal.size) step.signal = std::string(portico::view(raw.signal));
  if (step.signal && !is_workflow_word(*step.signal))
    invalid(where + ": '" + *step.signal + "' is no name of a signal");
  step.wait_ms = within(raw.wait_ms, 0, kMostWait, where + ".wait_ms");
  step.no_return = (raw.flags & PORTICO_STEP_NO_RETURN) != 0;
  WorkflowCode action, undo;
  step.action = action_of(raw.action, action, where);
  step.undo = action_of(raw.undo, undo, where + ".undo");
  if (!step.action && !step.waits()) invalid(where + ": neither runs nor waits");
  if (!spec.shape.empty()) spec.shape += ",";
  spec.shape += shape_of(step);
  spec.actions.push_back(action);
  spec.undos.push_back(undo);
  spec.plan.steps.push_back(std::move(step));
}

}  // namespace

bool is_workflow_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

loader::WorkflowSpec read_workflow(const portico_workflow& raw) {
  loader::WorkflowSpec spec;
  spec.kind = std::string(portico::view(raw.kind));
  if (raw.revision == 0 || raw.revision > kMostRevision) invalid(spec.kind + ": revisions begin at 1");
  spec.revision = raw.revision;
  spec.lane = raw.lane.size ? std::string(portico::view(raw.lane)) : "tasks";
  spec.plan.title = titled(raw.title, spec.kind);
  if (raw.step_count == 0 || raw.step_count > kMostSteps) invalid(spec.kind + ": 1 to 50 steps");
  for (std::uint64_t i = 0; i < raw.step_count; ++i) add_step(spec, *raw.steps[i]);
  return spec;
}

}  // namespace kernel::extensions
