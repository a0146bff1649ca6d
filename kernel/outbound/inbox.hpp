// Where other threads leave calls, cancellations and tasks for the event thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "kernel/outbound/job.hpp"

namespace kernel::outbound {

/// Thread-safe. The first one to leave something wakes the event thread; who follows rides along.
class Inbox {
 public:
  struct Batch {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<std::uint64_t> cancelled;
    std::vector<std::function<void()>> tasks;
    bool stopping = false;
  };

  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Gives the job its id and takes it. False once closed: the job was not taken.
  bool push(std::unique_ptr<Job>& job);
  bool push(std::function<void()> task);
  void cancel(std::uint64_t id);

  /// Nothing more is taken; the next batch says so.
  void close();

  Batch take();

 private:
  /// Wakes where nobody has since the last take. Called after the lock is gone.
  void wake_once(bool first) const {
    if (first) wake_();
  }

  std::function<void()> wake_;
  std::mutex mutex_;
  Batch batch_;
  bool woken_ = false;
  std::uint64_t next_id_ = 1;
};

}  // namespace kernel::outbound
