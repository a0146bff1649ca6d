// The rules of workflows as two tables: what becomes of a step, and where the workflow goes then.
#pragma once

#include <portico/workflow_state.hpp>
#include <span>
#include <string>

namespace kernel::work {

using portico::StepState;

/// What happens to the action under way: of a step, or of its undo.
enum class ActEvent {
  begun,      // its turn: intent is stored before the call
  signal,     // the awaited signal came
  time,       // the wait is over
  done,       // run: it has happened
  later,      // run: not yet, come again
  again,      // run: it has surely not happened
  failed,     // run: it has surely not happened and never will
  unknown,    // run: it may have happened
  lost,       // whoever held it is gone
  found,      // look: it has happened
  not_found,  // look: it has not
  unclear,    // look: cannot tell
  retry,      // a person: try again
  skip,       // a person: it counts as done
  fail        // a person: it has not happened and shall not
};
BOOST_DESCRIBE_ENUM(ActEvent, begun, signal, time, done, later, again, failed, unknown, lost, found,
                    not_found, unclear, retry, skip, fail)

/// What else a rule asks for.
enum class ActWhen { always, only_waits, pauses, tries_left, looks_left, can_look, may_repeat, unsure };

struct ActFacts {
  bool only_waits = false;  // the step has no action
  bool pauses = false;      // it waits for time, not for a signal
  bool tries_left = false, looks_left = false;
  bool can_look = false;
  bool may_repeat = false;  // declared repeatable, and tries are left
  bool unsure = false;      // an earlier try may have happened
};

struct ActRule {
  StepState from;
  ActEvent on;
  ActWhen when;
  StepState to;
  const char* why;
};
std::span<const ActRule> act_rules();

/// The first rule that fits. errors: 500 workflows.no_rule
StepState next_act(StepState from, ActEvent on, const ActFacts& facts);
bool has_rule(StepState from, ActEvent on);

enum class Direction { forward, back };
BOOST_DESCRIBE_ENUM(Direction, forward, back)

enum class Move {
  stay,
  next,         // the next step, or going back the one before
  turn_here,    // back, beginning with this step
  turn_before,  // back, beginning with the step before
  end_done,
  end_undone,
  end_failed,
  ask  // a person
};
enum class CourseWhen { always, cancel_wanted, more, way_back, by_person };

struct CourseFacts {
  bool cancel_wanted = false;  // and, of a step not begun, no earlier try may have happened
  bool more = false;           // steps ahead; going back: steps that are done and can be undone
  bool way_back = false;       // no step of no return is done
  bool by_person = false;      // who decided
};

struct CourseRule {
  Direction direction;
  StepState act;
  CourseWhen when;
  Move move;
  const char* why;
};
std::span<const CourseRule> course_rules();
Move next_move(Direction direction, StepState act, const CourseFacts& facts);

/// Both tables as docs/reference/workflows.md shows them.
std::string rules_as_markdown();

}  // namespace kernel::work
