// One thread that looks which task is due.
#include "kernel/work/scheduler.hpp"

#include <optional>
#include <portico/call.hpp>

#include "kernel/loader/call_scope.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/work/cron.hpp"

namespace kernel::work {

using Clock = std::chrono::steady_clock;

struct Scheduler::Task {
  loader::Plugin* const plugin;
  loader::Lane* const lane;
  const loader::TaskSpec spec;
  const std::optional<Cron> cron;
  // Under the scheduler's mutex:
  Clock::time_point next{};
  bool running = false, removed = false;
};

namespace {

// A clock that was set is noticed so late at the most.
constexpr std::chrono::minutes kLongestSleep{1};

Clock::time_point next_of(const Cron& cron, const TimeZone& zone) {
  const auto now = std::chrono::system_clock::now();
  return Clock::now() + (cron.next(std::chrono::floor<std::chrono::seconds>(now), zone) - now);
}

}  // namespace

Scheduler::Scheduler(const TimeZone& zone) : zone_(zone) {}

Scheduler::~Scheduler() {
  stop();
}

void Scheduler::add(loader::Plugin& plugin) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& spec : plugin.registrations.tasks) {
      if (spec.one_replica) continue;
      std::optional<Cron> cron;
      if (!spec.cron.empty()) cron = Cron::parse(spec.cron);
      const auto next = cron ? next_of(*cron, zone_) : Clock::now() + spread(spec.interval, 0.1, 1.0);
      tasks_.push_back(std::make_shared<Task>(Task{&plugin, plugin.lane("tasks"), spec, cron, next}));
    }
    changed_ = true;
  }
  wake_.notify_all();
}

void Scheduler::remove(loader::Plugin& plugin) {
  const std::lock_guard lock(mutex_);
  for (const auto& task : tasks_) task->removed = task->removed || task->plugin == &plugin;
  std::erase_if(tasks_, [](const auto& task) { return task->removed; });
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
    auto next = Clock::now() + kLongestSleep;
    std::vector<std::shared_ptr<Task>> due;
    for (const auto& task : tasks_) {
      if (task->running) continue;
      if (task->next <= Clock::now()) {
        task->running = true;
        due.push_back(task);
      } else {
        next = std::min(next, task->next);
      }
    }
    lock.unlock();
    for (const auto& task : due) fire(task);
    lock.lock();
    wake_.wait_until(lock, next, [&] { return stopping_ || changed_; });
    changed_ = false;
  }
}

void Scheduler::fire(const std::shared_ptr<Task>& task) {
  const auto finished = [this, task] {
    {
      const std::lock_guard lock(mutex_);
      task->running = false;
      changed_ = true;
      task->next =
          task->cron ? next_of(*task->cron, zone_) : Clock::now() + spread(task->spec.interval, 0.9, 1.1);
    }
    wake_.notify_all();
  };
  const auto work = [this, task, finished] {
    bool wanted;
    {
      const std::lock_guard lock(mutex_);
      wanted = !task->removed && !stopping_;
    }
    if (wanted) call(*task);
    finished();
  };
  if (!task->lane || !task->lane->post({work, finished})) finished();
}

void Scheduler::call(Task& task) {
  const auto id = observe::new_correlation_id();
  const observe::CorrelationScope correlation(id);
  auto error = portico::call::empty_error();
  portico_status status;
  {
    const loader::CallScope scope({task.plugin,
                                   Clock::now() + std::chrono::minutes(1),
                                   id,
                                   {},
                                   {},
                                   loader::Holding::task,
                                   task.spec.name});
    status = task.spec.fn(task.spec.user, &error);
  }
  if (status != PORTICO_OK)
    observe::log(observe::Level::warning, "plugin." + task.plugin->id(), "task failed",
                 {{"task", task.spec.name},
                  {"code", portico::call::text_in(error.code)},
                  {"detail", portico::call::text_in(error.detail)}});
  observe::counter("portico_task_runs_total", "Runs of tasks by outcome",
                   {{"task", task.spec.name}, {"outcome", status == PORTICO_OK ? "ok" : "failed"}})
      .add();
}

}  // namespace kernel::work
