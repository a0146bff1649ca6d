// Workflows in a test: what a plugin defined, and each instance on its way.
#pragma once

#include <portico/abi/workflows.h>

#include <map>
#include <optional>
#include <portico/workflow_state.hpp>
#include <set>
#include <string>
#include <vector>

namespace portico::testkit {

struct WorkflowStepEntry {
  std::string name, signal;
  Titled title, holder;
  std::int64_t wait_ms = 0;
  bool no_return = false;
  std::optional<portico_workflow_action> action, undo;  // functions and user stay the plugin's
};

struct WorkflowKind {
  std::string kind;
  std::uint32_t revision = 1;
  Titled title;
  std::vector<WorkflowStepEntry> steps;
};

/// A step, or its undo, on its way.
struct Act {
  StepState state = StepState::planned;
  std::int64_t tries = 0, looks = 0;
  bool unsure = false;  // an earlier try may have happened
  boost::json::value output;
};

struct WorkflowInstance {
  std::string id, key, user_id;
  const WorkflowKind* kind = nullptr;
  boost::json::value input;
  std::vector<Act> acts;
  std::vector<std::optional<Act>> undos;
  std::size_t at = 0;
  bool back = false, cancel_wanted = false, running = false;
  WorkflowState state = WorkflowState::ready;  // ready stands for every state on the way
  std::int64_t due_us = 0;
  std::string code;
  std::map<std::string, boost::json::value> signals;  // by name, the first of each
  std::set<std::string> signal_keys;
  std::vector<WorkflowEvent> timeline;
  std::int64_t created_us = 0, updated_us = 0;

  bool ended() const {
    return state == WorkflowState::done || state == WorkflowState::undone || state == WorkflowState::failed;
  }
  const WorkflowStepEntry& entry() const { return kind->steps[at]; }
  Act& act() { return back ? *undos[at] : acts[at]; }
  const std::optional<portico_workflow_action>& action() const {
    return back ? entry().undo : entry().action;
  }
  bool passed_no_return() const {
    for (std::size_t i = 0; i < acts.size(); ++i)
      if (kind->steps[i].no_return && acts[i].state == StepState::done) return true;
    return false;
  }
  WorkflowDetails details(const std::string& plugin) const;
};

}  // namespace portico::testkit
