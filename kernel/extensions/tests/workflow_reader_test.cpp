// What a plugin may declare as a workflow, and how a refusal names what is wrong.
#include "kernel/extensions/workflow_reader.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <portico/call.hpp>

using namespace kernel::extensions;
using portico::to_str;

namespace {

portico_status nothing(void*, const portico_step_call*, portico_error*) {
  return PORTICO_OK;
}

const char* const kTitle = R"({"en":"A","ja":"あ"})";

/// A workflow of two steps that is as it should be.
struct Draft {
  portico_workflow_action run{sizeof run, 0, &nothing, &nothing, nullptr, 0, 0, 0, 0, 0};
  portico_workflow_action undo{
      sizeof undo, PORTICO_ACTION_REPEATABLE, &nothing, nullptr, nullptr, 5, 0, 100, 1000, 2000};
  portico_workflow_step first{sizeof first, 0, to_str("first"), to_str(kTitle), {}, {}, 0, &run, &undo};
  portico_workflow_step second{sizeof second,  PORTICO_STEP_NO_RETURN, to_str("second"), to_str(kTitle),
                               to_str(kTitle), to_str("go"),           86'400'000,       nullptr,
                               nullptr};
  const portico_workflow_step* steps[2]{&first, &second};
  portico_workflow raw{sizeof raw, 1, to_str("test.kind"), to_str(kTitle), {}, steps, 2};
};

}  // namespace

TEST_CASE("a workflow is read with its defaults") {
  const Draft draft;
  const auto spec = read_workflow(draft.raw);
  CHECK(spec.kind == "test.kind");
  CHECK(spec.revision == 1);
  CHECK(spec.lane == "tasks");
  CHECK(spec.shape == "first:rlu,second:");
  REQUIRE(spec.plan.steps.size() == 2);
  const auto& first = spec.plan.steps[0];
  CHECK(first.title.ja == "あ");
  CHECK((first.action->look && !first.action->repeatable));
  CHECK(first.action->attempts == 12);
  CHECK(first.action->backoff_ms == 2'000);
  CHECK(first.action->backoff_most_ms == 3'600'000);
  CHECK(first.action->deadline_ms == 10'000);
  CHECK((!first.undo->look && first.undo->repeatable));
  CHECK(first.undo->attempts == 5);
  CHECK(first.undo->deadline_ms == 2'000);
  CHECK_FALSE(first.holder.has_value());
  const auto& second = spec.plan.steps[1];
  CHECK_FALSE(second.action.has_value());
  CHECK(second.signal == std::optional<std::string>("go"));
  CHECK(second.wait_ms == 86'400'000);
  CHECK(second.no_return);
  CHECK(second.holder.has_value());
  CHECK(spec.actions[0].run == &nothing);
  CHECK(spec.undos[0].look == nullptr);
  CHECK(spec.actions[1].run == nullptr);
}

TEST_CASE("a workflow that breaks the contract is refused by name") {
  struct Row {
    const char* rule;
    std::function<void(Draft&)> change;
    const char* says;
  };
  for (const Row& row : {
           Row{"no revision", [](Draft& d) { d.raw.revision = 0; }, "revisions begin at 1"},
           Row{"no steps", [](Draft& d) { d.raw.step_count = 0; }, "1 to 50 steps"},
           Row{"too many steps", [](Draft& d) { d.raw.step_count = 51; }, "1 to 50 steps"},
           Row{"a name with a space", [](Draft& d) { d.first.name = to_str("a b"); }, "no name of a step"},
           Row{"no name", [](Draft& d) { d.first.name = {}; }, "no name of a step"},
           Row{"one name twice", [](Draft& d) { d.second.name = to_str("first"); },
               "two steps are called first"},
           Row{"a title in one language", [](Draft& d) { d.first.title = to_str(R"({"en":"A","ja":""})"); },
               "needs en and ja"},
           Row{"a signal with a dot", [](Draft& d) { d.second.signal = to_str("a.b"); },
               "no name of a signal"},
           Row{"a wait of years", [](Draft& d) { d.second.wait_ms = std::int64_t{1} << 40; },
               "test.kind.second.wait_ms"},
           Row{"a negative wait", [](Draft& d) { d.second.wait_ms = -1; }, "test.kind.second.wait_ms"},
           Row{"neither runs nor waits", [](Draft& d) { d.second.signal = {}, d.second.wait_ms = 0; },
               "neither runs nor waits"},
           Row{"an action without run", [](Draft& d) { d.run.run = nullptr; }, "an action without run"},
           Row{"a thousand tries and one", [](Draft& d) { d.run.attempts = 1001; },
               "test.kind.first.attempts"},
           Row{"a deadline of an hour", [](Draft& d) { d.run.deadline_ms = 3'600'000; },
               "test.kind.first.deadline_ms"},
           Row{"a negative back-off", [](Draft& d) { d.undo.backoff_ms = -1; },
               "test.kind.first.undo.backoff_ms"},
       }) {
    INFO(row.rule);
    Draft draft;
    row.change(draft);
    try {
      read_workflow(draft.raw);
      FAIL("it was taken");
    } catch (const portico::Problem& problem) {
      CHECK(problem.status == 422);
      CHECK(problem.code == "plugin.workflow_invalid");
      CHECK(problem.detail.find(row.says) != std::string::npos);
    }
  }
}
