// Answers requests whose time is over, whatever their handler is doing.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "kernel/policy/call.hpp"

namespace kernel::policy {

class Deadlines {
 public:
  Deadlines();
  ~Deadlines();
  void watch(const std::shared_ptr<Call>& call);

 private:
  void run();
  struct Entry {
    Call::Clock::time_point at;
    std::weak_ptr<Call> call;
    bool operator>(const Entry& other) const { return at > other.at; }
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kernel::policy
