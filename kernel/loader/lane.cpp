// Worker threads over one bounded queue.
#include "kernel/loader/lane.hpp"

#include <pthread.h>

namespace kernel::loader {

Lane::Lane(std::string name, const LaneSpec& spec) : name_(std::move(name)), spec_(spec) {
  for (std::int64_t i = 0; i < spec_.workers; ++i) {
    workers_.emplace_back([this] { work(); });
    pthread_setname_np(workers_.back().native_handle(), name_.substr(0, 15).c_str());
  }
}

Lane::~Lane() {
  stop();
}

bool Lane::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= static_cast<std::size_t>(spec_.queue)) return false;
    queue_.push_back(
        {std::move(job), std::chrono::steady_clock::now() + std::chrono::milliseconds(spec_.wait_ms)});
  }
  ready_.notify_one();
  return true;
}

void Lane::stop() {
  std::deque<Waiting> refused;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    refused.swap(queue_);
  }
  ready_.notify_all();
  for (auto& waiting : refused) waiting.job.refuse();
  for (auto& worker : workers_)
    if (worker.joinable()) worker.join();
}

std::size_t Lane::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Lane::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (std::chrono::steady_clock::now() > next.until)
      next.job.refuse();
    else
      next.job.run();
    next = {};  // what the job holds ends outside the lock
    lock.lock();
  }
}

}  // namespace kernel::loader
