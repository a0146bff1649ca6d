// The rules of workflows: the two tables, what they make of one instance, and the page that shows them.
#include "kernel/work/workflow_rules.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "kernel/work/tests/workflow_plans.hpp"
#include "kernel/work/workflow_progress.hpp"
#include "kernel/work/workflow_view.hpp"

using namespace kernel::work;
using kernel::work::testing::plan_of;
using E = ActEvent;
using S = StepState;
using W = WorkflowState;

namespace {

const std::string kPage = PORTICO_DOCS "/reference/workflows.md";
const std::string kBegin = "<!-- rules: begin -->\n", kEnd = "<!-- rules: end -->";

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Progress started(const std::string& plan) {
  Progress p;
  p.id = "it";
  p.plan = plan_of(plan);
  p.begin();
  return p;
}

template <class Enum>
Enum named(const std::string& text) {
  Enum out{};
  REQUIRE(boost::describe::enum_from_string(text.c_str(), out));
  return out;
}

/// "begun done" as events; "cancel"; "!skip" decided by a person.
void play(Progress& p, const std::string& events) {
  std::istringstream words(events);
  for (std::string word; words >> word;) {
    if (word == "cancel") {
      p.want_cancel();
      continue;
    }
    EventDetails details;
    details.by_person = word[0] == '!';
    const auto event = named<E>(details.by_person ? word.substr(1) : word);
    if (event == E::begun) {
      REQUIRE(p.state == W::ready);
      p.happen(event);
      if (p.act == S::attempting || p.act == S::unknown) p.state = W::running;
    } else {
      p.happen(event, details);
    }
  }
}

/// "a:done b:failed/undo" …
std::string picture(const Progress& p) {
  std::string out;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const auto& step = p.steps[i];
    out += fmt::format("{}{}:{}", i ? " " : "", p.plan.steps[i].name,
                       boost::describe::enum_to_string(step.state, ""));
    if (step.undo) out += fmt::format("/{}", boost::describe::enum_to_string(*step.undo, ""));
  }
  return out;
}

}  // namespace

TEST_CASE("the page shows the rules as they are") {
  const auto page = read(kPage);
  const auto begin = page.find(kBegin), end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto shown = page.substr(begin + kBegin.size(), end - begin - kBegin.size());
  if (std::getenv("UPDATE_GOLDEN")) {
    std::ofstream(kPage, std::ios::binary)
        << page.substr(0, begin + kBegin.size()) << rules_as_markdown() << page.substr(end);
    return;
  }
  CHECK(shown == rules_as_markdown());
}

TEST_CASE("no rule stands behind one that always holds, and every question has an answer") {
  std::map<std::pair<S, E>, bool> closed;
  for (const auto& rule : act_rules()) {
    auto& done = closed[{rule.from, rule.on}];
    INFO(rule.why);
    CHECK_FALSE(done);
    done = rule.when == ActWhen::always;
  }
  for (const auto& [question, done] : closed) CHECK(done);
  std::map<std::pair<Direction, S>, bool> turned;
  for (const auto& rule : course_rules()) {
    auto& done = turned[{rule.direction, rule.act}];
    INFO(rule.why);
    CHECK_FALSE(done);
    done = rule.when == CourseWhen::always;
  }
}

TEST_CASE("what may have happened is never simply done again") {
  // Whatever the facts: from a call that ended unknown the way to a next one leads over a look, a person, or
  // a declaration that a repeat does no harm.
  for (int bits = 0; bits < 128; ++bits) {
    const ActFacts facts{(bits & 1) != 0,  (bits & 2) != 0,  (bits & 4) != 0, (bits & 8) != 0,
                         (bits & 16) != 0, (bits & 32) != 0, (bits & 64) != 0};
    for (const auto event : {E::unknown, E::lost}) {
      const auto next = next_act(S::attempting, event, facts);
      if (next == S::planned) CHECK((facts.may_repeat && !facts.can_look));
      CHECK(next != S::done);
      CHECK(next != S::failed);
    }
  }
}

TEST_CASE("an event that does not fit is refused") {
  CHECK_THROWS_AS(next_act(S::done, E::done, {}), portico::Problem);
  CHECK_THROWS_AS(next_act(S::planned, E::done, {}), portico::Problem);
  CHECK_THROWS_AS(next_act(S::attempting, E::retry, {}), portico::Problem);
  auto p = started("a:r");
  play(p, "begun done");
  CHECK_THROWS_AS(p.happen(E::done), portico::Problem);
}

TEST_CASE("the ways of an instance") {
  struct Row {
    const char* rule;
    const char* plan;
    const char* events;
    W state;
    const char* steps;
  };
  for (const Row& row : {
           Row{"steps one after the other", "a:r b:r", "begun done begun done", W::done, "a:done b:done"},
           Row{"a call under way", "a:r b:r", "begun done begun", W::running, "a:done b:attempting"},
           Row{"nothing happened: again", "a:r", "begun again begun done", W::done, "a:done"},
           Row{"not yet, without end", "a:r", "begun later begun later begun later begun later begun done",
               W::done, "a:done"},
           Row{"tries used up", "a:r", "begun again begun again begun again", W::undone, "a:failed"},
           Row{"refused, and what was done is undone backwards", "a:ru b:ru c:r",
               "begun done begun done begun failed begun done begun done", W::undone,
               "a:done/done b:done/done c:failed"},
           Row{"what has no undo is passed over", "a:ru b:r c:r",
               "begun done begun done begun failed begun done", W::undone, "a:done/done b:done c:failed"},
           Row{"unknown: looks and finds", "a:rl b:r", "begun unknown begun found begun done", W::done,
               "a:done b:done"},
           Row{"unknown: looks, does not find, tries again", "a:rl",
               "begun unknown begun not_found begun done", W::done, "a:done"},
           Row{"unknown and nobody can look", "a:r", "begun unknown", W::attention, "a:attention"},
           Row{"unknown, and a repeat does no harm", "a:rR", "begun unknown begun done", W::done, "a:done"},
           Row{"repeatable, unknown to the end", "a:rR", "begun unknown begun unknown begun unknown",
               W::attention, "a:attention"},
           Row{"repeatable: one may have happened, and then it is refused", "a:rRu b:r",
               "begun unknown begun failed", W::attention, "a:attention b:planned"},
           Row{"cancelled after one that may have happened: repeated first, then undone", "a:rRu b:r",
               "begun unknown cancel begun done begun done", W::undone, "a:done/done b:planned"},
           Row{"looking does not tell", "a:rl", "begun unknown begun unclear begun unclear begun unclear",
               W::attention, "a:attention"},
           Row{"the holder died in the call", "a:rl", "begun lost begun found", W::done, "a:done"},
           Row{"the holder died looking", "a:rl", "begun unknown begun lost begun found", W::done, "a:done"},
           Row{"holders keep dying", "a:rl", "begun lost begun lost begun lost begun lost", W::attention,
               "a:attention"},
           Row{"a person retries", "a:r b:r", "begun unknown !retry begun done begun done", W::done,
               "a:done b:done"},
           Row{"a person retries what can be looked for", "a:rl",
               "begun unknown begun unclear begun unclear begun unclear !retry begun found", W::done,
               "a:done"},
           Row{"a person skips", "a:r b:r", "begun unknown !skip begun done", W::done, "a:skipped b:done"},
           Row{"a person gives up", "a:ru b:r", "begun done begun unknown !fail begun done", W::undone,
               "a:done/done b:failed"},
           Row{"undoing fails: a person", "a:ru b:r", "begun done begun failed begun failed", W::attention,
               "a:done/attention b:failed"},
           Row{"… retries", "a:ru b:r", "begun done begun failed begun failed !retry begun done", W::undone,
               "a:done/done b:failed"},
           Row{"… has undone it by hand", "a:ru b:ru c:r",
               "begun done begun done begun failed begun failed !skip begun done", W::undone,
               "a:done/done b:done/skipped c:failed"},
           Row{"… gives up", "a:ru b:r", "begun done begun failed begun failed !fail", W::failed,
               "a:done/failed b:failed"},
           Row{"an undo that ended unknown looks", "a:ruv b:r",
               "begun done begun failed begun unknown begun not_found begun done", W::undone,
               "a:done/done b:failed"},
           Row{"past the point of no return: a person", "a:ru b:rN c:r", "begun done begun done begun failed",
               W::attention, "a:done b:done c:attention"},
           Row{"… who gives it up", "a:ru b:rN c:r", "begun done begun done begun failed !fail", W::failed,
               "a:done b:done c:failed"},
           Row{"the step of no return itself fails: there is a way back", "a:ru b:rN",
               "begun done begun failed begun done", W::undone, "a:done/done b:failed"},
           Row{"cancelled before a step", "a:ru b:ru", "begun done cancel begun done", W::undone,
               "a:done/done b:planned"},
           Row{"cancelled while a step runs that is then done", "a:ru b:ru",
               "begun done begun cancel done begun done begun done", W::undone, "a:done/done b:done/done"},
           Row{"cancelled while a step runs that would be tried again", "a:ru b:ru",
               "begun done begun cancel again begun done", W::undone, "a:done/done b:planned"},
           Row{"cancelled while nobody knows: looks first", "a:ru b:rlu",
               "begun done begun unknown cancel begun found begun done begun done", W::undone,
               "a:done/done b:done/done"},
           Row{"… and it had not happened", "a:ru b:rlu",
               "begun done begun unknown cancel begun not_found begun done", W::undone,
               "a:done/done b:planned"},
           Row{"cancelled before anything", "a:ru", "cancel", W::undone, "a:planned"},
           Row{"cancelled twice", "a:ru b:r", "begun done cancel cancel begun cancel done", W::undone,
               "a:done/done b:planned"},
           Row{"waits for a signal", "a:S", "", W::waiting, "a:waiting"},
           Row{"a signal ends a step that only waits", "a:S b:r", "signal begun begun done", W::done,
               "a:done b:done"},
           Row{"a signal lets a step run", "a:rS", "signal begun done", W::done, "a:done"},
           Row{"nobody answered", "a:ru b:T", "begun done time begun done", W::undone,
               "a:done/done b:failed"},
           Row{"a pause", "a:rP", "time begun done", W::done, "a:done"},
           Row{"cancelled while waiting", "a:ru b:S", "begun done cancel begun done", W::undone,
               "a:done/done b:waiting"},
           Row{"an attempt after the wait waits no more", "a:rS", "signal begun again begun done", W::done,
               "a:done"},
       }) {
    INFO(row.rule);
    auto p = started(row.plan);
    play(p, row.events);
    CHECK(std::string(boost::describe::enum_to_string(p.state, "")) ==
          boost::describe::enum_to_string(row.state, ""));
    CHECK(picture(p) == row.steps);
    for (const auto& line : p.timeline) CHECK(timeline_text(line.event, nullptr).en != line.event);
  }
}

TEST_CASE("what cannot be cancelled says so") {
  struct Row {
    const char *plan, *events, *code;
  };
  for (const Row& row : {
           Row{"a:r", "begun done", "workflows.ended"},
           Row{"a:rN b:r", "begun done", "workflows.no_return"},
           Row{"a:rN b:r", "begun", "workflows.no_return"},
           Row{"a:rlN b:r", "begun unknown", "workflows.no_return"},
           Row{"a:rN b:r", "begun again", ""},
           Row{"a:rN b:r", "", ""},
       }) {
    INFO(row.plan << " " << row.events);
    auto p = started(row.plan);
    play(p, row.events);
    CHECK(p.can_cancel() == (*row.code == '\0'));
    try {
      p.want_cancel();
      CHECK(*row.code == '\0');
    } catch (const portico::Problem& problem) {
      CHECK(problem.status == 409);
      CHECK(problem.code == row.code);
    }
  }
}

TEST_CASE("back-off doubles up to its most, and looks have their own") {
  auto p = started("a:rl");
  p.plan.steps[0].action->attempts = 12;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    play(p, "begun again");
    waits.push_back(p.due->count());
  }
  CHECK(waits == std::vector<std::int64_t>{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000});
  play(p, "begun unknown");
  CHECK(p.due->count() == 1000);
  play(p, "begun unclear begun unclear");
  CHECK(p.due->count() == 2000);
}

TEST_CASE("a begun call that was never made leaves no trace in the counts") {
  auto p = started("a:rl");
  play(p, "begun");
  p.give_back();
  CHECK(p.tries == 0);
  CHECK(p.act == S::planned);
  CHECK(p.state == W::ready);
  play(p, "begun unknown begun");
  p.give_back();
  CHECK(p.act == S::unknown);
  CHECK(p.looks == 0);
  CHECK(p.tries == 1);
}

TEST_CASE("however it goes, every effect happens once, and what is undone is undone backwards") {
  const char* const plans[] = {"a:rlu b:rluv c:rl", "a:rRu b:rlu c:rN d:rl", "a:rlu b:rS c:ru",
                               "a:ru b:ru c:ru", "a:P b:rlu c:T d:rluv"};
  std::minstd_rand random(20260101);
  const auto one_of = [&](auto... options) {
    const E list[] = {options...};
    return list[random() % (sizeof list / sizeof *list)];
  };
  int ends[7] = {};
  for (int round = 0; round < 20'000; ++round) {
    auto p = started(plans[round % 5]);
    std::vector<int> effects(p.plan.steps.size()), undone(p.plan.steps.size());
    std::vector<std::size_t> order;
    for (int guard = 0; !p.ended(); ++guard) {
      REQUIRE(guard < 500);
      if (random() % 40 == 0 && p.can_cancel()) p.want_cancel();
      if (p.ended()) break;
      const bool forward = p.direction == Direction::forward;
      auto& effect = forward ? effects[p.position] : undone[p.position];
      if (p.state == W::waiting) {
        p.happen(p.plan_step().signal && random() % 3 ? E::signal
                 : p.plan_step().wait_ms > 0          ? E::time
                                                      : E::signal);
      } else if (p.state == W::attention) {
        EventDetails by_person;
        by_person.by_person = true;  // a person who knows
        p.happen(effect ? E::skip : one_of(E::retry, E::retry, E::fail), by_person);
      } else {
        REQUIRE(p.calls_next() == (p.due->count() <= 0));
        p.due = std::chrono::milliseconds(0);
        p.happen(E::begun);
        if (p.act == S::attempting) {
          const bool repeatable = p.action()->repeatable;
          const auto end =
              one_of(E::done, E::done, E::done, E::again, E::failed, E::later, E::unknown, E::lost);
          const bool happened = end == E::done || ((end == E::unknown || end == E::lost) && random() % 2);
          if (happened) {
            REQUIRE((effect == 0 || repeatable));
            effect = 1;
            if (!forward && (order.empty() || order.back() != p.position)) order.push_back(p.position);
          }
          p.happen(end);
        } else if (p.act == S::unknown) {
          p.happen(random() % 4 == 0 ? one_of(E::unclear, E::lost) : effect ? E::found : E::not_found);
        }
      }
    }
    ++ends[static_cast<int>(p.state)];
    INFO(p.plan.steps[0].name << " " << picture(p));
    for (std::size_t i = 0; i < effects.size(); ++i) {
      const auto state = p.steps[i].state;
      const bool counts = state == S::done || state == S::skipped;
      if (p.plan.steps[i].action) REQUIRE(effects[i] == (counts ? 1 : 0));
      if (p.state == W::done) REQUIRE(counts);
      if (p.state == W::undone && counts && p.plan.steps[i].undo) REQUIRE(undone[i] == 1);
      if (undone[i]) REQUIRE(effects[i] == 1);
    }
    REQUIRE(std::is_sorted(order.rbegin(), order.rend()));
  }
  CHECK(ends[static_cast<int>(W::done)] > 1000);
  CHECK(ends[static_cast<int>(W::undone)] > 1000);
  CHECK(ends[static_cast<int>(W::failed)] > 10);
}
