// Applies the rules of workflow_rules.cpp to one instance.
#include "kernel/work/workflow_progress.hpp"

#include <algorithm>

namespace kernel::work {

using E = ActEvent;
using S = StepState;
using portico::Problem;

namespace {

bool counts_as_done(S state) {
  return state == S::done || state == S::skipped;
}

/// The name in the timeline of what an event led to; null: not worth a line.
const char* line_of(E event, S from, S to) {
  switch (event) {
    case E::begun:
      return from == S::unknown ? nullptr : to == S::done ? "done" : "begun";
    case E::signal:
      return "signal";
    case E::time:
      return to == S::failed ? "nobody_answered" : "pause_over";
    case E::done:
      return "done";
    case E::later:
      return nullptr;  // polling would fill the page
    case E::again:
      return to == S::failed ? "tries_used_up" : "tries_again";
    case E::failed:
      return "refused";
    case E::unknown:
    case E::lost:
      return to == S::attention ? "unclear" : event == E::lost ? "interrupted" : "unknown";
    case E::found:
      return "found";
    case E::not_found:
      return to == S::failed ? "tries_used_up" : "not_found";
    case E::unclear:
      return "unclear";
    case E::retry:
      return "retried";
    case E::skip:
      return "skipped";
    case E::fail:
      return "given_up";
  }
  return nullptr;
}

}  // namespace

const loader::WorkflowAction* Progress::action() const {
  const auto& step = plan_step();
  const auto& one = direction == Direction::forward ? step.action : step.undo;
  return one ? &*one : nullptr;
}

bool Progress::ended() const {
  return state == WorkflowState::done || state == WorkflowState::undone || state == WorkflowState::failed;
}

bool Progress::past_return(bool with_current) const {
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].no_return && counts_as_done(steps[i].state)) return true;
  // One that may have happened is past it as long as nobody knows better.
  return with_current && direction == Direction::forward && plan_step().no_return &&
         (unsure || act == S::attempting || act == S::unknown || act == S::attention);
}

bool Progress::can_cancel() const {
  return !ended() && direction == Direction::forward && !past_return(true);
}

bool Progress::calls_next() const {
  return state == WorkflowState::ready && (act == S::planned || act == S::unknown) &&
         (!due_set || (due && due->count() <= 0));
}

std::optional<std::size_t> Progress::undoable_before(std::size_t end) const {
  for (std::size_t i = end; i-- > 0;)
    if (plan.steps[i].undo && counts_as_done(steps[i].state) &&
        !(steps[i].undo && counts_as_done(*steps[i].undo)))
      return i;
  return std::nullopt;
}

void Progress::tell(const char* event, const std::string& what_code) {
  timeline.push_back({static_cast<std::int64_t>(position), event, what_code});
}

void Progress::set_act(S next) {
  act = next;
  auto& step = steps.at(position);
  if (direction == Direction::forward)
    step.state = next;
  else
    step.undo = next;
  step.begun = step.begun || next != S::planned;
  step.tries = std::max(step.tries, tries);
  step.changed = true;
}

Progress::Milliseconds Progress::backoff(std::int64_t count, double spread) const {
  const auto* one = action();
  if (!one) return Milliseconds(0);
  const auto doublings = std::clamp<std::int64_t>(count - 1, 0, 30);
  const auto wait = std::min<std::int64_t>(one->backoff_ms << doublings, one->backoff_most_ms);
  return Milliseconds(static_cast<std::int64_t>(static_cast<double>(wait) * spread));
}

void Progress::set_due(std::optional<Milliseconds> from_now) {
  due = from_now;
  due_set = true;
}

void Progress::begin() {
  steps.resize(plan.steps.size());
  timeline.push_back({std::nullopt, "started", {}});
  enter(0);
  follow(false);
}

void Progress::enter(std::size_t next) {
  position = next;
  tries = looks = 0;
  unsure = false;
  set_due(Milliseconds(0));
  const auto& step = plan_step();
  if (direction == Direction::back || !step.waits()) return set_act(S::planned);
  set_act(S::waiting);
  tell(step.signal ? "waits_for_signal" : "pauses");
  set_due(step.wait_ms > 0 ? std::optional(Milliseconds(step.wait_ms)) : std::nullopt);
}

void Progress::turn_back(std::size_t end) {
  const auto first = undoable_before(end);
  direction = Direction::back;
  if (cancel_wanted) code = "workflows.cancelled";
  if (!first) return finish(WorkflowState::undone, "all_undone");
  timeline.push_back({std::nullopt, "turned_back", code});
  enter(*first);
}

void Progress::finish(WorkflowState end, const char* event) {
  state = end;
  set_due(std::nullopt);
  cancel_wanted = false;
  timeline.push_back({std::nullopt, event, end == WorkflowState::done ? std::string() : code});
}

void Progress::follow(bool by_person) {
  while (!ended()) {
    const bool forward = direction == Direction::forward;
    const CourseFacts facts{
        cancel_wanted && !(act == S::planned && unsure),
        forward ? position + 1 < plan.steps.size() : undoable_before(position).has_value(),
        !past_return(false), by_person};
    switch (next_move(direction, act, facts)) {
      case Move::next:
        enter(forward ? position + 1 : *undoable_before(position));
        continue;
      case Move::turn_here:
        turn_back(position + 1);
        continue;
      case Move::turn_before:
        turn_back(position);
        continue;
      case Move::end_done:
        finish(WorkflowState::done, "all_done");
        return;
      case Move::end_undone:
        finish(WorkflowState::undone, "all_undone");
        return;
      case Move::end_failed:
        finish(WorkflowState::failed, "ended_failed");
        return;
      case Move::ask:
        set_act(S::attention);
        break;
      case Move::stay:
        break;
    }
    break;
  }
  if (ended()) return;
  const bool asked_before = state == WorkflowState::attention;
  state = act == S::attention ? WorkflowState::attention
          : act == S::waiting ? WorkflowState::waiting
                              : WorkflowState::ready;
  if (act == S::attention && !asked_before) {
    set_due(std::nullopt);
    tell("asks_staff", code);
  }
}

void Progress::happen(E event, const EventDetails& details, double spread) {
  if (ended()) throw Problem(409, "workflows.ended", id);
  const auto* one = action();
  ActFacts facts;
  facts.only_waits = one == nullptr;
  facts.pauses = !plan_step().signal;
  facts.tries_left = one && tries < one->attempts;
  facts.looks_left = one && looks < one->attempts;
  facts.can_look = one && one->look;
  facts.may_repeat = one && one->repeatable && facts.tries_left;
  facts.unsure = unsure;
  const S from = act, to = next_act(from, event, facts);

  if (event == E::begun && from == S::planned && one) ++tries;
  if (event == E::begun && from == S::unknown) ++looks;
  if (event == E::later) --tries;
  if (event == E::retry) tries = looks = 0;
  if (from == S::attempting && to == S::unknown) looks = 0;
  if (from == S::attempting && (event == E::unknown || event == E::lost)) unsure = true;
  if (to == S::done || to == S::skipped || event == E::not_found || event == E::fail) unsure = false;
  if (event == E::signal) steps.at(position).signal = details.signal;
  if ((to == S::done || to == S::skipped) && direction == Direction::forward)
    steps.at(position).output = one || to == S::skipped ? details.output : steps.at(position).signal;
  // Going back, the code stays that of what made it turn, until undoing itself needs a person.
  if (direction == Direction::forward || to == S::failed || to == S::attention) {
    if (to == S::done) code.clear();
    if (!details.code.empty()) code = details.code;
    if (event == E::time && to == S::failed) code = "workflows.nobody_answered";
  }

  Milliseconds wait{0};
  if (event == E::later) wait = details.after;
  if (event == E::again || (event == E::unknown && to == S::planned)) wait = backoff(tries, spread);
  if (event == E::unknown && to == S::unknown) wait = backoff(1, spread);
  if (event == E::unclear) wait = backoff(looks, spread);
  set_due(wait);

  set_act(to);
  if (const char* line = line_of(event, from, to)) tell(line, details.code);
  if (event == E::begun && to != S::done) return;  // the call comes next
  follow(details.by_person);
}

void Progress::want_cancel() {
  if (ended()) throw Problem(409, "workflows.ended", id);
  if (direction == Direction::back || cancel_wanted) return;
  if (past_return(true)) throw Problem(409, "workflows.no_return", id);
  cancel_wanted = true;
  timeline.push_back({std::nullopt, "cancel_wanted", {}});
  if (state != WorkflowState::running) follow(false);
}

void Progress::give_back() {
  if (act == S::unknown)
    --looks;
  else
    --tries, set_act(S::planned);
  tell("given_back");
  set_due(Milliseconds(0));
  follow(false);
}

}  // namespace kernel::work
