// One lane of a plugin's workers: so many threads, so many waiting, for so long, and no more.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kernel/loader/manifest.hpp"

namespace kernel::loader {

class Lane {
 public:
  /// What happens to a job: it runs on a worker, or it is refused because it waited too long or the lane
  /// stopped.
  struct Job {
    std::function<void()> run;
    std::function<void()> refuse;
  };

  Lane(std::string name, const LaneSpec& spec);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// outside: beside the queue, for what its sender bounds: it neither waits too long nor finds the lane
  /// full.
  enum class Room { queue, outside };

  /// Never blocks. False when the queue is full or the lane has stopped: neither run nor refuse will be
  /// called.
  bool post(Job job, Room room = Room::queue);

  /// Refuses what waits, lets what runs end, joins. Repeatable.
  void stop();

  std::size_t waiting() const;

  /// Processor time of its workers so far, the ended ones included.
  std::chrono::microseconds processor_time() const;

 private:
  void work();

  const std::string name_;
  const LaneSpec spec_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  struct Waiting {
    Job job;
    std::chrono::steady_clock::time_point until;
  };
  std::deque<Waiting> queue_;
  bool stopping_ = false;
  std::vector<pthread_t> running_;  // only their clocks can be asked
  std::chrono::microseconds ended_time_{0};
  std::vector<std::thread> workers_;
};

}  // namespace kernel::loader
