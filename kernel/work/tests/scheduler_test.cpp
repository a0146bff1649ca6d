// The scheduler as rules: intervals, overrun, failures, one replica of many, stopping.
#include "kernel/work/scheduler.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <future>

#include "kernel/observe/metrics.hpp"
#include "kernel/work/tests/kernel_database.hpp"

using namespace kernel::work;
using namespace kernel::work::testing;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// A plugin with one task that calls a function of the test.
struct Worker {
  Worker(std::string name, std::chrono::milliseconds interval, std::function<portico_status()> run,
         bool one_replica = false)
      : body([run = std::move(run), this] {
          const auto status = run();
          ++runs;
          return status;
        }),
        plugin({}, {}) {
    kernel::loader::TaskSpec task;
    task.name = std::move(name);
    task.interval = interval;
    task.one_replica = one_replica;
    task.fn = [](void* user, portico_error*) { return static_cast<Worker*>(user)->body(); };
    task.user = this;
    plugin.registrations.tasks.push_back(std::move(task));
    plugin.open_lanes();
  }

  std::atomic<int> runs{0};  // that ended
  std::function<portico_status()> body;
  kernel::loader::Plugin plugin;
};

portico_status fine() {
  return PORTICO_OK;
}

double counted(const std::string& task, const char* outcome) {
  return kernel::observe::counter("portico_task_runs_total", "Runs of interval tasks",
                                  {{"task", task}, {"outcome", outcome}})
      .value();
}

/// Never asked by tasks that run on every replica.
kernel::database::Pool nowhere() {
  kernel::database::PoolSettings settings;
  settings.url = kernel::database::parse_database_url("postgresql://nobody@127.0.0.1:1/none");
  return kernel::database::Pool(settings);
}

}  // namespace

TEST_CASE("a task runs again an interval after it ended, and not sooner") {
  auto database = nowhere();
  constexpr auto interval = 30ms;
  Clock::time_point ended{};
  std::atomic<int> early{0};
  Worker worker("test.interval", interval, [&] {
    if (ended != Clock::time_point{} && Clock::now() - ended < interval * 9 / 10) ++early;
    ended = Clock::now();
    return fine();
  });
  Scheduler scheduler(database);
  scheduler.add(worker.plugin);
  scheduler.start();
  CHECK(becomes([&] { return worker.runs >= 10; }));
  scheduler.stop();
  worker.plugin.stop();
  CHECK(early == 0);
}

TEST_CASE("a task that takes longer than its interval is not started a second time") {
  auto database = nowhere();
  std::promise<void> go_on;
  std::atomic<int> started{0};
  Worker slow("test.slow", 10ms, [&] {
    if (++started == 1) go_on.get_future().wait();
    return fine();
  });
  Worker other("test.other", 10ms, fine);
  Scheduler scheduler(database);
  scheduler.add(slow.plugin);
  scheduler.add(other.plugin);
  scheduler.start();
  REQUIRE(becomes([&] { return started == 1; }));
  const int before = other.runs;
  CHECK(becomes([&] { return other.runs >= before + 10; }));  // at least that many intervals
  CHECK(started == 1);
  CHECK(slow.plugin.lane("tasks")->waiting() == 0);  // nor does a second run wait for it
  go_on.set_value();
  CHECK(becomes([&] { return slow.runs >= 2; }));
  scheduler.stop();
  slow.plugin.stop();
  other.plugin.stop();
}

TEST_CASE("a task that fails is counted and tried again") {
  auto database = nowhere();
  const double before = counted("test.failing", "failed");
  Worker worker("test.failing", 10ms, [] { return portico_status{PORTICO_OK + 1}; });
  Scheduler scheduler(database);
  scheduler.add(worker.plugin);
  scheduler.start();
  CHECK(becomes([&] { return worker.runs >= 3; }));
  scheduler.stop();
  worker.plugin.stop();
  CHECK(counted("test.failing", "failed") - before == worker.runs);
  CHECK(counted("test.failing", "ok") == 0);
}

TEST_CASE(
    "a task of one replica runs on the one that holds the lease, and another takes over when it ended") {
  KernelDatabase kernel;
  kernel.run(
      "INSERT INTO kernel.leader(name, epoch, owner, lease_until) "
      "VALUES ('task:test.lease', 7, 'other replica', now() + interval '1 hour')");
  const double before = counted("test.lease", "skipped");
  Worker worker("test.lease", 20ms, fine, true);
  Scheduler scheduler(kernel.pool);
  scheduler.add(worker.plugin);
  scheduler.start();
  REQUIRE(becomes([&] { return counted("test.lease", "skipped") >= before + 3; }));
  CHECK(worker.runs == 0);
  kernel.run("UPDATE kernel.leader SET lease_until = now() - interval '1 s'");
  REQUIRE(becomes([&] { return worker.runs >= 3; }));
  scheduler.stop();
  worker.plugin.stop();
  const auto row =
      kernel.run("SELECT epoch, owner, lease_until > now() - interval '1 minute' AS held FROM kernel.leader");
  CHECK(row.get<std::int64_t>(0, "epoch") == 8);  // raised by the take-over, not by renewals
  CHECK(row.get<std::string>(0, "owner") != "other replica");
  CHECK(row.get<bool>(0, "held"));
}

TEST_CASE("a task of one replica does not run while nobody can say whose turn it is") {
  auto database = nowhere();
  const double before = counted("test.no_lease", "skipped");
  Worker leader("test.no_lease", 10ms, fine, true);
  Worker everywhere("test.everywhere", 10ms, fine);
  Scheduler scheduler(database);
  scheduler.add(leader.plugin);
  scheduler.add(everywhere.plugin);
  scheduler.start();
  CHECK(becomes([&] { return counted("test.no_lease", "skipped") >= before + 2 && everywhere.runs >= 2; }));
  scheduler.stop();
  leader.plugin.stop();
  everywhere.plugin.stop();
  CHECK(leader.runs == 0);
}

TEST_CASE("after stop no task begins, and one that is running ends in its own time") {
  auto database = nowhere();
  std::promise<void> go_on;
  std::atomic<int> started{0};
  Worker slow("test.stopped", 10ms, [&] {
    ++started;
    go_on.get_future().wait();
    return fine();
  });
  Scheduler scheduler(database);
  scheduler.add(slow.plugin);
  scheduler.start();
  REQUIRE(becomes([&] { return started == 1; }));
  scheduler.stop();  // does not wait for it
  scheduler.stop();
  CHECK(slow.runs == 0);
  go_on.set_value();
  slow.plugin.stop();  // does
  CHECK(slow.runs == 1);
  CHECK(started == 1);
}

TEST_CASE("a scheduler that never started stops") {
  auto database = nowhere();
  Scheduler scheduler(database);
  scheduler.stop();
}
