// The two tables, their look-up, and the page that shows them.
#include "kernel/work/workflow_rules.hpp"

#include <fmt/format.h>

namespace kernel::work {

namespace {

using S = StepState;
using E = ActEvent;
using W = ActWhen;

constexpr ActRule kActRules[] = {
    {S::waiting, E::signal, W::always, S::planned, "what it waited for came"},
    {S::waiting, E::time, W::pauses, S::planned, "the pause is over"},
    {S::waiting, E::time, W::always, S::failed, "nobody answered in time"},
    {S::planned, E::begun, W::only_waits, S::done, "waiting was all it had to do"},
    {S::planned, E::begun, W::always, S::attempting, "intent is stored, then the call goes out"},
    {S::attempting, E::done, W::always, S::done, "it says so"},
    {S::attempting, E::later, W::always, S::planned, "not yet; no try is counted"},
    {S::attempting, E::again, W::tries_left, S::planned, "nothing happened: the next try after the back-off"},
    {S::attempting, E::again, W::unsure, S::attention, "the tries are used up, and one may have happened"},
    {S::attempting, E::again, W::always, S::failed, "nothing happened, and the tries are used up"},
    {S::attempting, E::failed, W::unsure, S::attention, "this try did not happen, but one before may have"},
    {S::attempting, E::failed, W::always, S::failed, "nothing happened, and nothing will"},
    {S::attempting, E::unknown, W::can_look, S::unknown, "it may have happened: look first"},
    {S::attempting, E::unknown, W::may_repeat, S::planned, "a repeat is declared harmless"},
    {S::attempting, E::unknown, W::always, S::attention, "it may have happened and nobody can look"},
    {S::attempting, E::lost, W::can_look, S::unknown, "the holder died in the call: look first"},
    {S::attempting, E::lost, W::may_repeat, S::planned, "the holder died; a repeat is declared harmless"},
    {S::attempting, E::lost, W::always, S::attention, "the holder died in the call and nobody can look"},
    {S::unknown, E::begun, W::always, S::unknown, "it is looked for"},
    {S::unknown, E::found, W::always, S::done, "it had happened"},
    {S::unknown, E::not_found, W::tries_left, S::planned, "it had not happened: the next try"},
    {S::unknown, E::not_found, W::always, S::failed, "it had not happened, and the tries are used up"},
    {S::unknown, E::unclear, W::looks_left, S::unknown, "look again after the back-off"},
    {S::unknown, E::unclear, W::always, S::attention, "looking did not tell"},
    {S::unknown, E::lost, W::looks_left, S::unknown, "the holder died while looking"},
    {S::unknown, E::lost, W::always, S::attention, "holders keep dying while looking"},
    {S::attention, E::retry, W::can_look, S::unknown, "a person: look, then try"},
    {S::attention, E::retry, W::always, S::planned, "a person: try again"},
    {S::attention, E::skip, W::always, S::skipped, "a person: it counts as done"},
    {S::attention, E::fail, W::always, S::failed, "a person: it has not happened and shall not"},
};

using D = Direction;
using C = CourseWhen;
using M = Move;

constexpr CourseRule kCourseRules[] = {
    {D::forward, S::done, C::cancel_wanted, M::turn_here, "cancelled meanwhile: this step is undone too"},
    {D::forward, S::done, C::more, M::next, "on"},
    {D::forward, S::done, C::always, M::end_done, "that was the last"},
    {D::forward, S::skipped, C::cancel_wanted, M::turn_here, "as done"},
    {D::forward, S::skipped, C::more, M::next, "as done"},
    {D::forward, S::skipped, C::always, M::end_done, "as done"},
    {D::forward, S::planned, C::cancel_wanted, M::turn_before, "it has surely not happened"},
    {D::forward, S::waiting, C::cancel_wanted, M::turn_before, "nobody waits any more"},
    {D::forward, S::failed, C::way_back, M::turn_before, "what is done is undone"},
    {D::forward, S::failed, C::by_person, M::end_failed, "no way back, and a person gave it up"},
    {D::forward, S::failed, C::always, M::ask, "no way back"},
    {D::back, S::done, C::more, M::next, "the step before"},
    {D::back, S::done, C::always, M::end_undone, "all is undone"},
    {D::back, S::skipped, C::more, M::next, "as done"},
    {D::back, S::skipped, C::always, M::end_undone, "as done"},
    {D::back, S::failed, C::by_person, M::end_failed, "a person gave the undoing up"},
    {D::back, S::failed, C::always, M::ask, "what cannot be undone needs a person"},
};

bool holds(ActWhen when, const ActFacts& facts) {
  switch (when) {
    case W::always:
      return true;
    case W::only_waits:
      return facts.only_waits;
    case W::pauses:
      return facts.pauses;
    case W::tries_left:
      return facts.tries_left;
    case W::looks_left:
      return facts.looks_left;
    case W::can_look:
      return facts.can_look;
    case W::may_repeat:
      return facts.may_repeat;
    case W::unsure:
      return facts.unsure;
  }
  return false;
}

bool holds(CourseWhen when, const CourseFacts& facts) {
  switch (when) {
    case C::always:
      return true;
    case C::cancel_wanted:
      return facts.cancel_wanted;
    case C::more:
      return facts.more;
    case C::way_back:
      return facts.way_back;
    case C::by_person:
      return facts.by_person;
  }
  return false;
}

const char* words(ActWhen when) {
  switch (when) {
    case W::always:
      return "";
    case W::only_waits:
      return "the step only waits";
    case W::pauses:
      return "it waits for time";
    case W::tries_left:
      return "tries are left";
    case W::looks_left:
      return "looks are left";
    case W::can_look:
      return "it has a look";
    case W::may_repeat:
      return "it is repeatable and tries are left";
    case W::unsure:
      return "an earlier try may have happened";
  }
  return "";
}

const char* words(CourseWhen when) {
  switch (when) {
    case C::always:
      return "";
    case C::cancel_wanted:
      return "a cancel is wanted";
    case C::more:
      return "there is one";
    case C::way_back:
      return "no step of no return is done";
    case C::by_person:
      return "a person decided";
  }
  return "";
}

const char* words(Move move) {
  switch (move) {
    case M::stay:
      return "stays";
    case M::next:
      return "to the next step, going back to the one before";
    case M::turn_here:
      return "back, from this step";
    case M::turn_before:
      return "back, from the step before";
    case M::end_done:
      return "ends `done`";
    case M::end_undone:
      return "ends `undone`";
    case M::end_failed:
      return "ends `failed`";
    case M::ask:
      return "asks a person";
  }
  return "";
}

template <class Enum>
const char* name(Enum value) {
  return boost::describe::enum_to_string(value, "");
}

}  // namespace

std::span<const ActRule> act_rules() {
  return kActRules;
}

std::span<const CourseRule> course_rules() {
  return kCourseRules;
}

bool has_rule(StepState from, ActEvent on) {
  for (const auto& rule : kActRules)
    if (rule.from == from && rule.on == on) return true;
  return false;
}

StepState next_act(StepState from, ActEvent on, const ActFacts& facts) {
  for (const auto& rule : kActRules)
    if (rule.from == from && rule.on == on && holds(rule.when, facts)) return rule.to;
  throw portico::Problem(500, "workflows.no_rule", fmt::format("{} on {}", name(on), name(from)));
}

Move next_move(Direction direction, StepState act, const CourseFacts& facts) {
  for (const auto& rule : kCourseRules)
    if (rule.direction == direction && rule.act == act && holds(rule.when, facts)) return rule.move;
  return Move::stay;
}

std::string rules_as_markdown() {
  std::string out =
      "| A step, or its undo, that is | meets | where | becomes | because |\n|---|---|---|---|---|\n";
  for (const auto& rule : kActRules)
    out += fmt::format("| `{}` | `{}` | {} | `{}` | {} |\n", name(rule.from), name(rule.on), words(rule.when),
                       name(rule.to), rule.why);
  out += "\n| Going | the step is | where | the workflow | because |\n|---|---|---|---|---|\n";
  for (const auto& rule : kCourseRules)
    out += fmt::format("| {} | `{}` | {} | {} | {} |\n", name(rule.direction), name(rule.act),
                       words(rule.when), words(rule.move), rule.why);
  return out;
}

}  // namespace kernel::work
