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
  return kernel::observe::counter("portico_task_runs_total", "Runs of tasks by outcome",
                                  {{"task", task}, {"outcome", outcome}})
      .value();
}

const TimeZone kZone("Asia/Tokyo");

}  // namespace

TEST_CASE("a task runs again an interval after it ended, and not sooner") {
  constexpr auto interval = 30ms;
  Clock::time_point ended{};
  std::atomic<int> early{0};
  Worker worker("test.interval", interval, [&] {
    if (ended != Clock::time_point{} && Clock::now() - ended < interval * 9 / 10) ++early;
    ended = Clock::now();
    return fine();
  });
  Scheduler scheduler(kZone);
  scheduler.add(worker.plugin);
  scheduler.start();
  CHECK(becomes([&] { return worker.runs >= 10; }));
  scheduler.stop();
  worker.plugin.stop();
  CHECK(early == 0);
}

TEST_CASE("a task that takes longer than its interval is not started a second time") {
  std::promise<void> go_on;
  std::atomic<int> started{0};
  Worker slow("test.slow", 10ms, [&] {
    if (++started == 1) go_on.get_future().wait();
    return fine();
  });
  Worker other("test.other", 10ms, fine);
  Scheduler scheduler(kZone);
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
  const double before = counted("test.failing", "failed");
  Worker worker("test.failing", 10ms, [] { return portico_status{PORTICO_OK + 1}; });
  Scheduler scheduler(kZone);
  scheduler.add(worker.plugin);
  scheduler.start();
  CHECK(becomes([&] { return worker.runs >= 3; }));
  scheduler.stop();
  worker.plugin.stop();
  CHECK(counted("test.failing", "failed") - before == worker.runs);
  CHECK(counted("test.failing", "ok") == 0);
}

TEST_CASE("a task of one replica is none of its business") {
  Worker leader("test.one", 10ms, fine, true);
  Worker everywhere("test.everywhere", 10ms, fine);
  Scheduler scheduler(kZone);
  scheduler.add(leader.plugin);
  scheduler.add(everywhere.plugin);
  scheduler.start();
  CHECK(becomes([&] { return everywhere.runs >= 3; }));
  scheduler.stop();
  leader.plugin.stop();
  everywhere.plugin.stop();
  CHECK(leader.runs == 0);
}

TEST_CASE("a plugin that was removed while the scheduler runs is called no more, one that was added is") {
  Worker first("test.first", 10ms, fine);
  Worker second("test.second", 10ms, fine);
  Scheduler scheduler(kZone);
  scheduler.start();
  scheduler.add(first.plugin);
  REQUIRE(becomes([&] { return first.runs >= 2; }));
  scheduler.add(second.plugin);
  scheduler.remove(first.plugin);
  first.plugin.stop();  // ends what was running
  const int ended = first.runs;
  CHECK(becomes([&] { return second.runs >= 5; }));
  CHECK(first.runs == ended);
  scheduler.stop();
  second.plugin.stop();
}

TEST_CASE("a cron task runs when its minute comes") {
  Worker worker("test.cron", 0ms, fine);
  worker.plugin.registrations.tasks[0].cron = "* * * * *";
  Scheduler scheduler(kZone);
  scheduler.add(worker.plugin);
  scheduler.start();
  CHECK(becomes([&] { return worker.runs == 1; }, std::chrono::minutes(3)));
  scheduler.stop();
  worker.plugin.stop();
}

TEST_CASE("after stop no task begins, and one that is running ends in its own time") {
  std::promise<void> go_on;
  std::atomic<int> started{0};
  Worker slow("test.stopped", 10ms, [&] {
    ++started;
    go_on.get_future().wait();
    return fine();
  });
  Scheduler scheduler(kZone);
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
  Scheduler scheduler(kZone);
  scheduler.stop();
}
