// One mutex around one batch.
#include "kernel/outbound/inbox.hpp"

namespace kernel::outbound {

bool Inbox::push(std::unique_ptr<Job>& job) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (batch_.stopping) return false;
    job->id = next_id_++;
    batch_.jobs.push_back(std::move(job));
    first = !std::exchange(woken_, true);
  }
  wake_once(first);
  return true;
}

bool Inbox::push(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (batch_.stopping) return false;
    batch_.tasks.push_back(std::move(task));
    first = !std::exchange(woken_, true);
  }
  wake_once(first);
  return true;
}

void Inbox::cancel(std::uint64_t id) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    batch_.cancelled.push_back(id);
    first = !std::exchange(woken_, true);
  }
  wake_once(first);
}

void Inbox::close() {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    batch_.stopping = true;
    first = !std::exchange(woken_, true);
  }
  wake_once(first);
}

Inbox::Batch Inbox::take() {
  const std::lock_guard lock(mutex_);
  Batch taken = std::move(batch_);
  batch_ = {};
  batch_.stopping = taken.stopping;
  woken_ = false;
  return taken;
}

}  // namespace kernel::outbound
