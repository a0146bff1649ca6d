// Workflows on a real PostgreSQL: the ways through, who may hold what, signals, cancels, people, plugins that
// go.
#include <atomic>
#include <future>
#include <set>

#include "kernel/work/tests/workflow_world.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using portico::Problem;
using Words = std::vector<std::string>;

namespace {

const std::string kAda = "00000000-0000-4000-8000-000000000001",
                  kBob = "00000000-0000-4000-8000-000000000002";

Answer failing(int status, const char* code) {
  throw Problem(status, code, "as the test says");
}

}  // namespace

TEST_CASE("steps run one after the other and hear what was given before") {
  Office office;
  std::vector<Told> told;
  Worker worker([&](const Told& t) {
    told.push_back(t);
    return Answer{PORTICO_STEP_DONE, t.step == "a" ? R"({"ref":7})" : ""};
  });
  worker.define("test.two", "a:r b:r");
  const auto id = office.start(worker, "k1", R"({"what":"x"})", kAda);
  CHECK(office.state(id) == "ready");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(office.reaches(id, "done"));
  engine.stop();
  REQUIRE(told.size() == 2);
  CHECK(told[0].workflow == id);
  CHECK(told[0].user == kAda);
  CHECK(boost::json::parse(told[0].input) == boost::json::parse(R"({"what":"x"})"));
  CHECK(boost::json::parse(told[1].outputs) == boost::json::parse(R"({"a":{"ref":7}})"));
  CHECK(told[0].marker.size() == 32);
  CHECK(told[0].marker != told[1].marker);
  CHECK(office.events(id) == "started a.begun a.done b.begun b.done all_done");
  const auto shown = office.show(id);
  CHECK(shown.timeline[1].text.en == "Step a: begun");
  CHECK(shown.timeline[1].text.ja == "手順 a：開始しました");
  CHECK(shown.holder.kind == portico::HolderKind::nobody);
  CHECK(shown.finished_at.has_value());
  CHECK(shown.steps[0].tries == 1);
}

TEST_CASE("a start is part of its transaction, and of its key there is one") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.one", "a:r");
  {
    auto tx = office.begin();
    store::start(tx, {"worker", &worker.spec(), "k1", "", "{}"});
    tx.rollback();
  }
  CHECK(office.number("SELECT count(*) AS n FROM kernel.workflow") == 0);
  const auto id = office.start(worker, "k1", R"({"a":1,"b":2})");
  CHECK(office.start(worker, "k1", R"({"b":2,"a":1})") == id);
  CHECK(office.start(worker, "k2") != id);
  for (const auto& [input, user] :
       {std::pair(R"({"a":2})", ""), std::pair(R"({"a":1,"b":2})", kAda.c_str())}) {
    try {
      office.start(worker, "k1", input, user);
      FAIL("it was started twice");
    } catch (const Problem& problem) {
      CHECK(problem.status == 409);
      CHECK(problem.code == "workflows.key_reused");
    }
  }
}

TEST_CASE("of starts with one key at once exactly one begins") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.one", "a:r");
  std::vector<std::future<std::string>> starts;
  for (int i = 0; i < 8; ++i)
    starts.push_back(std::async(std::launch::async, [&] { return office.start(worker, "same"); }));
  std::set<std::string> ids;
  for (auto& start : starts) ids.insert(start.get());
  CHECK(ids.size() == 1);
  CHECK(office.number("SELECT count(*) AS n FROM kernel.workflow_step") == 1);
}

TEST_CASE("a workflow belongs to its user") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.one", "a:r");
  const auto mine = office.start(worker, "k1", "{}", kAda);
  const auto other = office.start(worker, "k2", "{}", kBob);
  office.start(worker, "k3");
  const auto all = [](const store::Offer&) { return true; };
  auto tx = office.pool.begin({kernel::database::Scope::user, kAda, {}, "portico_kernel"},
                              kernel::database::testing::soon());
  const auto list = list_workflows(tx, {}, all);
  REQUIRE(list.items.size() == 1);
  CHECK(list.items[0].id == mine);
  const auto shown = show_workflow(tx, mine, Eyes::own, all);
  CHECK(shown.timeline.size() == 1);
  CHECK_FALSE(shown.input.has_value());
  CHECK_FALSE(shown.user_id.has_value());
  for (const auto& id : {other, std::string("00000000-0000-4000-8000-0000000000ff"), std::string("x")}) {
    try {
      show_workflow(tx, id, Eyes::own, all);
      FAIL("it was shown");
    } catch (const Problem& problem) {
      CHECK(problem.status == 404);
      CHECK(problem.code == "workflows.not_found");
    }
  }
  for (const char* table : {"kernel.workflow_step", "kernel.workflow_timeline"})
    CHECK(tx.run(std::string("SELECT count(*) AS n FROM ") + table).get<std::int64_t>(0, "n") == 1);
  // Nor can one be started for somebody else.
  CHECK_THROWS_AS(store::start(tx, {"worker", &worker.spec(), "k9", kBob, "{}"}), Problem);
}

TEST_CASE("a user's own transaction starts, signals and cancels what is the user's, and nothing else") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.wait", "a:S b:r");
  const auto as_ada = [&](const std::function<void(kernel::database::Transaction&)>& what) {
    auto tx = office.pool.begin({kernel::database::Scope::user, kAda, {}, "portico_kernel"},
                                kernel::database::testing::soon());
    what(tx);
    tx.commit();
  };
  std::string id;
  as_ada([&](auto& tx) { id = store::start(tx, {"worker", &worker.spec(), "k1", kAda, "{}"}); });
  as_ada([&](auto& tx) {
    CHECK(store::start(tx, {"worker", &worker.spec(), "k1", kAda, "{}"}) == id);
    REQUIRE(store::lock(tx, id, "worker"));
    store::add_signal(tx, id, "go", "", "1");
  });
  CHECK(office.number("SELECT count(*) AS n FROM kernel.workflow WHERE due_at <= now()") == 1);
  as_ada([&](auto& tx) { cancel_workflow(tx, id, "worker"); });
  CHECK(office.state(id) == "undone");
  CHECK(office.events(id) == "started a.waits_for_signal cancel_wanted all_undone");
  const auto other = office.start(worker, "k2", "{}", kBob);
  as_ada([&](auto& tx) {
    CHECK_FALSE(store::lock(tx, other, "worker"));
    CHECK_FALSE(store::lock(tx, id, "another"));
    CHECK_THROWS_AS(cancel_workflow(tx, other, "worker"), Problem);
  });
}

TEST_CASE("lists are pages, newest first, by what they are narrowed to") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.one", "a:r");
  for (int i = 0; i < 5; ++i) office.start(worker, fmt::format("k{}", i), "{}", i % 2 ? kAda : kBob);
  auto tx = office.begin();
  const auto all = [](const store::Offer&) { return true; };
  WorkflowFilter filter;
  filter.limit = 2;
  std::vector<std::int64_t> numbers;
  for (int page = 0; page < 4; ++page) {
    const auto list = list_workflows(tx, filter, all);
    for (const auto& item : list.items) numbers.push_back(item.number);
    if (!list.before) break;
    filter.before = list.before;
  }
  CHECK(numbers.size() == 5);
  CHECK(std::is_sorted(numbers.rbegin(), numbers.rend()));
  const auto count = [&](WorkflowFilter by) { return list_workflows(tx, by, all).items.size(); };
  WorkflowFilter by;
  by.user_id = kAda;
  CHECK(count(by) == 2);
  by = {};
  by.state = portico::WorkflowState::done;
  CHECK(count(by) == 0);
  by = {};
  by.kind = "test.other";
  CHECK(count(by) == 0);
}

TEST_CASE("applied, and then the answer was lost: it is found and not done again") {
  Office office;
  Outside outside;
  Worker worker([&](const Told& t) {
    if (t.look)
      return Answer{outside.has(t) ? std::uint32_t{PORTICO_STEP_DONE} : std::uint32_t{PORTICO_STEP_NOT_FOUND},
                    R"("found")"};
    outside.apply(t);
    return t.step == "a" ? failing(504, "upstream.timeout") : Answer{};
  });
  worker.define("test.two", "a:rl b:r");
  const auto id = office.start(worker, "k1");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(office.reaches(id, "done"));
  engine.stop();
  CHECK(outside.log() == Words{"+a", "+b"});
  CHECK(office.events(id) == "started a.begun a.unknown a.found b.begun b.done all_done");
  CHECK(office.show(id).steps[0].output == boost::json::value("found"));
}

TEST_CASE("what a failure of run means") {
  struct Row {
    int status;
    const char* events;
  };
  for (const Row& row : {
           Row{429, "started a.begun a.tries_again a.begun a.done all_done"},
           Row{503, "started a.begun a.unknown a.not_found a.begun a.done all_done"},
           Row{408, "started a.begun a.unknown a.not_found a.begun a.done all_done"},
           Row{500, "started a.begun a.unknown a.not_found a.begun a.done all_done"},
           Row{422, "started a.begun a.refused all_undone"},
       }) {
    INFO(row.status);
    Office office;
    Worker worker([&](const Told& t) {
      if (t.look) return Answer{PORTICO_STEP_NOT_FOUND};
      return t.attempt == 1 ? failing(row.status, "test.failed") : Answer{};
    });
    worker.define("test.one", "a:rl");
    const auto id = office.start(worker, "k1");
    WorkflowEngine engine(office.pool, quick());
    engine.add(*worker.plugin);
    engine.start();
    REQUIRE(becomes([&] { return office.show(id).finished_at.has_value(); }));
    engine.stop();
    CHECK(office.events(id) == row.events);
  }
}

TEST_CASE("what nobody can look for asks a person, who skips, retries or gives up") {
  Office office;
  std::atomic<int> calls{0};
  Worker worker([&](const Told& t) {
    if (t.step != "b") return Answer{};
    return t.undo || ++calls > 1 ? Answer{} : failing(502, "upstream.bad_reply");
  });
  worker.define("test.three", "a:ru b:r c:r");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  const auto ask = [&](const char* key) {
    calls = 0;
    const auto id = office.start(worker, key);
    REQUIRE(office.reaches(id, "attention"));
    CHECK(calls == 1);
    const auto shown = office.show(id);
    CHECK(shown.code == std::optional<std::string>("upstream.bad_reply"));
    CHECK(shown.holder.kind == portico::HolderKind::staff);
    return id;
  };
  const auto skipped = ask("k1");
  office.act(skipped, StaffAction::skip, R"({"by":"hand"})");
  REQUIRE(office.reaches(skipped, "done"));
  CHECK(office.show(skipped).steps[1].output == boost::json::parse(R"({"by":"hand"})"));
  CHECK(office.number(
            "SELECT count(*) AS n FROM kernel.workflow_timeline WHERE event = 'skipped' AND actor IS NOT "
            "NULL") == 1);
  const auto retried = ask("k2");
  office.act(retried, StaffAction::retry);
  REQUIRE(office.reaches(retried, "done"));
  CHECK(calls == 2);
  const auto given_up = ask("k3");
  office.act(given_up, StaffAction::fail);
  REQUIRE(office.reaches(given_up, "undone"));
  for (const auto action : {StaffAction::retry, StaffAction::cancel}) {
    try {
      office.act(given_up, action);
      FAIL("it had ended");
    } catch (const Problem& problem) {
      CHECK(problem.code == "workflows.ended");
    }
  }
  engine.stop();
  const auto waiting = office.start(worker, "k4");
  try {
    office.act(waiting, StaffAction::retry);
    FAIL("it asked nobody");
  } catch (const Problem& problem) {
    CHECK(problem.code == "workflows.not_asking");
  }
  office.act(waiting, StaffAction::cancel);
  CHECK(office.state(waiting) == "undone");
}

TEST_CASE("what is done is undone backwards, and an undo that fails asks a person") {
  Office office;
  Outside outside;
  std::atomic<bool> broken{true};
  Worker worker([&](const Told& t) {
    if (t.undo && t.step == "b" && broken) return failing(422, "test.kept");
    if (t.step == "d") return failing(409, "test.refused");
    outside.apply(t);
    return Answer{};
  });
  worker.define("test.four", "a:ru b:ru c:ru d:r");
  const auto id = office.start(worker, "k1");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(office.reaches(id, "attention"));
  CHECK(outside.log() == Words{"+a", "+b", "+c", "-c"});
  CHECK(office.show(id).undoing);
  broken = false;
  office.act(id, StaffAction::retry);
  REQUIRE(office.reaches(id, "undone"));
  engine.stop();
  CHECK(outside.log() == Words{"+a", "+b", "+c", "-c", "-b", "-a"});
  CHECK(office.show(id).steps[3].state == portico::StepState::failed);
}

TEST_CASE("a signal counts whether it comes before or after the step waits for it") {
  Office office;
  std::mutex mutex;
  Words heard;
  std::promise<void> go_on;
  Worker worker([&](const Told& t) {
    if (t.step == "a" && boost::json::parse(t.input).as_object().contains("hold")) go_on.get_future().wait();
    const std::lock_guard lock(mutex);
    if (t.step == "b") heard.push_back(t.signal);
    return Answer{};
  });
  worker.define("test.signal", "a:r b:rS");
  worker.define("test.twice", "a:S b:S");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();

  const auto after = office.start(worker, "k1");
  REQUIRE(office.reaches(after, "waiting"));
  CHECK(office.show(after).holder.kind == portico::HolderKind::signal);
  office.signal(after, "other", "0");
  office.signal(after, "go", "1");
  REQUIRE(office.reaches(after, "done"));

  const auto before = office.start(worker, "k2", R"({"hold":true})");
  REQUIRE(office.reaches(before, "running"));
  office.signal(before, "go", "2");
  go_on.set_value();
  REQUIRE(office.reaches(before, "done"));
  CHECK(heard == Words{"1", "2"});

  // A repeat of one signal does not answer the second question.
  const auto twice = office.start(worker, "k3", "{}", "", 1);
  office.signal(twice, "go", R"("first")", "once");
  REQUIRE(becomes([&] { return office.show(twice).steps[0].state == portico::StepState::done; }));
  office.signal(twice, "go", R"("first")", "once");
  REQUIRE(office.reaches(twice, "waiting"));
  office.signal(twice, "go", R"("second")", "another");
  REQUIRE(office.reaches(twice, "done"));
  CHECK(office.show(twice).steps[1].output == boost::json::value("second"));
  try {
    office.signal(twice, "go", "3");
    FAIL("it had ended");
  } catch (const Problem& problem) {
    CHECK(problem.code == "workflows.ended");
  }
  engine.stop();
}

TEST_CASE("a wait that is over without an answer turns back, a pause goes on") {
  Office office;
  Worker worker([](const Told&) { return Answer{}; });
  worker.define("test.wait", "a:ru b:T");
  worker.define("test.pause", "a:P b:r");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  const auto wait = office.start(worker, "k1"), pause = office.start(worker, "k2", "{}", "", 1);
  REQUIRE((office.reaches(wait, "waiting") && office.reaches(pause, "waiting")));
  CHECK(office.show(wait).next_try.has_value());
  CHECK(office.show(pause).holder.kind == portico::HolderKind::time);
  office.run("UPDATE kernel.workflow SET due_at = now()");
  CHECK(office.reaches(wait, "undone"));
  CHECK(office.show(wait).code == std::optional<std::string>("workflows.nobody_answered"));
  CHECK(office.reaches(pause, "done"));
  engine.stop();
}

TEST_CASE("a cancel lets the call under way end and undoes what it did") {
  Office office;
  Outside outside;
  std::promise<void> go_on;
  std::atomic<bool> inside{false};
  Worker worker([&](const Told& t) {
    if (t.step == "b" && !t.undo) {
      inside = true;
      go_on.get_future().wait();
    }
    outside.apply(t);
    return Answer{};
  });
  worker.define("test.cancel", "a:ru b:ru c:r");
  const auto id = office.start(worker, "k1");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(becomes([&] { return inside.load(); }));
  CHECK(office.show(id).can_cancel);
  office.cancel(id);
  office.cancel(id);
  CHECK_FALSE(office.show(id).can_cancel);
  CHECK(office.state(id) == "running");
  go_on.set_value();
  REQUIRE(office.reaches(id, "undone"));
  engine.stop();
  CHECK(outside.log() == Words{"+a", "+b", "-b", "-a"});
  CHECK(office.show(id).code == std::optional<std::string>("workflows.cancelled"));
}

TEST_CASE("later means later and is no failed try; what cannot be stored is no answer") {
  Office office;
  std::atomic<int> calls{0};
  Worker worker([&](const Told& t) {
    if (t.step == "b") return Answer{PORTICO_STEP_DONE, t.look ? "" : "\"\\u0000\""};
    return ++calls < 6 ? Answer{PORTICO_STEP_LATER} : Answer{};
  });
  worker.define("test.poll", "a:r b:rl");
  const auto id = office.start(worker, "k1");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(becomes([&] {
    office.run("UPDATE kernel.workflow SET due_at = now() WHERE state = 'ready'");
    return office.state(id) == "done";
  }));
  engine.stop();
  CHECK(calls == 6);
  const auto shown = office.show(id);
  CHECK(shown.steps[0].tries == 1);
  CHECK(office.events(id).find("b.unknown b.found") != std::string::npos);
}
