// Workflows that die: a process killed at every durable boundary, and a thousand instances among random
// faults.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "kernel/work/tests/workflow_world.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using kernel::database::Value;

namespace {

const char* const kDatabase = "PORTICO_TEST_WORKFLOW_DATABASE";
const char* const kDieAt = "PORTICO_TEST_WORKFLOW_DIE_AT";  // "boundary#n"

/// A system outside that outlives processes: one row for each effect, with nothing that keeps it unique.
const char* const kOutside =
    "CREATE SCHEMA outside; GRANT USAGE ON SCHEMA outside TO portico_kernel; "
    "CREATE TABLE outside.effect(marker text NOT NULL, what text NOT NULL, undo boolean NOT NULL); "
    "GRANT SELECT, INSERT ON outside.effect TO portico_kernel";

bool outside_has(kernel::database::Pool& pool, const Told& told) {
  auto tx = pool.begin({kernel::database::Scope::system, {}, "outside", "portico_kernel"},
                       kernel::database::testing::soon());
  return tx.run("SELECT 1 AS one FROM outside.effect WHERE marker = $1 AND undo = $2",
                {Value(told.marker), Value(told.undo)})
             .rows() > 0;
}

void outside_apply(kernel::database::Pool& pool, const Told& told) {
  auto tx = pool.begin({kernel::database::Scope::system, {}, "outside", "portico_kernel"},
                       kernel::database::testing::soon());
  tx.run("INSERT INTO outside.effect(marker, what, undo) VALUES ($1, $2, $3)",
         {Value(told.marker), Value(told.step), Value(told.undo)});
  tx.commit();
}

/// Ends this process the hard way when the wanted boundary is passed for the n-th time.
class Executioner {
 public:
  Executioner() {
    const char* at = std::getenv(kDieAt);
    if (!at) return;
    const std::string text = at;
    where_ = text.substr(0, text.find('#'));
    left_ = std::stoi(text.substr(text.find('#') + 1));
  }
  void pass(const std::string& boundary) {
    if (boundary == where_ && --left_ == 0) raise(SIGKILL);
  }

 private:
  std::string where_;
  std::atomic<int> left_{0};
};

StepBody kill_body(kernel::database::Pool& pool, Executioner& executioner) {
  return [&](const Told& t) {
    if (t.look)
      return Answer{outside_has(pool, t) ? std::uint32_t{PORTICO_STEP_DONE}
                                         : std::uint32_t{PORTICO_STEP_NOT_FOUND}};
    if (t.step == "c" && !t.undo && t.input.find("refuse") != std::string::npos)
      return Answer{PORTICO_STEP_FAILED};
    executioner.pass("before the effect");
    outside_apply(pool, t);
    executioner.pass("after the effect");
    return Answer{};
  };
}

void define_kill(Worker& worker) {
  worker.define("test.kill", "a:rluv b:rluv c:rl", 1, 12);
}

/// This test's own program, as a process that runs an engine until it is killed or nothing is left to do.
int run_child(const Office& office, const std::string& die_at) {
  const std::string database = kDatabase + std::string("=") + office.database.url().database;
  const std::string at = kDieAt + std::string("=") + die_at;
  std::vector<std::string> own;
  for (char** e = environ; *e; ++e) own.emplace_back(*e);
  own.push_back(database), own.push_back(at);
  std::vector<char*> environment;
  for (auto& e : own) environment.push_back(e.data());
  environment.push_back(nullptr);
  std::string program = "/proc/self/exe", test = "[.engine-process]";
  char* arguments[] = {program.data(), test.data(), nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment.data()) == 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("an engine in a process of its own", "[.engine-process]") {
  const char* name = std::getenv(kDatabase);
  REQUIRE(name);
  kernel::database::PoolSettings settings;
  settings.url = kernel::database::parse_database_url(std::getenv("PORTICO_TEST_DATABASE_URL"));
  settings.url.database = name;
  settings.acquire_wait = settings.connect_timeout = settings.begin_timeout = settings.statement_limit =
      std::chrono::seconds(20);
  kernel::database::Pool pool(settings);
  Executioner executioner;
  Worker worker(kill_body(pool, executioner));
  define_kill(worker);
  auto quickly = quick();
  quickly.boundary = [&](const char* at) { executioner.pass(at); };
  WorkflowEngine engine(pool, quickly);
  engine.add(*worker.plugin);
  engine.start();
  const auto ended = [&] {
    auto tx = pool.begin({kernel::database::Scope::system, {}, "test", "portico_kernel"},
                         kernel::database::testing::soon());
    return tx.run("SELECT 1 AS one FROM kernel.workflow WHERE finished_at IS NULL").empty();
  };
  CHECK(becomes(ended));
  engine.stop();
}

TEST_CASE("killed at any durable boundary, the rest is done by the next, and every effect is there once") {
  Office office;
  office.database.script(kOutside);
  Executioner nobody;
  Worker worker(kill_body(office.pool, nobody));
  define_kill(worker);
  int killed = 0, tried = 0;
  const auto kill_one = [&](const std::string& boundary, int n, const char* input, const char* end) {
    INFO(boundary << " #" << n << " " << end);
    const auto id = office.start(worker, fmt::format("k{}", ++tried), input);
    const int status = run_child(office, fmt::format("{}#{}", boundary, n));
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
    ++killed;
    WorkflowEngine next(office.pool, quick());
    next.add(*worker.plugin);
    next.start();
    CHECK(office.reaches(id, end));
    next.stop();
    const bool undone = std::string(end) == "undone";
    auto tx = office.begin();
    const auto effects = tx.run(
        "SELECT s.position, (SELECT count(*) FROM outside.effect e WHERE e.marker = s.marker AND NOT e.undo) AS "
        "done, (SELECT count(*) FROM outside.effect e WHERE e.marker = s.marker AND e.undo) AS undone FROM "
        "kernel.workflow_step s WHERE workflow = $1::uuid ORDER BY position",
        {Value(id)});
    REQUIRE(effects.rows() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(effects.get<std::int64_t>(i, "done") == (undone && i == 2 ? 0 : 1));
      CHECK(effects.get<std::int64_t>(i, "undone") == (undone && i < 2 ? 1 : 0));
    }
  };
  for (const char* boundary :
       {"before the claim commits", "after the claim committed", "before the effect", "after the effect",
        "after the call", "before the result commits", "after the result committed"})
    for (const int n : {1, 2, 3}) kill_one(boundary, n, "{}", "done");
  // On the way back: the fourth and fifth effects are undos.
  for (const char* boundary : {"before the effect", "after the effect"})
    for (const int n : {3, 4}) kill_one(boundary, n, R"({"refuse":true})", "undone");
  CHECK(killed == 25);
}

TEST_CASE("a thousand instances among random faults end as they should, each effect once") {
  constexpr int kInstances = 1000;
  Office office;
  Outside outside;
  std::mutex mutex;
  std::minstd_rand random(4711);
  const auto chance = [&](unsigned percent) {
    const std::lock_guard lock(mutex);
    return random() % 100 < percent;
  };
  const StepBody body = [&](const Told& t) -> Answer {
    if (t.look) {
      if (chance(10)) throw std::runtime_error("the look fails");
      if (chance(10)) return {PORTICO_STEP_UNKNOWN};
      return {outside.has(t) ? std::uint32_t{PORTICO_STEP_DONE} : std::uint32_t{PORTICO_STEP_NOT_FOUND}};
    }
    if (chance(8)) return {PORTICO_STEP_AGAIN, "", "test.again"};
    if (!t.undo && chance(3)) return {PORTICO_STEP_FAILED, "", "test.failed"};
    if (chance(6)) throw portico::Problem(504, "test.before", "nothing was sent, but who knows");
    outside.apply(t);
    if (chance(10)) throw portico::Problem(504, "test.after", "the answer was lost");
    if (chance(2)) throw 7;
    return {};
  };
  Worker left(body), right(body);
  for (auto* worker : {&left, &right}) {
    worker->define("test.a", "a:rluv b:rluv c:rl", 1, 40);
    worker->define("test.b", "a:rluv b:rlS c:rlN d:rl", 1, 40);
    worker->define("test.c", "a:rluv b:rluv c:T", 1, 40);
  }
  // Long enough that a machine with other tenants does not take a slow call for a dead one.
  auto settings = quick();
  settings.lease = std::chrono::seconds(8);
  settings.renew = std::chrono::milliseconds(500);
  settings.grace = std::chrono::seconds(1);
  settings.boundary = [&](const char*) {
    const std::lock_guard lock(mutex);
    if (random() % 200 == 0) throw std::runtime_error("dies here");
  };
  std::vector<std::string> ids;
  for (int i = 0; i < kInstances; ++i)
    ids.push_back(office.start(left, fmt::format("k{}", i), "{}", {}, static_cast<std::size_t>(i % 3)));
  WorkflowEngine one(office.pool, settings), two(office.pool, settings);
  one.add(*left.plugin), two.add(*right.plugin);
  one.start(), two.start();
  int given_up = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(240);
  for (std::size_t next = 0;; ++next) {
    const auto& id = ids[next % ids.size()];
    const auto row = office.run(
        fmt::format("SELECT state, act, kind, direction FROM kernel.workflow WHERE id = '{}'", id));
    const auto state = row.get<std::string>(0, "state");
    try {
      if (state == "waiting") office.signal(id, "go", "1", "once");
      if (chance(1)) office.cancel(id);
      if (state == "attention")
        office.act(id, chance(30) && ++given_up ? StaffAction::fail : StaffAction::retry);
    } catch (const portico::Problem& problem) {
      REQUIRE(problem.status == 409);  // it has moved meanwhile
    }
    if (next % ids.size() == 0 &&
        office.number("SELECT count(*) AS n FROM kernel.workflow WHERE finished_at IS NULL") == 0)
      break;
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
  one.stop(), two.stop();
  left.plugin->stop(), right.plugin->stop();

  auto tx = office.begin();
  const auto rows = tx.run(
      "SELECT w.state AS ended, s.state, s.undo, s.marker, w.plan->'steps'->(s.position::int) ? 'undo' AS can_undo, "
      "w.plan->'steps'->(s.position::int) ? 'action' AS acts FROM kernel.workflow w JOIN kernel.workflow_step s ON "
      "s.workflow = w.id");
  std::map<std::string, int> ends;
  int wrong = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto ended = rows.get<std::string>(i, "ended"), state = rows.get<std::string>(i, "state");
    const auto& undo = rows.at(i, "undo");
    const bool done = state == "done",
               undone = !kernel::database::is_null(undo) && std::get<std::string>(undo) == "done";
    const auto& marker = rows.get<std::string>(i, "marker");
    ++ends[ended];
    if (rows.get<bool>(i, "acts")) {
      // What a person gave up may have happened or not: that is what giving up means here.
      const int effects = outside.count(marker, false), undos = outside.count(marker, true);
      wrong += effects > 1 || undos > 1;
      wrong += done && effects != 1;
      wrong += undone && undos != 1;
      wrong += state == "planned" && effects != 0;
      wrong += state == "failed" && effects != 0 && given_up == 0;
    }
    if (ended == "done") wrong += !done;
    if (ended == "undone" && done && rows.get<bool>(i, "can_undo")) wrong += !undone;
  }
  CHECK(wrong == 0);
  CHECK(ends["done"] > 0);
  CHECK(ends["undone"] > 0);
  CHECK(static_cast<int>(ends["done"] + ends["undone"] + ends["failed"]) == static_cast<int>(rows.rows()));
  WARN("ended done " << office.number("SELECT count(*) AS n FROM kernel.workflow WHERE state = 'done'")
                     << ", undone "
                     << office.number("SELECT count(*) AS n FROM kernel.workflow WHERE state = 'undone'")
                     << ", failed "
                     << office.number("SELECT count(*) AS n FROM kernel.workflow WHERE state = 'failed'")
                     << "; epochs "
                     << office.number("SELECT sum(lease_epoch)::bigint AS n FROM kernel.workflow"));
}
