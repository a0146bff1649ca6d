// The thread behind the timers.
#include "examples/sandbox/pubsub/timers.hpp"

#include <chrono>

namespace sandbox::pubsub {

Timers::Timers(const Clock& clock) : clock_(clock), thread_([this] { run(); }) {}

Timers::Id Timers::after(std::int64_t ms, std::function<void()> due) {
  const std::lock_guard lock(mutex_);
  const Id id = ++last_id_;
  const Key key{clock_.now().time_since_epoch().count() + ms, id};
  due_.emplace(key, std::move(due));
  keys_.emplace(id, key);
  if (due_.begin()->first == key) changed_.notify_all();
  return id;
}

void Timers::cancel(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(id);
  if (found == keys_.end()) return;
  due_.erase(found->second);
  keys_.erase(found);
}

void Timers::clock_moved() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Timers::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Timers::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (due_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = due_.begin();
    const auto left = first->first.first - clock_.now().time_since_epoch().count();
    if (left > 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(left));
      continue;
    }
    const auto call = std::move(first->second);
    keys_.erase(first->first.second);
    due_.erase(first);
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace sandbox::pubsub
