// Runs the interval tasks of plugins on their own workers, on every replica or on one of them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kernel/database/connection.hpp"
#include "kernel/loader/plugin.hpp"

namespace kernel::work {

class Scheduler {
 public:
  explicit Scheduler(database::Pool& database);
  ~Scheduler();

  /// The plugin's tasks; the first run comes after one interval at the most, spread at random.
  void add(loader::Plugin& plugin);
  void start();
  /// No task starts afterwards; those that run belong to their plugin's lane.
  void stop();

 private:
  struct Task;
  void run();
  void fire(const std::shared_ptr<Task>& task);
  bool may_lead(const Task& task);

  database::Pool& database_;
  const std::string owner_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool finished_ = false;  // a task has, so that another time may be the next
  std::vector<std::shared_ptr<Task>> tasks_;
  std::thread thread_;
};

}  // namespace kernel::work
