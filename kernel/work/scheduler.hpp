// Runs the tasks that every replica runs for itself, by interval or cron, on the plugins' own workers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kernel/loader/plugin.hpp"
#include "kernel/work/time_zone.hpp"

namespace kernel::work {

/// In memory: needs nothing, remembers nothing. Tasks of one replica are the JobRunner's.
class Scheduler {
 public:
  /// zone: of cron expressions.
  explicit Scheduler(const TimeZone& zone);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// The first run of an interval task comes after one interval at the most, spread at random.
  void add(loader::Plugin& plugin);
  /// No task of it begins afterwards.
  void remove(loader::Plugin& plugin);

  void start();
  /// No task begins afterwards; those that run belong to their plugin's lane.
  void stop();

 private:
  struct Task;
  void run();
  void fire(const std::shared_ptr<Task>& task);
  void call(Task& task);

  const TimeZone& zone_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool changed_ = false;  // another time may be the next
  std::vector<std::shared_ptr<Task>> tasks_;
  std::thread thread_;
};

}  // namespace kernel::work
