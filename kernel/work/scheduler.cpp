// One thread that looks which task is due, and leases in kernel.leader for tasks of one replica.
#include "kernel/work/scheduler.hpp"

#include <portico/call.hpp>
#include <random>

#include "kernel/loader/call_scope.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"

namespace kernel::work {

using Clock = std::chrono::steady_clock;
using database::Value;

struct Scheduler::Task {
  loader::Plugin* plugin;
  loader::TaskSpec spec;
  Clock::time_point next;
  bool running = false;  // under the scheduler's mutex
};

namespace {

Clock::duration jittered(std::chrono::milliseconds interval, double from, double to) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::duration_cast<Clock::duration>(
      interval * std::uniform_real_distribution<double>(from, to)(random));
}

}  // namespace

Scheduler::Scheduler(database::Pool& database) : database_(database), owner_(observe::new_correlation_id()) {}

Scheduler::~Scheduler() {
  stop();
}

void Scheduler::add(loader::Plugin& plugin) {
  const std::lock_guard lock(mutex_);
  for (const auto& spec : plugin.registrations.tasks)
    tasks_.push_back(
        std::make_shared<Task>(Task{&plugin, spec, Clock::now() + jittered(spec.interval, 0.1, 1.0)}));
}

void Scheduler::start() {
  thread_ = std::thread([this] { run(); });
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scheduler::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto next = Clock::now() + std::chrono::hours(1);
    for (const auto& task : tasks_) {
      if (task->running) continue;
      if (task->next <= Clock::now()) {
        task->running = true;
        lock.unlock();
        fire(task);
        lock.lock();
      } else {
        next = std::min(next, task->next);
      }
    }
    wake_.wait_until(lock, next, [&] { return stopping_ || finished_; });
    finished_ = false;
  }
}

void Scheduler::fire(const std::shared_ptr<Task>& task) {
  const auto finished = [this, task] {
    {
      const std::lock_guard lock(mutex_);
      task->running = false;
      finished_ = true;
      task->next = Clock::now() + jittered(task->spec.interval, 0.9, 1.1);
    }
    wake_.notify_all();
  };
  const auto work = [this, task, finished] {
    const auto id = observe::new_correlation_id();
    const observe::CorrelationScope correlation(id);
    const char* outcome = "skipped";
    if (!task->spec.one_replica || may_lead(*task)) {
      const loader::CallScope scope({task->plugin, Clock::now() + std::chrono::minutes(1), id, {}, {}});
      auto error = portico::call::empty_error();
      const auto status = task->spec.fn(task->spec.user, &error);
      outcome = status == PORTICO_OK ? "ok" : "failed";
      if (status != PORTICO_OK)
        observe::log(observe::Level::warning, "plugin." + task->plugin->id(), "task failed",
                     {{"task", task->spec.name}, {"code", error.code}, {"detail", error.detail}});
    }
    observe::counter("portico_task_runs_total", "Runs of interval tasks",
                     {{"task", task->spec.name}, {"outcome", outcome}})
        .add();
    finished();
  };
  auto* lane = task->plugin->lane("tasks");
  if (!lane || !lane->post({work, finished})) finished();
}

bool Scheduler::may_lead(const Task& task) {
  try {
    auto t = database_.begin({database::Scope::system, {}, "task lease", "portico_kernel"},
                             Clock::now() + std::chrono::seconds(5));
    const auto rows = t.run(
        "INSERT INTO kernel.leader(name, epoch, owner, lease_until) VALUES ($1, 1, $2, now() + "
        "make_interval(secs => $3)) "
        "ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, lease_until = EXCLUDED.lease_until, "
        "epoch = leader.epoch + CASE WHEN leader.owner = EXCLUDED.owner THEN 0 ELSE 1 END "
        "WHERE leader.owner = EXCLUDED.owner OR leader.lease_until < now() RETURNING epoch",
        {Value("task:" + task.spec.name), Value(owner_),
         Value(std::chrono::duration<double>(task.spec.interval).count() * 1.5 + 2)});
    t.commit();
    return rows.rows() == 1;
  } catch (const std::exception& e) {
    observe::log(observe::Level::warning, "scheduler", "no lease",
                 {{"task", task.spec.name}, {"detail", e.what()}});
    return false;
  }
}

}  // namespace kernel::work
