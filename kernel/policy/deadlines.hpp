// Answers requests whose time is over, whatever their handler is doing.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "kernel/policy/call.hpp"

namespace kernel::policy {

class Deadlines {
 public:
  Deadlines();
  ~Deadlines();
  void watch(const std::shared_ptr<Call>& call);
  /// An answered call has no deadline any more: under load they would pile up until theirs comes.
  void forget(const Call& call);
  std::size_t size() const;

 private:
  void run();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<Call::Clock::time_point, const Call*>, std::weak_ptr<Call>> watched_;
  Call::Clock::time_point wakes_at_ = Call::Clock::time_point::max();  // when run() looks by itself
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kernel::policy
