// Workflows on a real PostgreSQL: the ways through, who may hold what, signals, cancels, people, plugins that
// go.
#include <atomic>
#include <future>
#include <set>

#include "kernel/observe/metrics.hpp"
#include "kernel/work/tests/workflow_world.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using portico::Problem;
using Words = std::vector<std::string>;

namespace {

double counted(const char* name) {
  return kernel::observe::counter(name, "").value();
}

Answer failing(int status, const char* code) {
  throw Problem(status, code, "as the test says");
}

}  // namespace

TEST_CASE("two engines run each step once") {
  Office office;
  Outside outside;
  Worker one([&](const Told& t) { return outside.apply(t), Answer{}; });
  Worker two([&](const Told& t) { return outside.apply(t), Answer{}; });
  for (auto* worker : {&one, &two}) worker->define("test.three", "a:rl b:rl c:rl");
  Words ids;
  for (int i = 0; i < 40; ++i) ids.push_back(office.start(one, fmt::format("k{}", i)));
  auto settings = quick();
  settings.lease = std::chrono::seconds(30);  // nobody dies here
  WorkflowEngine left(office.pool, settings), right(office.pool, settings);
  left.add(*one.plugin), right.add(*two.plugin);
  left.start(), right.start();
  for (const auto& id : ids) REQUIRE(office.reaches(id, "done"));
  left.stop(), right.stop();
  CHECK(outside.log().size() == 120);
}

TEST_CASE("a result of an older claim is dropped") {
  Office office;
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  Worker worker([&](const Told&) {
    if (++calls == 1) go_on.get_future().wait();
    return Answer{PORTICO_STEP_DONE, R"("mine")"};
  });
  worker.define("test.one", "a:rl");
  const auto id = office.start(worker, "k1");
  const double before = counted("portico_workflow_stale_total");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(becomes([&] { return calls == 1; }));
  office.run(
      "UPDATE kernel.workflow SET lease_epoch = lease_epoch + 1, lease_owner = 'other', due_at = now() + "
      "interval '1 hour'");
  go_on.set_value();
  REQUIRE(becomes([&] { return counted("portico_workflow_stale_total") >= before + 1; }));
  engine.stop();
  const auto row = office.run("SELECT state, act, lease_owner FROM kernel.workflow");
  CHECK(row.get<std::string>(0, "state") == "running");
  CHECK(row.get<std::string>(0, "act") == "attempting");
  CHECK(row.get<std::string>(0, "lease_owner") == "other");
  CHECK(office.number("SELECT count(*) AS n FROM kernel.workflow_step WHERE output IS NOT NULL") == 0);
}

TEST_CASE("who takes over from the dead looks before acting, and not before the lease is over") {
  Office office;
  std::atomic<int> looks{0}, runs{0};
  std::atomic<bool> there{true};
  Worker worker([&](const Told& t) {
    ++(t.look ? looks : runs);
    return Answer{t.look && !there ? std::uint32_t{PORTICO_STEP_NOT_FOUND}
                                   : std::uint32_t{PORTICO_STEP_DONE}};
  });
  worker.define("test.one", "a:rl");
  const auto die = [&](const std::string& id) {
    auto tx = office.begin();
    tx.run(
        "UPDATE kernel.workflow SET state = 'running', act = 'attempting', tries = 1, lease_epoch = 1, lease_owner "
        "= 'dead', due_at = now() + interval '1 hour' WHERE id = $1::uuid",
        {kernel::database::Value(id)});
    tx.commit();
  };
  const auto first = office.start(worker, "k1");
  die(first);
  const auto live = office.start(worker, "k2");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(office.reaches(live, "done"));
  CHECK(office.state(first) == "running");
  CHECK(runs == 1);
  office.run("UPDATE kernel.workflow SET due_at = now() WHERE state = 'running'");
  REQUIRE(office.reaches(first, "done"));
  CHECK(looks == 1);
  CHECK(runs == 1);
  there = false;
  engine.stop();
  const auto second = office.start(worker, "k3");
  die(second);
  office.run("UPDATE kernel.workflow SET due_at = now() WHERE state = 'running'");
  WorkflowEngine next(office.pool, quick());
  next.add(*worker.plugin);
  next.start();
  REQUIRE(office.reaches(second, "done"));
  CHECK(office.events(second) == "started a.interrupted a.not_found a.begun a.done all_done");
  next.stop();
}

TEST_CASE("a call that takes longer than the lease keeps it") {
  Office office;
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  Worker worker([&](const Told&) {
    if (++calls == 1) go_on.get_future().wait();
    return Answer{};
  });
  worker.define("test.one", "a:rl");
  const auto id = office.start(worker, "k1");
  auto settings = quick();
  settings.lease = std::chrono::seconds(2);
  WorkflowEngine engine(office.pool, settings), other(office.pool, settings);
  engine.add(*worker.plugin), other.add(*worker.plugin);
  engine.start();
  REQUIRE(becomes([&] { return calls == 1; }));
  other.start();
  const auto due = "SELECT extract(epoch FROM due_at)::float8 AS due FROM kernel.workflow";
  const auto first = office.run(due).get<double>(0, "due");
  REQUIRE(becomes([&] { return office.run(due).get<double>(0, "due") > first + 3; }));
  CHECK(calls == 1);
  go_on.set_value();
  REQUIRE(office.reaches(id, "done"));
  CHECK(calls == 1);
  engine.stop(), other.stop();
}

TEST_CASE("an instance whose code is not here waits, and says so") {
  Office office;
  Worker old_version([](const Told&) { return Answer{PORTICO_STEP_DONE, R"("old")"}; });
  old_version.define("test.kind", "a:r");
  const auto id = office.start(old_version, "k1");
  Worker new_version([](const Told&) { return Answer{PORTICO_STEP_DONE, R"("new")"}; });
  new_version.define("test.kind", "a:r b:r", 2);
  const auto fresh = office.start(new_version, "k2");
  WorkflowEngine engine(office.pool, quick());
  const Offers offers = [&](const store::Offer& offer) { return engine.offers(offer); };
  engine.add(*new_version.plugin);
  engine.start();
  REQUIRE(office.reaches(fresh, "done"));
  CHECK(office.show(id, offers).holder.kind == portico::HolderKind::code);
  CHECK(office.state(id) == "ready");
  // The same revision with other steps is other code.
  Worker other_shape([](const Told&) { return Answer{}; });
  other_shape.define("test.kind", "b:r");
  engine.add(*other_shape.plugin);
  const auto again = office.start(new_version, "k3");
  REQUIRE(office.reaches(again, "done"));
  CHECK(office.state(id) == "ready");
  engine.add(*old_version.plugin);
  REQUIRE(office.reaches(id, "done"));
  CHECK(office.show(id).steps[0].output == boost::json::value("old"));
  engine.stop();
}

TEST_CASE("of two versions side by side the newer runs, and after a remove nothing begins") {
  Office office;
  std::atomic<int> old_calls{0}, new_calls{0};
  Worker old_version([&](const Told&) { return ++old_calls, Answer{}; });
  Worker new_version([&](const Told&) { return ++new_calls, Answer{}; });
  for (auto* worker : {&old_version, &new_version}) worker->define("test.kind", "a:r");
  WorkflowEngine engine(office.pool, quick());
  engine.add(*old_version.plugin);
  engine.start();
  REQUIRE(office.reaches(office.start(old_version, "k1"), "done"));
  CHECK(old_calls == 1);
  engine.add(*new_version.plugin);
  engine.remove(*old_version.plugin);
  REQUIRE(office.reaches(office.start(new_version, "k2"), "done"));
  CHECK((old_calls == 1 && new_calls == 1));
  engine.remove(*new_version.plugin);
  const auto left = office.start(new_version, "k3");
  engine.add(*old_version.plugin);
  REQUIRE(office.reaches(left, "done"));
  CHECK((old_calls == 2 && new_calls == 1));
  engine.stop();
}

TEST_CASE("what is claimed and not begun goes back when the plugin or the host goes") {
  const bool plugin_goes = GENERATE(false, true);
  Office office;
  std::promise<void> go_on;
  std::atomic<int> calls{0};
  Worker worker(
      [&](const Told&) {
        if (++calls == 1) go_on.get_future().wait();
        return Answer{};
      },
      1);
  worker.define("test.one", "a:r");
  const auto first = office.start(worker, "k1");
  auto settings = quick();
  settings.lease = std::chrono::seconds(60);
  WorkflowEngine engine(office.pool, settings), other(office.pool, settings);
  engine.add(*worker.plugin), other.add(*worker.plugin);
  engine.start();
  REQUIRE(becomes([&] { return calls == 1; }));
  other.start();  // its claim waits in the lane, whose one worker is busy
  const auto second = office.start(worker, "k2");
  REQUIRE(office.reaches(second, "running"));
  plugin_goes ? other.remove(*worker.plugin) : other.stop();
  go_on.set_value();
  REQUIRE(office.reaches(first, "done"));
  REQUIRE(office.reaches(second, "done"));  // given back at once, not after a minute
  CHECK(office.events(second) == "started a.begun a.given_back a.begun a.done all_done");
  engine.stop();
}

TEST_CASE("a result outlives a database that is away") {
  Office office;
  // By the server's own database, for this one takes nobody in while it is away.
  const auto server = [&](const std::string& sql) {
    const auto url = kernel::database::parse_database_url(std::getenv("PORTICO_TEST_DATABASE_URL"));
    kernel::database::Link::open(url, "portico test", 16, kernel::database::testing::soon())
        ->script(sql, kernel::database::testing::soon());
  };
  const auto name = office.database.url().database;
  std::atomic<int> calls{0}, waited{0};
  Worker worker([&](const Told&) {
    ++calls;
    server("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
    server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'");
    return Answer{};
  });
  worker.define("test.one", "a:r");
  const auto id = office.start(worker, "k1");
  auto settings = quick();
  settings.lease = std::chrono::seconds(60);
  settings.boundary = [&](const char* at) {
    if (std::string_view(at) == "a result could not be stored") ++waited;
  };
  WorkflowEngine engine(office.pool, settings);
  engine.add(*worker.plugin);
  engine.start();
  CHECK(becomes([&] { return waited >= 2; }));
  server("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true");
  REQUIRE(becomes([&] {
    try {
      return office.state(id) == "done";
    } catch (const Problem&) {
      return false;
    }
  }));
  engine.stop();
  CHECK(calls == 1);
}

TEST_CASE("figures tell how many there are and how long the oldest has not moved") {
  Office office;
  Worker worker([](const Told&) { return failing(500, "test.broken"); });
  worker.define("test.kind", "a:r");
  const auto id = office.start(worker, "k1");
  Worker absent([](const Told&) { return Answer{}; });
  absent.define("test.absent", "a:r");
  office.start(absent, "k2");
  office.run("UPDATE kernel.workflow SET updated_at = now() - interval '1 hour' WHERE kind = 'test.absent'");
  auto settings = quick();
  settings.figures = std::chrono::milliseconds(20);
  WorkflowEngine engine(office.pool, settings);
  engine.add(*worker.plugin);
  engine.start();
  REQUIRE(office.reaches(id, "attention"));
  const auto gauge = [](const char* name, const char* state) {
    return kernel::observe::gauge(name, "", {{"state", state}}).value();
  };
  CHECK(becomes([&] { return gauge("portico_workflow_instances", "attention") == 1; }));
  CHECK(becomes([&] { return gauge("portico_workflow_instances", "code") == 1; }));
  CHECK(gauge("portico_workflow_oldest_seconds", "code") >= 3600);
  engine.stop();
}
