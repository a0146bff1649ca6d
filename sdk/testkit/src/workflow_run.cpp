// How a workflow goes on, by the rules of docs/reference/workflows.md: one call of a step at a time.
#include <fmt/format.h>

#include <algorithm>

#include "state.hpp"

namespace portico::testkit {

namespace {

void tell(WorkflowInstance& instance, std::int64_t now_us, std::string event, std::string_view code = {}) {
  WorkflowEvent line;
  line.at = rfc3339(now_us), line.event = std::move(event), line.step = instance.entry().name;
  if (!code.empty()) line.code = std::string(code);
  instance.timeline.push_back(std::move(line));
  instance.updated_us = now_us;
}

std::int64_t backoff_us(const portico_workflow_action& action, std::int64_t tries) {
  const auto doubled = action.backoff_ms << std::clamp<std::int64_t>(tries - 1, 0, 30);
  return std::min(doubled, action.backoff_most_ms) * 1000;
}

/// Steps before `from` that are done and can be undone; the nearest.
std::optional<std::size_t> undoable_before(const WorkflowInstance& instance, std::size_t from) {
  for (auto i = from; i-- > 0;) {
    const bool happened =
        instance.acts[i].state == StepState::done || instance.acts[i].state == StepState::skipped;
    if (happened && instance.kind->steps[i].undo && !instance.undos[i]) return i;
  }
  return std::nullopt;
}

}  // namespace

void State::begin_step(WorkflowInstance& instance) {
  const auto& step = instance.entry();
  auto& act = instance.act();
  const bool waits = !instance.back && (!step.signal.empty() || step.wait_ms);
  act.state = waits ? StepState::waiting : StepState::planned;
  instance.due_us = waits && step.wait_ms ? now_locked() + step.wait_ms * 1000 : 0;
}

void State::turn_back(WorkflowInstance& instance, std::size_t from) {
  const auto next = undoable_before(instance, from);
  instance.back = true, instance.due_us = 0;
  if (!next) {
    instance.state = WorkflowState::undone;
    tell(instance, now_locked(), "undone", instance.code);
    return;
  }
  instance.at = *next, instance.undos[*next].emplace();
  begin_step(instance);
}

/// Where the workflow goes after what its step has become.
void State::move_on(WorkflowInstance& instance, bool by_person) {
  const auto became = instance.act().state;
  const bool through = became == StepState::done || became == StepState::skipped;
  if (through && instance.back) return turn_back(instance, instance.at);
  if (through && instance.cancel_wanted && !instance.passed_no_return())
    return turn_back(instance, instance.at + 1);
  if (through && instance.at + 1 < instance.acts.size()) {
    ++instance.at;
    return begin_step(instance);
  }
  if (through) {
    instance.state = WorkflowState::done, instance.due_us = 0;
    return tell(instance, now_locked(), "finished");
  }
  if (became == StepState::failed && !instance.back && !instance.passed_no_return())
    return turn_back(instance, instance.at);
  if (became == StepState::failed && by_person) {
    instance.state = WorkflowState::failed;
    return tell(instance, now_locked(), "given_up", instance.code);
  }
  if (became == StepState::failed || became == StepState::attention) {
    instance.state = WorkflowState::attention;
    tell(instance, now_locked(), "needs_attention", instance.code);
  }
}

/// What a call of run makes of the step.
void State::settle_run(WorkflowInstance& instance, const StepReply& reply) {
  auto& act = instance.act();
  const auto& action = *instance.action();
  const bool tries_left = act.tries < action.attempts;
  if (!reply.code.empty()) instance.code = reply.code;
  switch (reply.outcome) {
    case PORTICO_STEP_DONE:
      act.state = StepState::done, act.output = reply.output;
      break;
    case PORTICO_STEP_LATER:
      act.state = StepState::planned, --act.tries;
      instance.due_us = now_locked() + reply.after_ms * 1000;
      break;
    case PORTICO_STEP_AGAIN:
      act.state = tries_left ? StepState::planned : act.unsure ? StepState::attention : StepState::failed;
      instance.due_us = now_locked() + backoff_us(action, act.tries);
      break;
    case PORTICO_STEP_FAILED:
      act.state = act.unsure ? StepState::attention : StepState::failed;
      break;
    default:  // unknown, and what nobody knows
      act.unsure = true;
      act.state = action.look                                                ? StepState::unknown
                  : (action.flags & PORTICO_ACTION_REPEATABLE) && tries_left ? StepState::planned
                                                                             : StepState::attention;
      instance.due_us = now_locked() + backoff_us(action, act.tries);
      break;
  }
}

void State::settle_look(WorkflowInstance& instance, const StepReply& reply) {
  auto& act = instance.act();
  const auto& action = *instance.action();
  ++act.looks;
  if (!reply.code.empty()) instance.code = reply.code;
  if (reply.outcome == PORTICO_STEP_DONE) {
    act.state = StepState::done, act.output = reply.output;
  } else if (reply.outcome == PORTICO_STEP_NOT_FOUND) {
    act.unsure = false;
    act.state = act.tries < action.attempts ? StepState::planned : StepState::failed;
    instance.due_us = now_locked();
  } else {
    act.state = act.looks < action.attempts ? StepState::unknown : StepState::attention;
    instance.due_us = now_locked() + backoff_us(action, act.looks);
  }
}

/// Calls run or look of the step that is due. The lock is given up meanwhile.
void State::call_step(WorkflowInstance& instance, bool look, std::unique_lock<std::mutex>& lock) {
  auto& act = instance.act();
  const auto action = *instance.action();
  if (!look) ++act.tries, act.state = StepState::attempting;
  boost::json::object outputs;
  for (std::size_t i = 0; i < instance.acts.size(); ++i)
    if (instance.acts[i].state == StepState::done)
      outputs[instance.kind->steps[i].name] = instance.acts[i].output;
  const auto& step = instance.entry();
  const auto given = instance.signals.find(step.signal);
  const auto input = boost::json::serialize(instance.input), made = boost::json::serialize(outputs),
             signal = !instance.back && given != instance.signals.end()
                          ? boost::json::serialize(given->second)
                          : "",
             marker = instance.id.substr(instance.id.size() - 12) + "." + step.name.substr(0, 40) +
                      (instance.back ? ".undo" : ""),
             what = fmt::format("{} of step {}{}", look ? "the look" : "the run", step.name,
                                instance.back ? " (undo)" : "");
  auto reply = std::make_shared<StepReply>();
  const auto handle = new_handle();
  step_replies.add(handle, reply);
  const portico_step_call raw{sizeof raw,          static_cast<std::uint32_t>(act.tries),
                              to_str(instance.id), to_str(instance.user_id),
                              to_str(step.name),   to_str(marker),
                              to_str(input),       to_str(made),
                              to_str(signal),      handle};
  instance.running = true;
  lock.unlock();
  auto error = call::empty_error();
  const auto status =
      run(kTask, what, [&] { return (look ? action.look : action.run)(action.user, &raw, &error); });
  lock.lock();
  instance.running = false;
  step_replies.take(handle);
  if (status != PORTICO_OK) {
    const int http = status == PORTICO_E_PROBLEM ? error.status : 500;
    reply->outcome = http == 429                                ? PORTICO_STEP_AGAIN
                     : http >= 400 && http < 500 && http != 408 ? PORTICO_STEP_FAILED
                                                                : PORTICO_STEP_UNKNOWN;
    reply->code = error.code[0] ? error.code : "internal";
    if (look) reply->outcome = PORTICO_STEP_UNKNOWN;
    if (!failed.empty() && !status_after) status_after = http, code_after = reply->code;
  } else if (!reply->given) {
    reply->outcome = look ? PORTICO_STEP_UNKNOWN : PORTICO_STEP_DONE;
  }
  if (look)
    settle_look(instance, *reply);
  else
    settle_run(instance, *reply);
  tell(instance, now_locked(), std::string(look ? "looked" : "tried") + (instance.back ? "_back" : ""),
       reply->code);
  move_on(instance);
}

bool State::turn(WorkflowInstance& instance, std::unique_lock<std::mutex>& lock) {
  if (instance.ended() || instance.state == WorkflowState::attention || instance.running) return false;
  auto& act = instance.act();
  const bool begun = act.state == StepState::unknown || act.unsure;
  if (instance.cancel_wanted && !instance.back && !begun && !instance.passed_no_return()) {
    act.state = StepState::planned;
    turn_back(instance, instance.at);
    return true;
  }
  const bool due = instance.due_us <= now_locked();
  if (act.state == StepState::waiting) {
    const auto& step = instance.entry();
    const bool timed = step.wait_ms > 0 && due;
    if (!step.signal.empty() && instance.signals.count(step.signal)) {
      act.state = StepState::planned, instance.due_us = 0;
    } else if (timed && step.signal.empty()) {
      act.state = StepState::planned;
    } else if (timed) {
      act.state = StepState::failed, instance.code = "workflows.nobody_answered";
      move_on(instance);
    } else {
      return false;
    }
    return true;
  }
  if (!due) return false;
  if (!instance.action()) {
    const auto given = instance.signals.find(instance.entry().signal);
    act.state = StepState::done;
    if (given != instance.signals.end()) act.output = given->second;
    move_on(instance);
    return true;
  }
  call_step(instance, act.state == StepState::unknown, lock);
  return true;
}

void State::give_signal(WorkflowInstance& instance, const std::string& name, const std::string& key,
                        const boost::json::value& payload) {
  if (!key.empty() && !instance.signal_keys.insert(key).second) return;
  instance.signals.try_emplace(name, payload);
}

bool State::turn_workflows() {
  std::unique_lock lock(mutex);
  for (auto& [id, instance] : workflows)
    if (turn(instance, lock)) return true;
  return false;
}

std::int64_t State::next_workflow_us() const {
  std::int64_t first = 0;
  for (const auto& [id, instance] : workflows)
    if (!instance.ended() && instance.state != WorkflowState::attention && instance.due_us &&
        (!first || instance.due_us < first))
      first = instance.due_us;
  return first;
}

namespace {

WorkflowInstance& instance_of(State& s, std::string_view id) {
  const auto it = s.workflows.find(std::string(id));
  if (it == s.workflows.end()) throw Fault("there is no workflow " + std::string(id));
  return it->second;
}

}  // namespace

int TestHost::run_workflows() {
  int turns = 0;
  while (state_->turn_workflows()) ++turns;
  state_->throw_faults();
  return turns;
}

bool TestHost::step_workflows() {
  const bool moved = state_->turn_workflows();
  state_->throw_faults();
  return moved;
}

WorkflowDetails TestHost::workflow(std::string_view id) const {
  const std::lock_guard lock(state_->mutex);
  return instance_of(*state_, id).details(state_->manifest.id);
}

std::vector<WorkflowDetails> TestHost::workflows() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<WorkflowDetails> out;
  for (const auto& [id, instance] : state_->workflows) out.push_back(instance.details(state_->manifest.id));
  return out;
}

void TestHost::signal_workflow(std::string_view id, std::string_view name,
                               const boost::json::value& payload) {
  const std::lock_guard lock(state_->mutex);
  state_->give_signal(instance_of(*state_, id), std::string(name), {}, payload);
}

void TestHost::cancel_workflow(std::string_view id) {
  const std::lock_guard lock(state_->mutex);
  instance_of(*state_, id).cancel_wanted = true;
}

void TestHost::decide_workflow(std::string_view id, std::string_view decision) {
  const std::lock_guard lock(state_->mutex);
  auto& instance = instance_of(*state_, id);
  if (instance.state != WorkflowState::attention) throw Fault("the workflow asks nobody");
  auto& act = instance.act();
  instance.state = WorkflowState::ready, instance.due_us = 0;
  if (decision == "retry") {
    act.tries = act.looks = 0;
    act.state = instance.action() && instance.action()->look ? StepState::unknown : StepState::planned;
    return;
  }
  if (decision != "skip" && decision != "fail") throw Fault("a decision is retry, skip or fail");
  act.state = decision == "skip" ? StepState::skipped : StepState::failed;
  state_->move_on(instance, true);
}

}  // namespace portico::testkit
