// Things to do later by the sandbox's clock, so that a test that moves the clock need not wait.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "examples/sandbox/common/clock.hpp"

namespace sandbox::pubsub {

/// One thread that calls what is due, in the order of time. Threads share it; `clock` outlives it.
class Timers {
 public:
  using Id = std::uint64_t;

  explicit Timers(const Clock& clock);
  ~Timers() { stop(); }

  /// returns  a number to cancel it by, never 0
  Id after(std::int64_t ms, std::function<void()> due);
  /// Does not wait for one that is being called just now; 0 and old numbers are harmless.
  void cancel(Id id);
  /// To be said when the clock's offset changed.
  void clock_moved();
  /// Nothing is called any more when this returns. Not to be called by what is due.
  void stop();

 private:
  using Key = std::pair<std::int64_t, Id>;  // due at, by the clock

  void run();

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, std::function<void()>> due_;
  std::map<Id, Key> keys_;
  Id last_id_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace sandbox::pubsub
