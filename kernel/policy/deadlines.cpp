// One thread over a heap of deadlines.
#include "kernel/policy/deadlines.hpp"

namespace kernel::policy {

Deadlines::Deadlines() : thread_([this] { run(); }) {}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Deadlines::watch(const std::shared_ptr<Call>& call) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = entries_.empty() || call->deadline < entries_.top().at;
    entries_.push({call->deadline, call});
  }
  if (first) changed_.notify_one();
}

void Deadlines::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (const auto at = entries_.top().at; at > Call::Clock::now()) {
      changed_.wait_until(lock, at);
      continue;
    }
    const auto call = entries_.top().call.lock();
    entries_.pop();
    if (!call || call->answered()) continue;
    lock.unlock();
    call->fail(portico::Problem(504, "request.deadline", "no answer before the deadline", 1));
    lock.lock();
  }
}

}  // namespace kernel::policy
