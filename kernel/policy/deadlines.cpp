// One thread over the deadlines in their order.
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
  call->watched.store(true, std::memory_order_release);
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    watched_.insert_or_assign({call->deadline, call.get()}, call);
    first = call->deadline < wakes_at_;
  }
  if (first) changed_.notify_one();
}

void Deadlines::forget(const Call& call) {
  const std::lock_guard lock(mutex_);
  watched_.erase({call.deadline, &call});
}

std::size_t Deadlines::size() const {
  const std::lock_guard lock(mutex_);
  return watched_.size();
}

void Deadlines::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wakes_at_ = watched_.empty() ? Call::Clock::time_point::max() : watched_.begin()->first.first;
    if (watched_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (wakes_at_ > Call::Clock::now()) {
      changed_.wait_until(lock, wakes_at_);
      continue;
    }
    const auto call = watched_.begin()->second.lock();
    watched_.erase(watched_.begin());
    if (!call || call->answered()) continue;
    lock.unlock();
    call->give_up(portico::Problem(504, "request.deadline", "no answer before the deadline", 1));
    lock.lock();
  }
}

}  // namespace kernel::policy
